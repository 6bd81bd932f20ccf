#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The binary interface, written down: tests/abi/*.abi is what programs compiled before rely on.

  tests/abi/abi.py                shows what changed since it was recorded; exit status 1 if it did
  tests/abi/abi.py record         records what the headers say now
  tests/abi/abi.py self-test      shows it every kind of change

A dump holds the layout of every struct as the compiler lays it out, the value of every constant,
the type of every variable, the prototype of every function and, of those that headers inline, a
digest of the body: a program keeps the body it was compiled with, so the library has to live with
the old one beside the new. It is text because that can be read in review. abidw of libabigail was
tried: 4,700 lines of XML for the two libraries, with DPDK's and our own private structs in them,
and neither flags nor bodies. That the libraries export these functions, and under which version, is
public.py's to say. What libvitrine exports for libvitrine-net alone is not here: both are of one
release.

What a change means for the soname (soversion in src/meson.build, nodes in src/*.map):

  breaks  raises soversion and renames the node. While soversion is 0 every release may do so
          without: then soname and node stay, and programs are compiled anew.
  adds    a node for the new functions (VITRINE_0.2 {...} VITRINE_0.1;) with the next minor version;
          a struct that begins with its size may grow at its end.
  look    old programs keep the old body, constant or initialiser: a break only if the library no
          longer understands them.
"""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests/headers'))
sys.dont_write_bytecode = True
import declarations  # pylint: disable=wrong-import-position

# dump: what it holds, and what a library below holds already
LIBRARIES = {'vitrine': (['vitrine.h'], []),
              'vitrine-net': (['port.h', 'capture.h', 'link.h', 'rss.h'], ['vitrine.h'])}
INLINE = '   inline '
BREAKS, ADDS, LOOK = 'breaks', 'adds', 'look'
RECORD = 'tests/abi/abi.py record'

TYPE = re.compile(r'(struct|union|enum) ?(\w*) \{(.*)\}$')
FUNCTION = re.compile(r'\b(\w+)\((?!\*)')
FORWARD = re.compile(r'(struct|union|enum) \w+$')
VARIABLE = re.compile(r'(?:__thread )?\w[\w *]*?\b(\w+)(?:\[[^]]*\])*$')
FIELD = re.compile(r'(?P<type>.*?)\(\*(?P<pointer>\w+)\)(?P<args>\(.*\))$'
                   r'|(?P<base>.*?[\s*])(?P<name>\w+)(?P<array>(?:\[[^]]*\])*)$')
CONSTANT = re.compile(r'#define (VTR_\w*[A-Z0-9]) ([\d({U].*)')
CHECK_PLACE = re.compile(r'(vtr_check_failed_\("(?:[^"\\]|\\.)*"), "[^"]*", \d+\)')


def fields(body):
    """(type, name) of each field; what this cannot read it refuses."""
    for declaration in filter(None, (part.strip() for part in body.split(';'))):
        first, *more = re.split(r',\s*(?![^(]*\))', declaration)
        found = FIELD.match(first)
        if not found or '{' in declaration or ':' in declaration:
            raise ValueError(f'a field that abi.py cannot read: {declaration}')
        if found['pointer']:
            yield f'{found["type"]}(*){found["args"]}', found['pointer']
            continue
        yield (found['base'].strip() + found['array'], found['name'])
        base = found['base'].rstrip(' *')
        for other in more:
            stars, name, array = re.match(r'(\**)(\w+)(.*)', other).groups()
            yield f'{base} {stars}'.strip() + array, name


def enumerators(body):
    return [item.split('=')[0].strip() for item in body.split(',') if item.strip()]


def questions(heads):
    """(entry, text before the number, expressions) of everything that the compiler has to say."""
    for head in heads:
        found = TYPE.match(head)
        if not found:
            continue
        kind, tag, body = found.groups()
        entry = f'{kind} {tag}'
        if kind == 'enum':
            if tag:
                yield entry, '', [f'(long long)sizeof({entry})', f'(long long)_Alignof({entry})']
            for name in enumerators(body):
                yield entry if tag else f'constant {name}', name, [f'(long long)({name})']
            continue
        yield entry, '', [f'(long long)sizeof({entry})', f'(long long)_Alignof({entry})']
        for text, name in fields(body):
            member = f'(({entry} *)0)->{name}'
            size = '0LL' if text.endswith('[]') else f'(long long)sizeof({member})'
            yield entry, f'{name}: {text}', [f'(long long)offsetof({entry}, {name})', size]


def answers(include, compiler, headers, asked):
    """The numbers of each question, from a program that this compiler makes."""
    lines = [f'#include <vitrine/{header}>' for header in headers]
    lines += ['#include <stdio.h>', 'int main(void) {']
    lines += [f'printf("%lld\\n", {one});' for _, _, exprs in asked for one in exprs]
    with tempfile.TemporaryDirectory(prefix='vitrine-abi-') as work:
        subprocess.run([*compiler.split(), '-w', '-I', include, '-x', 'c', '-', '-o', f'{work}/a'],
                       input='\n'.join([*lines, '}']), text=True, check=True)
        said = iter(subprocess.run([f'{work}/a'], capture_output=True, text=True,
                                   check=True).stdout.split())
    return [[int(next(said)) for _ in exprs] for _, _, exprs in asked]


def digest(body):
    """Of the tokens: neither spaces count nor the place where a contract stands."""
    tokens = re.findall(r'\w+|[^\w\s]', CHECK_PLACE.sub(r'\1)', body))
    return hashlib.sha256(' '.join(tokens).encode()).hexdigest()[:8]


def dump(include, compiler, headers):
    """{entry: its lines}: an entry is a type, a constant or a function, by its name."""
    include = str(include)
    heads = list(declarations.declarations(include, compiler, headers))
    asked = list(questions(head for head, _ in heads))
    entries = {}
    for (entry, text, _), said in zip(asked, answers(include, compiler, headers, asked)):
        lines = entries.setdefault(entry, [])
        if entry.startswith('constant'):
            lines.append(str(said[0]))
        elif entry.startswith('enum') and text:
            lines.append(f'{text} = {said[0]}')
        elif text:
            lines.append(f'{said[0]:5} {said[1]:4}  {text}')
        else:
            lines.append(f'{said[0]} bytes, aligned to {said[1]}')
    for head, body in heads:
        if TYPE.match(head):
            continue
        if found := FUNCTION.search(head):
            entries[f'function {found[1]}'] = [head + (INLINE + digest(body) if body else '')]
        elif not FORWARD.match(head) and (found := VARIABLE.match(head)):
            entries[f'variable {found[1]}'] = [head]
    text = declarations.preprocess(include, compiler, headers, '-dD')
    for name, value in CONSTANT.findall(declarations.ours(text, include)):
        entries[f'macro {name}'] = [' '.join(value.split())]
    return entries


def library_dump(include, compiler, headers, below):
    entries = dump(include, compiler, headers)
    for entry in dump(include, compiler, below) if below else ():
        entries.pop(entry, None)
    return entries


def to_text(entries):
    return ''.join(f'{entry}: ' + '\n    '.join(entries[entry]) + '\n' for entry in sorted(entries))


def from_text(text):
    entries = {}
    for line in text.splitlines():
        if line.startswith('    '):
            entries[entry].append(line[4:])
        else:
            entry, _, first = line.partition(': ')
            entries[entry] = [first]
    return entries


def grew(was, now):
    """Whether a struct that begins with its size has new fields behind the old and no other."""
    return (len(now) > len(was) > 1 and was[1].split()[2:] == ['size:', 'size_t']
            and now[1:len(was)] == was[1:] and was[0].split()[-1] == now[0].split()[-1])


def verdict(entry, was, now):
    """What it means that an entry is other than it was; None is one that is not there."""
    if was is None or now is None:
        return BREAKS if now is None else ADDS
    kind = entry.split()[0]
    if kind in ('struct', 'union'):
        return ADDS if grew(was, now) else BREAKS
    if kind == 'enum':
        return ADDS if now[:len(was)] == was else BREAKS
    if kind == 'variable':
        return BREAKS
    if kind == 'function':
        return BREAKS if was[0].split(INLINE)[0] != now[0].split(INLINE)[0] else LOOK
    return LOOK


def compare(was, now):
    """(verdict, entry, diff) of every difference."""
    for entry in sorted(was.keys() | now.keys()):
        old, new = was.get(entry), now.get(entry)
        if old != new:
            yield verdict(entry, old, new), entry, [
                *(f'- {line}' for line in old or [] if line not in (new or [])),
                *(f'+ {line}' for line in new or [] if line not in (old or []))]


def recorded(name):
    return pathlib.Path(__file__).with_name(f'{name}.abi')


def check(include, compiler):
    """Every library against its dump. @return whether nothing changed."""
    found = []
    for name, (headers, below) in LIBRARIES.items():
        was = from_text(recorded(name).read_text(encoding='utf-8'))
        now = library_dump(include, compiler, headers, below)
        print(f'lib{name}: {len(now)} entries')
        for change, entry, diff in compare(was, now):
            found.append(change)
            print('\n'.join([f'{change:8}{entry}', *(f'        {line}' for line in diff)]))
    if found:
        count = ', '.join(f'{found.count(kind)} {kind}' for kind in (BREAKS, ADDS, LOOK))
        print(f'the interface is not as recorded: {count}; what that asks for is in the head of '
              f'tests/abi/abi.py\nif it is meant:  {RECORD}')
    return not found


def record(include, compiler):
    for name, (headers, below) in LIBRARIES.items():
        text = to_text(library_dump(include, compiler, headers, below))
        recorded(name).write_text(text, encoding='utf-8')
        print(f'{recorded(name)}: {text.count(chr(10))} lines')


SAMPLE = '''#include <stddef.h>
#include <stdint.h>
#define VTR_A_EMPTY { 0, 0 }
enum vtr_flags { VTR_ONE = 1u << 0, VTR_TWO = 1u << 1 };
struct vtr_a { uint32_t x; uint8_t y[VTR_TWO], *z; void (*end)(void *, int); };
struct vtr_opts { size_t size; int first; int second; };
void vtr_a_end(struct vtr_a *a);
extern __thread struct vtr_a *vtr_a_last;
static inline int vtr_a_get(const struct vtr_a *a) { return (int)a->x; }
'''
# What is done to the sample, and what must be said of it.
CHANGES = (
    ('void vtr_a_end(struct vtr_a *a);', '', (BREAKS, 'function vtr_a_end')),
    ('vtr_a_end(struct vtr_a *a)', 'vtr_a_end(struct vtr_a *a, int b)',
     (BREAKS, 'function vtr_a_end')),
    ('uint32_t x; uint8_t y[VTR_TWO], *z;', 'uint8_t y[VTR_TWO], *z; uint32_t x;',
     (BREAKS, 'struct vtr_a')),
    ('uint32_t x;', 'int32_t x;', (BREAKS, 'struct vtr_a')),
    ('VTR_TWO = 1u << 1', 'VTR_TWO = 1u << 2', (BREAKS, 'enum vtr_flags')),
    ('int second;', 'long second;', (BREAKS, 'struct vtr_opts')),
    ('int second;', 'int second; int third;', (ADDS, 'struct vtr_opts')),
    ('VTR_TWO = 1u << 1', 'VTR_TWO = 1u << 1, VTR_FOUR = 4', (ADDS, 'enum vtr_flags')),
    ('void vtr_a_end', 'void vtr_a_begin(struct vtr_a *a);\nvoid vtr_a_end',
     (ADDS, 'function vtr_a_begin')),
    ('struct vtr_a *vtr_a_last', 'struct vtr_opts *vtr_a_last', (BREAKS, 'variable vtr_a_last')),
    ('extern __thread', 'extern', (BREAKS, 'variable vtr_a_last')),
    ('(int)a->x', '(int)a->x + 1', (LOOK, 'function vtr_a_get')),
    ('{ 0, 0 }', '{ 0, 1 }', (LOOK, 'macro VTR_A_EMPTY')),
    ('enum', '/* a comment */ enum', None),
)


def self_test(compiler):
    with tempfile.TemporaryDirectory(prefix='vitrine-abi-') as include:
        header = pathlib.Path(include) / 'vitrine/a.h'
        header.parent.mkdir()
        header.write_text(SAMPLE, encoding='utf-8')
        was = dump(include, compiler, ['a.h'])
        assert from_text(to_text(was)) == was, was
        for old, new, expected in CHANGES:
            header.write_text(SAMPLE.replace(old, new, 1), encoding='utf-8')
            got = [(change, entry)
                   for change, entry, _ in compare(was, dump(include, compiler, ['a.h']))]
            assert expected in got if expected else not got, (old, new, got)
    print(f'{len(CHANGES)} changes: each is seen as what it is')


def main(what='check', include=ROOT / 'include', compiler=os.environ.get('CC', 'cc')):
    if what == 'self-test':
        self_test(compiler)
        return 0
    if what == 'record':
        record(include, compiler)
        return 0
    return 0 if check(include, compiler) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
