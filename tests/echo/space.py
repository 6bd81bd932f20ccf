# SPDX-License-Identifier: BSD-2-Clause
"""A network namespace with a tap port in it, made by a test and removed behind it.

The kernel's end of the tap comes with the port's own MAC, and gets another.
"""
import contextlib
import os
import shutil
import subprocess

import kvd

SPACE = f'vitrine-{os.getpid()}'
DEVICE = 'vtrtap0'
PORT = f'tap:{DEVICE}'
OUR, OUR6 = '10.77.0.1', 'fd00:77::1'        # of the port
KERNEL, KERNEL6 = '10.77.0.2', 'fd00:77::2'  # of the kernel's end


def run(*command, **more):
    return subprocess.run(command, check=True, **more)


def inside(*command):
    return ['ip', 'netns', 'exec', SPACE, *command]


def need(*programs):
    if os.geteuid() != 0:
        kvd.skip('needs root, for a tap device and a network namespace')
    if not os.path.exists('/dev/net/tun'):
        kvd.skip('no /dev/net/tun')
    for program in ('ip', *programs):
        if shutil.which(program) is None:
            kvd.skip(f'no {program} command')
    if subprocess.run(['ip', 'netns', 'add', SPACE], check=False).returncode != 0:
        kvd.skip('cannot make a network namespace')
    if subprocess.run(inside('true'), check=False).returncode != 0:
        run('ip', 'netns', 'del', SPACE)
        kvd.skip('cannot enter a network namespace, as in a chroot')


@contextlib.contextmanager
def space(*programs):
    """Skips where it cannot be made, or where one of the programs is not there."""
    need(*programs)
    try:
        yield
    finally:
        run('ip', 'netns', 'del', SPACE)


def set_up_kernel_side(mtu=1500):
    """Addresses, and nothing that says where the others are. Returns the port's MAC."""
    mac = output('cat', f'/sys/class/net/{DEVICE}/address').strip()
    device = inside('ip', 'link', 'set', DEVICE)
    run(*device, 'down')
    run(*device, 'address', '02:00:00:00:00:99', 'mtu', str(mtu))
    run(*device, 'up')
    run(*inside('ip', 'address', 'add', f'{KERNEL}/24', 'dev', DEVICE))
    run(*inside('ip', 'address', 'add', f'{KERNEL6}/64', 'dev', DEVICE, 'nodad'))
    return mac


def output(*command):
    return run(*inside(*command), stdout=subprocess.PIPE, text=True).stdout


def neighbors(address):
    """The kernel's entry for an address: its MAC and its state."""
    return output('ip', 'neigh', 'show', address, 'dev', DEVICE).split()
