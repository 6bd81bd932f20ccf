#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# corpus.sh SEEDS CORPUS: what SEEDS writes is committed in CORPUS, byte for byte.
# To write them anew: SEEDS CORPUS
set -eu
seeds=$1 corpus=$2
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$seeds" "$made"
count=0
for file in "$made"/*.bin; do
    cmp "$file" "$corpus/${file##*/}"
    count=$((count + 1))
done
echo "$count seeds are as committed"
[ "$count" -gt 0 ]
