#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tree is the architecture: what each file may include, and how large it may grow.

  floors.py tree ROOT         checks the sources
  floors.py library LIB...    checks that no library here needs DPDK
  floors.py self-test         shows every check a tree or a library that it must refuse

A check is a generator of complaints over a tree, which is a dict of path to text: so a small bad
tree is a literal.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys

TOP = {'include', 'src', 'examples', 'tests', 'bench', 'meson.build', 'README.md', 'LICENSE'}

# Each may include its own floor and what lies below; the public headers say where they belong.
FLOOR = {'base': 0, 'span': 0, 'heap': 1, 'data': 2, 'wire': 2, 'port': 3, 'command': 4}
HEADER = {
    'base.h': 'base', 'memory.h': 'base',
    'span.h': 'span', 'reader.h': 'span', 'writer.h': 'span', 'primitive.h': 'span',
    'wire.h': 'span', 'parse.h': 'span', 'checksum.h': 'span',
    'heap.h': 'heap', 'debug.h': 'heap', 'inline/record.h': 'heap', 'inline/block.h': 'heap',
    'inline/cache.h': 'heap', 'buf.h': 'data', 'data.h': 'data', 'adopt.h': 'data',
    'static.h': 'data', 'keep.h': 'data', 'walk.h': 'data', 'vitrine.h': 'data',
    'answer.h': 'wire', 'flow.h': 'wire', 'capture.h': 'port', 'link.h': 'port',
    'port.h': 'port', 'rss.h': 'port',
}
APPS = ('bench/', 'examples/')

# Who may include DPDK's headers: the floor that hides it, and the benchmark's baseline, which is
# the same work by hand on plain mbufs. The rest of bench/ is kept from it like everybody else.
DPDK = ('src/port/', 'bench/core/mbuf')

LINES = {'.c': 500, '.h': 300}
COLUMNS = 100
FUNCTION_MAX, FUNCTION_MEDIAN, FUNCTION_P90 = 60, 12, 40

SPDX = re.compile(r'\W*SPDX-License-Identifier: BSD-2-Clause\W*$')
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def is_c(path):
    return path.endswith(('.c', '.h', '.cpp'))


def is_source(path, text):
    return is_c(path) or path.endswith(('.py', '.sh')) or text.startswith('#!')


def floor_of(path):
    """The folder in FLOOR that a file of src/ or include/ belongs to; None if to none."""
    if path.startswith('include/vitrine/'):
        name = path[len('include/vitrine/'):]
        return 'span' if name.startswith('wire/') else HEADER.get(name)
    if path == 'src/ffi.c':
        return 'data'
    folder = path.split('/')[1]
    return folder if folder in FLOOR else None


def resolve(tree, path, name):
    """The file of the tree that `path` gets for an include of `name`; None for a system header."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    roots = ('bench/',) * path.startswith('bench/') + ('src/', 'include/')
    return next((p for p in (beside, *(root + name for root in roots)) if p in tree), None)


def includes(tree, *folders):
    """(path, spelling, file of the tree or None) of every #include under the folders."""
    for path, text in tree.items():
        if is_c(path) and path.startswith(folders):
            for quote, name in INCLUDE.findall(text):
                yield path, quote + name, resolve(tree, path, name)


def dpdk_stays_in_port(tree):
    for path, name, _ in includes(tree, ''):
        if name[1:].startswith('rte_') and not path.startswith(DPDK):
            yield f'{path}: includes {name[1:]}; only {" and ".join(DPDK)}* may include DPDK'


def every_file_has_a_floor(tree):
    for path in tree:
        if path.startswith(('src/', 'include/')) and is_c(path) and floor_of(path) is None:
            yield f'{path}: on no floor; tests/floors/floors.py lists them'


def floors_include_downwards(tree):
    for path, _, target in includes(tree, 'src/', 'include/'):
        here, there = floor_of(path), floor_of(target) if target else None
        if here and there and FLOOR[there] > FLOOR[here]:
            yield f'{path}: on floor {here}, includes {target} above it, on floor {there}'


