#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: prometheus.py [-f PREFIX]... [--listen [ADDRESS:]PORT]

What vitrine's heaps and ports hold, move and drop, in Prometheus' text format, from the telemetry
sockets of the programs that run: all of this user's, or those of the prefixes given (vtr-PID).

  prometheus.py                     prints it once
  prometheus.py --listen 9877       serves it at http://127.0.0.1:9877/metrics until Ctrl-C

Exit: 0, 1 failed, 2 usage.

The same file is an endpoint of DPDK's own exporter (dpdk-telemetry-exporter.py, from 24.03 on),
which calls info() and metrics() and puts dpdk_vitrine_ before the names.
"""
import argparse
import glob
import http.server
import json
import os
import socket
import sys
import time

SOCKET = 'dpdk_telemetry.v2'
TIMEOUT_S = 5
PATIENCE = 10

GAUGE, COUNTER = 'gauge', 'counter'

# metric: where it is in the answer to /vitrine/heap,N or /vitrine/port,N; its type and description
HEAP = {
    'heap_max_bytes': ('max_bytes', GAUGE, 'limit on block memory'),
    'heap_segment_bytes': ('segment_bytes', GAUGE, 'memory taken from the system for blocks'),
    'heap_hugetlb_bytes': ('hugetlb_bytes', GAUGE, 'of these, on reserved huge pages'),
    'heap_thp_bytes': ('thp_bytes', GAUGE, 'of these, on transparent huge pages'),
    'heap_pageblock_bytes': ('pageblock_bytes', GAUGE, 'of these, cut into blocks'),
    'heap_live_bytes': ('live_bytes', GAUGE, 'held by the process'),
    'heap_live_blocks': ('live_blocks', GAUGE, 'held by the process, in blocks'),
    'heap_large_bytes': ('large_bytes', GAUGE, 'held, in blocks of more than 1 MiB'),
    'heap_large_blocks': ('large_blocks', GAUGE, 'blocks held of more than 1 MiB'),
    'heap_visible_bytes': ('visible_bytes', GAUGE, 'held, and written'),
    'heap_fair_bytes': ('fair_bytes', GAUGE, 'held, shared out among the processes that hold it'),
    'heap_unique_bytes': ('unique_bytes', GAUGE, 'held by this process alone'),
    'heap_cached_bytes': ('cached_bytes', GAUGE, 'free, in magazines'),
    'heap_cached_blocks': ('cached_blocks', GAUGE, 'free blocks in magazines'),
    'heap_charged_bytes': ('charged_bytes', GAUGE, 'counted against the quota'),
    'heap_quota_bytes': ('quota_bytes', GAUGE, 'the quota, 0 for none'),
    'heap_adopted_blocks': ('adopted_blocks', GAUGE, 'adopted pieces of memory not given back'),
    'heap_adopted_bytes': ('adopted_bytes', GAUGE, 'adopted memory not given back'),
    'heap_keep_refs_total': ('keep_refs', COUNTER, 'keeps that copied nothing'),
    'heap_keep_copies_total': ('keep_copies', COUNTER, 'keeps that copied'),
    'heap_keep_bytes_total': ('keep_bytes', COUNTER, 'bytes that keeps copied'),
    'heap_keep_saved_bytes_total': ('keep_saved', COUNTER, 'bytes that keeps left unpinned'),
}
PORT = {
    'port_rx_packets_total': ('rx_packets', COUNTER, 'packets received'),
    'port_rx_bytes_total': ('rx_bytes', COUNTER, 'bytes received'),
    'port_tx_packets_total': ('tx_packets', COUNTER, 'packets sent'),
    'port_tx_bytes_total': ('tx_bytes', COUNTER, 'bytes sent'),
    'port_tx_full_total': ('tx_full', COUNTER, 'packets handed back, the queue being full'),
    'port_rx_copies_total': ('rx_copies', COUNTER, 'frames copied into the heap'),
    'port_tx_copies_total': ('tx_copies', COUNTER, 'frames copied to be sent'),
    'port_tx_software_total': ('tx_software', COUNTER, 'packets offloaded by software'),
    'port_link_up': ('link_up', GAUGE, 'whether the link is up'),
}
FAILED = 'heap_failed_blocks_total'  # by reason
DROPS = 'port_drops_total'           # by reason
DROP = 'drop_'


def info():
    """{metric: (description, type)}, for DPDK's exporter too."""
    return {**{name: (text, kind) for name, (_, kind, text) in {**HEAP, **PORT}.items()},
            FAILED: ('blocks refused', COUNTER), DROPS: ('packets dropped', COUNTER)}


