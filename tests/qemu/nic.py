#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A port of a real driver behind an IOMMU: what it receives and sends lies in the heap, and it
touches nothing else.

Usage: nic.py LIBDIR REACH KVD. Boots a guest with an emulated e1000e, bound to vfio-pci, whose
other end is here. reach.c takes maps away under the device; the kernel's log must show each
refusal.
"""
import json
import re
import struct
import tempfile
import time

import guest
import link

PMDS = ('bus_pci', 'bus_vdev', 'mempool_ring', 'net_e1000')
MODULES = ('vfio_iommu_type1', 'vfio-pci')
ECHOES, HELD, RING, SEGMENT = 200, 900, 64, 64 << 20 # as in reach.c
ECHO_PORT, MEMCACHE_PORT = 7, 11211
PORT = f'pci:{link.Link.address}'

# What a user without the rights on memory is told: KiB that he may lock (EAL's memory is 512 MiB),
# maps that there may be, and the words.
REFUSED = (
    (65536, 65535, "cannot lock DPDK's memory for DMA: the limit is 65536 KiB", 'ulimit -l'),
    (600000, 65535, 'cannot lock the heap for DMA: the limit is 600000 KiB', 'ulimit -l'),
    ('unlimited', 2, 'cannot map the heap for DMA: the limit on maps is reached',
     'dma_entry_limit'),
)


def body(number, length):
    return bytes((number * 131 + i * 7 + i // 256) & 0xff for i in range(length))


def said(frame):
    return frame[14:].rstrip(b'\0').decode(errors='replace')


class Steps:
    """What this end of the wire does at each "now STEP" of reach.c."""

    def __init__(self, wire, machine):
        self.wire, self.machine = wire, machine
        self.faults = {'Read': 0, 'Write': 0}
        self.segments = {'r--s': set(), 'rw-s': set()}

    def hear(self, line):
        if line.startswith('segment '):
            _, rights, address = line.split()
            self.segments[rights].add(int(address, 16))
        else:
            print(f'  {line}' if re.match('(yes|no) ', line) else line)

    def take(self, name):
        return getattr(self, name.replace(' ', '_').replace('-', '_'))()

    def echo(self):
        frames = [link.frame(body(i, 46 + i * 7 % 1455)) for i in range(ECHOES)]
        for sent, back in zip(frames, self.wire.exchange(frames)):
            assert back == sent[6:12] + sent[:6] + sent[12:], (sent[:40], back[:40])

    def expect(self, text):
        frame = self.wire.receive()
        assert frame[:6] == link.OUR_MAC and said(frame) == text, (text, frame[:64])

    def hold(self):
        self.expect('second segment')
        for i in range(HELD):
            self.wire.send(link.frame(body(i, 100)))
            time.sleep(0 if i % 16 else 0.01) # its ring holds 64

    def drain(self):
        for text in 'adopted', 'other heap 1', 'other heap 2', *['drain'] * RING:
            self.expect(text)

    def refused(self, access):
        """The IOMMU refused the device an access to a segment, and the kernel has logged it."""
        refusal = rf'DMAR: \[DMA {access}\b.*\] Request device \[00:04\.0\] fault addr (0x\w+)'
        view = self.segments['r--s' if access == 'Read' else 'rw-s']
        deadline = time.monotonic() + guest.COMMAND_S
        while time.monotonic() < deadline:
            found = [line for line in self.machine.console() if re.search(refusal, line)]
            if len(found) > self.faults[access]:
                self.faults[access] = len(found)
                print(f'    {found[-1]}')
                at = int(re.search(refusal, found[-1])[1], 16)
                assert any(0 <= at - begin < SEGMENT for begin in view), (hex(at), view)
                return
            time.sleep(0.05)
        raise AssertionError('\n'.join(['no refusal in the log:', *self.machine.console()[-20:]]))

    def refused_read(self):
        self.refused('Read')
        frame = self.wire.receive()     # the device sends what it has instead
        assert not any(frame), frame

    def mapped_again(self):
        self.expect('mapped again')

    def refused_write(self):
        self.wire.send(link.frame(body(1, 1000)))
        self.refused('Write')

    def refused_write_again(self):
        self.wire.send(link.frame(body(2, 1000)))
        self.refused('Write')

    def allowed_write(self):
        self.wire.send(link.frame(body(3, 1000)))


def check_reach(machine, steps):
    """Runs reach.c to its end."""
    machine.start(f'reach {PORT}')
    while True:
        lines, last = machine.until(lambda line: line is None or line[:4] == 'now ' or
                                    line[:1] == '\1', guest.COMMAND_S)
        for line in lines:
            steps.hear(line)
        if last[:1] == '\1':
            break
        steps.take(last[4:])
    assert last == '\0010', f'reach ended with {last[1:]}'


def request(number, text):
    """A memcached request over UDP: its frame header is a number, 0, 1 datagram, 0."""
    return link.udp(MEMCACHE_PORT, struct.pack('>HHHH', number, 0, 1, 0) + text)


def check_kvd(machine, wire):
    """vitrine-kvd serves over the device, and its answers are what they should be."""
    values = [b'value-%d-' % i * (2 + i) for i in range(60)]
    with machine.serving(f'vitrine-kvd --port {PORT} --json --quiet') as said:
        sent = [body(i, 1 + i * 13 % 1472) for i in range(ECHOES)]
        back = wire.exchange([link.udp(ECHO_PORT, payload) for payload in sent])
        assert [link.udp_payload(frame) for frame in back] == sent
        stored = wire.exchange([request(i, b'set k%d 0 0 %d\r\n%b\r\n' % (i, len(value), value))
                                for i, value in enumerate(values)])
        assert all(link.udp_payload(frame)[8:] == b'STORED\r\n' for frame in stored)
        got = wire.exchange([request(i, b'get k%d\r\n' % i) for i in range(len(values))])
        for i, (value, frame) in enumerate(zip(values, got)):
            assert link.udp_payload(frame)[8:] == b'VALUE k%d 0 %d\r\n%b\r\nEND\r\n' % (
                i, len(value), value), frame
    totals = json.loads(said[-1])
    assert totals['live_blocks'] == 0 and totals['get_hits'] == len(values), totals
    print('programs')
    print(f'  yes vitrine-kvd echoed {len(sent)} datagrams and answered {2 * len(values)} requests')


def check_refused(machine):
    """Without rights a port opens as far as the limits allow, and says which one is in the way."""
    limit = '/sys/module/vfio_iommu_type1/parameters/dma_entry_limit'
    machine.run('chmod 666 /dev/vfio/*')
    for kib, maps, what, cure in REFUSED:
        machine.run(f'echo {maps} > {limit}')
        machine.start(f"ulimit -l {kib}; su nobody -c 'vitrine-kvd --port {PORT}'")
        status, said = machine.outcome()
        assert status == 1 and what in said and cure in said, (status, said)
        print(f'  yes refused: {what}')
    machine.run(f'echo 65535 > {limit}; ulimit -l unlimited')
    with machine.serving(f"su nobody -c 'exec vitrine-kvd --port {PORT} --quiet'"):
        print('  yes a user without rights serves, if he may lock memory')


def main(libdir, reach, kvd):
    with tempfile.TemporaryDirectory(prefix='vitrine-wire-') as folder:
        wire = link.Link(folder)
        with guest.Guest({'reach': reach, 'vitrine-kvd': kvd}, libdir, PMDS, MODULES, wire.devices,
                         hugepages=128) as machine:
            print(f'{link.Link.address}: e1000e, vfio-pci, kernel {machine.run("uname -r")}')
            machine.bind_vfio(link.Link.address)
            check_reach(machine, Steps(wire, machine))
            check_kvd(machine, wire)
            check_refused(machine)
        wire.close()


if __name__ == '__main__':
    guest.main(main)
