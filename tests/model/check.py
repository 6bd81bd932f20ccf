#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: check.py proof|mutants

  proof    searches every interleaving of the models as they should be: no error, every line reached
  mutants  searches each broken protocol until its error is found: there must be one

VTR_TEST_LONG=1 adds what takes minutes. Exit status: 0 as it must be, 1 not, 77 no spin here.
A selection is what spin gets as -D; the first comment of block.pml has the words.
"""
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SKIP = 77

PROOF = (
    ('block', 'UP0=1 UP1=1 OWN'),
    ('block', 'UP0=1 SOFT OWN'),
    ('block', 'UP1=1 SOFT OWN'),
    ('block', 'UP0=1 UP1=1 SOFT ALLOCS=1'),
    ('block', 'LEND=2 OWN UP0=1 ALLOCS=1'),
    ('block', 'LEND=2 OWN UP1=1 ALLOCS=1'),
    ('block', 'LEND=1 SEND SOFT STEAL ALLOCS=1'),
    ('block', 'LEND=1 SEND OWN'),
    ('block', 'SEND UP0=1'),
    ('block', 'SEND UP1=1 ALLOCS=1'),
    ('block', 'STEAL SOFT UP0=1 OWN'),
    ('block', 'STEAL SOFT UP1=1'),
    ('block', 'ROB SOFT STEAL'),
    ('block', 'ROB SEND'),
    ('block', 'ROB LEND=1 OWN'),
    ('block', 'ROB UP0=1 UP1=1 ALLOCS=1'),
    ('block', 'KILL=0 SEND OWN'),
    ('block', 'KILL=0 SOFT STEAL SEND ALLOCS=1'),
    ('block', 'KILL=0 UP0=1 UP1=1 ALLOCS=1'),
    ('block', 'KILL=0 JOIN UP1=1'),
    ('block', 'KILL=1 SEND OWN'),
    ('block', 'KILL=1 JOIN SEND OWN ALLOCS=1'),
    ('block', 'KILL=1 SOFT STEAL SEND ALLOCS=1'),
    ('block', 'KILL=1 JOIN SOFT STEAL ALLOCS=1'),
    ('block', 'KILL=1 UP0=1 JOIN'),
    ('block', 'KILL=1 UP0=1 UP1=1 ALLOCS=1'),
    ('block', 'KILL=1 UP1=1 JOIN'),
    ('block', 'KILL=1 LEND=1 SEND ALLOCS=1'),
    ('block', 'KILL=1 ROB UP1=1 ALLOCS=1'),
    ('handoff', 'FIX'),
    ('device', 'FIX'),
)
PROOF_LONG = (
    ('block', 'UP0=1 UP1=1 SOFT STEAL'),
    ('block', 'UP0=1 UP1=1 SOFT OWN'),
    ('block', 'SEND UP1=1'),
    ('block', 'SEND UP0=1 UP1=1'),
    ('block', 'ROB UP0=1 UP1=1'),
    ('block', 'KILL=0 UP0=1 UP1=1'),
    ('block', 'KILL=0 STEAL SOFT UP1=1 ALLOCS=1'),
    ('block', 'KILL=1 STEAL SOFT UP1=1 ALLOCS=1'),
    ('block', 'KILL=1 JOIN OWN UP1=1'),
    ('block', 'KILL=1 ROB SEND ALLOCS=1'),
    ('block', 'KILL=0 JOIN SOFT STEAL SEND ALLOCS=1'),
    ('block', 'KILL=1 JOIN SOFT STEAL SEND ALLOCS=1'),
)

# Every two of these are together in some selection, but for those that are apart: one process is
# killed in a run, and what is private to it ends with it.
FEATURES = ('UP0', 'UP1', 'LEND', 'SOFT', 'STEAL', 'OWN', 'SEND', 'ROB', 'KILL=0', 'KILL=1', 'JOIN')
APART = {('KILL=0', 'KILL=1'), ('LEND', 'KILL=0'), ('ROB', 'KILL=0'), ('LEND', 'JOIN'),
         ('ROB', 'JOIN')}

MUTANTS = (
    # designs that looked right once
    ('block', 'M_FAST_ALLOC UP0=1', 'a hint at an IDLE record is allocated by plain stores'),
    ('block', 'M_SWEEP_PLAIN UP0=1 UP1=1', 'a sweep claims an IDLE record by a plain store'),
    ('block', 'M_OWN_LOOK OWN UP1=1', 'try_own only looks whether the word is its own bit'),
    ('block', 'M_OWN_GEN_FIRST OWN UP1=1', 'try_own looks after it raised the generation'),
    ('block', 'M_BLIND SEND', 'a receiver sets its bit without the rule of an upgrade'),
    ('block', 'M_REAP_UNLOCKED KILL=1 UP1=1 JOIN', "a reaper stalls without the slot's lock"),
    ('block', 'M_REAP_IN_FLIGHT KILL=0 SEND', 'a reaper frees what a reader is about to take'),
    ('block', 'M_INHERIT KILL=1 UP1=1 JOIN', 'a slot is used before every segment is swept'),
    ('handoff', '', 'the end of a stream is handed on while its reader dies'),
    ('device', '', 'two devices share one bit'),
    # counts and hints
    ('block', 'M_UNREF_UNCHECKED UP1=1', 'the exclusive shortcut does not look at SHARED'),
    ('block', 'M_FLAGS_FIRST LEND=1 UP1=1', 'it looks at SHARED before it looks at the count'),
    ('block', 'M_MARK_LATE UP1=1', 'SHARED is set after the handle it was made from ended'),
    ('block', 'M_SOFT_UNMARKED SOFT', 'a soft reference is made without SHARED'),
    ('block', 'M_SHARED_RESET UP1=2 ALLOCS=3', 'SHARED is cleared when the block is allocated'),
    ('block', 'M_PEER_UNMARKED UP1=1', "the record of a peer's block begins without SHARED"),
    ('block', 'M_CARVED_PLAIN LEND=1 UP1=1', 'a flag is cleared by plain load and store'),
    ('block', 'M_REF_PLAIN LEND=2', 'a reference to a count of one is taken by a plain store'),
    ('block', 'M_NO_RECHECK UP1=1', 'an upgrade looks at the generation only before'),
    ('block', 'M_SWEEP_DIRECT ROB UP0=1 UP1=1 ALLOCS=1', 'a sweep claims IDLE to CACHED at once'),
    ('block', 'M_RETIRE_CACHED ROB', 'a pageblock is retired with a record that is CACHED'),
    ('block', 'M_PUSH_FIRST ROB', 'a hint is pushed before its record is CACHED'),
    ('block', 'M_IGNORE_INSIDE ROB', 'a thief does not wait for the owner to be outside'),
    ('block', 'M_NO_MEMBARRIER ROB', 'a thief waits, but without the membarrier'),
    ('block', 'M_WAIT_INSIDE ROB', 'an owner waits for the thief while it is inside'),
)
DEADLOCKS = ('M_WAIT_INSIDE',)

TABLE = re.compile(r'state +(\d+) -\(.*\.pml:(\d+) => ')
UNREACHED = re.compile(r'\.pml:\d+, state (\d+),')
INCOMPLETE = re.compile(r'Search not completed|depth too small|out of memory|MEMLIM|[Tt]runcat')


class Broken(Exception):
    """spin, gcc or the search itself did not do its work."""


@dataclasses.dataclass
class Search:
    said: str        # all that the search printed
    table: str       # its statements, by process and state
    seconds: float

    def number(self, pattern):
        found = re.search(pattern, self.said)
        if not found:
            raise Broken(self.said)
        return int(found[1])


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, check=False, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Broken(done.stdout)
    return done.stdout


def search(model, selection, gcc, *options):
    """Makes the verifier of a selection and runs it."""
    with tempfile.TemporaryDirectory(prefix='vitrine-model-') as folder:
        run(folder, 'spin', '-a', *(f'-D{word}' for word in selection.split()),
            str(HERE / f'{model}.pml'))
        run(folder, 'gcc', *gcc, '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=4000', '-o', 'pan',
            'pan.c')
        begin = time.monotonic()
        said = run(folder, './pan', '-m20000', '-w24', *options)
        return Search(said, run(folder, './pan', '-d'), time.monotonic() - begin)


def sections(text, head):
    """(process, its lines) of a report by process."""
    parts = re.split(rf'^{head}(\S+)$', text, flags=re.MULTILINE)
    return {name.strip(':'): part for name, part in zip(parts[1::2], parts[2::2])}


def lines(model, found):
    """(all statements' places in the model, those that the search reached)"""
    unreached = sections(found.said, r'unreached in (?:proctype )?')
    every, reached = set(), set()
    for name, part in sections(found.table, r'(?:proctype )?').items():
        missed = set(UNREACHED.findall(unreached.get(name, '')))
        for state, line in TABLE.findall(part):
            every.add((model, int(line)))
            if state not in missed:
                reached.add((model, int(line)))
    return every, reached


def prove(case):
    """@return a complaint or '', the line to print, the search"""
    model, selection = case
    found = search(model, selection, ('-O2',))
    states, errors = found.number(r'(\d+) states, stored'), found.number(r'errors: (\d+)')
    complaint = found.said if errors or INCOMPLETE.search(found.said) else ''
    verdict = 'FAILED' if complaint else 'holds'
    line = f'{states:>10} states {found.seconds:6.1f} s  {verdict:6}  {model} {selection}'
    return complaint, line, found


def kill(case):
    model, selection, what = case
    deadlock = selection.split(' ')[0] in DEADLOCKS
    found = search(model, selection, ('-O0',), *([] if deadlock else ['-E']))
    error = re.search(r'pan:1: (.*?) \(at depth \d+\)', found.said)
    wanted = 'invalid end state' if deadlock else 'assertion violated'
    complaint = '' if error and error[1].startswith(wanted) else found.said
    verdict = 'MISSED' if complaint else 'found'
    line = f'{found.seconds:6.1f} s  {verdict:6}  {model} {selection}: {what}'
    return complaint, f'{line}\n{"":18}{error[1] if error else ""}', found


def pairs_missing():
    """Features that no selection has together."""
    together = set()
    for _, selection in PROOF:
        words = selection.split()
        has = [f for f in FEATURES if f in words or f in (word.split('=')[0] for word in words)]
        together |= set(itertools.combinations(has, 2))
    return sorted(set(itertools.combinations(FEATURES, 2)) - together - APART)


def check(step, cases):
    """Runs a step on each case, on all cores. @return what the searches found, and complaints."""
    found, complaints = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for case, task in [(case, pool.submit(step, case)) for case in cases]:
            try:
                complaint, line, search_found = task.result()
                print(line, flush=True)
                found.append((case[0], search_found))
            except Broken as broken:
                complaint = f'did not run: {case}\n{broken}'
            complaints += [complaint] if complaint else []
    return found, complaints


def main():
    if sys.argv[1:] not in (['proof'], ['mutants']):
        sys.exit(__doc__)
    for tool in ('spin', 'gcc'):
        if not shutil.which(tool):
            print(f'skip: {tool} is not installed')
            return SKIP
    if sys.argv[1] == 'mutants':
        _, complaints = check(kill, MUTANTS)
    else:
        more = PROOF_LONG if os.environ.get('VTR_TEST_LONG') else ()
        found, complaints = check(prove, PROOF + more)
        complaints += [f'never searched together: {pair}' for pair in pairs_missing()]
        every, reached = (set().union(*sets) for sets in zip(*(lines(*each) for each in found)))
        complaints += [f'never reached: {model}.pml:{line}'
                       for model, line in sorted(every - reached)]
    print(*complaints, sep='\n')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
