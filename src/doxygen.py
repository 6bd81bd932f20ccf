#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What Doxygen reads in place of a header, on stdout: macros that declare things are their things.

Usage: doxygen.py HEADER, from the root. A VTR_WIRE becomes a struct whose fields say their offsets;
an invocation of a macro of MAKERS becomes the macro's body, and the macro itself, if private, goes.
"""
import pathlib
import re
import sys

INCLUDE = pathlib.Path('include/vitrine')
MAKERS = ('VTR_TAKE', 'VTR_TAKE_FIXED', 'VTR_ENDIAN_', 'VTR_SPAN_READ_', 'VTR_READER_READ_')
DEFINED_IN = ('parse.h', 'primitive.h', 'span.h', 'reader.h')
DOC = r'(?:/\*\*(?:(?!\*/).)*\*/\n)?'
PRIVATE = DOC + r'#define \w+_(?=[ (])(?:[^\n]*\\\n)*[^\n]*\n'
DEFINE = DOC + r'#define {}\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*\n)'


def split(text):
    """The arguments of a macro, at the commas that are in no parentheses or brackets."""
    depth, found = 0, ['']
    for c in text:
        depth += (c in '([') - (c in ')]')
        if c == ',' and depth == 0:
            found.append('')
        else:
            found[-1] += c
    return [argument.strip() for argument in found]


def definitions():
    """{macro: (its parameters, its body, the doc comment before it)}."""
    found = {}
    for header in DEFINED_IN:
        text = (INCLUDE / header).read_text(encoding='utf-8')
        for name in MAKERS:
            match = re.search(DEFINE.format(name), text, re.DOTALL)
            if match:
                doc = match[0][:match[0].index('#define')]
                body = re.sub(r' *\\\n', '\n', match[2])
                found[name] = (split(match[1]), body, doc)
    return found


def expand(macros, name, arguments):
    parameters, body, doc = macros[name]
    code = re.split(r'(/\*.*?\*/)', body, flags=re.DOTALL)
    for parameter, argument in zip(parameters, split(arguments)):
        for i in range(0, len(code), 2):  # comments between
            code[i] = re.sub(rf'(?<!#)#{parameter}\b', f'"{argument}"', code[i])
            code[i] = re.sub(rf'(##)?\b{parameter}\b(##)?', argument, code[i])
    body = ''.join(code)
    body = re.sub(r'^ {4}', '', body, flags=re.MULTILINE)
    body = re.sub(r'(?m)^(VTR_\w+)\((\w+)\)$', lambda m: expand(macros, m[1], m[2])
                  if m[1] in macros else m[0], body)
    return body if '/**' in body else doc + body


def wire(match):
    """The struct of a VTR_WIRE, with the comments behind its fields."""
    doc, name, size, text = match[1], match[2], match[3], match[4]
    fields = re.findall(r'\(([^()]*(?:\([^()]*\))?[^()]*)\)[,)]?;?[ \t]*(?:/\*+<?(.*?)\*/)?', text,
                        re.DOTALL)
    body = ''
    for field, comment in fields:
        kind, what, offset, *bound = split(field)
        about = ' '.join(re.sub(r'\n\s*\*?', ' ', comment).split())
        about = f': {about}' if about else ''
        body += f'    {kind} {what}{"".join(bound)}; /**< at {offset}{about} */\n'
    return f'{doc or f"/** {size} bytes of the wire, align 1. */"}\nstruct {name} {{\n{body}}};\n'


def main(path):
    text = pathlib.Path(path).read_text(encoding='utf-8')
    macros = definitions()
    text = re.sub(PRIVATE, '', text, flags=re.DOTALL)
    text = re.sub(rf'(?m)^({"|".join(MAKERS)})\(([^()]*)\);?$',
                  lambda m: expand(macros, m[1], m[2]), text)
    text = re.sub(r'(/\*\*(?:(?!\*/).)*\*/\n)?^VTR_WIRE\((\w+), (\w+),(.*?\);[^\n]*)$', wire, text,
                  flags=re.DOTALL | re.MULTILINE)
    print(text, end='')


if __name__ == '__main__':
    main(sys.argv[1])
