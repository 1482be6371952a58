#!/bin/sh
# Activates a system of NixOS, and goes back to the one that ran before unless a controller confirms the new one in time.
# It runs on the host and survives the loss of link and controller. What it writes is read by state.py.
#
#   guard.sh start|watch|run|recover TOKEN SYSTEM MODE CONFIRM ACTIVATE TICK REVISION BY [UNIT...]
#
# MODE is switch, boot or test. CONFIRM and ACTIVATE are seconds for the confirmation and for one activation, TICK between
# two looks. The units may fail. Nothing outlasts a reboot before it is confirmed: a new system is activated by `test`, and
# only then set as profile and as what the boot loader starts.
set -u
umask 022
PATH=/run/current-system/sw/bin:/run/wrappers/bin:${PATH:-}:/nix/var/nix/profiles/default/bin
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C

verb=$1
token=$2 system=$3 mode=$4 confirm=$5 activate=$6 tick=$7 revision=$8 by=$9
running=/run/current-system
profile=/nix/var/nix/profiles/system
roots=/nix/var/nix/gcroots
dir=/run/setpoint
live=$dir/status.json
lasting=/var/lib/setpoint/record.json
log=$dir/activation-$token.log
ended=$dir/ended-$token

phase=starting why='' code=0 previous='' kept='' back='' deadline=0 wrong=0 began='' end=0

at() { # where a link leads; nothing when it is not there, of which readlink -f would give the path
  [ ! -e "$1" ] || readlink -f "$1"
}

uptime() {
  read -r up rest </proc/uptime
  echo "${up%%.*}"
}

put() { # whole, or not at all; a full disk is no reason to stop
  {
    printf '{"version":1,"token":"%s","system":"%s","mode":"%s","revision":"%s","by":"%s",' \
      "$token" "$system" "$mode" "$revision" "$by"
    printf '"previous":"%s","profile":"%s","boot":"%s","pid":%s,"keeper":%s,"began":%s,"ended":%s,' \
      "$previous" "$kept" "$boot" "$$" "$PPID" "$began" "$end"
    printf '"deadline":%s,"wrong":%s,"phase":"%s","why":"%s","code":%s}\n' \
      "$deadline" "$wrong" "$phase" "$why" "$code"
  } 2>/dev/null >"$1.$token" && [ "$(tail -c 2 "$1.$token")" = '}' ] && mv -f "$1.$token" "$1" && return
  rm -f "$1.$token"
  return 1
} 2>/dev/null

tell() { # PHASE [WHY]
  phase=$1 why=${2:-$why}
  put "$live"
  put "$lasting"
}

finish() { # PHASE [WHY]: the last word
  end=$(date +%s)
  tell "$@"
  rm -f "$roots/setpoint-next" "$roots/setpoint-previous" "$dir/confirm-$token" "$dir/abandon-$token" "$ended"
  exit 0
}

seen() { # this token was begun, now or before a reboot
  grep -qs "\"token\":\"$token\"" "$live" "$lasting"
}

bounded() { # COMMAND...: its exit code, or 124 when it had to be ended
  rm -f "$ended"
  # shellcheck disable=SC2016
  setsid /bin/sh -c 'told=$1; shift; "$@"; echo $? >"$told"' sh "$ended" "$@" >>"$log" 2>&1 </dev/null 9>&- &
  child=$!
  until=$(($(uptime) + activate))
  until [ -s "$ended" ]; do
    if [ "$(uptime)" -ge "$until" ]; then
      kill -s TERM -- "-$child"
      sleep "$tick"
      kill -s KILL -- "-$child"
      return 124
    fi
    sleep "$tick"
  done 2>/dev/null
  read -r status <"$ended"
  return "$status"
}

switch() { # SYSTEM VERB
  bounded "$1/bin/switch-to-configuration" "$2"
}

failed() {
  systemctl list-units --state=failed --plain --no-legend --no-pager 2>/dev/null 9>&- | while read -r unit rest; do
    echo "$unit"
  done
}

tolerable() { # every unit that failed may fail, or had failed before; where that cannot be told, it is not
  now=$(failed)
  [ -n "$now" ] || return 1
  for unit in $now; do
    case " $allowed $before " in
    *" $unit "*) ;;
    *) return 1 ;;
    esac
  done
}

check() { # 0: may be activated. 1: an inhibitor or a check refuses. Old systems do not know the verb.
  : >"$log"
  switch "$system" check
  code=$?
  [ "$code" != 0 ] || return 0
  if grep -q 'Could not acquire lock' "$log"; then finish refused busy; fi
  if grep -q '^Usage:' "$log"; then
    code=0
    return 0
  fi
  return 1
}

stage() { # WHY: what a reboot brings into force
  tell keeping "$1"
  if keep; then finish staged "$1"; fi
  unkeep
  finish refused boot-loader
}

keep() {
  bounded nix-env --profile "$profile" --set "$system"
  code=$?
  [ "$code" = 0 ] || return 1
  switch "$system" boot
  code=$?
  [ "$code" = 0 ] && [ "$(at "$profile")" = "$system" ]
}

unkeep() { # the profile as it was, by its path: the number before is not what ran before
  [ -n "$kept" ] && [ "$(at "$profile")" != "$kept" ] || return 0
  bounded nix-env --profile "$profile" --set "$kept"
  switch "$kept" boot
}

