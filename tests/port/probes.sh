#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The libraries have the probes that src/base/usdt.h tells of, each an instruction that does
# nothing; without <sys/sdt.h> there are none and the same code compiles.
#   probes.sh SOURCE_ROOT COMPILER LIBVITRINE LIBVITRINE_NET
set -euo pipefail
source=$1 compiler=$2 vitrine=$3 net=$4

fail() {
    echo "$*" >&2
    exit 1
}

# "NAME ADDRESS" of each probe.
probes() {
    readelf -nW "$1" | awk '/Provider: vitrine/ { getline; name = $2; getline; print name, $2 }
        ' | tr -d ,
}

has() { # library, names in order
    local library=$1 name address
    shift
    diff <(printf '%s\n' "$@") <(probes "$library" | cut -d ' ' -f 1 | sort -u) ||
        fail "$library has other probes"
    while read -r name address; do
        objdump -d --start-address="$address" --stop-address=$((address + 1)) "$library" |
            grep -q $'\tnop' || fail "$name of $library does something"
    done < <(probes "$library")
}

# The notes that a program with a probe gets.
notes() {
    local object
    object=$(mktemp)
    # shellcheck disable=SC2086 # a compiler may be two words
    printf '#include "base/usdt.h"\nvoid f(int a) { VTR_PROBE2(tried, a, a); }\n' |
        $compiler -x c -Wall -Werror -Wno-missing-prototypes -I "$source/src" "$@" -c -o "$object" -
    readelf -nW "$object" | grep -c 'Provider: vitrine' || true
    rm "$object"
}

[[ $(notes -DVTR_NO_PROBES) == 0 ]] || fail 'probes where there should be none'
grep -rl 'sys/sdt.h\|base/usdt.h' "$source/include" && fail 'public headers have probes'
if [[ $(notes) == 0 ]]; then
    echo 'no <sys/sdt.h> here (Debian: systemtap-sdt-dev)'
    exit 77
fi
has "$vitrine" heap_limit last_unref seal
has "$net" drop port_close port_open rx tx
