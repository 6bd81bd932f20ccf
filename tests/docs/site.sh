#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Usage: site.sh ROOT TO VERSION   makes the site of the public headers' doc comments in TO/html.
# Fails at any warning, and at what has no doc comment; both are printed.
set -eu
root=$1 to=$2
command -v doxygen >/dev/null || { echo 'skipped: doxygen is not here'; exit 77; }
mkdir -p "$to"
cd "$root"
{
    cat src/Doxyfile
    printf 'OUTPUT_DIRECTORY = "%s"\nPROJECT_NUMBER = %s\n' "$to" "$3"
} | doxygen - >"$to/log" 2>"$to/warnings" && status=0 || status=$?
cat "$to/warnings"
[ "$status" = 0 ] && [ ! -s "$to/warnings" ] && [ -s "$to/html/index.html" ]
exec python3 tests/docs/documented.py "$to/xml"
