#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `meson install` leaves is enough for others: sonames, pkg-config, C, C++, a subproject and
# the README's program. Everything is installed into, and built in, a folder of its own.
#   install.sh CASE SOURCE_ROOT BUILD_ROOT VERSION
set -euo pipefail
case=$1 source=$2 build=$3 version=$4
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

check_consumer() { # name, file, expected output
    local flags
    read -ra flags < <(ask --cflags --libs "$1")
    flags=(-Wall -Wextra -Wpedantic -Werror "$here/$2" -x none "${flags[@]}")
    cc -std=c17 -x c "${flags[@]}" -o in_c
    c++ -std=c++17 -x c++ "${flags[@]}" -o in_cxx
    ./in_c >c.txt
    ./in_cxx >cxx.txt
    same "$2 in C" "$3" "$(<c.txt)"
    same "$2 in C++" "$3" "$(<cxx.txt)"
    ldd in_c >ldd.txt
    grep -qF "$libdir/lib$1.so" ldd.txt || fail "in_c does not use $libdir"
}

vitrine() {
    install_it
    check_library vitrine
    check_consumer vitrine consumer.c case
}

vitrine_net() {
    install_it
    check_library vitrine-net
    check_consumer vitrine-net consumer_net.c tx_long
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

subproject() {
    mkdir -p consumer/subprojects
    cp "$here/subproject/meson.build" "$here/consumer.c" consumer
    ln -s "$source" consumer/subprojects/vitrine
    meson setup --wrap-mode=forcefallback consumer consumer/build
    ninja -C consumer/build
    meson test -C consumer/build --print-errorlogs
}

"$case"
