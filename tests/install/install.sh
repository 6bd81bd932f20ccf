#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `meson install` leaves is enough for others: sonames, pkg-config, the README's program, and
# Python. Installed into a folder of its own. How programs build against it: matrix.py.
#   install.sh CASE SOURCE_ROOT BUILD_ROOT VERSION [PACKAGE...]
set -euo pipefail
case=$1 source=$2 build=$3 version=$4
shift 4
here=$source/tests/install

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "$*" >&2
    exit 1
}

same() { # what, expected, got
    [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}

# Installs; from here on pkg-config sees our files and no others.
install_it() {
    DESTDIR=$work/root meson install -C "$build" --no-rebuild --quiet
    local pc
    pc=$(find root -name vitrine.pc)
    prefix=$work/root$(sed -n 's/^prefix=//p' "$pc")
    export PKG_CONFIG_LIBDIR=$work/${pc%/*}
    libdir=$(ask --variable=libdir vitrine)
    export LD_LIBRARY_PATH=$libdir
}

ask() {
    command pkg-config --define-variable=prefix="$prefix" "$@"
}

check_library() { # name
    local soname=lib$1.so.${version%%.*}
    same "soname of $1" "[$soname]" \
        "$(readelf -d "$libdir/lib$1.so" | sed -n 's/.*(SONAME).*\(\[.*\]\)/\1/p')"
    same "what lib$1.so is" "lib$1.so.$version" "$(basename "$(realpath "$libdir/lib$1.so")")"
    same "what $soname is" "lib$1.so.$version" "$(basename "$(realpath "$libdir/$soname")")"
    same "version of $1" "$version" "$(ask --modversion "$1")"
    ask --cflags --libs "$1" | grep -E 'rte|dpdk|march' && fail "$1.pc hands DPDK's flags on"
    return 0
}

libraries() { # package...
    install_it
    for package; do
        check_library "$package"
    done
}

# The first ```c, ```sh and ```text of the README: a program, how to build it, and what it prints.
readme() {
    local kind
    install_it
    for kind in c sh text; do
        awk -v kind=$kind '/^```/ { inside = ($0 == "```" kind); seen += inside; next }
            inside && seen == 1' "$source/README.md" >hello.$kind
        [[ -s hello.$kind ]] || fail "README.md has no \`\`\`$kind"
    done
    # shellcheck disable=SC2317 # hello.sh calls it
    pkg-config() { ask "$@"; }
    # shellcheck disable=SC1091 # made above
    . ./hello.sh >got.txt
    same 'the README program' "$(<hello.text)" "$(<got.txt)"
}

# The interpreter that has cffi; Debian's, where another comes first on the PATH without it.
python_with_cffi() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import cffi, sys; print(sys.executable)' 2>/dev/null && return
    done
    echo 'no Python here has cffi (Debian: python3-cffi)'
    exit 77
}

# A program in Python, which needs a compiler no more once the declarations are written.
python() {
    local python
    python=$(python_with_cffi) || { echo "$python" && exit 77; }
    install_it
    "$source/tests/headers/declarations.py" "$prefix/include" cc vitrine.h >vitrine.cdef
    PATH=/nowhere "$python" "$here/consumer.py" vitrine.cdef "$libdir/libvitrine.so" >got.txt
    same 'the Python program' "$(<"$here/consumer.py.out")" "$(<got.txt)"
}

"$case" "$@"
