# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# need_packages: the Debian packages a command needs, installed without a question.
# Sourced by tests/run and bench/run. Prints and changes nothing when all of them are there.

# The packages among "$@" that are not installed, one a line.
missing_packages() {
    local pkg
    for pkg in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$pkg" 2>/dev/null | grep -qx installed ||
            echo "$pkg"
    done
}

may_install() {
    [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null
}

# apt-get "$@", with rights we have or sudo gives without a password; never asks anything.
apt_get() {
    local -a rights=()
    [[ $(id -u) == 0 ]] || rights=(sudo -n)
    "${rights[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
        apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

install_packages() {
    local log
    log=$(mktemp)
    if { apt_get update && apt_get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        rm "$log"
        return 0
    fi
    tail -n 12 "$log" >&2
    rm "$log"
    return 1
}

# Installs what is missing of "$@", or exits 1 naming the command that would.
need_packages() {
    local -a missing
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian system; taking what is here for: $*" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    echo "missing packages: ${missing[*]}"
    if may_install && echo 'installing them' && install_packages "${missing[@]}"; then
        return 0
    fi
    printf '%s\n' 'cannot install them here; run this, then try again:' \
        "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
}
