#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every way others build against Vitrine, each program run and what it prints compared.

  matrix.py SOURCE_ROOT gcc|clang plain|lto

The libraries are built by that compiler, with link-time optimisation if so asked, twice: as `both`
and as `archives` alone. Against each, in C17 and C++17:

  meson       Vitrine is a subproject
  pkg-config  --libs; against archives --static --libs; fully static where both are there.
              Plain libraries also serve the other compiler, and programs compiled with -flto;
              archives of bytecode serve the compiler that wrote it
  cmake       pkg_check_modules(... IMPORTED_TARGET vitrine); CMake knows pkg-config, so there are
              no CMake files of ours that could say something else
  plugin      what is loaded late, linked with libvitrine alone

Each program has its private memory of jemalloc, unless it is static or a plugin, and its own malloc
and operator new of libc and libstdc++.
libvitrine-net.a is linked to the shared DPDK: a static one would bring every driver with it.
"""
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CXX = {'gcc': 'g++', 'clang': 'clang++'}
LANGUAGES = (('c17', 'c'), ('c++17', 'c++'))
STRICT = ('-Wall', '-Wextra', '-Wpedantic', '-Werror')
EXPECTED = {'consumer': 'case\nglass case\nbusy with 4 bytes\n', 'consumer_net': 'tx_long\n'}
FUNCTIONS = {'c': {'malloc': 'libc.so.6', 'free': 'libc.so.6'}}
FUNCTIONS['c++'] = FUNCTIONS['c'] | {'_Znwm': 'libstdc++.so.6', '_ZdlPvm': 'libstdc++.so.6'}
PACKAGE = {'consumer': 'vitrine', 'consumer_net': 'vitrine-net'}
ARCHIVE, SHARED, STATIC = 'archive', 'shared', 'static'
LOAD = 'import ctypes, sys; sys.exit(ctypes.CDLL(sys.argv[1]).main())'
NO_ROOM = 'glibc.rtld.optional_static_tls=0'  # for thread-locals of what is loaded late


class Failed(Exception):
    """What went wrong, for a person."""


def run(*command, env=None):
    """@return what the command prints on stdout."""
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False,
                          text=True, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise Failed(f'{" ".join(map(str, command))}: exit status {done.returncode}\n'
                     f'{done.stdout}{done.stderr}')
    return done.stdout


class Matrix:
    """The cells of one pair of compiler and lto."""

    def __init__(self, source, work, compiler, lto):
        self.source, self.work, self.compiler, self.lto = source, work, compiler, lto
        self.cells = 0
        self.private = 'malloc'
        self.env = {'CC': compiler, 'CXX': CXX[compiler]}

    def expected(self, name, language, private):
        """@return what a program prints, whose private memory is of `private`."""
        if name != 'consumer':
            return EXPECTED[name]
        of = {function: 'none' if private == 'none' else library
              for function, library in FUNCTIONS[language].items()}
        return ''.join((EXPECTED[name], f'private memory of {private.replace("none", "malloc")}\n',
                        *(f'{function} of {library}\n' for function, library in of.items())))

    def compare(self, how, expected, got):
        if got != expected:
            raise Failed(f'{how}: expected {expected!r}, got {got!r}')
        self.cells += 1
        print(f'{how}: ok', flush=True)

    def check(self, how, program, kind, language, libdir):
        """Runs one program: it prints what it must, and uses the library it should."""
        name = 'consumer_net' if 'net' in program.name else 'consumer'
        private = 'none' if kind == STATIC else self.private
        needed = run('readelf', '-d', program)
        if (f'[lib{PACKAGE[name]}.so' in needed) != (kind == SHARED):
            raise Failed(f'{how}: this is not the {kind} library:\n{needed}')
        self.compare(how, self.expected(name, language, private),
                     run(program, env={'LD_LIBRARY_PATH': str(libdir)}))

    def subproject(self, libraries):
        """Builds, runs and installs the project with Vitrine inside. @return the prefix."""
        home = self.work / f'project-{libraries}'
        (home / 'subprojects').mkdir(parents=True)
        shutil.copy(HERE / 'subproject/meson.build', home)
        for name in EXPECTED:
            for suffix in ('.c', '.cpp'):
                shutil.copy(HERE / f'{name}.c', home / (name + suffix))
        (home / 'subprojects/vitrine').symlink_to(self.source)
        prefix, build = self.work / libraries, home / 'build'
        run('meson', 'setup', '--wrap-mode=forcefallback', '--buildtype=release',
            f'--prefix={prefix}', '--libdir=lib', f'-Db_lto={"true" if self.lto else "false"}',
            f'-Ddefault_library={"both" if libraries == "both" else "static"}', build, home,
            env=self.env)
        run('ninja', '-C', build)
        if any(build.rglob('libvitrine-jemalloc.so')):
            self.private = 'jemalloc'
        else:
            print('no libjemalloc-dev here: programs have their private memory of malloc')
        libdir = f'{build}/subprojects/vitrine/src:{build}/subprojects/vitrine/src/port'
        for name in ('in_c', 'in_cxx', 'net_in_c', 'net_in_cxx'):
            if (build / name).exists() or 'net' not in name:
                self.check(f'meson {libraries} {name} {self.flavour()}', build / name,
                           SHARED if libraries == 'both' else ARCHIVE,
                           'c++' if 'cxx' in name else 'c', libdir)
        run('meson', 'install', '-C', build, '--no-rebuild', '--quiet')
        return prefix

    def flavour(self):
        return f'{self.compiler}{" -flto" if self.lto else ""}'

    def consumers(self):
        """(compiler, flags) of those who use these libraries."""
        optimised = (self.compiler, ('-O2', '-flto'))
        return [optimised] if self.lto else [optimised, *((other, ('-O2',)) for other in CXX)]

    def pkg_config(self, prefix, libraries, name, *, fully=False):
        """Compiles one program for all compilers and languages."""
        static = ['--static'] if fully or libraries == 'archives' else []
        flags = run('pkg-config', *static, '--cflags', '--libs', PACKAGE[name],
                    env={'PKG_CONFIG_LIBDIR': str(prefix / 'lib/pkgconfig')}).split()
        for (compiler, how), (std, language) in itertools.product(self.consumers(), LANGUAGES):
            said = ' '.join(['pkg-config', *static, libraries, *(['-static'] if fully else []),
                             name, std, compiler, *how])
            program = self.work / name
            run(CXX[compiler] if language == 'c++' else compiler, f'-std={std}', *STRICT, *how,
                *(['-static'] if fully else []), '-x', language, HERE / f'{name}.c', '-x', 'none',
                '-o', program, *flags)
            self.check(said, program, STATIC if fully else ARCHIVE if static else SHARED, language,
                       prefix / 'lib')

    def plugin(self, prefix):
        flags = run('pkg-config', '--define-variable=jemalloc=', '--cflags', '--libs', 'vitrine',
                    env={'PKG_CONFIG_LIBDIR': str(prefix / 'lib/pkgconfig')}).split()
        plugin = self.work / 'plugin.so'
        for (compiler, how), (std, language) in itertools.product(self.consumers(), LANGUAGES):
            run(CXX[compiler] if language == 'c++' else compiler, f'-std={std}', *how, '-shared',
                '-fPIC', '-x', language, HERE / 'consumer.c', '-x', 'none', '-o', plugin, *flags)
            env = {'LD_LIBRARY_PATH': str(prefix / 'lib'), 'GLIBC_TUNABLES': NO_ROOM}
            self.compare(' '.join(('plugin', std, compiler, *how)),
                         self.expected('consumer', language, 'malloc'),
                         run(sys.executable, '-c', LOAD, plugin, env=env))

    def cmake(self, prefix, libraries):
        home = self.work / f'cmake-{libraries}'
        home.mkdir()
        shutil.copy(HERE / 'cmake/CMakeLists.txt', home)
        for suffix in ('.c', '.cpp'):
            shutil.copy(HERE / 'consumer.c', home / f'consumer{suffix}')
        archives = libraries == 'archives'
        run('cmake', '-G', 'Ninja', '-S', home, '-B', home / 'build', f'-DARCHIVES={archives}',
            '-DCMAKE_BUILD_TYPE=Release', f'-DCMAKE_INTERPROCEDURAL_OPTIMIZATION={self.lto}',
            env={**self.env, 'PKG_CONFIG_LIBDIR': str(prefix / 'lib/pkgconfig')})
        run('cmake', '--build', home / 'build')
        for language in ('c', 'cpp'):
            self.check(f'cmake {libraries} {language} {self.flavour()}',
                       home / f'build/in_{language}', ARCHIVE if archives else SHARED,
                       'c' if language == 'c' else 'c++', prefix / 'lib')

    def optimised(self):
        """That link-time optimisation took place, and left the exports and their versions."""
        objects = list((self.work / 'project-both').rglob('heap_heap.c*.o'))
        bytecode = [o for o in objects if o.read_bytes()[:4] == b'BC\xc0\xde'
                    or b'.gnu.lto_' in o.read_bytes()]
        if not objects or len(bytecode) != (len(objects) if self.lto else 0):
            raise Failed(f'{len(bytecode)} of {len(objects)} objects are bytecode')

    def exports(self, prefix, has_net):
        public = self.source / 'tests/headers/public.py'
        check = (public, 'exports', prefix / 'include', self.compiler)
        run(*check, 'VITRINE_0.1', prefix / 'lib/libvitrine.so', 'vitrine.h')
        if has_net:
            run(*check, 'VITRINE_NET_0.1', prefix / 'lib/libvitrine-net.so', 'port.h', 'rss.h',
                'capture.h', 'link.h', '-vitrine.h')

    def everything(self):
        for libraries in ('both', 'archives'):
            prefix = self.subproject(libraries)
            has_net = (prefix / 'lib/pkgconfig/vitrine-net.pc').exists()
            for name in EXPECTED if has_net else ['consumer']:
                self.pkg_config(prefix, libraries, name)
            if libraries == 'both':
                self.pkg_config(prefix, libraries, 'consumer', fully=True)
                self.plugin(prefix)
                self.optimised()
                self.exports(prefix, has_net)
            self.cmake(prefix, libraries)


def main(source, compiler, lto):
    for tool in ('cmake', CXX[compiler]):
        if not shutil.which(tool):
            print(f'no {tool} here')
            return 77
    with tempfile.TemporaryDirectory(prefix='vitrine-matrix-') as work:
        matrix = Matrix(pathlib.Path(source), pathlib.Path(work), compiler, lto == 'lto')
        try:
            matrix.everything()
        except Failed as error:
            print(error)
            return 1
        print(f'{matrix.cells} programs built, run and compared')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
