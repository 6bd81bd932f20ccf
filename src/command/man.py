#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Manual pages out of what programs say to --help, which is their source.

  man.py write PAGE VERSION PROGRAM [SUBCOMMAND]     makes the page anew
  man.py compare PAGE VERSION PROGRAM [SUBCOMMAND]   exits 1 and shows how the page differs

What --help prints is blocks between empty lines. The first is "NAME: summary." or "usage: ...";
one whose lines are indented is a list, of forms of the command, subcommands or options; any other
is text, in which "Exit:", "exit status:" and "Environment:" begin sections of their own.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import textwrap

DATE = '2026-11-20'  # of this version
HEADINGS = {'exit': 'EXIT STATUS', 'exit status': 'EXIT STATUS', 'environment': 'ENVIRONMENT'}


def quoted(text):
    """Text as roff takes it literally; what is between backticks is bold."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return re.sub(r'`([^`]*)`', r'\\fB\1\\fR', text)


def filled(text):
    """The same in lines, none of which roff takes for a request."""
    text = textwrap.fill(quoted(text), 78, break_long_words=False, break_on_hyphens=False)
    return re.sub(r"(?m)^([.'])", r'\\&\1', text)


def bold(text):
    return f'\\fB{quoted(text)}\\fR'


def entries(block):
    """(what, about it) of each entry of a list; lines that are indented further go on."""
    found = []
    least = min(len(line) - len(line.lstrip()) for line in block)
    for line in block:
        further = len(line) - len(line.lstrip()) > least + 2
        if further and found and not line.lstrip().startswith('--'):
            found[-1][1].append(line.strip())
            continue
        for option in re.split(r'\s{3,}(?=--)', line.strip()):  # there may be two in a line
            what, _, about = option.partition('  ')
            found.append((what, [about.strip()] if about else []))
    return [(what, ' '.join(about)) for what, about in found]


def listed(block):
    for what, about in entries(block):
        yield from ('.TP', bold(what), filled(about) or '\\&')


def usage(block):
    """The first block of the programs that begin with their usage, and the forms in it."""
    for line in block:
        what, _, form = line.strip().partition(': ')
        if what == 'example':
            yield from ('.PP', 'For example:', '.PP', bold(form))
        else:
            yield from ('.PP', bold(form if what == 'usage' else line.strip()))


def paragraph(block):
    """(heading or '', text) of each part of a text."""
    text = ' '.join(block)
    parts = re.split(r'(?:^|(?<=[.:] ))(Exit|exit status|Environment): ', text)
    if parts[0]:
        yield '', parts[0].strip()
    for heading, body in zip(parts[1::2], parts[2::2]):
        yield HEADINGS[heading.lower()], body.strip()


def summary_of(blocks):
    """The sentence behind the name; without one, the first of the text."""
    text = ' '.join(blocks[0])
    if not text.startswith('usage:'):
        return text.partition(': ')[2].rstrip('.')
    first = ' '.join(blocks[1]).split('. ')[0].rstrip('.')
    return first[0].lower() + first[1:]


def sections(program, blocks):
    """{heading: lines}, in the order in which pages have them."""
    page = {heading: [] for heading in ('SYNOPSIS', 'DESCRIPTION', 'SUBCOMMANDS', 'OPTIONS',
                                        'ENVIRONMENT', 'EXIT STATUS')}
    if blocks[0][0].startswith('usage:'):
        page['SYNOPSIS'] += usage(blocks[0])
    for block in blocks[1:]:
        first = block[0].strip()
        if not all(line.startswith('  ') for line in block):
            for heading, text in paragraph(block):
                page[heading or 'DESCRIPTION'] += ['.PP', filled(text)]
        elif first.startswith(program + ' '):
            page['SYNOPSIS'] += listed(block)
        else:
            page['OPTIONS' if first.startswith('-') else 'SUBCOMMANDS'] += listed(block)
    return page


def see_also(name, page):
    """The page of the program, or those of its subcommands."""
    others = [line[3:-3] for line in page['SUBCOMMANDS'] if line.startswith('\\fB')]
    comma = [','] * (len(others) - 1) + ['']
    return ([f'.BR {name}\\-{other} (1){end}' for other, end in zip(others, comma)]
            if name == 'vitrine' else ['.BR vitrine (1)'])


def make(page, version, command):
    said = subprocess.run([*command, '--help'], check=True, text=True, capture_output=True).stdout
    blocks = [block.splitlines() for block in re.split(r'\n\s*\n', said.strip('\n'))]
    name = page.stem
    page_of = sections(os.path.basename(command[0]), blocks)
    lines = ['.\\" SPDX-License-Identifier: BSD-2-Clause', '.\\" Made by man.py out of --help.',
             f'.TH {name.upper()} 1 {DATE} "vitrine {version}" "Vitrine"',
             '.SH NAME', quoted(f'{name} - {summary_of(blocks)}')]
    for heading, body in page_of.items():
        if body:
            lines += [f'.SH {heading}', *(body[1:] if body[0] == '.PP' else body)]
    return '\n'.join([*lines, '.SH SEE ALSO', *see_also(name, page_of)]) + '\n'


def main(what, page, version, *command):
    page = pathlib.Path(page)
    made = make(page, version, command)
    if what == 'write':
        page.write_text(made, encoding='utf-8')
        return 0
    there = page.read_text(encoding='utf-8')
    print(''.join(difflib.unified_diff(there.splitlines(True), made.splitlines(True), str(page),
                                       'what --help makes')), end='')
    if there != made:
        print(f'{os.path.basename(__file__)} write {page} VERSION {" ".join(command)}')
    return 0 if there == made else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
