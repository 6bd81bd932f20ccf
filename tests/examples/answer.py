#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine-answer on a tap port, judged by what asks it on the kernel's side: ping, arping, the
kernel's own neighbor discovery, and tshark over what tcpdump saw.

Usage: answer.py VITRINE-ANSWER
"""
import contextlib
import signal
import subprocess
import sys
import tempfile
import time

import space

FAULTS = ' or '.join(f'{name}.checksum.status == "Bad"' for name in ('ip', 'icmp', 'icmpv6'))
KINDS = ['ignored', 'arp', 'ping', 'ping6', 'neighbor']


def succeeds(*command):
    done = subprocess.run(space.inside(*command), capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def check_ping(address, sizes):
    """ping compares every byte of the payload, and says so."""
    for size in sizes:
        good, said = succeeds('ping', '-c', '3', '-i', '0.2', '-W', '5', '-M', 'do', '-p', 'a5c3',
                              '-s', str(size), address)
        assert good and '3 received' in said and 'wrong' not in said, said


def check_unanswered():
    """Fragments, groups, other hosts and other protocols: silence, and we live on."""
    for command in (['ping', '-s', '3000', space.OUR], ['ping', '-s', '3000', space.OUR6],
                    ['ping', '-b', '10.77.0.255'], ['ping', '10.77.0.3'],
                    ['ping', '-I', space.DEVICE, 'ff02::1'], ['ping', '-R', space.OUR]):
        good, said = succeeds(*command, '-c', '2', '-i', '0.2', '-W', '1')
        assert not good and '0 received' in said, said
    talk = ('import socket\n'
            'for family, address in (socket.AF_INET, "%s"), (socket.AF_INET6, "%s"):\n'
            '    s = socket.socket(family, socket.SOCK_DGRAM)\n'
            '    s.settimeout(0.3)\n'
            '    s.connect((address, 9))\n'
            '    s.send(b"x")\n'
            '    try:\n'
            '        sys.exit(str(s.recv(9)))\n'
            '    except TimeoutError:\n'
            '        pass\n')
    good, said = succeeds(sys.executable, '-c', 'import sys\n' + talk % (space.OUR, space.OUR6))
    assert good, said


def check_arping(mac):
    good, said = succeeds('arping', '-c', '3', '-I', space.DEVICE, space.OUR)
    assert good and mac.upper() in said and 'Received 3 response' in said, said
    good, said = succeeds('arping', '-D', '-c', '2', '-w', '3', '-I', space.DEVICE, space.OUR)
    assert not good and mac.upper() in said, said  # the address is taken
    good, said = succeeds('arping', '-c', '1', '-w', '1', '-I', space.DEVICE, '10.77.0.3')
    assert not good, said


def check_neighbors(mac):
    """What the kernel believes, and that it goes on believing when it asks again."""
    for address in space.OUR, space.OUR6:
        entry = space.neighbors(address)
        assert mac in entry and 'PERMANENT' not in entry, entry
        space.run(*space.inside('ip', 'neigh', 'flush', 'to', address,
                                'dev', space.DEVICE))
        check_ping(address, [56])
        assert 'REACHABLE' in space.neighbors(address), space.neighbors(address)


def check_taken():
    """The kernel finds out that our address is taken, and does not use it."""
    space.run(*space.inside('ip', 'address', 'add', f'{space.OUR6}/64', 'dev', space.DEVICE))
    for _ in range(50):
        said = space.output('ip', '-6', 'address', 'show', 'dev', space.DEVICE)
        if 'dadfailed' in said:
            break
        time.sleep(0.1)
    else:
        raise AssertionError(said)
    space.run(*space.inside('ip', 'address', 'del', f'{space.OUR6}/64', 'dev', space.DEVICE))


def tshark(file, want, *more):
    said = subprocess.run(['tshark', '-r', file, '-o', 'ip.check_checksum:TRUE', '-Y', want, *more],
                          check=True, capture_output=True, text=True).stdout
    return said.splitlines()


def check_capture(file, mac, counts):
    """Whatever we sent has good checksums, and is what we counted."""
    ours = f'eth.src == {mac}'
    assert not tshark(file, f'{ours} and ({FAULTS} or _ws.malformed)')
    seen = {'arp': 'arp.opcode == 2', 'ping': 'icmp.type == 0', 'ping6': 'icmpv6.type == 129',
            'neighbor': 'icmpv6.type == 136'}
    total = 0
    for kind, want in seen.items():
        sent = len(tshark(file, f'{ours} and {want}'))
        assert sent == counts[kind] > 0, (kind, sent, counts)
        total += sent
    assert len(tshark(file, ours)) == total
    good = tshark(file, f'{ours} and icmpv6.checksum.status == "Good"')
    assert len(good) == counts['ping6'] + counts['neighbor']


@contextlib.contextmanager
def started(*command):
    """A process in the namespace, which is not left behind."""
    with subprocess.Popen(space.inside(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_capture(file):
    """Until tcpdump has written a datagram to all, and so all that came before it."""
    mark = b'that was all'
    space.run(*space.inside(sys.executable, '-c', f"""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.sendto({mark}, ('10.77.0.255', 9))"""))
    for _ in range(100):
        with open(file, 'rb') as capture:
            if mark in capture.read():
                return
        time.sleep(0.1)
    raise TimeoutError('tcpdump does not write')


def end(process):
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=10)[0]
    assert process.returncode == 0, process.returncode
    return said


def ask_everything(mac):
    check_ping(space.OUR, [0, 8, 56, 1471, 1472])
    check_ping(space.OUR6, [0, 8, 56, 1451, 1452])
    check_arping(mac)
    check_neighbors(mac)
    check_taken()
    check_unanswered()
    check_ping(space.OUR, [56])


def main():
    with space.space('ping', 'arping', 'tcpdump', 'tshark'), \
            tempfile.NamedTemporaryFile(suffix='.pcap') as capture, \
            started(sys.argv[1], '--port', space.PORT) as program:
        assert program.stdout.readline() == 'ready\n'
        mac = space.set_up_kernel_side()
        with started('tcpdump', '-i', space.DEVICE, '-U', '--immediate-mode', '-Z', 'root', '-w',
                     capture.name) as dump:
            assert 'listening on' in dump.stderr.readline()
            ask_everything(mac)
            wait_for_capture(capture.name)
            counts = end(program).split()
            dump.wait(10)  # its interface is gone
        print(*counts)
        assert counts[::2] == KINDS, counts
        check_capture(capture.name, mac, dict(zip(counts[::2], map(int, counts[1::2]))))


if __name__ == '__main__':
    sys.exit(main())
