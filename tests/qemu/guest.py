# SPDX-License-Identifier: BSD-2-Clause
"""A guest: Debian's kernel under qemu, by software alone, with an IOMMU and our programs in it.

    with guest.Guest(programs={'kvd': path}, libdir=DPDK's, pmds=['bus_pci', 'net_e1000'],
                     modules=['vfio-pci'], devices=['-device', ...]) as g:
        g.run('echo 1 > /proc/...')        # one command of the guest's shell; its output

Everything it makes lies in one folder that is gone afterwards, and qemu ends with it.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import initramfs

HERE = pathlib.Path(__file__).resolve().parent
QEMU = 'qemu-system-x86_64'

# Seconds. Software emulation on a busy machine is a hundred times slower than the machine.
BOOT_S, COMMAND_S = 120, 120


class Failed(AssertionError):
    """A command in the guest, or the guest itself; says what the guest said."""


def missing():
    """Why no guest can be had here, or None."""
    if 'VTR_TEST_GUEST' not in os.environ:
        return 'guests are behind a flag: ./tests/run --qemu'
    if not shutil.which(QEMU):
        return f'no {QEMU}: apt-get install qemu-system-x86'
    home = pathlib.Path(os.environ['VTR_TEST_GUEST'])
    for pattern, package in (('boot/vmlinuz-*', 'linux-image-cloud-amd64'),
                             ('bin/busybox', 'busybox-static')):
        if not any(home.glob(pattern)):
            return f'{package} is not unpacked in {home}'
    return None


def main(test):
    """Runs a test that needs a guest, or says why not; one that is told to end ends its guest."""
    why = missing()
    if why:
        print(f'skipped: {why}')
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    test(*sys.argv[1:])
    print(f'{time.monotonic() - began:.0f} s')


class Guest:
    """From entering to leaving, a machine with one shell."""

    def __init__(self, programs, libdir, pmds, modules=(), devices=(), hugepages=0, memory_mib=1536,
                 cpus=1):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vitrine-guest-'))
        self.home = pathlib.Path(os.environ['VTR_TEST_GUEST'])
        self.programs, self.libdir, self.pmds, self.modules = programs, libdir, pmds, modules
        self.hugepages = hugepages
        self.machine = [
            '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
            '-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', str(cpus),
            '-m', str(memory_mib),
            # 48 bits: what an IOMMU needs to translate the addresses of a process as they are
            '-device', 'intel-iommu,intremap=on,caching-mode=on,aw-bits=48', *devices]
        self.qemu, self.lines, self.changed = None, [], threading.Condition()

    def __enter__(self):
        try:
            self.boot()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def boot(self):
        kernel = next(self.home.glob('boot/vmlinuz-*'))
        ram_disk = self.folder / 'initramfs'
        modules = initramfs.module_order(self.home / 'lib/modules', self.modules)
        initramfs.make(ram_disk, HERE / 'init.sh', self.home / 'bin/busybox', modules,
                       self.programs, self.libdir, self.pmds)
        command = ['setpriv', '--pdeathsig', 'KILL', QEMU, *self.machine,
                   '-kernel', kernel, '-initrd', ram_disk,
                   '-append', 'console=ttyS0 intel_iommu=on no_timer_check panic=-1 quiet '
                              f'loglevel=5 hugepages={self.hugepages}',
                   '-serial', f'file:{self.folder / "console"}', '-serial', 'stdio']
        with open(self.folder / 'qemu', 'wb') as complaints:
            self.qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=complaints)
        threading.Thread(target=self.listen, daemon=True).start()
        self.until(lambda line: line == 'ready', BOOT_S)

    def listen(self):
        """Keeps what the guest says, to its end, which is None."""
        for line in self.qemu.stdout:
            self.heard(line.decode(errors='replace').rstrip('\r\n'))
        self.heard(None)

    def heard(self, line):
        with self.changed:
            self.lines.append(line)
            self.changed.notify()

    def until(self, ends, seconds):
        """The lines up to the first that `ends`, and that one."""
        deadline, said = time.monotonic() + seconds, []
        with self.changed:
            while not said or not ends(said[-1]):
                if not self.changed.wait_for(lambda: self.lines, deadline - time.monotonic()):
                    raise Failed(self.picture(f'silent for {seconds} s', said))
                said.append(self.lines.pop(0))
                if said[-1] is None:
                    raise Failed(self.picture('qemu ended', said[:-1]))
        return said[:-1], said[-1]

    def picture(self, why, said):
        complaints = (self.folder / 'qemu').read_text(errors='replace').splitlines()
        return '\n'.join([why, *said[-20:], '--- qemu', *complaints[-5:],
                          '--- console', *self.console()[-20:]])

    def console(self):
        """The lines of the kernel's log so far."""
        try:
            return (self.folder / 'console').read_text(errors='replace').splitlines()
        except FileNotFoundError:
            return []

    def start(self, command):
        """Has a command run; outcome() waits for it."""
        self.qemu.stdin.write(command.encode() + b'\n')
        self.qemu.stdin.flush()

    def outcome(self, seconds=COMMAND_S):
        """(status, output) of the command that was started."""
        said, last = self.until(lambda line: line is None or line[:1] == '\1', seconds)
        return int(last[1:]), '\n'.join(said)

    def run(self, command, seconds=COMMAND_S):
        """Output of a command that must succeed."""
        self.start(command)
        status, said = self.outcome(seconds)
        if status != 0:
            raise Failed(self.picture(f'{command}: exit status {status}', said.splitlines()))
        return said

    @contextlib.contextmanager
    def serving(self, command, seconds=COMMAND_S):
        """A program in the background, from its line "ready..." to its end by SIGTERM, with status
        0. What it said is in the list that this yields, from then on."""
        said = []
        self.run(f'rm -f /run/said; {command} >/run/said 2>&1 & until grep -q ^ready /run/said; do '
                 'usleep 50000; kill -0 $! || { cat /run/said; false; break; }; done', seconds)
        yield said
        self.start('kill %1; wait %1; status=$?; cat /run/said; (exit $status)')
        status, text = self.outcome(seconds)
        said += text.splitlines()
        if status != 0:
            raise Failed(self.picture(f'{command}: exit status {status}', said))

    def bind_vfio(self, address):
        """Gives a PCI device to vfio-pci."""
        device = f'/sys/bus/pci/devices/{address}'
        self.run(f'echo vfio-pci > {device}/driver_override && '
                 f'echo {address} > /sys/bus/pci/drivers_probe && '
                 f'test "$(basename $(readlink {device}/driver))" = vfio-pci')

    def end(self):
        if self.qemu:
            self.qemu.kill()
            self.qemu.wait()
            self.qemu.stdin.close()
        shutil.rmtree(self.folder)
