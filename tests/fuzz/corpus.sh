#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# corpus.sh SEEDS CORPUS [frames]: what SEEDS writes is committed in CORPUS, byte for byte; and with
# frames, where there is tshark, it finds them whole and their checksums good.
# To write them anew: SEEDS CORPUS
set -eu
seeds=$1 corpus=$2 what=${3-}
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
[ "$what" = frames ] || exit 0

if ! command -v tshark >/dev/null || ! command -v text2pcap >/dev/null; then
    echo "no tshark here to judge them"
    exit 0
fi
rm "$made"/span_*.bin "$made"/data_*.bin "$made"/wire_*.bin "$made"/flow_*.bin
count=$(ls "$made" | wc -l)
for file in "$made"/*.bin; do
    od -Ax -tx1 -v "$file"
done >"$made/frames.txt"
text2pcap -q "$made/frames.txt" "$made/frames.pcap"
judge() {
    tshark -r "$made/frames.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -o tcp.check_checksum:TRUE -Y "$1" 2>/dev/null
}
bad='_ws.malformed || ip.checksum.status == "Bad" || udp.checksum.status == "Bad"'
bad="$bad || tcp.checksum.status == \"Bad\" || icmp.checksum.status == \"Bad\""
bad="$bad || icmpv6.checksum.status == \"Bad\""
good='udp.checksum.status == "Good" || tcp.checksum.status == "Good" || arp || ip.flags.mf == 1'
good="$good || icmp.checksum.status == \"Good\" || icmpv6.checksum.status == \"Good\""
[ "$(judge "$good" | wc -l)" -eq "$count" ] || { echo "tshark misses some:"; judge frame; exit 1; }
said=$(judge "$bad")
[ -z "$said" ] || { printf 'tshark finds them bad:\n%s\n' "$said"; exit 1; }
echo "tshark finds all $count good"
