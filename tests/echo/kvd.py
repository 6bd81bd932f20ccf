#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Servers to be asked, and a client that asks them over the kernel's UDP.

As a program, kvd.py ADDRESS PORT asks what stdin holds, a JSON list of hexadecimal datagrams, and
prints the list of lists of datagrams that came back: for use inside a network namespace.
"""
import json
import signal
import socket
import struct
import subprocess
import sys

SENTINEL = 0xfffe


def frame(number, text, total=1):
    return struct.pack('>HHHH', number, 0, total, 0) + text


def skip(reason):
    print('skipped: ' + reason)
    sys.exit(77)


def ask(address, port, datagrams):
    """The datagrams that each of `datagrams` was answered with. Servers answer in order, so the
    answer to a `version` of ours ends the list; it is asked again in case it got lost."""
    replies = []
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.settimeout(1)
        s.connect((address, port))
        for datagram in datagrams:
            s.send(datagram)
            replies.append(list(until_sentinel(s)))
    return replies


def until_sentinel(s):
    for _ in range(5):
        s.send(frame(SENTINEL, b'version\r\n'))
        try:
            while True:
                reply = s.recv(65536)
                if reply[:2] == struct.pack('>H', SENTINEL):
                    return
                yield reply
        except TimeoutError:
            pass
    raise TimeoutError('no answer')


class Server:
    """A process that serves, from its line `ready ...` to SIGTERM."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline().split()
        if not self.ready:
            raise OSError(f'{command[0]} exited with {self.process.wait()}')

    def udp(self):
        return int(self.ready[self.ready.index('udp') + 1])

    def echo(self):
        return int(self.ready[self.ready.index('echo') + 1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        assert code == 0, f'the server exited with {code}'


def kernel_twin(kvd, *options):
    return Server([kvd, '--kernel', '--udp-port', '0', '--echo-port', '0', '--quiet', *options])


def differences(requests, left, right):
    """Says where two lists of replies differ. Returns how many do."""
    count = 0
    for request, a, b in zip(requests, left, right):
        if a != b:
            count += 1
            print(f'{request[:80]!r}')
            print(f'  one:   {[r[:120] for r in a]}\n  other: {[r[:120] for r in b]}')
    return count


if __name__ == '__main__':
    asked = [bytes.fromhex(text) for text in json.load(sys.stdin)]
    answered = ask(sys.argv[1], int(sys.argv[2]), asked)
    print(json.dumps([[reply.hex() for reply in replies] for replies in answered]))
