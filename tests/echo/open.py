#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The open loop of vitrine-load against vitrine-kvd, over kernel sockets and over memif, and
against memcached where there is one.

Usage: open.py KVD LOAD. Rates are low: what is judged are replies and counts, not speed.
"""
import json
import shutil
import subprocess
import sys
import tempfile

import against_memcached
import kvd

RATE, SECONDS = 2000, 1


def load(program, where, *options):
    """The entries of a run's figures, and what it printed."""
    with tempfile.NamedTemporaryFile('r', suffix='.json') as figures:
        said = subprocess.run([program, *where, '--rate', str(RATE), '--seconds', str(SECONDS),
                               '--quiet', '--json', figures.name, *options],
                              capture_output=True, text=True, check=False)
        assert said.returncode == 0, said
        return json.load(figures)['benchmarks'], said.stdout


def check_entry(entry, rate=RATE):
    """Offered is what was asked for, within five deviations of Poisson; nothing vanishes."""
    offered = entry['offered']
    assert abs(offered - rate * SECONDS) < 5 * (rate * SECONDS) ** 0.5, entry
    assert offered == entry['iterations'] + entry['lost'] + entry['unsent'], entry
    assert entry['bad'] == 0 and entry['iterations'] > 0, entry
    assert sum(step['count'] for step in entry['latency_histogram_ns']) == entry['iterations']
    assert 0 < entry['p50_ns'] <= entry['p99_ns'] <= entry['p999_ns'] <= entry['max_ns'], entry


def check_usage(program):
    for options in [['--rate', '1000', '--window', '4'], ['--zipf', '1'], ['--rate', '0'],
                    ['--rate', '1000', '--arrivals', 'never'], ['--rate', '-5'],
                    ['--rate', '1000', '--workload', 'xyz'],
                    ['--rate', '1000', '--workload', 'etc', '--size', '64'],
                    ['--rate', '1000', '--sets', '1.5'], ['--keys', '65281']]:
        said = subprocess.run([program, '--kernel', '127.0.0.1:1', *options],
                              capture_output=True, text=True, check=False)
        assert said.returncode == 2 and 'try:' in said.stderr and not said.stdout, said


def check_kernel(server, program):
    with kvd.kernel_twin(server, '--preload', 'etc:5000,usr:5000,64:1000') as twin:
        where = ['--kernel', f'127.0.0.1:{twin.udp()}']
        [entry], said = load(program, where, '--workload', 'etc', '--keys', '5000', '--zipf', '1')
        check_entry(entry)
        assert 'model' in said and 'zipf 1:' in said and entry['sets'] > 0, said
        [entry], _ = load(program, where, '--workload', 'usr', '--keys', '5000', '--sets', '0.5')
        check_entry(entry)
        steps, table = load(program, where, '--size', '64', '--keys', '1000', '--sweep', '4',
                            '--arrivals', 'constant')
        assert len(steps) == 4 and len(table.splitlines()) == 5, table
        for number, step in enumerate(steps, 1):
            check_entry(step, RATE * number / 4)


def check_missing(server, program):
    """A server that holds nothing is a failure that says what to do."""
    with kvd.kernel_twin(server) as twin:
        said = subprocess.run([program, '--kernel', f'127.0.0.1:{twin.udp()}', '--rate', '500',
                               '--seconds', '1', '--workload', 'usr'], capture_output=True,
                              text=True, check=False)
        assert said.returncode == 1 and '--fill' in said.stdout, said


def check_memif(server, program):
    with tempfile.TemporaryDirectory() as folder:
        path = f'memif:{folder}/kvd.sock'
        with kvd.Server([server, '--port', path, '--preload', 'etc:2000', '--quiet']):
            [entry], _ = load(program, ['--port', f'{path},role=client'], '--workload', 'etc',
                              '--keys', '2000', '--sets', '0.2')
            check_entry(entry)
            assert entry['oversize'] > 0, entry


def check_memcached(program):
    with against_memcached.Memcached() as theirs:
        where = ['--kernel', f'127.0.0.1:{theirs.port}']
        [entry], _ = load(program, where, '--workload', 'etc', '--keys', '2000', '--fill')
        check_entry(entry)
        assert entry['sets'] > 0, entry


def main():
    server, program = sys.argv[1:3]
    check_usage(program)
    check_kernel(server, program)
    check_missing(server, program)
    check_memif(server, program)
    if shutil.which('memcached') is None:
        print('not compared with memcached, which is not installed')
    else:
        check_memcached(program)


if __name__ == '__main__':
    sys.exit(main())