def apps_use_the_public_headers(tree):
    for path, name, target in includes(tree, *APPS):
        own = target and target.split('/')[0] == path.split('/')[0]
        public = target and target.startswith('include/vitrine/')
        if name[0] == '"' and not own or target and not (own or public):
            yield f'{path}: includes {name[1:]}, neither its own nor <vitrine/...>'


def top_level_is_fixed(tree):
    top = {path.split('/')[0] for path in tree}
    for name in sorted(top - TOP):
        if not name.startswith('.'):
            yield f'{name}: not an entry of the agreed top level'
    for name in sorted(TOP - top):
        yield f'{name}: missing from the top level'


def licence_is_one_line(tree):
    for path, text in tree.items():
        if is_source(path, text):
            first = text.splitlines()[:2]
            if sum(SPDX.match(line) is not None for line in first) != 1:
                yield f'{path}: no SPDX line at its head'


def first_comment_is_a_map(tree):
    for path, text in tree.items():
        if is_c(path) and not re.match(r'.*\n/\*', text):
            yield f'{path}: no comment under the SPDX line saying what the file is'


def excused(text):
    """Whether the first comment after the licence says why the file breaks its budget."""
    end = text.find('*/', text.find('\n'))
    return re.search(r'Over budget: \w', text[:max(end, 0)]) is not None


def files_keep_their_budget(tree):
    for path, text in tree.items():
        limit = LINES.get(os.path.splitext(path)[1])
        lines = text.count('\n')
        if limit and lines > limit and not excused(text):
            yield f'{path}: {lines} lines, budget {limit}, and no "Over budget: why" in its head'


def lines_keep_their_budget(tree):
    for path, text in tree.items():
        if is_source(path, text):
            for n, line in enumerate(text.splitlines(), 1):
                if len(line) > COLUMNS:
                    yield f'{path}:{n}: {len(line)} columns, budget {COLUMNS}'


def merges_are_finished(tree):
    for path, text in tree.items():
        for mark in re.finditer(r'^(?:<{7}|>{7}) ', text, re.MULTILINE):
            yield f'{path}:{text.count(chr(10), 0, mark.start()) + 1}: half of a merge'


def suites(text):
    """What tests/trees.py names in SUITES and GUESTS: what can be run."""
    lists = re.findall(r'^(?:OUR_CODE|SUITES|GUESTS) = (.*?\))', text, re.MULTILINE | re.DOTALL)
    return {name for names in lists for name in re.findall(r"'(\w+)'", names)}


def tests_are_run(tree):
    named = suites(tree.get('tests/trees.py', ''))
    for path, text in tree.items():
        if re.fullmatch(r'tests/\w+/meson\.build', path) and re.search(r'\btest\(', text):
            registered = set(re.findall(r"\bsuite: '(\w+)'", text))
            if not registered:
                yield f'{path}: registers tests of no suite, which nobody runs'
            for suite in sorted(registered - named):
                yield f'{path}: suite {suite} is not in SUITES or GUESTS of tests/trees.py'


def functions(text):
    """(first line, lines) of each function: signature to closing brace, both in column 0."""
    start, inside = None, False
    for n, line in enumerate(text.splitlines(), 1):
        if inside and line == '}':
            yield start, n - start + 1
            start, inside = None, False
        elif inside:
            continue
        elif line == '{' and start:
            inside = True
        elif re.match(r'\w.*\).*\{.*\}$', line):
            yield n, 1
            start = None
        elif not line or line[0] in '#/}' or line.endswith(';'):
            start = None
        elif line[0].isalpha() or line[0] == '_':
            start = start or n


