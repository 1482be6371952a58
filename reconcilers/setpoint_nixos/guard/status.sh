#!/bin/sh
# What a guard wrote, and whether it is still there: a few words, then its record and the end of what the switch said.
echo "boot $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
read -r up rest </proc/uptime && echo "uptime ${up%%.*}"
echo "running $([ ! -e /run/current-system ] || readlink -f /run/current-system)"
record=/run/setpoint/status.json
[ -s $record ] || record=/var/lib/setpoint/record.json
token=$(sed -n 's/.*"token":"\([0-9a-f]*\)".*/\1/p' $record 2>/dev/null)
alive=no
# shellcheck disable=SC2013
for pid in $(sed -n 's/.*"pid":\([0-9]*\),"keeper":\([0-9]*\),.*/\1 \2/p' $record 2>/dev/null); do
  if grep -qs "guard-$token" "/proc/$pid/cmdline"; then alive=yes; fi
done
echo "alive $alive"
printf 'record %s\n' "$(head -c 4000 $record 2>/dev/null)"
echo log
[ -z "$token" ] || tail -n 20 "/run/setpoint/activation-$token.log" 2>/dev/null | tail -c 4000
