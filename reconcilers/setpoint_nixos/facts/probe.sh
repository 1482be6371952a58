# One look at a host, for a POSIX sh: it changes nothing, and whatever is missing, hangs or prints rubbish spoils its own part
# alone. Arguments: a word that no output contains, seconds for all of it, and paths whose size is wanted.
# Output, for each part: `@MARK NAME`, what was printed, `@MARK. STATUS`; at last `@MARK end`.
mark=$1 limit=$2
shift 2
LC_ALL=C TZ=UTC0
PATH="$PATH:/run/wrappers/bin:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL TZ PATH
umask 077

dir=
for base in /run "$XDG_RUNTIME_DIR" /dev/shm /tmp; do
    if [ -n "$base" ] && mkdir "$base/setpoint-look.$$" 2>/dev/null; then
        dir=$base/setpoint-look.$$
        break
    fi
done
if [ -z "$dir" ]; then
    echo "no folder to write to: neither /run nor /dev/shm nor /tmp takes one" >&2
    exit 3
fi
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

group=
if command -v setsid >/dev/null 2>&1; then group=setsid; fi

# What each part may use.
prelude='
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
known() { command -v "$1" >/dev/null 2>&1; }
told() {
    if [ -e "$1" ]; then cat "$1"; return; fi
    folder=${1%/*}
    if [ ! -e "$folder" ] || [ -x "$folder" ]; then return 44; fi
    return 1
}
link() {
    if [ -e "$2" ] || [ -L "$2" ]; then printf "%s %s\n" "$1" "$(readlink -f "$2")"; else printf "%s -\n" "$1"; fi
}
'

names=
look() {
    name=$1 script=$2
    shift 2
    names="$names $name"
    (
        {
            $group sh -c "echo \$\$ >'$dir/$name.group'
$prelude
$script" sh "$@" </dev/null 2>/dev/null
            printf '\n@%s. %s\n' "$mark" "$?"
        } | head -c 200000 >"$dir/$name"
        : >"$dir/$name.done"
    ) >/dev/null 2>&1 &
}

look clock 'date +%s'
look machine 'cat /etc/machine-id'
look boot 'cat /proc/sys/kernel/random/boot_id'
look uptime 'cat /proc/uptime'
look os 'cat /etc/os-release'
look kernel 'uname -srm && uname -n'
look virtual 'systemd-detect-virt; [ $? -le 1 ]'
look load 'cat /proc/loadavg'
look cpu 'cat /proc/cpuinfo'
look memory 'cat /proc/meminfo'
look gpu '
for device in /sys/bus/pci/devices/*; do
    [ -r "$device/class" ] || continue
    case $(cat "$device/class") in 0x03*)
        driver=$(readlink "$device/driver")
        printf "%s %s %s %s\n" "${device##*/}" "$(cat "$device/vendor")" "$(cat "$device/device")" "${driver##*/}"
    esac
done
echo all'
# Apart, for it may fail: what these are called.
look cards '
for ids in /usr/share/misc/pci.ids /usr/share/hwdata/pci.ids; do [ ! -r "$ids" ] || break; done
tab=$(printf "\t")
for device in /sys/bus/pci/devices/*; do
    [ -r "$device/class" ] || continue
    case $(cat "$device/class") in 0x03*)
        printf "== %s\n" "${device##*/}"
        vendor=$(cat "$device/vendor") card=$(cat "$device/device")
        if known lspci; then
            lspci -D -vmm -s "${device##*/}"
        elif [ -r "$ids" ]; then
            sed -n "/^${vendor#0x}  /,/^[0-9a-fC]/{s/^${vendor#0x}  /Vendor: /p;s/^$tab${card#0x}  /Device: /p;}" "$ids"
        fi
    esac
done
echo all'
look nixos '
link running /run/current-system
link booted /run/booted-system
link profile /nix/var/nix/profiles/system
for part in kernel initrd kernel-modules; do
    link "running/$part" "/run/current-system/$part"
    link "booted/$part" "/run/booted-system/$part"
done
generation=$(readlink /nix/var/nix/profiles/system)
printf "generation %s\n" "${generation:--}"
printf "made %s\n" "$(stat -c %Y "/nix/var/nix/profiles/${generation:-system}")"
if [ -r /run/current-system/nixos-version ]; then
    printf "version "
    cat /run/current-system/nixos-version
    echo
fi
echo all'
look record 'told /var/lib/setpoint/record.json'
look status 'told /run/setpoint/status.json'
look reboot 'if [ -e /run/reboot-required ]; then echo yes; else echo no; fi'
look mounts 'cat /proc/mounts'
look filesystems 'df -P -k -l -T'
look inodes 'df -P -i -l'
look units 'systemctl show --property=SystemState --property=NFailedUnits && systemctl list-units --failed --plain --no-legend --full --no-pager'
look zfs 'known zpool || exit 45; zpool list -H -o name,health && echo == && zpool status -p'
look btrfs '
all=0
while read -r _ place kind _; do
    [ "$kind" = btrfs ] || continue
    printf "== %s\n" "$place"
    root btrfs device stats "$place" && root btrfs scrub status -R "$place" || all=1
done </proc/mounts
echo all
exit $all'
look md '
if [ ! -e /proc/mdstat ]; then echo all; exit 0; fi
# The kernel keeps no date of a check; the timer that begins them leaves one.
checked=$(stat -c %Y /var/lib/systemd/timers/stamp-mdcheck_start.timer)
for array in /sys/block/md*/md; do
    [ -e "$array/degraded" ] || [ -e "$array/array_state" ] || continue
    device=${array%/md}
    printf "%s degraded=%s mismatch=%s action=%s checked=%s\n" "${device##*/}" "$(cat "$array/degraded")" \
        "$(cat "$array/mismatch_cnt")" "$(cat "$array/sync_action")" "$checked"
done
echo all'
look smart '
known smartctl || exit 45
found=$(root smartctl --scan) || exit 1
printf "%s\n" "$found" | while read -r device _; do
    case $device in /dev/*)
        printf "== %s\n" "$device"
        root smartctl -j -n standby -H -A "$device"
        ;;
    "" | "#"*) ;;
    *) echo "== unknown" ;;
    esac
done
echo; echo "== all"'
look time 'timedatectl show --property=NTPSynchronized --property=NTP --property=CanNTP'
look chrony 'known chronyc || exit 45; chronyc -n tracking'
look addresses 'ip -j -d address show'
look wireguard 'known wg || exit 45; root wg show all latest-handshakes; echo all'
look listening 'ss -H -l -n -t -u -p'
look containers '
all=0
if known machinectl; then echo "== machine"; machinectl list --no-legend --no-pager || all=1; fi
for engine in docker podman; do
    if known $engine; then printf "== %s\n" $engine; root $engine ps -a --format "{{.Names}} {{.State}} {{.Image}}" || printf "== unknown %s\n" $engine; fi
done
echo "== microvm"
systemctl list-units --all --plain --no-legend --no-pager "microvm@*.service" || all=1
echo "== all"
exit $all'
look databases '
known psql || exit 45
[ "$(systemctl is-active postgresql)" = active ] || [ -S /run/postgresql/.s.PGSQL.5432 ] || exit 45
query="select datname, pg_database_size(datname) from pg_database where not datistemplate"
if [ "$(id -u)" = 0 ]; then runuser -u postgres -- psql -X -A -t -F " " -d postgres -c "$query"
else sudo -n -u postgres psql -X -A -t -F " " -d postgres -c "$query"; fi && echo "all "'
look logins 'who && echo all'
number=0
for path; do
    # A file that vanishes meanwhile makes du end with 1.
    look "path.$number" 'if [ ! -e "$1" ]; then exit 44; fi; du -s -k -x -- "$1"; [ $? -le 1 ]' "$path"
    number=$((number + 1))
done

pending() {
    for name in $names; do
        [ -e "$dir/$name.done" ] || return 0
    done
    return 1
}
turns=$((limit * 5))
while [ "$turns" -gt 0 ] && pending; do
    sleep 0.2 || sleep 1
    turns=$((turns - 1))
done
if pending; then
    for name in $names; do
        if [ ! -e "$dir/$name.done" ] && read -r leader <"$dir/$name.group"; then
            if [ -n "$group" ]; then kill -s KILL -- "-$leader"; else kill -s KILL "$leader"; fi
        fi
    done 2>/dev/null
    sleep 0.2 || sleep 1
fi
for name in $names; do
    printf '\n@%s %s\n' "$mark" "$name"
    cat "$dir/$name"
done
printf '\n@%s end\n' "$mark"
