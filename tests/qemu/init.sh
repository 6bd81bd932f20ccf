#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# The first process of a guest: mounts, loads modules, then runs what comes in by the second serial
# line, one command a line. Behind what a command prints comes a line "\001STATUS". guest.py is the
# other end.
export PATH=/bin LD_LIBRARY_PATH=/lib HOME=/root
/bin/busybox --install -s /bin
chmod 755 /
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
printf '%s:x:%d:%d::/tmp:/bin/sh\n' root 0 0 nobody 65534 65534 >/etc/passwd
while read -r module; do insmod "/modules/$module"; done </modules/order

exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty raw -echo
echo ready
while read -r command; do
    eval "$command"
    printf '\001%d\n' $?
done
poweroff -f
