#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the tests reach of src/ and include/, and why not the rest.

  ./tests/run --coverage            builds and runs a tree of its own, then this
  coverage.py report ROOT BUILD     of a tree built by gcc with -Db_coverage=true, after its tests
  coverage.py self-test

Prints lines and branches of each file, and each function with something uncovered that
tests/coverage/uncovered.txt gives no reason for. BUILD/coverage.txt has every uncovered line beside
its reason. A line counts as covered when it ran, a branch when it went that way, in any program:
the copies of an inline function are added up.

Left out is what ends the process, since nothing is written down after that: the lines of vtr_check
and of calls that never return, and the branch that leads to one on the next line. Tests of them
run in a child and look at how it died. Children that leave by _exit count as little.

uncovered.txt, a line each; a function is named as its file has it, so that line numbers may change:

  FILE FUNCTION[, FUNCTION]...: REASON      all of them that is uncovered
  FILE FUNCTION... "TEXT": REASON           only the lines with this text
  FILE FUNCTION...: race: REASON            covered in some runs; never called stale

Exit status: 0; 1 something uncovered has no reason. A reason for what is covered is stale: printed.
"""
import collections
import dataclasses
import json
import pathlib
import re
import subprocess
import sys

ENDS = re.compile(r'\bvtr_check\(|\bvtr_check_failed_\(|_broken_?\(|\babort\(|\b_exit\(')
REASON = re.compile(r'(?P<file>\S+) (?P<functions>\w+(?:, \w+)*)(?: "(?P<text>[^"]+)")?: '
                    r'(?P<why>\S.*)')
CHUNK = 40  # object files for one run of gcov


@dataclasses.dataclass
class Line:
    """One line of one function, over all programs."""
    count: int = 0
    branches: list = dataclasses.field(default_factory=list)

    def add(self, count, branches):
        self.count += count
        if len(self.branches) < len(branches):
            self.branches += [0] * (len(branches) - len(self.branches))
        for i, taken in enumerate(branches):
            self.branches[i] += taken


@dataclasses.dataclass
class Reason:
    """A line of uncovered.txt."""
    file: str
    function: str
    text: str
    why: str
    used: bool = False

    def __str__(self):
        text = f' "{self.text}"' if self.text else ''
        return f'{self.file} {self.function}{text}: {self.why}'


@dataclasses.dataclass
class Gap:
    """Something uncovered: a line that never ran, or branches of one that did."""
    number: int
    text: str
    missed: int         # branches; 0: the line itself
    reason: Reason = None

    def __str__(self):
        what = f'{self.missed} not taken' if self.missed else 'never run'
        return f'{self.number:5}  {what:12} {self.text}'


def run_gcov(build):
    """Everything gcov says, one dict for each object file."""
    notes = [str(path.relative_to(build)) for path in sorted(build.rglob('*.gcno'))
             if path.with_suffix('.gcda').exists() or path.relative_to(build).parts[0] == 'src']
    if not notes:
        sys.exit(f'{build}: nothing there was built with -Db_coverage=true')
    for first in range(0, len(notes), CHUNK):
        said = subprocess.run(['gcov', '--json-format', '--stdout', '--branch-probabilities',
                               *notes[first:first + CHUNK]], cwd=build, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        yield from (json.loads(line) for line in said.splitlines() if line)


def read(root, build):
    """{file: {function: {line number: Line}}} of our sources."""
    found = collections.defaultdict(lambda: collections.defaultdict(
        lambda: collections.defaultdict(Line)))
    for unit in run_gcov(build):
        for file in unit['files']:
            path = (pathlib.Path(unit['current_working_directory']) / file['file']).resolve()
            if not path.is_relative_to(root):
                continue
            name = str(path.relative_to(root))
            if name.startswith(('src/', 'include/')):
                for line in file['lines']:
                    if 'function_name' in line:
                        found[name][line['function_name']][line['line_number']].add(
                            line['count'], [branch['count'] for branch in line['branches']])
    return found


def ends(text, number):
    return 0 < number <= len(text) and ENDS.search(text[number - 1]) is not None


def counted(lines, text):
    """(number, Line, branches that count) of what is not left out."""
    for number, line in sorted(lines.items()):
        if not ends(text, number):
            branches = line.branches
            if ends(text, number + 1) and 0 in branches:
                branches = [*branches]
                branches.remove(0)
            yield number, line, branches


def gaps(lines, text):
    for number, line, branches in counted(lines, text):
        shown = text[number - 1].strip()
        if line.count == 0:
            yield Gap(number, shown, 0)
        elif 0 in branches:
            yield Gap(number, shown, branches.count(0))


def percent(part, whole):
    return f'{100 * part / whole:5.1f} % ({part} of {whole})' if whole else '    -'


class Report:
    """The coverage of a tree, and the reasons for what is missing."""

    def __init__(self, coverage, sources, reasons):
        self.coverage, self.sources, self.reasons = coverage, sources, reasons
        self.gaps = {(file, function): list(gaps(lines, sources[file]))
                     for file, functions in sorted(coverage.items())
                     for function, lines in sorted(functions.items(), key=lambda f: min(f[1]))}
        for (file, function), missing in self.gaps.items():
            for gap in missing:
                gap.reason = self.reason(file, function, gap.text)

    def reason(self, file, function, text):
        for reason in self.reasons:
            if (reason.file, reason.function) == (file, function) and reason.text in text:
                reason.used = True
                return reason
        return None

    def unexplained(self):
        return [key for key, missing in self.gaps.items()
                if any(gap.reason is None for gap in missing)]

    def explained(self):
        return [key for key, missing in self.gaps.items()
                if missing and all(gap.reason for gap in missing)]

    def stale(self):
        return [reason for reason in self.reasons
                if not reason.used and not reason.why.startswith('race: ')]

    def totals(self, file):
        """lines run, lines, branches taken, branches"""
        rows = [row for lines in self.coverage[file].values()
                for row in counted(lines, self.sources[file])]
        branches = [taken for _, _, branches in rows for taken in branches]
        return (sum(line.count > 0 for _, line, _ in rows), len(rows),
                sum(taken > 0 for taken in branches), len(branches))

    def table(self):
        total = [0, 0, 0, 0]
        yield f'{"file":32}{"lines":26}branches'
        for file in sorted(self.coverage):
            row = self.totals(file)
            total = [a + b for a, b in zip(total, row)]
            yield f'{file:32}{percent(*row[:2]):26}{percent(*row[2:])}'
        yield f'{"all":32}{percent(*total[:2]):26}{percent(*total[2:])}'

    def details(self):
        """Every gap beside its reason."""
        for (file, function), missing in self.gaps.items():
            if missing:
                yield f'{file} {function}'
            for gap in missing:
                yield f'  {gap}'
                yield f'         {gap.reason.why if gap.reason else "UNEXPLAINED"}'

    def complaints(self):
        for file, function in self.unexplained():
            bare = [gap for gap in self.gaps[file, function] if gap.reason is None]
            yield (f'unexplained  {file} {function}: {sum(not gap.missed for gap in bare)} lines, '
                   f'{sum(gap.missed for gap in bare)} branches')
        for reason in self.stale():
            yield f'stale        {reason}'

    def summary(self):
        return (f'functions: {sum(not missing for missing in self.gaps.values())} covered, '
                f'{len(self.explained())} with reasons for the rest, '
                f'{len(self.unexplained())} unexplained; stale reasons: {len(self.stale())}')


def read_reasons(text):
    reasons = []
    for line in text.splitlines():
        if line and not line.startswith('#'):
            found = REASON.fullmatch(line)
            if not found:
                sys.exit(f'uncovered.txt: not FILE FUNCTION... ["TEXT"]: REASON: {line}')
            reasons += [Reason(found['file'], function, found['text'] or '', found['why'])
                        for function in found['functions'].split(', ')]
    return reasons


def report(root, build):
    root, build = pathlib.Path(root).resolve(), pathlib.Path(build).resolve()
    coverage = read(root, build)
    sources = {file: (root / file).read_text(encoding='utf-8').splitlines() for file in coverage}
    reasons = read_reasons((root / 'tests/coverage/uncovered.txt').read_text(encoding='utf-8'))
    made = Report(coverage, sources, reasons)
    details = build / 'coverage.txt'
    details.write_text('\n'.join([*made.table(), '', *made.details(), '', made.summary(), '']),
                       encoding='utf-8')
    print('\n'.join([*made.table(), '', *made.complaints(), f'every gap: {details}',
                     made.summary()]))
    return 1 if made.unexplained() else 0


def self_test():
    """A file of which something of every kind is uncovered."""
    source = ['int f(int a) {', 'if (a < 0)', '    vtr_check_failed_("a", "b", 1);',
              'if (a > 1 && a < 9)', '    return 1;', 'vtr_check(a);', '}', 'int g(void) {',
              'return 1; }']
    lines = {1: Line(2), 2: Line(2, [0, 2]), 3: Line(0), 4: Line(2, [1, 1, 0, 1]), 5: Line(0),
             6: Line(1, [1, 0])}
    lines[1].add(3, [])
    coverage = {'src/a.c': {'f': lines, 'g': {8: Line(1), 9: Line(1)}}}
    reasons = read_reasons('# why not\nsrc/a.c f, g "return": because\n'
                           'src/a.c g: race: at times\n')
    made = Report(coverage, {'src/a.c': source}, reasons)
    assert [(gap.number, gap.missed) for gap in made.gaps['src/a.c', 'f']] == [(4, 1), (5, 0)]
    assert made.unexplained() == [('src/a.c', 'f')] and made.stale() == [reasons[1]]
    assert made.totals('src/a.c') == (5, 6, 4, 5), made.totals('src/a.c')
    assert lines[1].count == 5
    reasons += read_reasons('src/a.c f: the rest')
    made = Report(coverage, {'src/a.c': source}, reasons)
    assert made.explained() == [('src/a.c', 'f')] and not made.unexplained()
    assert '1 covered, 1 with reasons for the rest, 0 unexplained; stale' in made.summary()
    print('every kind of gap is found, and explained or not')


def main(what, *args):
    if what == 'self-test':
        self_test()
        return 0
    return report(*args)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
