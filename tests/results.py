# SPDX-License-Identifier: BSD-2-Clause
"""What meson logged of a test run, as one Case for each property tested.

A cmocka program counts as its cases, any other program as one. What meson calls a failure is never
less than one failed case, whatever the program printed: crashes, leaks and races end that way.
Run as a program, it tests itself.
"""
import collections
import dataclasses
import json
import re

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'
CMOCKA = re.compile(r'\[ +(RUN|OK|FAILED|SKIPPED) +\] (\w+)$', re.MULTILINE)
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


def cmocka_cases(stdout, unfinished):
    """{case: result}; one that started and never said how it ended has the result `unfinished`."""
    found = {}
    for status, name in CMOCKA.findall(stdout):
        found[name] = VERDICT.get(status, found.get(name, unfinished))
    return found


def skip_reason(output, name=None):
    """The last thing said before the end; of a cmocka case, before its SKIPPED line."""
    if name:
        output = output.split(f'[  SKIPPED ] {name}\n')[0].split(f'[ RUN      ] {name}\n')[-1]
    said = [line.strip() for line in output.splitlines() if line.strip() and line[0] != '[']
    return re.sub('^skip(ped)?: ', '', said[-1]) if said else 'no reason given'


def read_entry(entry, tree, suite, log):
    """The cases of one program, from one line of meson's testlog."""
    stdout, verdict = entry.get('stdout', ''), entry['result']
    output = stdout + entry.get('stderr', '')
    program = entry['name'].split(' / ')[-1]
    if verdict == 'SKIP':
        return [Case(tree, suite, program, SKIPPED, skip_reason(output))]
    if verdict == 'EXPECTEDFAIL':
        return [Case(tree, suite, program, PASSED)]
    end = f'{verdict}, exit status {entry["returncode"]}\n{tail(output)}'
    cases = []
    for name, result in cmocka_cases(stdout, PASSED if verdict == 'OK' else FAILED).items():
        why = {PASSED: '', FAILED: end, SKIPPED: skip_reason(stdout, name)}[result]
        cases.append(Case(tree, suite, f'{program}: {name}', result, why, log))
    if verdict != 'OK' and all(case.result != FAILED for case in cases):
        cases.append(Case(tree, suite, program, FAILED, end, log))
    return cases or [Case(tree, suite, program, PASSED)]


def read_suite(tree, suite, logbase):
    """The cases in logbase.json. A run that left none failed."""
    try:
        with open(f'{logbase}.json', encoding='utf-8') as file:
            return [case for line in file
                    for case in read_entry(json.loads(line), tree, suite, f'{logbase}.txt')]
    except FileNotFoundError:
        return [Case(tree, suite, 'all', FAILED, 'meson ran no test of it', f'{logbase}.out')]


def skipped(cases):
    """{(suite, name, why): trees} of what was skipped, in order."""
    groups = {}
    for case in cases:
        if case.result == SKIPPED:
            groups.setdefault((case.suite, case.name, case.why), []).append(case.tree)
    return groups


def report(cases):
    """Everything a person needs to know, line by line; the counts are the last."""
    yield ''
    for (suite, name, why), trees in skipped(cases).items():
        yield f'skipped  {suite} / {name} ({", ".join(trees)}): {why}'
    said = None
    for case in cases:
        if case.result == FAILED:
            yield f'FAILED   {case.tree} / {case.suite} / {case.name}'
            if (case.log, case.why) != said:
                yield from (f'    | {line}' for line in case.why.splitlines())
                yield f'    log: {case.log}'
            said = case.log, case.why
    yield ''
    for tree in dict.fromkeys(case.tree for case in cases):
        yield f'{tree:10}{count(case for case in cases if case.tree == tree)}'
    yield count(cases)


def self_test():
    """How a program ended and what it printed, and the counts that must come of it."""
    ran = '[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\nno tap here\n'
    for verdict, stdout, counts, why in (
            ('OK', '', '1 passed, 0 failed, 0 skipped', ''),
            ('FAIL', '', '0 passed, 1 failed, 0 skipped', 'FAIL, exit status 9\n'),
            ('TIMEOUT', ran, '1 passed, 1 failed, 0 skipped', ''),
            ('ERROR', ran + '[       OK ] b\n', '2 passed, 1 failed, 0 skipped', ''),
            ('FAIL', ran + '[  FAILED  ] b\n', '1 passed, 1 failed, 0 skipped', ''),
            ('OK', ran + 'x[       OK ] b\n', '2 passed, 0 failed, 0 skipped', ''),
            ('OK', ran + '[  SKIPPED ] b\n', '1 passed, 0 failed, 1 skipped', 'no tap here'),
            ('SKIP', 'no clang\n', '0 passed, 0 failed, 1 skipped', 'no clang'),
            ('EXPECTEDFAIL', '', '1 passed, 0 failed, 0 skipped', ''),
            ('UNEXPECTEDPASS', '', '0 passed, 1 failed, 0 skipped', '')):
        entry = {'name': 'p:s / t', 'stdout': stdout, 'result': verdict, 'returncode': 9}
        cases = read_entry(entry, 'debug', 's', 'log')
        assert count(cases) == counts, (verdict, stdout, cases)
        assert not why or cases[-1].why == why, (verdict, stdout, cases)
    assert count(read_suite('debug', 's', '/nowhere')) == '0 passed, 1 failed, 0 skipped'
    assert list(report([Case('t', 's', 'n', PASSED)]))[-1] == '1 passed, 0 failed, 0 skipped'


if __name__ == '__main__':
    self_test()
