# SPDX-License-Identifier: BSD-2-Clause
"""usage: ./tests/run [--quick | --coverage] [--long] [--qemu]
                    [--only SUITE]...

  ./tests/run                every suite in every tree
  ./tests/run --quick        the debug tree only
  ./tests/run --only heap    one suite, in every tree that has it
  ./tests/run --long         longer fuzzing and soaks (tests see VTR_TEST_LONG=1)
  ./tests/run --qemu         also suite qemu: guests with devices, emulated by software. Fetches a
                             kernel of 27 MB, which is unpacked and not installed
  ./tests/run --coverage     instead: a tree of its own, and what its tests do not reach, with the
                             reasons in tests/coverage/uncovered.txt; all in build-test-coverage/

trees   debug   gcc, warnings are errors
        release gcc, as it ships: what is inlined there and not in a debug build
        asan    clang: AddressSanitizer with leaks, UndefinedBehaviorSanitizer
        tsan    clang: ThreadSanitizer; heaps have one view (tests see VTR_TEST_SINGLE_VIEW=1)
        nobody  debug once more, configured, built and run by uid 65534; only if you are root
suites  span base heap data wire port echo bench command fuzz examples dissect model explore code
        headers docs abi floors install; and qemu, by --qemu or --only

Needs no NIC, no hugepages and no configuration. Logs stay in build-test-TREE/, where tests can be
run by hand too: meson test -C build-test-debug --suite heap
Exit status: 0 all passed, 1 something failed or is uncovered without a reason, 2 wrong usage.
"""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOBODY = 65534
OUR_CODE = ('span', 'base', 'heap', 'data', 'wire', 'port', 'echo', 'bench', 'command', 'fuzz',
            'examples', 'dissect')
SUITES = OUR_CODE + ('model', 'explore', 'code', 'headers', 'docs', 'abi', 'floors', 'install')
GUESTS = ('qemu',)                     # asked for by name or by --qemu

# With more random address bits than this, the sanitizers of clang 14 find no room for their maps.
RANDOM_BITS_MAX = 28


@dataclasses.dataclass
class Tree:
    """One configuration of the project, and what runs in it."""
    name: str
    compilers: tuple
    options: tuple
    suites: tuple
    env: tuple = ()                     # of its tests
    slower: int = 1                     # factor on the time limit of each test
    rights: tuple = ()                  # prefix of every command
    source: pathlib.Path = ROOT
    build: pathlib.Path = None
    logs: pathlib.Path = None

    def __post_init__(self):
        self.logs = ROOT / f'build-test-{self.name}'
        self.build = self.build or self.logs


GCC, CLANG = ('CC=gcc', 'CXX=g++'), ('CC=clang', 'CXX=clang++')
TREES = (
    Tree('debug', GCC, ('-Dbuildtype=debug', '-Dwerror=true'), SUITES + GUESTS),
    Tree('release', GCC, ('-Dbuildtype=release',),
         ('span', 'base', 'heap', 'data', 'wire', 'port', 'fuzz', 'examples')),
    Tree('asan', CLANG, ('-Db_sanitize=address,undefined', '-Db_lundef=false'), OUR_CODE, (
        'ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
        'UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1'), slower=4),
    Tree('tsan', CLANG, ('-Db_sanitize=thread', '-Db_lundef=false',
                         '-Dc_args=-DRTE_USE_C11_MEM_MODEL'), ('base', 'heap', 'data', 'port'), (
        f'TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tests/tsan.supp',
        'VTR_TEST_SINGLE_VIEW=1'), slower=8),
)
# Counted by locked instructions, since threads count too, and in processes that end at once.
COVERAGE = Tree('coverage', GCC, ('-Dbuildtype=debug', '-Db_coverage=true',
                                  '-Dc_args=-fprofile-update=atomic'), OUR_CODE, (
    f'LD_PRELOAD={ROOT}/build-test-coverage/tests/coverage/libcount.so',), slower=4)


