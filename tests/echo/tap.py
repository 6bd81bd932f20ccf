#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine-kvd on a tap port answers the Linux kernel's UDP, over IPv4 and IPv6, as its kernel twin
does, and as memcached does where there is one. The kernel finds out by itself who has the address.

Usage: tap.py KVD. Replies are compared byte by byte.
"""
import json
import shutil
import subprocess
import sys

import against_memcached
import kvd
import space

SIZES = ['64:4', '1366:2', '5000:2', '65536:2', '200000:2']
REQUESTS = [
    b'get v0000064-00000000001\r\n', b'gets v0000064-00000000001 v0001366-00000000000\r\n',
    b'get v0065536-00000000001\r\n', b'get v0005000-00000000000 none v0005000-00000000001\r\n',
    b'get v0200000-00000000001\r\n',
    b'set a 5 0 3\r\nabc\r\n', b'gets a\r\n', b'delete a\r\n', b'get a\r\n', b'delete a\r\n',
    b'set b 0 0 1300\r\n' + bytes(65 + i % 26 for i in range(1300)) + b'\r\n', b'get b\r\n',
    b'get\r\n', b'foo\r\n', b'get ' + b'k' * 251 + b'\r\n', b'set a 0 0 1\r\nxx\r\n',
    b'set c 0 0 1 noreply\r\nx\r\n', b'get c\r\n', b'get b', b'quit\r\n',
    b'version\r\nverbosity 1\r\n',
]
MODES = ['reference', 'copy', 'hybrid']
FRAME_MAX = 1400  # a request is one datagram, which is one frame here
ECHO = """
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as s:
    s.settimeout(5)
    s.connect((sys.argv[1], 7))
    for payload in b'', b'x', bytes(range(256)) * 5:
        s.send(payload)
        assert s.recv(65536) == payload
"""


def ask_inside(address, datagrams):
    client = space.inside(sys.executable, kvd.__file__, address, '11211')
    said = space.run(*client, input=json.dumps([d.hex() for d in datagrams]), text=True,
                     stdout=subprocess.PIPE).stdout
    return [[bytes.fromhex(reply) for reply in replies] for replies in json.loads(said)]


def over_tap(program, address, datagrams, *options):
    """The answers of a server of its own. The kernel asked who it is, and was told."""
    with kvd.Server(space.inside(program, '--port', space.PORT, '--quiet', *options)):
        mac = space.set_up_kernel_side()
        answers = ask_inside(address, datagrams)
        entry = space.neighbors(address)
        assert mac in entry and 'PERMANENT' not in entry, entry
        space.run(*space.inside(sys.executable, '-c', ECHO, address))
    return answers


def compare_with_twin(program):
    """Each mode's replies over the tap and over loopback. Returns how many differ."""
    preload = ['--preload', ','.join(SIZES)]
    datagrams, wrong = [], 0
    for mode in MODES:
        for request in [b'mode ' + mode.encode() + b'\r\n', *REQUESTS]:
            datagrams.append(kvd.frame(len(datagrams), request))
    with kvd.kernel_twin(program, *preload) as twin:
        wanted = kvd.ask('127.0.0.1', twin.udp(), datagrams)
    for address in space.OUR, space.OUR6:
        got = over_tap(program, address, datagrams, *preload)
        wrong += kvd.differences(datagrams, got, wanted)
        print(f'{address}: {len(datagrams)} requests, {sum(map(len, got))} datagrams back')
    return wrong


def compare_with_memcached(program):
    """What fits a frame of what it is compared with on loopback. Returns how many differ."""
    datagrams = [kvd.frame(number, request)
                 for number, request in enumerate(against_memcached.SAME)
                 if len(request) <= FRAME_MAX]
    wrong = 0
    for address in space.OUR, space.OUR6:
        with against_memcached.Memcached() as theirs:
            wanted = kvd.ask('127.0.0.1', theirs.port, datagrams)
        got = over_tap(program, address, datagrams)
        wrong += kvd.differences(datagrams, wanted, got)
        print(f'{address}: {len(datagrams)} requests as memcached')
    return wrong


def main():
    program = sys.argv[1]
    with space.space():
        wrong = compare_with_twin(program)
        if shutil.which('memcached') is None:
            print('not compared with memcached, which is not installed')
        else:
            wrong += compare_with_memcached(program)
    print(f'{wrong} answered otherwise')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
