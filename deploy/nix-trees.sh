#!/usr/bin/env bash
# Unpacks newer versions of Nix than the installed one, from newer releases of Debian, for tests/systems/nixos; each into a tree
# of its own. Nothing is installed. Where they cannot be had, those tests run with the installed Nix only, and say so.
set -euo pipefail

trees=${SETPOINT_NIX_TREES:-/var/cache/setpoint-tests/nix}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
packages=(nix-bin git openssh-client openssh-server bash dash coreutils sed grep util-linux mount hostname)

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ ! -e "$keys" ]; then
  echo "no newer Nix for the tests: that takes root on Debian" >&2
  exit 0
fi

unpack() {
  local release=$1 mirror work
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/*$') || return 1
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  mkdir -p "$work"/{etc/preferences.d,etc/apt.conf.d,state/lists/partial,cache/archives/partial,tree}
  : >"$work/state/status"
  echo "deb [signed-by=$keys] $mirror $release main" >"$work/etc/sources.list"
  local apt=(apt-get -qq -o Dir::Etc="$work/etc" -o Dir::Etc::sourcelist="$work/etc/sources.list"
    -o Dir::Etc::sourceparts=- -o Dir::State="$work/state" -o Dir::State::status="$work/state/status"
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update || return 1
  "${apt[@]}" install --yes --no-install-recommends --download-only "${packages[@]}" >/dev/null || return 1
  local package
  for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/tree" || return 1; done
  mkdir -p "$work/tree"/{dev,proc,tmp,run,var,etc,root}
  printf '%s\n' root:x:0:0::/root:/bin/sh sshd:x:101:65534::/run/sshd:/usr/sbin/nologin \
    nobody:x:65534:65534::/:/usr/sbin/nologin >"$work/tree/etc/passwd"
  printf '%s\n' root:x:0: nogroup:x:65534: >"$work/tree/etc/group"
  printf '%s\n' 'root:*:19000:0:99999:7:::' >"$work/tree/etc/shadow"
  mv "$work/tree" "$trees/$release"
}

mkdir -p "$trees"
for release in trixie sid; do
  [ -e "$trees/$release/usr/bin/nix" ] || unpack "$release" || echo "no Nix of $release for the tests" >&2
done
