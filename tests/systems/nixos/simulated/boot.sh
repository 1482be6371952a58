#!/bin/bash
# Runs one simulated host until it is ended: boot.sh DIRECTORY NAME LOWER ADDRESS PORT. A reboot of its own starts it again.
# Everything is mounted in a namespace of its own, so nothing is left of it but the directory.
set -u
home=$1 name=$2 lower=$3 address=$4 port=$5

exec 3<&0 </dev/null
(cat <&3 >/dev/null; kill -KILL 0) &   # whoever started it is gone, and so is all of it

inside='
set -e
hostname "$name"
mount -t overlay simhost -o "lowerdir=$lower,upperdir=$home/upper,workdir=$home/work" "$home/merged"
cd "$home/merged"
mkdir -p nix root run boot etc/nix var/lib var/log usr/local/bin dev sys proc
mount --bind "$home/nix" nix
mount --bind "$home/root" root         # what this machine has there is run by every shell
mount -t tmpfs -o size=16m tmpfs run
mkdir -p run/sshd run/simhost
rm -rf "$home"/wire/*
mount --bind "$home/wire" run/simhost
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
cat /proc/sys/kernel/random/uuid >run/simhost/boot-id
mount --bind run/simhost/boot-id proc/sys/kernel/random/boot_id
[ ! -e "$home/systemd" ] || mkdir -p run/systemd/system
# The boot loader starts what it was told to last; without one it is the newest system.
system=$(cat boot/default 2>/dev/null || readlink "$home/merged/nix/var/nix/profiles/system" || :)
case $system in
system-*) system=$(readlink "nix/var/nix/profiles/$system") ;;
esac
if [ -n "$system" ] && [ ! -e "$home/unactivated" ]; then
  ln -s "$system" run/booted-system
  ln -s "$system" run/current-system
fi
echo "$system" >>"$home/boots"
[ ! -e "$home/daemon" ] || chroot . nix-daemon </dev/null >>"$home/log" 2>&1 &
exec chroot . /usr/sbin/sshd -D -e -f /etc/simhost/sshd_config
'
export home name lower address port
while :; do
  unshare --mount --uts --ipc --pid --fork --kill-child --propagation private bash -c "$inside"
  [ $? = 129 ] || break                # 129: it was a reboot
done
