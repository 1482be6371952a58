#!/bin/sh
# The verbs, the order of things and the exit codes of NixOS's own switch-to-configuration.
out=@out@
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
log=/var/log/switch.log

case "$1" in
check | switch | boot | test | dry-activate) ;;
*)
  echo "Usage: $0 [check|switch|boot|test|dry-activate]" >&2
  exit 1
  ;;
esac
returning=$(grep -c "^test $out\$" "$log" 2>/dev/null)
echo "$1 $out" >>"$log"

if [ "$1" = dry-activate ]; then
  echo "would activate the configuration..." >&2
  exit 0
fi
mkdir -p /run/nixos
exec 8>/run/nixos/switch-to-configuration.lock
if ! flock -n 8; then
  echo "Could not acquire lock" >&2
  exit 1
fi
if [ "$1" != boot ] && [ -n "@inhibit@" ] && [ "$NIXOS_NO_CHECK" != 1 ]; then
  echo "There are changes to critical components of the system: a switch is inhibited" >&2
  exit 1
fi
[ "$1" != check ] || exit 0

if [ "$1" = switch ] || [ "$1" = boot ]; then
  if [ -n "@failBoot@" ]; then
    echo "Failed to install bootloader: No space left on device" >&2
    exit 1
  fi
  mkdir -p /boot
  ls -d /nix/var/nix/profiles/system-*-link >/boot/entries 2>/dev/null
  readlink -f /nix/var/nix/profiles/system >/boot/default
  [ "$1" != boot ] || exit 0
fi
if [ -e /run/current-system/init-interface-version ] &&
  ! cmp -s /run/current-system/init-interface-version $out/init-interface-version; then
  echo "Warning: the new NixOS configuration has an init that is incompatible with the current one" >&2
  exit 100
fi

status=0
sleep @slow@
if [ -n "@breakNet@" ]; then : >/run/simhost/link-down; else rm -f /run/simhost/link-down; fi
if [ -n "@failReturn@" ] && [ "${returning:-0}" != 0 ]; then
  echo "activation of the system failed on the way back" >&2
  exit 2
fi
echo "activating the configuration..." >&2
$out/activate
if [ -n "@dies@" ]; then exit @dies@; fi
if [ -n "@failActivate@" ]; then
  echo "Activation script snippet 'users' failed (1)" >&2
  status=2
fi
: >/run/simhost/failed-units
if [ -n "@failUnits@" ]; then
  echo "warning: the following units failed: @failUnits@" >&2
  for unit in @failUnits@; do echo "$unit" >>/run/simhost/failed-units; done
  status=4
fi
exit $status
