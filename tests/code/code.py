#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The code that compilers make of the hottest calls: as small as it was?

  code.py check COMPILER      compares with what is recorded; exit status 1 if it differs
  code.py record COMPILER...  writes what is, into COMPILER.txt beside this file
  code.py show COMPILER       prints the instructions of each call

The library is compiled as for a release (-O2, without link-time optimisation), each call is done
once, instruction by instruction (step.c), and what was executed is looked up in objdump's listing.
So it is the usual way through a call that is counted, with all that it calls itself; what libc does
in it counts as one call.

  instructions, branches   may differ by a tenth, or two
  calls, locked            may not: jumps into another function count as calls

It complains of less than recorded, too: else what was won could be lost again unseen.
"""
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLAGS = ('-O2', '-std=gnu17', '-D_GNU_SOURCE', '-fPIC', '-fno-semantic-interposition',
         '-fcf-protection=none', '-no-pie', '-pthread', f'-I{ROOT}/include', f'-I{ROOT}/src')
OURS = 'base', 'heap', 'data'
STEPPER = re.compile('do_|once|work|main$')
SKIP = 77

# A row that must be refused when it is compared with another one's record, and for what.
WORSE = {'worse_locked': ('ref', 'locked'), 'worse_call': ('ref', 'calls')}


@dataclasses.dataclass
class Shape:
    """What was executed between a call's first and last instruction."""
    instructions: int = 0
    calls: int = 0
    locked: int = 0
    branches: int = 0


FIELDS = tuple(field.name for field in dataclasses.fields(Shape))
EXACT = ('calls', 'locked')


def build(compiler, folder):
    sources = [str(path) for floor in OURS for path in sorted((ROOT / 'src' / floor).glob('*.c'))]
    program = f'{folder}/step'
    subprocess.run([compiler, *FLAGS, *sources, str(HERE / 'calls.c'), str(HERE / 'step.c'),
                    '-o', program], check=True)
    return program


def listing(program):
    """{address: (function, instruction)}"""
    text = subprocess.run(['objdump', '-d', '--no-show-raw-insn', program], check=True,
                          capture_output=True, encoding='utf-8').stdout
    found, function = {}, None
    for line in text.splitlines():
        head = re.match(r'[0-9a-f]+ <(.+)>:$', line)
        code = re.match(r' +([0-9a-f]+):\t(.*)', line)
        if head:
            function = head[1]
        elif code:
            found[int(code[1], 16)] = (function, code[2].strip())
    return found


def run(program):
    """{call: [address]} of every instruction executed, of libc's too."""
    done = subprocess.run([program], capture_output=True, encoding='utf-8', check=False)
    if done.returncode == SKIP:
        print(done.stdout.strip())
        sys.exit(SKIP)
    if done.returncode != 0:
        sys.exit(f'step failed with {done.returncode}: {done.stderr}')
    traces, trace = {}, None
    for line in done.stdout.splitlines():
        if re.fullmatch('[0-9a-f]{5,}', line):
            trace.append(int(line, 16))
        else:
            trace = traces.setdefault(line, [])
    return traces


def executed(trace, code):
    """(function, instruction) of ours only: not the stepper's, not libc's, not the linker's."""
    for address in trace:
        function, instruction = code.get(address, (None, ''))
        if function and not STEPPER.match(function) and not function.endswith('@plt'):
            yield function, instruction


def leaves(function, instruction):
    """Whether a jump goes into another function; a compiler's .cold part is none."""
    target = re.match(r'jmp +[0-9a-f]+ <([^>+]+)>', instruction)
    return target and target[1].split('.')[0] != function.split('.')[0]


def shape_of(trace, code):
    shape = Shape()
    for function, instruction in executed(trace, code):
        shape.instructions += 1
        shape.calls += instruction.startswith('call') or bool(leaves(function, instruction))
        shape.locked += bool(re.match(r'lock |xchg .*\(', instruction))
        shape.branches += bool(re.match(r'j(?!mp)', instruction))
    return shape


def differs(field, was, now):
    return was != now if field in EXACT else abs(now - was) > max(2, was / 10)


def complaints(name, was, now):
    for field in FIELDS:
        before, after = getattr(was, field), getattr(now, field)
        if differs(field, before, after):
            yield f'{name}: {after} {field}, recorded are {before}'


def version_of(compiler):
    return subprocess.run([compiler, '-dumpversion'], check=True, capture_output=True,
                          encoding='utf-8').stdout.strip().split('.')[0]


def table_of(compiler):
    return HERE / f'{compiler}.txt'


def read(compiler):
    """(version, {call: Shape}) as recorded."""
    head, _, *lines = table_of(compiler).read_text(encoding='utf-8').splitlines()
    rows = (line.split() for line in lines)
    return head.split()[2].strip(','), {row[0]: Shape(*map(int, row[1:])) for row in rows}


def write(compiler, shapes):
    lines = [f'# {compiler} {version_of(compiler)}, -O2: of each call, on its usual way; made by '
             'tests/code/code.py record', f'# {"call":20}' + ''.join(f'{f:>14}' for f in FIELDS)]
    for name, shape in shapes.items():
        lines.append(f'{name:22}' + ''.join(f'{n:14}' for n in dataclasses.astuple(shape)))
    table_of(compiler).write_text('\n'.join(lines) + '\n', encoding='utf-8')


def measure(compiler):
    """(listing, traces, shapes) of a fresh build."""
    with tempfile.TemporaryDirectory(prefix='vitrine-code-') as folder:
        program = build(compiler, folder)
        code, traces = listing(program), run(program)
    return code, traces, {name: shape_of(trace, code) for name, trace in traces.items()}


def self_check(shapes):
    """A comparison that lets a worse one pass is worth nothing."""
    for worse, (name, field) in WORSE.items():
        found = list(complaints(worse, shapes[name], shapes[worse]))
        if not any(f' {field},' in complaint for complaint in found):
            yield f'{worse} passes as {name}: {found}'


def check(compiler):
    shapes = measure(compiler)[2]
    found = list(self_check(shapes))
    shapes = {name: shape for name, shape in shapes.items() if name not in WORSE}
    version, recorded = read(compiler)
    now = version_of(compiler)
    if set(shapes) != set(recorded):
        found.append(f'recorded are other calls: {sorted(set(shapes) ^ set(recorded))}')
    for name in sorted(set(shapes) & set(recorded)):
        was = recorded[name]
        if version != now:  # another version may choose other instructions, but not other shapes
            was = dataclasses.replace(shapes[name], calls=was.calls, locked=was.locked)
        found += complaints(name, was, shapes[name])
    print('\n'.join(found) or f'{len(shapes)} calls as recorded with {compiler} {version}')
    if found:
        print(f'if that is meant:  tests/code/code.py record {compiler}')
    return 1 if found else 0


def record(*compilers):
    for compiler in compilers:
        shapes = measure(compiler)[2]
        write(compiler, {name: shape for name, shape in shapes.items() if name not in WORSE})


def show(compiler):
    code, traces, shapes = measure(compiler)
    for name, trace in traces.items():
        print(f'\n{name}: {shapes[name]}')
        for function, instruction in executed(trace, code):
            print(f'    {function:32} {instruction}')


def main(what, *compilers):
    for tool in (*compilers, 'objdump'):
        if shutil.which(tool) is None:
            print(f'skipped: no {tool} here')
            return SKIP
    return {'check': check, 'record': record, 'show': show}[what](*compilers)


if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('check', 'record', 'show'):
        sys.exit(__doc__.strip())
    sys.exit(main(*sys.argv[1:]))
