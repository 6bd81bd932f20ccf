#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Telemetry of a running program: dpdk-telemetry.py and our exporter say what the library counts,
as root and as nobody, while ports and heaps come and go; nothing is left behind.

Usage: telemetry.py SUBJECT PROMETHEUS.
"""
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

NOBODY = 65534
SAMPLE = re.compile(r'(vtr_[a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\} ([0-9]+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def skip(reason):
    print('skipped: ' + reason)
    sys.exit(77)


@contextlib.contextmanager
def subject(program, *args, env, user):
    """The program, and what it printed."""
    with subprocess.Popen([program, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, env=env, user=user) as process:
        said = process.stdout.readline()
        assert said, f'it ended with {process.wait()}'
        yield process, json.loads(said)
        process.stdin.close()
        if process.wait(60) not in (0, -signal.SIGKILL):
            raise AssertionError(f'it ended with {process.returncode}')


def ask(prefix, *commands, env, user):
    """What dpdk-telemetry.py prints for each command."""
    said = subprocess.run(['dpdk-telemetry.py', '-f', prefix], input='\n'.join(commands) + '\n',
                          text=True, capture_output=True, check=True, env=env, user=user)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(answers) == len(commands), said
    return [answer[command.split(',')[0]] for answer, command in zip(answers, commands)]


def check_answers(told, who):
    prefix = told['prefix']
    ports, heaps, leaks = ask(prefix, '/vitrine/ports', '/vitrine/heaps', '/vitrine/leaks', **who)
    assert len(ports) == 2 and len(heaps) == 1, (ports, heaps)
    [heap] = ask(prefix, f'/vitrine/heap,{heaps[0]}', **who)
    assert heap['name'] == 'a "name" \\ of 31 bytes, no more', heap
    for field, value in told['heap'].items():
        assert heap[field] == value, (field, heap, told)
    places = [int(place.split(' from ')[0]) for place in leaks[str(heaps[0])]]
    assert sum(places) == told['heap']['live_blocks'] == 3, leaks
    got = [ask(prefix, f'/vitrine/port,{number}', **who)[0] for number in sorted(ports)]
    for mine, port in zip(told['ports'], got):
        assert port['name'] == 'ring:"x"\\y' and port['driver'] == 'net_ring', port
        assert {key: port[key] for key in mine} == mine, (port, mine)
        assert port['drops'] == sum(v for k, v in port.items() if k.startswith('drop_'))
    assert [port['tx_packets'] for port in got] == [21, 0] and got[0]['drop_tx_empty'] == 1, got
    wrong = ('/vitrine/port', '/vitrine/port,99', '/vitrine/port,0x0', '/vitrine/heap,64',
             '/vitrine/heap,-1', '/vitrine/heap,63', '/vitrine/port,99999999999999999999',
             '/vitrine/heap,' + '1' * 900)
    assert ask(prefix, *wrong, **who) == [None] * len(wrong)


def parse(text):
    """{(metric, labels without pid): value} of Prometheus' text, which is checked."""
    values, described = {}, {}
    for line in text.splitlines():
        if line.startswith('# '):
            _, what, name, rest = line.split(' ', 3)
            assert what in ('HELP', 'TYPE') and (name, what) not in described, line
            described[name, what] = rest
            continue
        found = SAMPLE.match(line)
        assert found, line
        name = found[1]
        assert described[name, 'TYPE'] == ('counter' if name.endswith('_total') else 'gauge'), line
        assert (name, 'HELP') in described and list(described)[-1][0] == name, line
        labels = tuple(pair for pair in LABEL.findall(found[2]) if pair[0] != 'pid')
        assert (name, labels) not in values, line
        values[name, labels] = int(found[3])
    return values


def check_exporter(told, prometheus, who):
    said = subprocess.run(['python3', prometheus, '-f', told['prefix']], text=True,
                          capture_output=True, check=True, **who)
    assert not said.stderr, said
    values = parse(said.stdout)
    by_name = {}
    for (name, labels), value in values.items():
        by_name.setdefault(name, []).append((dict(labels), value))
    [(labels, live)] = by_name['vtr_heap_live_blocks']
    assert live == told['heap']['live_blocks'] and labels['heap'] == '0', by_name
    assert labels['name'] == r'a \"name\" \\ of 31 bytes, no more', labels
    for i, port in enumerate(told['ports']):
        for field in ('rx_packets', 'rx_bytes', 'tx_packets', 'tx_bytes', 'tx_full', 'tx_software'):
            samples = {l['port']: v for l, v in by_name[f'vtr_port_{field}_total']}
            assert samples[sorted(samples)[i]] == port[field], (field, samples)
        number = sorted(l['port'] for l, _ in by_name['vtr_port_link_up'])[i]
        drops = {l['reason']: v for l, v in by_name['vtr_port_drops_total']
                 if l['port'] == number}
        assert drops == {k[5:]: v for k, v in port.items() if k.startswith('drop_')}, drops
    return values


