# SPDX-License-Identifier: BSD-2-Clause
"""What meson logged of a test run, as one Case for each property tested.

A cmocka program counts as its cases, any other program as one. What meson calls a failure is never
less than one failed case, whatever the program printed: crashes, leaks and races end that way.
"""
import collections
import dataclasses
import json
import re

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'
CMOCKA = re.compile(r'^\[ +(RUN|OK|FAILED|SKIPPED) +\] (\w+)$', re.MULTILINE)
VERDICT = {'OK': PASSED, 'FAILED': FAILED, 'SKIPPED': SKIPPED}
TAIL_LINES = 20


@dataclasses.dataclass
class Case:
    """One property, or one program that is not of cmocka."""
    tree: str
    suite: str
    name: str
    result: str
    why: str = ''         # skipped: the reason printed; failed: the end of the output
    log: str = ''


def count(cases):
    """'12 passed, 0 failed, 1 skipped'"""
    by = collections.Counter(case.result for case in cases)
    return ', '.join(f'{by[result]} {result}' for result in (PASSED, FAILED, SKIPPED))


def tail(text):
    return '\n'.join(text.splitlines()[-TAIL_LINES:])


def cmocka_cases(stdout, stderr):
    """{case: result}; one that started and never ended failed. Failures are told on stderr."""
    found = {}
    for status, name in CMOCKA.findall(stdout):
        if status == 'RUN':
            found.setdefault(name, FAILED)
        elif name in found:
            found[name] = VERDICT[status]
    for status, name in CMOCKA.findall(stderr):
        if status == 'FAILED' and name in found:
            found[name] = FAILED
    return found


def skip_reason(output, name=None):
    """The last thing said before the end; of a cmocka case, before its SKIPPED line."""
    if name:
        output = re.split(rf'^\[  SKIPPED \] {name}$', output, maxsplit=1, flags=re.MULTILINE)[0]
        output = output.split(f'] {name}\n')[-1]
    said = [line.strip() for line in output.splitlines() if line.strip() and line[0] != '[']
    return said[-1] if said else 'no reason given'


def read_entry(entry, tree, suite, log):
    """The cases of one program, from one line of meson's testlog."""
    stdout, stderr = entry.get('stdout', ''), entry.get('stderr', '')
    program, verdict = entry['name'].split(' / ')[-1], entry['result']
    output = stdout + stderr
    end = f'{verdict}, exit status {entry["returncode"]}\n{tail(output)}'
    if verdict == 'SKIP':
        return [Case(tree, suite, program, SKIPPED, skip_reason(output))]
    why = {PASSED: lambda name: '', FAILED: lambda name: end,
           SKIPPED: lambda name: skip_reason(stdout, name)}
    cases = [Case(tree, suite, f'{program}: {name}', result, why[result](name), log)
             for name, result in cmocka_cases(stdout, stderr).items()]
    if verdict not in ('OK', 'EXPECTEDFAIL') and all(case.result != FAILED for case in cases):
        cases.append(Case(tree, suite, program, FAILED, end, log))
    return cases or [Case(tree, suite, program, PASSED)]


def read_suite(tree, suite, logbase):
    """The cases in logbase.json. A run that left none failed."""
    log = f'{logbase}.txt'
    try:
        with open(f'{logbase}.json', encoding='utf-8') as file:
            return [case for line in file for case in read_entry(json.loads(line), tree, suite, log)]
    except FileNotFoundError:
        return [Case(tree, suite, 'all', FAILED, 'meson ran no test of this suite', log)]


def grouped(cases, result):
    """{(suite, name, why): trees} of the cases with that result, in order."""
    groups = {}
    for case in cases:
        if case.result == result:
            groups.setdefault((case.suite, case.name, case.why), []).append(case.tree)
    return groups


def report(cases):
    """Everything a person needs to know, one line at a time; the counts are the last."""
    yield ''
    for (suite, name, why), trees in grouped(cases, SKIPPED).items():
        yield f'skipped  {suite} / {name} ({", ".join(trees)}): {why}'
    for case in cases:
        if case.result == FAILED:
            yield f'FAILED   {case.tree} / {case.suite} / {case.name}'
            yield from (f'    | {line}' for line in case.why.splitlines())
            yield f'    log: {case.log}'
    yield ''
    for tree in dict.fromkeys(case.tree for case in cases):
        yield f'{tree:8} {count(case for case in cases if case.tree == tree)}'
    yield count(cases)