go_back() { # WHY
  tell returning "$1"
  unkeep
  came_back || came_back || {
    code=$again
    finish stuck "$1"
  }
  finish returned "$1"
}

came_back() {
  switch "$back" test
  again=$?
  # Units that fail on the way back had their chance before: what runs is what counts.
  { [ "$again" = 0 ] || [ "$again" = 4 ]; } && [ "$(at $running)" = "$back" ]
}

activate() {
  tell activating
  before=$(failed | tr '\n' ' ')
  switch "$system" test
  code=$?
  case $code in
  0) ;;
  4) tolerable || go_back units ;;
  1 | 100)
    # Refused before anything was touched, unless it says otherwise by what runs.
    [ "$(at $running)" = "$previous" ] || go_back activation
    if [ "$code" = 100 ] && [ "$mode" = switch ]; then stage init; fi
    if [ "$code" = 100 ]; then finish refused init; fi
    if grep -q 'Could not acquire lock' "$log"; then finish refused busy; fi
    finish refused check
    ;;
  124) go_back hung ;;
  *) go_back activation ;;
  esac
  [ "$(at $running)" = "$system" ] || go_back activation
}

wait_for_word() {
  deadline=$(($(uptime) + confirm))
  tell waiting
  while [ "$(uptime)" -lt "$deadline" ]; do
    if [ -e "$dir/abandon-$token" ]; then go_back unhealthy; fi
    if [ -e "$dir/confirm-$token" ]; then
      read -r word <"$dir/confirm-$token" || :
      if [ "$word" = "$token $system" ] && [ "$(at $running)" = "$system" ]; then return; fi
      rm -f "$dir/confirm-$token"
      wrong=$((wrong + 1))
      tell waiting
    fi
    sleep "$tick"
  done
  # Somebody switched to something else meanwhile: theirs to answer for.
  [ "$(at $running)" = "$system" ] || finish left
  go_back unconfirmed
}

run() {
  previous=$(at $running)
  kept=$(at $profile)
  # Containers may lack the link to what runs after a reboot.
  [ -n "$previous" ] || previous=$kept
  back=$previous
  [ "$back" != "$system" ] || back=$kept
  # Before anything is changed, what is to be gone back to has to be on the disk.
  phase=starting
  put "$live" || exit 74
  put "$lasting" || finish refused full
  [ -n "$back" ] || finish refused nothing
  [ -x "$system/bin/switch-to-configuration" ] || finish refused absent
  ln -sfn "$system" $roots/setpoint-next 2>/dev/null
  ln -sfn "$back" $roots/setpoint-previous 2>/dev/null
  tell checking
  if ! check; then
    if [ "$mode" = test ]; then finish refused check; fi
    stage inhibited
  fi
  if [ "$mode" = boot ]; then stage asked; fi
  activate
  wait_for_word
  if [ "$mode" = test ]; then finish kept; fi
  tell keeping
  units=$code
  keep || go_back boot-loader
  code=$units
  finish kept
}

remembered() { # FIELD of what a guard wrote that was ended
  sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" "$live"
}

recover() { # whoever ended the guard did not confirm the system
  previous=$(remembered previous) kept=$(remembered profile) phase=$(remembered phase)
  back=$previous
  [ "$back" != "$system" ] || back=$kept
  code=137
  case $phase in
  starting | checking) finish refused killed ;;
  *) if [ -n "$back" ]; then go_back killed; else finish stuck killed; fi ;;
  esac
}

start() {
  if seen; then return; fi
  rm -f "$dir/busy-$token"
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    # Of its output nothing may go to the link: a switch dies when that breaks.
    systemd-run --quiet --collect --no-ask-password --service-type=exec --unit="setpoint-activate-$token" \
      -- /bin/sh "$0" watch "$@" </dev/null >/dev/null 2>"$dir/start-$token"
  else
    setsid /bin/sh "$0" watch "$@" </dev/null >/dev/null 2>"$dir/start-$token" &
  fi
  until=$(($(uptime) + 10))
  until seen; do
    if [ -e "$dir/busy-$token" ] || [ "$(uptime)" -ge "$until" ]; then
      # The same token may have been started twice, and the other one is about to write.
      sleep 1
      if seen; then return; fi
      if [ -e "$dir/busy-$token" ]; then exit 75; fi
      tail -c 500 "$dir/start-$token" >&2
      exit 70
    fi
    sleep "$tick"
  done
}

boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
began=$(date +%s)
mkdir -p $dir /var/lib/setpoint 2>/dev/null
shift
case $verb in
start) start "$@" ;;
watch)
  exec 9>$dir/lock
  if ! command -v flock >/dev/null; then
    echo 'flock of util-linux is not in the PATH' >&2
    exit 70
  fi
  if ! flock -n 9; then
    : >"$dir/busy-$token"
    exit 75
  fi
  if seen; then exit 0; fi
  /bin/sh "$0" run "$@" || ! grep -qs "\"token\":\"$token\"" $live || /bin/sh "$0" recover "$@"
  rm -f "$0" "$dir/start-$token"
  ;;
run | recover)
  shift 8
  allowed=$*
  "$verb"
  ;;
esac
