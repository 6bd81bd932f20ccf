#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine-kvd's kernel twin answers what memcached answers, byte by byte.

Usage: against_memcached.py KVD. Where memcached sends several messages for one datagram (a client
cannot tell them apart) only the text is compared, and a get of many keys is shown to be one
message here. Skipped where there is no memcached of the version that was read, 1.6.18.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

import kvd

VERSION = '1.6.18'
KEY = b'k' * 250
LARGE = bytes(48 + i % 75 for i in range(60000))

# Compared as they come off the wire.
SAME = [
    b'get a\r\n', b'set a 5 0 3\r\nabc\r\n', b'get a\r\n', b'gets a\r\n', b'get a\n',
    b'set a 4294967295 0 0\r\n\r\n', b'gets a\r\n', b'delete a\r\n', b'delete a\r\n', b'get a\r\n',
    b'set a 0 0 3 noreply\r\nxyz\r\n', b'get a\r\n', b'delete a noreply\r\n', b'get a\r\n',
    b'set ' + KEY + b' 1 0 2\r\nhi\r\n', b'get ' + KEY + b'\r\n', b'gets ' + KEY + b'\r\n',
    b'set big 7 0 60000\r\n' + LARGE + b'\r\n', b'get big\r\n', b'gets big\r\n',
    b'set edge 0 0 1366\r\n' + LARGE[:1366] + b'\r\n', b'get edge\r\n',
    b'set edge 0 0 1367\r\n' + LARGE[:1367] + b'\r\n', b'get edge\r\n',
    b'set edge 0 0 1368\r\n' + LARGE[:1368] + b'\r\n', b'get edge\r\n',
    b'set e 0 -1 1\r\nx\r\n', b'get e\r\n', b'set e 0 1000000000 1\r\nx\r\n', b'get e\r\n',
    b'set e 0 100 1\r\nx\r\n', b'get e\r\n', b'set e 0 2147483647 1\r\nx\r\n', b'get e\r\n',
    b'set f 4294967303 0 1\r\nx\r\n', b'get f\r\n', b'set f +1 +0 +1\r\nx\r\n', b'get f\r\n',
    b'\r\n', b'\n', b'a\r\n', b'get\r\n', b'get \r\n', b'gets\r\n', b'set\r\n', b'set a\r\n',
    b'set a 0\r\n', b'set a 0 0\r\n', b'delete\r\n', b'verbosity\r\n', b'foo\r\n', b'GET a\r\n',
    b'get\ta\r\n', b' get f\r\n', b'  get   f  \r\n', b'ge f\r\n', b'getss f\r\n', b'statss\r\n',
    b'get ' + KEY + b'k\r\n', b'gets ' + KEY + b'k\r\n', b'delete ' + KEY + b'k\r\n',
    b'delete d 1\r\n', b'delete d 0\r\n', b'delete d 0 noreply\r\n', b'delete d noreply\r\n',
    b'delete d 1 noreply\r\n', b'delete a b c d\r\n', b'verbosity 0\r\n',
    b'verbosity 0 noreply\r\n', b'verbosity x\r\n', b'set f 0 0 1 noreply\r\nxy\r\n',
    b'set a 0 0 2147483648\r\n', b'set a 0 0 -1\r\n', b'set a -1 0 1\r\n', b'set a x 0 1\r\n',
    b'set a 0 x 1\r\n', b'set a 0 0 x\r\n', b'set a 0 0 99999999999999999999\r\n',
    b'set ' + KEY + b'k 0 0 1\r\n', b'set n 0 0 1 foo bar\r\n', b'quit\r\n', b'get f',
]
# Compared without frames: memcached answers these in several messages.
SAME_TEXT = [
    b'get f big f\r\n', b'gets f none f\r\n', b'get none none2\r\n', b'get none f\r\n',
    b'set a x 0 1\r\nx\r\n', b'set a 0 0 3\r\nabcdef\r\n', b'set a 0 0 1 noreply foo\r\nx\r\n',
    b'get f ' + KEY + b'k\r\n',
]
# Dropped by both.
DROPPED = [kvd.frame(9, b'get f\r\n', total=2), kvd.frame(9, b'get f\r\n', total=0),
           kvd.frame(9, b''), b'\0\1\0\0\0\1']


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Memcached:
    def __init__(self):
        program = shutil.which('memcached')
        if program is None:
            kvd.skip('memcached is not installed')
        said = subprocess.run([program, '-V'], capture_output=True, text=True, check=True).stdout
        if said.split()[-1] != VERSION:
            kvd.skip(f'{said.strip()} is not {VERSION}, whose answers these are')
        self.port = free_port()
        user = ['-u', 'nobody'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([program, '-t', '1', '-l', '127.0.0.1', '-p', '0', '-U',
                                         str(self.port), *user])

    def __enter__(self):
        for _ in range(50):  # it does not say when it is ready
            try:
                kvd.ask('127.0.0.1', self.port, [kvd.frame(1, b'version\r\n')])
                return self
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise TimeoutError('memcached does not answer')

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def text(replies):
    return b''.join(reply[8:] for reply in replies)


def check_one_message(request, replies):
    total = len(replies)
    for seq, reply in enumerate(replies):
        assert struct.unpack('>HHH', reply[2:8]) == (seq, total, 0), (request, seq, reply[:8])


def main():
    with Memcached() as theirs, kvd.kernel_twin(sys.argv[1]) as ours:
        ports = theirs.port, ours.udp()
        datagrams = [kvd.frame(number, request) for number, request in enumerate(SAME)] + DROPPED
        left, right = (kvd.ask('127.0.0.1', port, datagrams) for port in ports)
        wrong = kvd.differences(datagrams, left, right)

        datagrams = [kvd.frame(number, request) for number, request in enumerate(SAME_TEXT)]
        left, right = (kvd.ask('127.0.0.1', port, datagrams) for port in ports)
        for request, replies in zip(datagrams, right):
            check_one_message(request, replies)
        wrong += kvd.differences(datagrams, [[text(r)] for r in left], [[text(r)] for r in right])
    print(f'{len(SAME) + len(DROPPED) + len(SAME_TEXT)} requests, {wrong} answered otherwise')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
