#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every public header compiles alone, twice over and without a warning, and program.c with all of
# them; in a program that notes where it makes its buffers (-DVTR_DEBUG) too.
#   alone.sh INCLUDE_DIR COMPILER LANGUAGE STANDARD      alone.sh include g++ c++ c++17
set -euo pipefail
program=$(dirname "$0")/program.c
include=$1 compiler=$2 language=$3 standard=$4

compiles() { # further flags; the text on stdin
    "$compiler" -x "$language" -std="$standard" -O1 -I "$include" -c -o /dev/null \
        -Wall -Wextra -Wpedantic -Wundef -Werror "$@" -
}

if ! command -v "$compiler" >/dev/null; then
    echo "no $compiler here"
    exit 77
fi
if echo 'int f(void) { int unused; return 0; }' | compiles 2>/dev/null; then
    echo "$compiler lets a warning pass"
    exit 1
fi
failed=0 headers=0
while read -r header; do
    headers=$((headers + 1))
    for debug in -UVTR_DEBUG -DVTR_DEBUG; do
        printf '#include <%s>\n#include <%s>\n' "$header" "$header" | compiles "$debug" ||
            failed=$((failed + 1))
    done
done < <(cd "$include" && find vitrine -name '*.h' | sort)
for debug in -UVTR_DEBUG -DVTR_DEBUG; do
    compiles "$debug" <"$program" || failed=$((failed + 1))
done
echo "$headers headers as $standard with $compiler: $failed fail"
((headers > 0 && failed == 0))
