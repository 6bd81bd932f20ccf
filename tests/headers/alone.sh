#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every public header compiles alone, twice over and without a warning.
#   alone.sh INCLUDE_DIR COMPILER LANGUAGE STANDARD      alone.sh include g++ c++ c++17
set -euo pipefail
include=$1 compiler=$2 language=$3 standard=$4

compiles() { # header, then further flags; the text on stdin
    "$compiler" -x "$language" -std="$standard" -O1 -I "$include" -c -o /dev/null \
        -Wall -Wextra -Wpedantic -Wundef -Werror -
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
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" | compiles || failed=$((failed + 1))
done < <(cd "$include" && find vitrine -name '*.h' | sort)
echo "$headers headers as $standard with $compiler: $failed fail"
((headers > 0 && failed == 0))
