#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""dissect against tshark: the same fields of the same packets, and a stop where tshark objects.

  dissect.py DISSECT FLOWS
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import packets

SKIP = 77
# tshark follows connections and joins what belongs together; dissect looks at one packet.
PER_PACKET = [word for name in (
    'tcp.desegment_tcp_streams', 'ip.defragment', 'ipv6.defragment', 'tcp.analyze_sequence_numbers',
    'udp.process_info', 'tls.desegment_ssl_records') for word in ('-o', f'{name}:FALSE')]
EXPERT_NOTE = 0x400000 # of severities: chats are less


def run(*command):
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return done.stdout.decode()


class Judge:
    def __init__(self, dissect, folder):
        self.dissect, self.folder, self.failed = dissect, folder, 0

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def check(self, good, what):
        print(f'{"ok" if good else "FAILED"}: {what}')
        self.failed += not good

    def tshark(self, path, fields):
        picked = [word for field in fields for word in ('-e', field)]
        out = run('tshark', '-n', '-r', path, *PER_PACKET, '-T', 'fields', *picked)
        return [line.split('\t') for line in out.split('\n')[:-1]]

    def fields(self, path, fields):
        out = run(self.dissect, '--fields', ','.join(fields), path)
        return [line.split('\t') for line in out.split('\n')[:-1]]

    def fields_agree(self):
        cases = packets.good()
        path = self.file('good.pcap', packets.pcap([frame for _, frame in cases]))
        fields = run(self.dissect, '--list').split()
        # One field takes at most 64 columns of a call.
        for first in range(0, len(fields), 60):
            part = fields[first:first + 60]
            ours, theirs = self.fields(path, part), self.tshark(path, part)
            self.check(len(ours) == len(theirs) == len(cases), f'{len(cases)} packets, a line each')
            for (name, _), mine, tshark in zip(cases, ours, theirs):
                for field, a, b in zip(part, mine, tshark):
                    if a != b:
                        self.check(False, f'{name}: {field} is {a!r}, tshark has {b!r}')
            for field, column in zip(part, zip(*ours)):
                if not any(column):
                    self.check(False, f'{field} is in no packet')
        self.check(not self.failed, f'{len(fields)} fields of {len(cases)} packets are as tshark')

    def files_agree(self):
        frames = [frame for _, frame in packets.good()]
        old = run(self.dissect, self.file('a.pcap', packets.pcap(frames)))
        new = run(self.dissect, self.file('a.pcapng', packets.pcapng(frames)))
        self.check(old == new and old.count('\n') == len(frames), 'pcapng shows what pcap shows')
        self.check('stopped' not in old, 'no good packet stops it')

    def both_stop(self):
        cases = packets.bad()
        path = self.file('bad.pcap', packets.pcap([frame for _, frame, _ in cases]))
        found = [json.loads(line) for line in run(self.dissect, '--json', path).splitlines()]
        silent = sorted({field for field, _ in IN_SILENCE.values()})
        fields = ['_ws.malformed', '_ws.expert.severity', *silent]
        for (name, frame, layer), ours, row in zip(cases, found, self.tshark(path, fields)):
            stop = ours.get('stopped', {'layer': 'nowhere', 'byte': 0})
            self.check(stop['layer'] == layer and stop['byte'] <= len(frame),
                       f'{name}: stopped at {stop["layer"]}, byte {stop["byte"]}')
            theirs = dict(zip(fields, row))
            worst = max([int(n) for n in theirs['_ws.expert.severity'].split(',') if n] or [0])
            field, content = IN_SILENCE.get(name, (None, None))
            self.check(theirs['_ws.malformed'] or worst >= EXPERT_NOTE or
                       field and theirs[field] == content, f'{name}: tshark objects too')

    def every_cut_is_survived(self):
        """Each good packet cut at each byte, and with each byte changed: a line, and no more."""
        frames = [frame[:n] for _, frame in packets.good() for n in range(1, min(len(frame), 400))]
        for _, frame in packets.good():
            for i in range(14, min(len(frame), 120)):
                frames.append(frame[:i] + bytes([frame[i] ^ 0xff]) + frame[i + 1:])
        path = self.file('cut.pcap', packets.pcap(frames))
        lines = run(self.dissect, '--json', path).splitlines()
        for line in lines:
            json.loads(line)
        self.check(len(lines) == len(frames), f'{len(frames)} broken packets, each an object')

    def large_packet_straddles(self):
        frame = packets.udp4(4000, 53, packets.dns(0x8180, 0, 600, 0, 0, b''.join(
            b'\0' + packets.u16(1, 1) + packets.u32(n) +
            packets.u16(4) + packets.u32(n) for n in range(600))))
        path = self.file('large.pcap', packets.pcap([frame]))
        ours = self.fields(path, ['dns.resp.ttl', 'dns.a'])
        self.check(ours == self.tshark(path, ['dns.resp.ttl', 'dns.a']),
                   f'a frame of {len(frame)} bytes comes in segments and is read as one')


# Where tshark stops without an objection: what it has then in the field that would come.
IN_SILENCE = {
    'a chunk of length 2': ('sctp.data_tsn', ''),
    'a cut hello': ('tls.handshake.type', ''),
    'a name that refers to itself': ('dns.resp.name', '<Name contains a pointer that loops>'),
}


def flows_are_counted(judge, flows):
    """Both directions of a conversation are one; parts of a datagram are another, without ports."""
    there = packets.udp4(4000, 5000, b'x' * 100)
    back = packets.eth(0x0800, packets.ip4(17, packets.udp(5000, 4000, b'', packets.IP_B,
                                                           packets.IP_A),
                                           src=packets.IP_B, dst=packets.IP_A))
    part = packets.eth(0x0800, packets.ip4(17, bytes(32), frag=0x2001))
    path = judge.file('flows.pcap', packets.pcap([there, back] * 3 + [part, packets.tcp4(1, 2)] +
                                                 [packets.eth(0x88b5, b'other')]))
    said = run(flows, path)
    expected = (f'6 packets, {3 * len(there) + 3 * len(back)} bytes: 192.0.2.1 port 4000 - '
                '192.0.2.2 port 5000, protocol 17\n')
    judge.check(said.startswith(expected) and said.endswith('flows: 3; other packets: 1\n'),
                'three flows are counted')


def usage_is_checked(judge):
    for arguments in (['--fields', 'ip.srx', 'x'], ['-c', '9x', 'x'], [], ['--nonsense']):
        done = subprocess.run([judge.dissect, *arguments], check=False, capture_output=True)
        judge.check(done.returncode == 2 and done.stderr, f'{arguments} is wrong usage')
    done = subprocess.run([judge.dissect, '/nonexistent.pcap'], check=False, capture_output=True)
    judge.check(done.returncode == 1 and b'nonexistent' in done.stderr, 'no file: one line why')


def main():
    if shutil.which('tshark') is None:
        print('skipped: tshark is not installed: apt-get install tshark')
        return SKIP
    with tempfile.TemporaryDirectory(prefix='vitrine-dissect-') as folder:
        os.environ['HOME'] = folder
        judge = Judge(sys.argv[1], pathlib.Path(folder))
        judge.fields_agree()
        judge.files_agree()
        judge.both_stop()
        judge.every_cut_is_survived()
        judge.large_packet_straddles()
        flows_are_counted(judge, sys.argv[2])
        usage_is_checked(judge)
    return judge.failed != 0


if __name__ == '__main__':
    sys.exit(main())
