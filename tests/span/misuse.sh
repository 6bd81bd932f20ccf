#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# misuse.sh INCLUDE FILE COMPILER...: FILE compiles without a warning as it is; with each of its
# cases it does not compile, because of the line that the case adds and of no other.
set -eu
include=$1 file=$2
shift 2
export LC_ALL=C # messages are read below

if ! command -v "$1" >/dev/null; then
    echo "no $1 here"
    exit 77
fi

compiles() { # compiles FLAG COMPILER...
    flag=$1
    shift
    "$@" "$flag" -D_GNU_SOURCE -Wall -Wextra -I"$include" -c -o /dev/null "$file" 2>&1
}

# The lines of the file that messages name, but for those that name an #include.
lines_blamed() {
    printf '%s\n' "$1" | grep -v -e 'included from' -e '^ *from' |
        sed -n 's/.*misuse\.c:\([0-9]*\):.*/\1/p' | sort -u
}

if ! said=$(compiles -Werror "$@"); then
    printf 'not even the valid part compiles:\n%s\n' "$said"
    exit 1
fi

failed=0 count=0
for n in $(sed -n 's/.*if CASE == \([0-9]*\).*/\1/p' "$file"); do
    count=$((count + 1))
    marker=$(grep -n "if CASE == $n\( .*\)*\$" "$file")
    line=$((${marker%%:*} + 1))
    case $marker in *warning*) werror=-Werror ;; *) werror=-Wno-error ;; esac
    if said=$(compiles "-DCASE=$n" "$@" "$werror"); then
        printf 'case %s compiles: %s\n' "$n" "$(sed -n "${line}p" "$file")"
        failed=1
    elif [ "$(lines_blamed "$said")" != "$line" ]; then
        printf 'case %s is refused, but not because of line %s:\n%s\n' "$n" "$line" "$said"
        failed=1
    fi
done
echo "$count misuses tried"
[ "$count" -gt 0 ] && exit "$failed"