def check_server(told, prometheus, who, values):
    """The same by HTTP."""
    with subprocess.Popen(['python3', prometheus, '-f', told['prefix'], '--listen', '0'],
                          stdout=subprocess.PIPE, text=True, **who) as exporter:
        url = exporter.stdout.readline().split()[1]
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.headers['Content-Type'].startswith('text/plain; version=0.0.4')
            assert parse(answer.read().decode()) == values
        exporter.send_signal(signal.SIGINT)
        assert exporter.wait(20) == 0


def check_endpoint(prometheus):
    """What DPDK's exporter relies on: every metric is described."""
    spec = importlib.util.spec_from_file_location('vitrine', prometheus)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Sock:
        answers = {'/vitrine/heaps': [], '/vitrine/ports': [7],
                   '/vitrine/port': {**{f: 1 for f, *_ in module.PORT.values()}, 'name': 'x',
                                     'drop_any': 2}}

        def cmd(self, uri, arg=None):
            assert (arg == 7) == (uri == '/vitrine/port')
            return self.answers[uri]

    values = module.metrics(Sock())
    assert ('port_drops_total', 2, {'port': 7, 'name': 'x', 'reason': 'any'}) in values
    assert all(name in module.info() for name, _, _ in values)


def check_churn(program, prometheus, who):
    """Everything is asked for while it comes and goes."""
    with subject(program, 'churn', **who) as (process, told):
        results = []

        def asker():
            for _ in range(3):
                said = subprocess.run(['python3', prometheus, '-f', told['prefix']],
                                      capture_output=True, text=True, check=True, **who)
                results.append(said.stderr + said.stdout)
                results.append(ask(told['prefix'], *['/vitrine/leaks', '/vitrine/ports'] * 50,
                                   **who))
        threads = [threading.Thread(target=asker) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 18 and process.poll() is None, len(results)
        for text in results:
            assert isinstance(text, list) or 'vtr_heap_live_blocks' in text, text


def check_left(program, folder, who):
    """A program that exits leaves nothing, one that is killed what the next removes."""
    with subject(program, **who) as (process, told):
        path = f'{folder}/{told["prefix"]}'
        assert os.path.exists(f'{path}/dpdk_telemetry.v2'), os.listdir(folder)
        process.kill()
        process.wait()
        assert os.path.exists(path)
        with subject(program, **who) as (_, other):
            assert not os.path.exists(path), path
            other = f'{folder}/{other["prefix"]}'
            with subject(program, **who):
                assert os.path.exists(other), 'one that runs was removed'
        assert not os.path.exists(other)


def check(program, prometheus, who, folder):
    with subject(program, **who) as (_, told):
        check_answers(told, who)
        values = check_exporter(told, prometheus, who)
        check_server(told, prometheus, who, values)
    check_left(program, folder, who)
    check_churn(program, prometheus, who)


def as_nobody(program, prometheus, env):
    """The same by a user without rights, who has to be able to get at the programs."""
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        env = {**env, 'XDG_RUNTIME_DIR': home, 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'}
        reachable = subprocess.run(['test', '-x', program, '-a', '-r', prometheus], check=False,
                                   user=NOBODY, env=env)
        if reachable.returncode != 0:
            print('not as nobody, who cannot get at the programs here')
            return
        check(program, prometheus, {'env': env, 'user': NOBODY}, f'{home}/dpdk')


def main():
    program, prometheus = sys.argv[1:]
    if shutil.which('dpdk-telemetry.py') is None:
        skip('no dpdk-telemetry.py (Debian: dpdk-dev)')
    env = dict(os.environ)
    check_endpoint(prometheus)
    with tempfile.TemporaryDirectory() as home:
        env.pop('RUNTIME_DIRECTORY', None)
        folder = f'{home}/dpdk' if os.getuid() != 0 else '/var/run/dpdk'
        env['XDG_RUNTIME_DIR'] = home
        check(program, prometheus, {'env': env, 'user': None}, folder)
    if os.getuid() == 0:
        as_nobody(program, prometheus, env)
    return 0


if __name__ == '__main__':
    sys.exit(main())
