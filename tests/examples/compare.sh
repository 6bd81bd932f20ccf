#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# compare.sh EXAMPLE EXPECTED: the example ends well and prints what EXPECTED holds, no more; its
# stderr is shown. 77 passes through: it cannot run here and said why.
set -u
example=$1 expected=$2
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
"$example" >"$printed"
status=$?
[ "$status" -eq 0 ] || { cat "$printed"; echo "exit status $status"; exit "$status"; }
diff -u "$expected" "$printed"
