#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine-kvd as a program: its command line, its echo, what it counts and how it ends.

Usage: program.py KVD.
"""
import json
import signal
import socket
import subprocess
import sys

import kvd

WRONG = [  # and what the one line about it suggests
    (['--prot', 'null:'], '--port'), (['--kernel', '--preload', '9x:1'], 'SIZE:COUNT'),
    (['--kernel', '--udp-port', '65536'], '65535'), (['--kernel', '--mode', 'fast'], 'hybrid'),
    (['--kernel', '--queues', '0'], '1 to 64'), (['--port', 'null:', '--kernel'], '--kernel'),
    (['--kernel', '--threshold', '-1'], 'auto'), (['--kernel', '--ip', '10.1'], '10.77.0.1'),
    (['--port', 'null:', '--udp-port', '0'], '--kernel'), (['--kernel', 'more'], '--help'),
    (['--kernel', '--echo-port', '11211'], '--echo-port'), (['--kernel', '--idle', ''], 'nap'),
    (['--kernel', '--memory', '0x10'], 'MiB'), (['--kernel', '--preload'], '--help'),
    (['--kernel', '--capture', 'a:1'], '--port'), (['--kernel', '--capture', 'a:0'], 'FILE:N'),
    (['--kernel', '--capture', ':1'], 'FILE:N'),
    ([], '--kernel'),
]


def check_usage(program):
    for options, hint in WRONG:
        said = subprocess.run([program, *options], capture_output=True, text=True, check=False)
        assert said.returncode == 2, (options, said)
        assert hint in said.stderr and said.stderr.count('\n') == 1 and not said.stdout, said
    for option in '-h', '--help', '--version':
        said = subprocess.run([program, option], capture_output=True, text=True, check=True)
        assert 'vitrine-kvd' in said.stdout and not said.stderr, said


def check_taken(program):
    """One of the two ports is in use: refused, with what helps."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
        for taken, free in ('--udp-port', '--echo-port'), ('--echo-port', '--udp-port'):
            said = subprocess.run([program, '--kernel', taken, str(port), free, '0'],
                                  capture_output=True, text=True, check=False)
            assert said.returncode == 1 and not said.stdout, said
            assert f':{port}: cannot bind: ' in said.stderr, said
            assert '--udp-port 0' in said.stderr, said


def check_address(program):
    """An address that is not ours is refused, with what helps."""
    said = subprocess.run([program, '--kernel', '--bind', '192.0.2.1', '--udp-port', '0',
                           '--echo-port', '0'], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and '--bind takes an address of this machine' in said.stderr, said


def check_echo(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(('127.0.0.1', port))
        for payload in b'', b'x', bytes(range(256)) * 4, b'y' * 60000:
            s.send(payload)
            assert s.recv(65536) == payload


def stats(port):
    [replies] = kvd.ask('127.0.0.1', port, [kvd.frame(1, b'stats\r\n')])
    lines = b''.join(reply[8:] for reply in replies).decode().splitlines()
    assert lines[-1] == 'END', lines
    return dict(line.split(' ', 2)[1:] for line in lines[:-1])


def copied(port, mode):
    """What a get of 100 and 5000 bytes adds to the counts of value bytes: ours, the kernel's."""
    before = stats(port)
    get = b'get v0000100-00000000001 v0005000-00000000001\r\n'
    kvd.ask('127.0.0.1', port, [kvd.frame(1, b'mode ' + mode + b'\r\n'), kvd.frame(2, get)])
    after = stats(port)
    assert after['mode'] == mode.decode()
    return tuple(int(after[name]) - int(before[name])
                 for name in ('payload_bytes_copied', 'payload_bytes_kernel'))


def main():
    program = sys.argv[1]
    check_usage(program)
    check_taken(program)
    check_address(program)
    server = subprocess.Popen([program, '--kernel', '--udp-port', '0', '--echo-port', '0', '--json',
                               '--threshold', '512', '--preload', '100:2,5000:2'],
                              stdout=subprocess.PIPE, text=True)
    ready = server.stdout.readline().split()
    assert ready[:2] == ['ready', 'kernel'] and ready[-1] == str(server.pid), ready
    udp, echo = int(ready[3]), int(ready[5])
    check_echo(echo)
    assert copied(udp, b'reference') == (0, 5100)
    assert copied(udp, b'copy') == (5100, 5100)
    assert copied(udp, b'hybrid') == (100, 5100)
    server.send_signal(signal.SIGINT)
    totals = json.loads(server.communicate(timeout=10)[0])
    assert server.returncode == 0 and totals['live_blocks'] == 0, totals
    assert totals['get_hits'] == 6 and totals['payload_bytes_copied'] == 5200, totals


if __name__ == '__main__':
    sys.exit(main())
