# SPDX-License-Identifier: BSD-2-Clause
"""An initial ram disk for a guest: programs, what they are linked with, kernel modules, busybox.

Nothing is installed into it: files are taken from where they lie on the host, and whoever boots it
gets a shell script as its first process (init.sh).
"""
import os
import pathlib
import re
import stat
import subprocess

# What a guest's ld.so is told to search: all libraries lie flat in here.
LIBRARIES = 'lib'
FOLDERS = ('dev', 'proc', 'sys', 'run', 'tmp', 'root', 'bin', 'lib', 'lib64', 'modules',
           'etc', 'var/run')


class Archive:
    """A cpio archive in the "new ASCII" format that the kernel unpacks (its
    Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self, path):
        self.file = open(path, 'wb')
        self.made = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.entry('TRAILER!!!', 0, b'')
        self.file.close()

    def entry(self, name, mode, content, device=(0, 0)):
        path = name.encode() + b'\0'
        fields = (len(self.made), mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0)
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + path
        for part in head, content:
            self.file.write(part + b'\0' * (-len(part) % 4))
        self.made.add(name)

    def folder(self, name):
        for parent in (*reversed(pathlib.PurePath(name).parents), pathlib.PurePath(name)):
            if str(parent) not in ('.', '/') and str(parent) not in self.made:
                self.entry(str(parent), stat.S_IFDIR | 0o755, b'')

    def add(self, name, content, mode=0o755):
        if name not in self.made:
            self.folder(os.path.dirname(name))
            self.entry(name, stat.S_IFREG | mode, content)

    def link(self, name, to):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFLNK | 0o777, to.encode())

    def copy(self, name, source):
        self.add(name, pathlib.Path(source).read_bytes())


def needed(program):
    """{name: file} of every library that the dynamic linker maps for a program or library."""
    said = subprocess.run(['ldd', program], capture_output=True, text=True, check=False).stdout
    found = dict(re.findall(r'^\s*(\S+) => (/\S+) ', said, re.MULTILINE))
    missing = re.findall(r'^\s*(\S+) => not found', said, re.MULTILINE)
    assert not missing, f'{program} needs {missing}'
    loader = re.search(r'^\s*(/\S*ld-linux\S*) ', said, re.MULTILINE)
    return found | ({loader[1]: loader[1]} if loader else {})


def module_order(folder, names):
    """Files of kernel modules, each behind those that its `depends=` names."""
    files = {path.stem.replace('-', '_'): path for path in folder.rglob('*.ko')}
    order = []

    def visit(name):
        path = files[name.replace('-', '_')]
        depends = re.search(rb'\0depends=([^\0]*)\0', path.read_bytes())
        for other in depends[1].decode().split(',') if depends and depends[1] else ():
            visit(other)
        if path not in order:
            order.append(path)

    for name in names:
        visit(name)
    return order


def drivers(libdir, names):
    """{link where DPDK's EAL looks for it: library} of its drivers by name."""
    folder = next(pathlib.Path(libdir).glob('dpdk/pmds-*'))
    return {folder / f'librte_{name}.so': next(folder.glob(f'librte_{name}.so.??'))
            for name in names}


def make(path, init, busybox, modules, programs, libdir, pmds):
    """Writes the archive.
    @param programs  {name in /bin: file on the host}
    @param modules   files, in the order in which they are to be loaded"""
    plugins = drivers(libdir, pmds)
    libraries = {library.name: library for library in plugins.values()}
    for binary in (*programs.values(), *plugins.values()):
        libraries |= needed(binary)
    with Archive(path) as archive:
        for name in FOLDERS:
            archive.folder(name)
        archive.entry('dev/console', stat.S_IFCHR | 0o600, b'', (5, 1))
        archive.copy('init', init)
        archive.copy('bin/busybox', busybox)
        archive.add('modules/order', '\n'.join(m.name for m in modules).encode() + b'\n', 0o644)
        for module in modules:
            archive.copy(f'modules/{module.name}', module)
        for name, program in programs.items():
            archive.copy(f'bin/{name}', program)
        for name, library in libraries.items():
            archive.copy(name.lstrip('/') if '/' in name else f'{LIBRARIES}/{name}', library)
        for plugin, library in plugins.items(): # links: what is linked with is not loaded twice
            archive.link(str(plugin).lstrip('/'), f'/{LIBRARIES}/{library.name}')
