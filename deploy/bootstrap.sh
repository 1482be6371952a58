#!/usr/bin/env bash
# Makes the virtual environment that every make target runs in, from pins and hashes only.
set -euo pipefail
python=$1 venv=$2

have() { command -v "$1" >/dev/null 2>&1; }

missing=()
have git || missing+=(git)
have "$python" || missing+=(python3)
if have "$python" && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv); fi
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && have apt-get; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "setpoint needs ${missing[*]}: run 'apt-get install ${missing[*]}' as root, then try again." >&2
    exit 1
  fi
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "setpoint needs Python 3.11 or newer, '$python' is $("$python" -V 2>&1): set PYTHON=/path/to/python3.11." >&2
  exit 1
fi
echo "Installing what setpoint needs into $venv, about a minute and only when that changes ..." >&2
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
