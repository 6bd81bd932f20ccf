#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every file, type, function and macro of the public headers has a doc comment.

Usage: documented.py XML, the folder of Doxygen's. Names that end in _ are private.
"""
import pathlib
import sys
import xml.etree.ElementTree as tree

KINDS = ('function', 'define', 'enum', 'typedef', 'variable')
LEAST = 100  # names that the headers declare, at the very least: else the XML is not theirs


def bare(node):
    return not any(''.join(node.find(part).itertext()).strip()
                   for part in ('briefdescription', 'detaileddescription'))


def place(node):
    at = node.find('location')
    return at.get('file')  # its lines are not the header's: src/doxygen.py


def named(folder):
    """(name, node) of all that is to be documented."""
    for path in sorted(folder.glob('*.xml')):
        for compound in tree.parse(path).getroot().iter('compounddef'):
            name = compound.find('compoundname').text
            if compound.get('kind') in ('struct', 'union', 'file') and not name.endswith('.md'):
                yield name, compound
            if compound.get('kind') != 'file':
                continue
            for member in compound.iter('memberdef'):
                if member.get('kind') in KINDS and member.find('name').text:
                    yield member.find('name').text, member


def main(folder):
    names = {(name, place(node)): bare(node) for name, node in named(pathlib.Path(folder))
             if not name.endswith('_') and not name.startswith(('VITRINE_', '@'))}
    for (name, at), missing in names.items():
        if missing:
            print(f'{at}: {name} has no doc comment')
    print(len(names), 'names')
    return 1 if len(names) < LEAST or any(names.values()) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
