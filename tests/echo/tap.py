#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine-kvd on a net_tap port answers the Linux kernel's UDP as its kernel twin does.

Usage: tap.py KVD. Both replies are compared byte by byte. Makes a network namespace of its own and
removes it. The kernel's end of the tap comes with the port's own MAC, and gets another. Skipped
without root, /dev/net/tun or ip netns.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import kvd

SPACE = f'vitrine-{os.getpid()}'
DEVICE = 'vtrtap0'
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


def run(*command, **more):
    return subprocess.run(command, check=True, **more)


def need():
    if os.geteuid() != 0:
        kvd.skip('needs root, for a tap device and a network namespace')
    if not os.path.exists('/dev/net/tun'):
        kvd.skip('no /dev/net/tun')
    if shutil.which('ip') is None:
        kvd.skip('no ip command (iproute2)')
    if subprocess.run(['ip', 'netns', 'add', SPACE], check=False).returncode != 0:
        kvd.skip('cannot make a network namespace')
    if subprocess.run(inside('true'), check=False).returncode != 0:
        run('ip', 'netns', 'del', SPACE)
        kvd.skip('cannot enter a network namespace, as in a chroot')


def inside(*command):
    return ['ip', 'netns', 'exec', SPACE, *command]


def set_up_kernel_side():
    device = inside('ip', 'link', 'set', DEVICE)
    run(*device, 'down')
    run(*device, 'address', '02:00:00:00:00:99')
    run(*device, 'up')
    run(*inside('ip', 'address', 'add', '10.77.0.2/24', 'dev', DEVICE))


def ask_inside(datagrams):
    client = inside(sys.executable, kvd.__file__, '10.77.0.1', '11211')
    said = run(*client, input=json.dumps([d.hex() for d in datagrams]), text=True,
               stdout=subprocess.PIPE).stdout
    return [[bytes.fromhex(reply) for reply in replies] for replies in json.loads(said)]


def captured(path, direction, display_filter):
    """How many packets of a direction in a capture tshark shows."""
    lines = run('tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o',
                'udp.check_checksum:TRUE', '-Y',
                f'frame.packet_flags_direction == {direction} and ({display_filter})',
                text=True, capture_output=True).stdout
    return lines.count('\n')


def check_capture(path, requests, replies):
    """What the server captured: everything that was asked and answered, and nothing wrong."""
    if shutil.which('tshark') is None:
        print('no tshark here to read the capture')
        return
    assert captured(path, 1, 'udp.dstport == 11211') >= requests
    assert captured(path, 2, 'udp.srcport == 11211') >= replies
    assert captured(path, 2, 'arp.opcode == 2') >= 1
    assert captured(path, 2, 'ip.checksum.status == Bad or udp.checksum.status == Bad') == 0
    assert captured(path, 2, 'ip.checksum.status == Good') >= replies


def compare(program, capture):
    """Each mode's replies over the tap and over loopback. Returns how many differ."""
    preload = ['--preload', ','.join(SIZES)]
    port = ['--port', f'net_tap0,iface={DEVICE}', '--quiet', '--capture', capture]
    datagrams = []
    for mode in MODES:
        for request in [b'mode ' + mode.encode() + b'\r\n', *REQUESTS]:
            datagrams.append(kvd.frame(len(datagrams), request))
    with kvd.Server(inside(program, *port, *preload)):
        set_up_kernel_side()
        left = ask_inside(datagrams)
    with kvd.kernel_twin(program, *preload) as twin:
        right = kvd.ask('127.0.0.1', twin.udp(), datagrams)
    wrong = kvd.differences(datagrams, left, right)
    received = sum(len(replies) for replies in left)
    check_capture(capture, len(datagrams), received)
    print(f'{len(datagrams)} requests, {received} datagrams back, {wrong} answered otherwise')
    return wrong


def main():
    need()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return 1 if compare(sys.argv[1], f'{folder}/tap.pcapng') else 0
    finally:
        run('ip', 'netns', 'del', SPACE)


if __name__ == '__main__':
    sys.exit(main())
