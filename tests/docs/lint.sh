#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Usage: lint.sh PAGE...   mandoc and groff find nothing wrong with any of the pages.
status=77
if command -v mandoc >/dev/null; then
    status=0
    mandoc -T lint -W warning "$@" || status=1
fi
if command -v groff >/dev/null; then
    [ $status = 1 ] || status=0
    for page in "$@"; do
        said=$(groff -man -ww -T ascii "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || { echo "$said"; status=1; }
    done
fi
[ $status != 77 ] || echo 'skipped: neither mandoc nor groff is here'
exit $status
