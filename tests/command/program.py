#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine as a program: its command line, its output, and what doctor says against what opens.

Usage: program.py VITRINE.
"""
import json
import os
import pathlib
import pty
import resource
import subprocess
import sys
import tempfile

WRONG = [  # and what the one line about it says
    ([], 'doctor'), (['doktor'], 'try vitrine doctor'), (['prts'], 'try vitrine ports'),
    (['zzzzzzzz'], '--help'), (['--verison'], 'try vitrine --version'), ([''], '--help'),
    (['-x'], '--help'), (['doctor', '--jsn'], 'try --json'), (['doctor', '-x'], "'-x'"),
    (['doctor', '-xh'], "'-x'"), (['doctor', 'now'], "'now'"), (['doctor', '--root'], '--help'),
    (['doctor', '--json=3'], 'takes no value'), (['ports', 'null:0', '--josn'], 'try --json'),
    (['ports', 'null:0', 'null:1'], "'null:1'"), (['doctor', '--' + 'x' * 5000], 'no option'),
]
MODES = ('null', 'ring', 'pcap', 'memif', 'tap', 'af_packet', 'af_xdp')


def run(*command, **more):
    return subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL,
                          **{'capture_output': True, **more})


def check_usage(program):
    for options, hint in WRONG:
        said = run(program, *options)
        assert said.returncode == 2, (options, said)
        assert hint in said.stderr and said.stderr.count('\n') == 1 and not said.stdout, said
    said = run(program, 'ports', 'nul:0')
    assert said.returncode == 2 and "'null:'" in said.stderr and not said.stdout, said
    for options in (['-h'], ['--help'], ['--version'], ['doctor', '-h'], ['doctor', '--help'],
                    ['ports', '--help']):
        said = run(program, *options)
        assert said.returncode == 0 and 'vitrine' in said.stdout and not said.stderr, said
    assert 'DPDK' in run(program, '--version').stdout


def check_output(program):
    """What cannot be written is a failure; a closed stdout gets nothing into a heap's memory."""
    for options in (['--help'], ['doctor'], ['doctor', '--json'], ['ports', 'null:0']):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            said = run(program, *options, capture_output=False, stdout=full,
                       stderr=subprocess.PIPE)
        assert said.returncode == 1 and 'No space left' in said.stderr, (options, said)
        closed = run('sh', '-c', '"$@" >&-', 'sh', program, *options)
        assert closed.returncode == 1 and 'cannot write' in closed.stderr, (options, closed)
    read, write = os.pipe()
    os.close(read)
    said = run(program, 'doctor', capture_output=False, stdout=write, stderr=subprocess.PIPE,
               preexec_fn=lambda: None)
    os.close(write)
    assert said.returncode in (1, -13), said


