#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""picture.py DRAW_PICTURE: the picture of a heap is well-formed, the same each time, and shows what
the statistics say: as many boxes of each kind as there are pageblocks, filled as far as they are
held."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SVG = '{http://www.w3.org/2000/svg}'
EXPECTED = {'full': 4, 'part': 1, 'cut': 1, 'idle': 2, 'large': 36, 'free': 20}


def same(what, expected, got):
    if expected != got:
        sys.exit(f'{what}: expected {expected!r}, got {got!r}')


def boxes(root):
    """(state, box, height of what is held) of each pageblock."""
    for group in root.iter(SVG + 'g'):
        rects = group.findall(SVG + 'rect')
        if rects and rects[0].get('class').startswith('pb '):
            held = [r for r in rects if r.get('class').endswith(' held')]
            state = rects[0].get('class').split()[1]
            yield state, rects[0], sum(float(r.get('height')) for r in held)


def check_levels(root):
    for state, box, held in boxes(root):
        share = held / float(box.get('height'))
        lowest, highest = {'full': (1, 1), 'large': (1, 1), 'part': (0.5, 0.5), 'idle': (0, 0),
                           'cut': (0.001, 0.05), 'free': (0, 0)}[state]
        if not lowest <= share <= highest:
            sys.exit(f'a box that is {state} is filled to {share:.3f}')


def check(picture, stat):
    root = xml.etree.ElementTree.fromstring(picture)
    shown = collections.Counter(state for state, _, _ in boxes(root))
    same('boxes', EXPECTED, dict(shown))
    same('boxes of segments', stat['segments'] * 32, sum(shown.values()))
    same('boxes of large blocks', stat['large'], shown['large'])
    same('boxes of classes', stat['classes'],
         sum(shown[state] for state in ('full', 'part', 'cut', 'idle')))
    texts = [text.text for text in root.iter(SVG + 'text')]
    legend = dict(re.fullmatch(r'(\w+): (\d+)', t).groups() for t in texts
                  if re.fullmatch(r'\w+: \d+', t))
    same('legend', {state: str(n) for state, n in EXPECTED.items()}, legend)
    same('name', 'heap \'a <b> & "c" ??\'', texts[0])
    same('held', str(stat['live']), re.search(r'(\d+) blocks held', texts[1])[1])
    check_levels(root)


def main(draw):
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(pathlib.Path(folder) / name) for name in ('one.svg', 'two.svg')]
        ran = subprocess.run([draw, *paths], check=True, capture_output=True, text=True)
        one, two = (pathlib.Path(path).read_bytes() for path in paths)
        same('the second picture', one, two)
        check(one.decode('ascii'), json.loads(ran.stdout))


main(*sys.argv[1:])
