#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# search.sh TARGET CORPUS OPTION...: a libFuzzer binary from the corpus on; what it finds on its way
# is thrown away, what breaks it is left in the current folder. VTR_TEST_LONG: for five minutes.
set -eu
target=$1 corpus=$2
shift 2
[ -z "${VTR_TEST_LONG-}" ] || set -- "$@" -runs=-1 -max_total_time=300
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$target" "$@" "$found" "$corpus"