def on_terminal(program, **env):
    """What `vitrine doctor` writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([program, 'doctor'], stdout=theirs, env={**os.environ, **env}) as child:
        os.close(theirs)
        text = b''
        try:
            while got := os.read(ours, 4096):
                text += got
        except OSError:
            pass
        child.wait()
    os.close(ours)
    return text


def check_colours(program):
    plain = {key: value for key, value in os.environ.items() if key != 'NO_COLOR'}
    assert '\033' not in run(program, 'doctor', env={**plain, 'TERM': 'xterm'}).stdout
    assert b'\033[' in on_terminal(program, TERM='xterm', NO_COLOR='')
    assert b'\033' not in on_terminal(program, TERM='xterm', NO_COLOR='1')
    assert b'\033' not in on_terminal(program, TERM='dumb', NO_COLOR='')


def check_doctor(program):
    """@return the kinds of port that work by what doctor says."""
    said = run(program, 'doctor', '--json')
    report = json.loads(said.stdout)
    assert said.returncode == 0 and not said.stderr, said
    assert {line['state'] for line in report['checks']} <= {'ok', 'warn', 'skip', 'fail'}
    self_test = [line for line in report['checks'] if line['subject'] == 'self test']
    fact = 'ring 1000/1000 packets, 0 copies, 0 live blocks after'
    assert self_test[0]['fact'] == fact, self_test
    text = run(program, 'doctor').stdout
    for line in report['checks']:
        assert line['fact'] in text or line['subject'] == 'prefixes', line  # others come and go
    works = next(line for line in text.splitlines() if line.startswith('works now:'))
    assert works.split()[2:] == report['works'], (works, report['works'])
    return report['works']


def check_ports(program, works):
    """Each kind that doctor says works opens, and no other does."""
    said = run(program, 'ports', '--json')
    report = json.loads(said.stdout)
    assert said.returncode == 0 and not said.stderr, said
    for port in report['ports']:
        opens = port['name'] in works
        if not opens or 'not tried' not in port['what']:
            assert port['opens'] == opens, port
    assert {port['name'] for port in report['ports']} == set(MODES)
    lines = run(program, 'ports').stdout.splitlines()
    assert [line.split()[0] for line in lines[:len(MODES)]] == list(MODES), lines
    assert not list(pathlib.Path('/tmp').glob('vitrine-ports-*')), 'left behind'


def check_one_port(program):
    said = run(program, 'ports', 'null:0', '--json')
    port = json.loads(said.stdout)
    assert said.returncode == 0 and port['driver'] == 'net_null' and port['queues'] == 1, port
    assert port['frame_bytes'] is None and len(port['mac']) == 17, port
    assert 'net_null' in run(program, 'ports', 'null:0').stdout
    with tempfile.TemporaryDirectory() as folder:
        path = f'memif:{folder}/h\u00f6he"'  # UTF-8, and what JSON quotes: refused, not mangled
        said = run(program, 'ports', path, '--json')
        assert said.returncode == 2 and not said.stdout, said
        path = f'memif:{folder}/h\u00f6he'
        port = json.loads(run(program, 'ports', path, '--json').stdout)
        assert port['spec'] == path and port['frame_bytes'] == 2048, port
        text = run(program, 'ports', path).stdout
        assert 'link        down' in text and 'frame       2048 bytes at most' in text, text
    said = run(program, 'ports', 'net_nosuch0')
    assert said.returncode == 77 and 'apt-cache search librte-net-' in said.stderr, said


def check_nothing_there(program):
    """Without any of the machine's files it still answers."""
    with tempfile.TemporaryDirectory() as folder:
        said = run(program, 'doctor', '--json', '--root', folder)
        report = json.loads(said.stdout)
        assert said.returncode == 1 and not report['works'], said


def check_no_memory(program):
    """Where not even the heap opens, nothing works, and it says why."""
    def few_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    said = run(program, 'doctor', preexec_fn=few_files)
    assert said.returncode == 1 and 'self test  fail' in said.stdout, said
    refused = {'preexec_fn': few_files, 'restore_signals': False}  # by errno, not by a signal
    for options in (['ports', 'null:0'], ['capture', 'null:0', '-w', '/dev/null']):
        said = run(program, *options, **refused)
        assert said.returncode == 1 and said.stderr.startswith(f'vitrine {options[0]}: heap'), said
    said = run(program, 'ports', **refused)
    assert said.returncode == 1 and said.stdout.startswith('null       no    heap'), said
    ports = json.loads(run(program, 'ports', '--json', **refused).stdout)['ports']
    assert not any(port['opens'] for port in ports) and 'heap' in ports[0]['what'], ports


def main():
    program = sys.argv[1]
    check_usage(program)
    check_output(program)
    check_colours(program)
    check_ports(program, check_doctor(program))
    check_one_port(program)
    check_nothing_there(program)
    check_no_memory(program)
    if os.geteuid() == 0:
        rights = ('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all')
        assert json.loads(run(*rights, program, 'doctor', '--json').stdout)['works'] == [
            'null', 'ring', 'pcap', 'memif']


if __name__ == '__main__':
    sys.exit(main())