def functions_keep_their_budget(tree):
    lengths = []
    for path, text in tree.items():
        if not is_c(path):
            continue
        for start, length in functions(text):
            if length > FUNCTION_MAX:
                yield f'{path}:{start}: a function of {length} lines, budget {FUNCTION_MAX}'
            if path.startswith(('src/', 'include/')):
                lengths.append(length)
    if not lengths:
        return
    median, p90 = statistics.median(lengths), sorted(lengths)[len(lengths) * 9 // 10]
    if median > FUNCTION_MEDIAN or p90 > FUNCTION_P90:
        yield (f'functions of src and include: median {median} (budget {FUNCTION_MEDIAN}), '
               f'p90 {p90} (budget {FUNCTION_P90})')


def needs_no_dpdk(dynamic):
    """`dynamic` is what readelf -d prints."""
    needed = re.findall(r'\(NEEDED\).*\[(.*)\]', dynamic)
    if not needed:
        yield 'needs no library at all: this is not what readelf prints'
    for name in needed:
        if name.startswith('librte_'):
            yield f'needs {name}'


TREE_CHECKS = (
    dpdk_stays_in_port, every_file_has_a_floor, floors_include_downwards,
    apps_use_the_public_headers, top_level_is_fixed, licence_is_one_line, first_comment_is_a_map,
    files_keep_their_budget, lines_keep_their_budget, functions_keep_their_budget,
    merges_are_finished, tests_are_run,
)

HEAD = '/* SPDX-License-Identifier: BSD-2-Clause */\n/* It. */\n'
LONG_FUNCTION = 'int f(void)\n{\n' + '    g();\n' * 58 + '}\n'

# What each check must refuse, each row one complaint: the check, then the least tree that earns it.
REFUSED = (
    (dpdk_stays_in_port, {'src/heap/a.c': '#include <rte_mbuf.h>'}),
    (dpdk_stays_in_port, {'bench/a.c': '  #  include "rte_mbuf.h"'}),
    (dpdk_stays_in_port, {'bench/core/stand.c': '#include <rte_mbuf.h>'}),
    (every_file_has_a_floor, {'include/vitrine/new.h': ''}),
    (every_file_has_a_floor, {'src/new/a.c': ''}),
    (floors_include_downwards, {'src/heap/a.c': '#include <vitrine/data.h>',
                                'include/vitrine/data.h': ''}),
    (floors_include_downwards, {'src/base/a.c': '#include "../heap/block.h"',
                                'src/heap/block.h': ''}),
    (floors_include_downwards, {'include/vitrine/span.h': '#include <vitrine/heap.h>',
                                'include/vitrine/heap.h': ''}),
    (floors_include_downwards, {'src/data/a.c': '#include "port/eal.h"', 'src/port/eal.h': ''}),
    (apps_use_the_public_headers, {'bench/a.c': '#include "heap/block.h"',
                                   'src/heap/block.h': ''}),
    (apps_use_the_public_headers, {'bench/a.c': '#include <heap/block.h>',
                                   'src/heap/block.h': ''}),
    (apps_use_the_public_headers, {'examples/a.c': '#include "../bench/b.h"', 'bench/b.h': ''}),
    (top_level_is_fixed, dict.fromkeys(TOP | {'doc/a'}, '')),
    (top_level_is_fixed, dict.fromkeys(TOP - {'LICENSE'}, '')),
    (licence_is_one_line, {'src/a.c': '/* It. */\n'}),
    (licence_is_one_line, {'tests/run': '#!/bin/sh\n'}),
    (first_comment_is_a_map, {'src/a.c': HEAD.splitlines()[0] + '\nint a;\n'}),
    (files_keep_their_budget, {'src/a.c': HEAD + '\n' * 499}),
    (files_keep_their_budget, {'src/a.h': HEAD + '\n' * 299}),
    (lines_keep_their_budget, {'src/a.c': HEAD + 'x' * 101}),
    (functions_keep_their_budget, {'tests/a.c': LONG_FUNCTION}),
    (functions_keep_their_budget, {'src/a.c': LONG_FUNCTION.replace('    g();\n' * 48, '')}),
    (merges_are_finished, {'README.md': 'a\n<<<<<<< HEAD\nb\n'}),
    (tests_are_run, {'tests/new/meson.build': "test('a', a, suite: 'new')",
                     'tests/trees.py': "OUR_CODE = ('old',\n 'older')\nSUITES = OUR_CODE + ()"}),
    (tests_are_run, {'tests/old/meson.build': "test('a', a)",
                     'tests/trees.py': "SUITES = ('old',)"}),
    (needs_no_dpdk, ' (NEEDED)   Shared library: [librte_eal.so.23]\n'),
    (needs_no_dpdk, ''),
)

# What they must let pass: the nearest neighbours of the above.
ALLOWED = (
    (dpdk_stays_in_port, {'src/port/a.c': '#include <rte_mbuf.h>'}),
    (dpdk_stays_in_port, {'bench/core/mbuf.c': '#include <rte_mbuf.h>'}),
    (floors_include_downwards, {'src/data/a.c': '#include "heap/block.h"\n#include <stdio.h>',
                                'src/heap/block.h': ''}),
    (apps_use_the_public_headers, {'bench/a.c': '#include <vitrine/data.h>\n#include "b.h"',
                                   'bench/b.h': '', 'include/vitrine/data.h': ''}),
    (apps_use_the_public_headers, {'bench/core/a.c': '#include "measure/b.h"',
                                   'bench/measure/b.h': ''}),
    (top_level_is_fixed, dict.fromkeys(TOP | {'.gitignore'}, '')),
    (files_keep_their_budget, {'src/a.c': HEAD.replace('It.', 'Over budget: one table.')
                               + '\n' * 499}),
    (functions_keep_their_budget, {'tests/a.c': LONG_FUNCTION.replace('g();\n', '', 1)}),
    (tests_are_run, {'tests/old/meson.build': "test('a', a, suite: 'old')",
                     'tests/far/meson.build': "test('a', a, suite: 'far')",
                     'tests/trees.py': "OUR_CODE = ('new',\n  'old')\nGUESTS = ('far',)"}),
    (needs_no_dpdk, ' (NEEDED)   Shared library: [libc.so.6]\n'),
)


def self_test():
    for check, case in REFUSED:
        if len(list(check(case))) != 1:
            yield f'{check.__name__} does not refuse {case!r:.90}: {list(check(case))}'
    for check, case in ALLOWED:
        if list(check(case)):
            yield f'{check.__name__} refuses {case!r:.90}: {list(check(case))}'
    for check in {*TREE_CHECKS, needs_no_dpdk} - {check for check, _ in REFUSED}:
        yield f'{check.__name__} is never shown anything to refuse'


def tracked(root):
    """What git would commit; without a repository, what lies there but for build trees."""
    git = shutil.which('git')
    listed = git and subprocess.run([git, '-C', root, 'ls-files', '-z', '--cached', '--others',
                                     '--exclude-standard'], capture_output=True, check=False)
    if listed and listed.returncode == 0:
        return [p for p in listed.stdout.decode().split('\0') if os.path.isfile(f'{root}/{p}')]
    paths = []
    for folder, _, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        if not re.match(r'(build|\.git/|\.git$)', relative):
            paths += [os.path.normpath(f'{relative}/{name}') for name in names]
    return paths


def read_tree(root):
    tree = {}
    for path in tracked(root):
        with open(f'{root}/{path}', encoding='utf-8', errors='replace') as file:
            tree[path] = file.read()
    return tree


def check_tree(root):
    tree = read_tree(root)
    return [complaint for check in TREE_CHECKS for complaint in check(tree)]


def check_libraries(*paths):
    for path in paths:
        dynamic = subprocess.run(['readelf', '-d', path], check=True, text=True,
                                 capture_output=True).stdout
        for complaint in needs_no_dpdk(dynamic):
            yield f'{path}: {complaint}'


def main(what, *args):
    run = {'tree': check_tree, 'library': check_libraries, 'self-test': self_test}[what]
    complaints = list(run(*args))
    print('\n'.join(complaints) or 'nothing to complain about')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