@contextlib.contextmanager
def nobody_tree():
    """The debug tree, in a copy of the sources that an unprivileged user owns."""
    home = pathlib.Path(tempfile.mkdtemp(prefix='vitrine-nobody-'))
    clean = (f'HOME={home}', f'TMPDIR={home}', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8')
    tree = dataclasses.replace(
        TREES[0], name='nobody', source=home / 'vitrine', build=home / 'build',
        suites=OUR_CODE, # the others are the same for every user
        rights=('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups',
                '--inh-caps=-all', '--no-new-privs', 'env', '-i', *clean))
    try:
        shutil.copytree(ROOT, tree.source, symlinks=True, ignore=lambda folder, names: [
            name for name in names if folder == str(ROOT) and re.match('build|[.]git$', name)])
        subprocess.run(['chown', '-R', f'{NOBODY}:{NOBODY}', home], check=True)
        yield tree
    finally:
        shutil.rmtree(home, ignore_errors=True)


def run(tree, log, *command, env=()):
    """Runs a command with the tree's rights. @return its exit status; all it says is in log."""
    return subprocess.run([*tree.rights, 'env', *env, *command], cwd=tree.source, check=False,
                          stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT).returncode


def build(tree):
    """Configures, unless that was done in just this way before, and builds. @return what failed."""
    setup = ('meson', 'setup', *tree.options, str(tree.build))
    made_by = tree.logs / 'made-by'
    how = ' '.join((*tree.compilers, *setup))
    if not made_by.exists() or made_by.read_text(encoding='utf-8') != how:
        shutil.rmtree(tree.logs, ignore_errors=True)
        tree.logs.mkdir()
    log = tree.logs / 'build.log'
    with open(log, 'w', encoding='utf-8') as out:
        status = 0 if made_by.exists() else run(tree, out, *setup, env=tree.compilers)
        if status == 0:
            made_by.write_text(how, encoding='utf-8')
            status = run(tree, out, 'ninja', '-C', str(tree.build))
    return [results.Case(tree.name, 'build', 'all', results.FAILED, results.tail(log.read_text(
        encoding='utf-8', errors='replace')), log)] if status else []


def fixed_addresses():
    """A prefix for programs with sanitizers where the system randomises more than they can bear."""
    bits = pathlib.Path('/proc/sys/vm/mmap_rnd_bits')
    prefix = ('setarch', '--addr-no-randomize')
    with contextlib.suppress(OSError):
        if int(bits.read_text(encoding='ascii')) > RANDOM_BITS_MAX:
            subprocess.run([*prefix, 'true'], check=True, capture_output=True)
            return prefix
    return ()


def run_suite(tree, suite, env):
    """Runs one suite. @return its cases; meson's two logs of it are moved to tree.logs."""
    prefix = fixed_addresses() if 'sanitize' in ' '.join(tree.options) else ()
    logs = (f'{suite}.json', f'{suite}.txt')
    for log in logs:
        (tree.logs / log).unlink(missing_ok=True)
    with open(tree.logs / f'{suite}.out', 'w', encoding='utf-8') as out:
        run(tree, out, *prefix, 'meson', 'test', '-C', str(tree.build), '--no-rebuild',
            '--suite', suite, '--logbase', suite, '--timeout-multiplier', str(tree.slower),
            env=(*tree.env, *env))
    for log in logs:
        with contextlib.suppress(FileNotFoundError):
            shutil.move(tree.build / 'meson-logs' / log, tree.logs / log)
    return results.read_suite(tree.name, suite, tree.logs / suite)


def timed(tree, what, step, *args):
    """One line of progress around one step. @return the step's cases."""
    print(f'{tree.name:10}{what:10}', end='', flush=True)
    begin = time.monotonic()
    cases = step(tree, *args)
    done = results.count(cases) if cases else 'done'
    print(f'{done:40}{time.monotonic() - begin:6.1f} s', flush=True)
    return cases


def run_tree(tree, suites, env):
    failed = timed(tree, 'build', build)
    cases = failed
    for suite in () if failed else tree.suites:
        if suite in suites:
            cases = cases + timed(tree, suite, run_suite, suite, env)
    return cases


def run_trees(args, suites, env):
    """Every case of every tree asked for."""
    cases = []
    for tree in TREES[:1] if args.quick else TREES:
        if set(tree.suites) & set(suites):
            cases += run_tree(tree, suites, env)
    if args.quick:
        return cases
    if os.getuid() != 0:
        print('nobody    not needed: you are not root, so debug was that run')
        return cases
    with nobody_tree() as tree:
        return cases + run_tree(tree, suites, env)


def run_coverage(suites, env):
    """Counts from zero. @return the cases, and whether all that is uncovered has a reason."""
    for counts in COVERAGE.build.rglob('*.gcda'):
        counts.unlink()
    cases = run_tree(COVERAGE, suites, env)
    return cases, subprocess.run([ROOT / 'tests/coverage/coverage.py', 'report', ROOT,
                                  COVERAGE.build], check=False).returncode == 0


def hugepages():
    found = re.search(r'HugePages_Total: +(\d+)', pathlib.Path('/proc/meminfo').read_text('ascii'))
    return found[1] if found else 'none'


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('usage: ')[1], add_help=False)
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--quick', action='store_true')
    which.add_argument('--coverage', action='store_true')
    parser.add_argument('--long', action='store_true')
    parser.add_argument('--qemu', action='store_true')
    parser.add_argument('--only', action='append', choices=SUITES + GUESTS, metavar='SUITE')
    args = parser.parse_args()
    os.umask(0o022)
    print(f'{os.cpu_count()} cores, uid {os.getuid()}, hugepages reserved: {hugepages()} '
          '(none are needed)', flush=True)
    suites = (*(args.only or SUITES), *(GUESTS if args.qemu else ()))
    env = ('CMOCKA_MESSAGE_OUTPUT=stdout', *(['VTR_TEST_LONG=1'] if args.long else []))
    cases, explained = (run_coverage(suites, env) if args.coverage
                        else (run_trees(args, suites, env), True))
    print('\n'.join(results.report(cases)))
    return not explained or any(case.result == results.FAILED for case in cases)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except PermissionError as error:
        sys.exit(f'{error.filename}: belongs to another user; remove build-test-* first')
