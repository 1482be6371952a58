#!/usr/bin/env bash
# Installs the programs that tests start by themselves: Prometheus, Alertmanager and systemd-analyze for tests/observability,
# the DNS servers PowerDNS, Knot and BIND for tests/systems/dns, and Nix and OpenSSH for tests/systems/nixos.
# They are for tests only, so nothing is started or enabled. Without root or apt the tests that need them are skipped.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

missing=()
{ have prometheus && have promtool; } || missing+=(prometheus)
{ have prometheus-alertmanager && have amtool; } || missing+=(prometheus-alertmanager)
have systemd-analyze || missing+=(systemd)
have pdns_server || missing+=(pdns-server)
[ -e /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql ] || missing+=(pdns-backend-sqlite3)
have knotd || missing+=(knot)
have named || missing+=(bind9)
have nix || missing+=(nix-bin)
{ have sshd && have ssh-keygen; } || missing+=(openssh-server)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! have apt-get; then
  echo "tests that need ${missing[*]} are skipped; as root on Debian: apt-get install ${missing[*]}" >&2
  exit 0
fi

# Debian asks this file before it starts a service; one that is there already is the admin's own and stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
if have systemctl; then
  for service in "${missing[@]}"; do
    case $service in
    systemd) continue ;;
    openssh-server) service=ssh ;;
    esac
    systemctl disable --quiet "$service.service" 2>/dev/null || true
  done
fi