def metrics(sock):
    """[(metric, value, labels)], for DPDK's exporter too. sock.cmd(command, argument) asks."""
    values = []
    for number in sock.cmd('/vitrine/heaps') or ():
        heap = sock.cmd('/vitrine/heap', number)
        if heap:  # it may have been closed meanwhile
            labels = {'heap': number, 'name': heap['name']}
            values += [(name, heap[field], labels) for name, (field, *_) in HEAP.items()]
            values += [(FAILED, heap[f'failed_{reason}'], {**labels, 'reason': reason})
                       for reason in ('limit', 'quota')]
    for number in sock.cmd('/vitrine/ports') or ():
        port = sock.cmd('/vitrine/port', number)
        if port:
            labels = {'port': number, 'name': port['name']}
            values += [(name, port[field], labels) for name, (field, *_) in PORT.items()]
            values += [(DROPS, value, {**labels, 'reason': field[len(DROP):]})
                       for field, value in port.items() if field.startswith(DROP)]
    return values


class Telemetry:
    """A connection to one process."""

    def __init__(self, path):
        for patience in range(PATIENCE):
            hello = self.connect(path)
            if hello:
                break
            self.sock.close()
            time.sleep(.1 * (patience + 1))
        hello = json.loads(hello)
        self.pid, self.room = hello['pid'], hello['max_output_len']

    def connect(self, path):
        """DPDK serves ten at once, closes on others and lets few wait. @return what it says."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(TIMEOUT_S)
        try:
            self.sock.connect(path)
            return self.sock.recv(1024)
        except BlockingIOError:
            return b''

    def cmd(self, command, argument=None):
        self.sock.send((command if argument is None else f'{command},{argument}').encode())
        return json.loads(self.sock.recv(self.room))[command]


def runtime_dir():
    """Where DPDK 22.11 keeps its folders."""
    base = os.environ.get('RUNTIME_DIRECTORY')
    if base is None and os.getuid() == 0:
        base = '/var/run'
    return os.path.join(base or os.environ.get('XDG_RUNTIME_DIR', '/tmp'), 'dpdk')


def sockets(prefixes):
    found = []
    for prefix in prefixes or ['vtr-*']:
        found += glob.glob(os.path.join(runtime_dir(), prefix, SOCKET))
    return sorted(set(found))


def collect(prefixes):
    """The metrics of every process that answers, by metric, each with the process's pid."""
    by_name = {}
    for path in sockets(prefixes):
        try:
            telemetry = Telemetry(path)
            with telemetry.sock:
                for name, value, labels in metrics(telemetry):
                    by_name.setdefault(name, []).append((value, {'pid': telemetry.pid, **labels}))
        except ConnectionRefusedError:  # of a process that was killed: the socket is all there is
            pass
        except (OSError, ValueError) as error:  # it is gone, or about to be
            print(f'prometheus.py: {path}: {error}', file=sys.stderr)
    return by_name


def escape(value):
    return str(value).replace('\\', r'\\').replace('"', r'\"').replace('\n', r'\n')


def text(by_name):
    """Prometheus' exposition format, version 0.0.4."""
    lines = []
    for name, (description, kind) in info().items():
        if name in by_name:
            lines += [f'# HELP vtr_{name} {description}', f'# TYPE vtr_{name} {kind}']
        for value, labels in by_name.get(name, ()):
            pairs = ','.join(f'{key}="{escape(label)}"' for key, label in labels.items())
            lines.append(f'vtr_{name}{{{pairs}}} {value}')
    return ''.join(line + '\n' for line in lines)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        if self.path.split('?')[0] not in ('/metrics', '/'):
            self.send_error(404)
            return
        body = text(collect(self.server.prefixes)).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message):
        self.exit(2, f'prometheus.py: {message}; try --help\n')


def address(argument):
    host, _, port = argument.rpartition(':')
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError('not [ADDRESS:]PORT')
    return host.strip('[]') or '127.0.0.1', int(port)


def serve(where, prefixes):
    with http.server.ThreadingHTTPServer(where, Handler) as server:
        server.prefixes = prefixes
        print(f'ready http://{where[0]}:{server.server_port}/metrics', flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


def main():
    parser = Parser(usage=__doc__.split('usage: ')[1])
    parser.add_argument('-f', '--file-prefix', action='append', dest='prefixes', metavar='PREFIX')
    parser.add_argument('--listen', type=address, metavar='[ADDRESS:]PORT')
    args = parser.parse_args()
    if args.listen:
        serve(args.listen, args.prefixes)
        return 0
    if not sockets(args.prefixes):
        who = ' or '.join(args.prefixes or ['this user'])
        print(f'prometheus.py: no program of {who} has its telemetry in {runtime_dir()}',
              file=sys.stderr)
        return 1
    print(text(collect(args.prefixes)), end='')
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except OSError as failure:
        sys.exit(f'prometheus.py: {failure}')
