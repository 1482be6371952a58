#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/*.txt: versions and hashes, no download addresses.
set -euo pipefail
python=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check uv
compile=("$scratch/venv/bin/uv" pip compile --quiet --generate-hashes --python-version 3.11 --no-header --no-cache)
"${compile[@]}" pyproject.toml -o requirements/run.txt
"${compile[@]}" --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
"${compile[@]}" -c requirements/dev.txt requirements/bench.in -o requirements/bench.txt
