#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the public headers declare is what the libraries export, no more and no less.

  public.py words INCLUDE_DIR
  public.py exports INCLUDE_DIR CC NODE LIBRARY HEADER...

`words` refuses what a header that C++ reads, and that hides DPDK, must not say. `exports` takes the
functions that the headers declare, inline ones included, and asks that the library defines each
under the version node; and that what it exports beyond them is private by its name (vtr_..._).
"""
import pathlib
import re
import subprocess
import sys

WORDS = re.compile(r'\b(_Atomic|rte_\w+)\b')
FUNCTION = re.compile(r'VTR_HERE_[^;{]*?\b(vtr_\w+)\s*\(')


def forbidden_words(text):
    return [f'{n}: {word}' for n, line in enumerate(text.splitlines(), 1)
            for word in WORDS.findall(line)]


def check_words(include):
    headers = sorted(pathlib.Path(include).rglob('*.h'))
    if not headers or not forbidden_words('_Atomic int a;') or not forbidden_words('rte_mbuf'):
        yield 'this test finds nothing, whatever it is given'
    for header in headers:
        for found in forbidden_words(header.read_text(encoding='utf-8')):
            yield f'{header}:{found}'


def declared(include, compiler, header):
    """The functions of one header and of those it includes, after the preprocessor."""
    source = ('#include <vitrine/base.h>\n'
              '#undef VTR_API\n#undef VTR_INLINE\n'
              '#define VTR_API VTR_HERE_\n#define VTR_INLINE VTR_HERE_\n'
              f'#include <vitrine/{header}>\n')
    preprocess = [*compiler.split(), '-E', '-P', '-I', include, '-x', 'c', '-']
    text = subprocess.run(preprocess, input=source, capture_output=True, check=True,
                          text=True).stdout
    return set(FUNCTION.findall(text))


def exported(library):
    """{symbol: version node} of what a library defines."""
    lines = subprocess.run(['nm', '-D', '--defined-only', library], capture_output=True, check=True,
                           text=True).stdout.splitlines()
    symbols = (line.split()[-1].replace('@@', '@').partition('@') for line in lines
               if line.split()[-2] != 'A')
    return {name: node for name, _, node in symbols}


def compare(wanted, got, node):
    for name in sorted(wanted - got.keys()):
        yield f'{name}: declared, not exported'
    for name in sorted(got.keys() - wanted):
        if not re.fullmatch(r'vtr_\w+_', name):
            yield f'{name}: exported, neither declared nor private by its name'
    for name, version in sorted(got.items()):
        if version != node:
            yield f'{name}: version {version or "none"}, not {node}'


def check_exports(include, compiler, node, library, *headers):
    """`headers`: those of the library; one that starts with - belongs to a library below."""
    wanted = set()
    for header in headers:
        functions = declared(include, compiler, header.lstrip('-'))
        wanted = wanted - functions if header.startswith('-') else wanted | functions
    bad = list(compare({'vtr_a', 'vtr_b'}, {'vtr_b': 'N', 'vtr_c': 'N', 'vtr_d_': 'M'}, 'N'))
    if len(bad) != 3 or len(wanted) == 0:
        yield f'this test finds nothing, whatever it is given: {bad}, {len(wanted)} functions'
    yield from compare(wanted, exported(library), node)


def main(what, *args):
    complaints = list({'words': check_words, 'exports': check_exports}[what](*args))
    print('\n'.join(complaints) or 'nothing to complain about')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
