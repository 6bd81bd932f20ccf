#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the public headers declare, as plain C that any binding generator reads.

  declarations.py INCLUDE_DIR CC HEADER...      declarations.py include cc vitrine.h >vitrine.cdef

Comments, attributes, asserts, the bodies of inline functions and everything that comes from other
headers are gone: the libraries export a twin of each inline function (src/ffi.c). So are variables
that each thread has its own of, which no binding can name. Python's cffi takes the output as it is;
tests/install/consumer.py is such a program.
"""
import re
import subprocess
import sys

# Attributes that change a layout must not disappear in silence.
LAYOUT = re.compile(r'\b(packed|aligned|_Alignas|mode|scalar_storage_order)\b')
ATTRIBUTE = re.compile(r'__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)')
SIZEOF = re.compile(r'\bsizeof\(u?int(8|16|32|64)_t\)')  # cffi takes numbers only
WORDS = re.compile(r'\b(?:static|inline|extern|__extension__|__inline)\b')
LINE_MARKER = re.compile(r'# \d+ "(.*?)"')


def preprocess(include, compiler, headers, *options):
    source = ''.join(f'#include <vitrine/{header}>\n' for header in headers)
    command = [*compiler.split(), '-E', *options, '-I', include, '-x', 'c', '-']
    return subprocess.run(command, input=source, capture_output=True, check=True, text=True).stdout


def ours(text, include):
    """The lines that come from files below `include`."""
    kept, here = [], False
    for line in text.splitlines():
        marker = LINE_MARKER.match(line)
        if marker:
            here = marker[1].startswith(include.rstrip('/') + '/')
        elif here:
            kept.append(line)
    return '\n'.join(kept)


def closing(text, at):
    """The index behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in '({') - (text[i] in ')}')
        if depth == 0:
            return i + 1
    raise ValueError(f'unclosed: {text[at:at + 60]}')


def statements(text):
    """(declaration, body of the function or None), one by one, in the order of the headers."""
    at = 0
    while (found := re.compile(r'[;{]').search(text, at)) is not None:
        head, end, body = text[at:found.start()], found.end(), None
        if found[0] == '{':
            end = closing(text, found.start())
            if head.rstrip().endswith(')'):
                body = text[found.start():end]
            else:
                end = text.index(';', end) + 1
                head = text[at:end - 1]
        at = end
        head = ' '.join(head.split())
        if head and not head.startswith('_Static_assert'):
            yield head, body and ' '.join(body.split())


def plain(head):
    head = SIZEOF.sub(lambda found: str(int(found[1]) // 8), WORDS.sub('', head))
    return re.sub(r' (?=[;[])|(?<=[*]) ', '', ' '.join(head.split()))


def declarations(include, compiler, headers):
    """statements() of headers, without what is no part of a declaration."""
    text = ours(preprocess(include, compiler, headers), include)
    for attribute in ATTRIBUTE.findall(text):
        if LAYOUT.search(attribute):
            raise ValueError(f'{attribute}: bindings cannot know this layout')
    for head, body in statements(ATTRIBUTE.sub('', text)):
        yield plain(head), body


SAMPLE = '''# 1 "/usr/include/other.h"
int other(void);
# 1 "inc/vitrine/a.h" 1
__attribute__((visibility("default"))) __attribute__((cold, malloc(end, 1))) int a(int);
_Static_assert(sizeof(int) == 4, "why");
static inline int b(struct s *s) { if (s) { return a(1); } return 0; }
enum { A = 1, B };
struct s { int x[sizeof(uint32_t)] ; const char *y[A]; };
# 2 "/usr/include/other.h"
int another(void);
'''


def self_test():
    kept = ours(SAMPLE, 'inc')
    got = [(plain(head), body) for head, body in statements(ATTRIBUTE.sub('', kept))]
    assert got == [('int a(int)', None),
                   ('int b(struct s *s)', '{ if (s) { return a(1); } return 0; }'),
                   ('enum { A = 1, B }', None),
                   ('struct s { int x[4]; const char *y[A]; }', None)], got
    assert LAYOUT.search(ATTRIBUTE.findall('int a __attribute__((aligned(64)));')[0])


if __name__ == '__main__':
    self_test()
    for declaration, _ in declarations(*sys.argv[1:3], sys.argv[3:]):
        if not declaration.startswith('__thread '):
            print(f'{declaration};')
