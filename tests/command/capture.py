#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vitrine capture as a program: what it writes, judged by tshark, and how it ends.

Usage: capture.py VITRINE.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WRONG = [  # and what the one line about it says
    (['null:0'], '-w FILE'), (['-w', 'a'], 'null:0'), (['null:0', '-w'], '-w'),
    (['null:0', '-w', 'a', '-c', '1x'], '--count'), (['null:0', '-w', 'a', '-s', '0'], '--snap'),
    (['null:0', '-w', 'a', '--files', '2'], '--file-mib'), (['null:0', '-x'], "'-x'"),
    (['null:0', '-w', 'a', '-c', 'x'], '--count'), (['null:0', '-w', 'a', '-c', '-1'], '--count'),
    (['null:0', '-w', 'a', '-c', '9' * 30], '--count'),
    (['null:0', '-w', 'a', '--queues', '65'], '--queues'),
    (['null:0', '-w', 'a', '--second', '0'], '--seconds'), (['null:0', '--wirte', 'a'], '--write'),
]
TOTALS = re.compile(r'(\d+) packets written  (\d+) bytes of them  (\d+) not captured  '
                    r'(\d+) dropped by the port\n')


def run(*command, **more):
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True,
                          **{'text': True, **more})


def check_usage(program):
    for options, hint in WRONG:
        said = run(program, 'capture', *options)
        assert said.returncode == 2, (options, said)
        assert hint in said.stderr and said.stderr.count('\n') == 1 and not said.stdout, said
    said = run(program, 'capture', 'null:0', '-w', '/nowhere/a')
    assert said.returncode == 1 and 'cannot open /nowhere/a' in said.stderr, said
    said = run(program, 'capture', 'nul:0', '-w', '/dev/null')
    assert said.returncode == 2 and "'null:'" in said.stderr, said
    said = run(program, 'capture', 'null:0', '-w', '/dev/full', '-c', '10')
    assert said.returncode == 1 and 'No space left on device' in said.stderr, said


def lengths(path):
    """(on the wire, in the file) of each packet."""
    said = run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.len', '-e', 'frame.cap_len',
               '-e', 'frame.packet_flags_direction')
    rows = [[int(field, 0) for field in line.split('\t')] for line in said.stdout.splitlines()]
    assert all(direction == 1 for _, _, direction in rows), rows[:3]
    return [(wire, kept) for wire, kept, _ in rows]


def check_limits(program, folder):
    path = f'{folder}/a.pcapng'
    said = run(program, 'capture', 'null:0,size=200', '-w', path, '-c', '100', '-s', '50')
    totals = TOTALS.fullmatch(said.stderr)
    assert said.returncode == 0 and totals and totals[1] == '100' and totals[2] == '5000', said
    assert lengths(path) == [(200, 50)] * 100
    said = run(program, 'capture', 'null:0', '-q', '-w', '-', '-c', '7', text=False)
    assert said.returncode == 0 and not said.stderr, said
    with open(path, 'wb') as file:
        file.write(said.stdout)
    assert lengths(path) == [(64, 64)] * 7
    begin = time.monotonic()
    said = run(program, 'capture', 'null:0,no-rx=1', '-w', path, '--seconds', '1',
               '--queues', '2')
    assert said.returncode == 0 and TOTALS.fullmatch(said.stderr)[1] == '0', said
    assert 0 < time.monotonic() - begin < 20 and not lengths(path)
    run(program, 'capture', 'null:0', '-w', path, '-c', '50000', '--files', '2', '--file-mib', '1')
    assert {os.path.getsize(f'{path}.{i}') <= 1 << 20 for i in (0, 1)} == {True}
    assert not os.path.exists(f'{path}.2')


def check_signals(program, folder):
    """Ctrl-C and a plain kill end it cleanly, with totals."""
    path = f'{folder}/b.pcapng'
    for number in signal.SIGINT, signal.SIGTERM:
        with subprocess.Popen([program, 'capture', 'null:0', '-w', path, '-s', '64'],
                              stderr=subprocess.PIPE, text=True) as capture:
            while not os.path.exists(path) or os.path.getsize(path) < 1000:
                time.sleep(.01)
            capture.send_signal(number)
            said = capture.communicate(timeout=20)[1]
        assert capture.returncode == 0, said
        count = run('capinfos', '-c', '-M', path).stdout.split()[-1]
        assert TOTALS.fullmatch(said)[1] == count, (said, count)
        os.unlink(path)


def main():
    program = sys.argv[1]
    if shutil.which('tshark') is None:
        print('skipped: no tshark here to read captures')
        return 77
    check_usage(program)
    with tempfile.TemporaryDirectory() as folder:
        check_limits(program, folder)
        check_signals(program, folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
