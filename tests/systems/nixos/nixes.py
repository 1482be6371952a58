"""Real Nix with stores of its own below a folder: every version of it that can be had on this machine.

Version 2.8 is the one that Debian installs. Newer ones are run from trees unpacked from newer Debian packages, each in
`$SETPOINT_NIX_TREES/NAME` (see deploy/nix-trees.sh); a tree becomes the root
of its programs, so that they find their libraries and may build in a sandbox.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setpoint_nixos.nix.run import Nix

TREES = Path(os.environ.get("SETPOINT_NIX_TREES", "/var/cache/setpoint-tests/nix"))
INSTALLED = "installed"

_SETTINGS = """\
experimental-features = nix-command flakes
sandbox-paths = /bin=/usr/bin /usr /lib=/usr/lib /lib64=/usr/lib64
build-users-group =
substituters =
flake-registry =
"""
_ENTER = """\
#!/bin/sh
exec unshare --mount --propagation private sh -ec '
  cd "$0"
  mount --rbind . .
  cd "$0"
  for place in dev proc tmp run var etc; do mount --rbind "/$place" "./$place"; done
  mkdir -p .before
  for place in {here}; do mkdir -p ".$place"; mount --rbind "$place" ".$place"; done
  pivot_root . .before
  exec {name} "$@"' {tree} "$@"
"""
_PROGRAMS = ("nix", "nix-store", "nix-daemon", "nix-env", "nix-collect-garbage")


def trees() -> tuple[str, ...]:
    """The names of the unpacked trees; empty where they cannot be entered."""
    if os.geteuid() != 0 or not TREES.is_dir():
        return ()
    return tuple(sorted(place.name for place in TREES.iterdir() if (place / "usr/bin/nix").exists()))


VERSIONS = (INSTALLED, *trees())


def make_nix(folder: Path, version: str = INSTALLED, *, settings: str = "") -> Nix:
    """Nix with an empty store of its own below `folder`; `settings` are added to its nix.conf."""
    for name in ("conf", "home", "cache", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "conf/nix.conf").write_text(_SETTINGS + settings)
    # Nix makes it by itself, and two that are the first ones in a store at once fail of each other's link.
    roots = folder / "root/nix/var/nix/gcroots"
    if not roots.exists():
        roots.mkdir(parents=True)
        (roots / "profiles").symlink_to(roots.with_name("profiles"))
    environment = {
        "NIX_CONF_DIR": str(folder / "conf"),
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    programs = None if version == INSTALLED else _entrances(folder, version)
    return Nix(f"local?root={folder / 'root'}", programs, environment)


def physical(nix: Nix, path: str) -> Path:
    """Where a path of the store lies in the file system."""
    return Path(nix.store.removeprefix("local?root=") + path)


def call(nix: Nix, *command: str, check: bool = True, given: str = "") -> str:
    """Run a program of it to its end, beside what is tested."""
    program = str(nix.programs / command[0]) if nix.programs is not None else command[0]
    environment = {**os.environ, **nix.environment, "NIX_REMOTE": nix.store}
    line = (program, *command[1:])
    done = subprocess.run(line, env=environment, input=given, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def remove(folder: Path) -> None:
    """Remove what is below a folder with stores: their paths are read-only."""
    subprocess.run(("chmod", "-R", "u+w", str(folder)), check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _entrances(folder: Path, version: str) -> Path:
    # Our own Python is there, too: it stands in for ssh.
    here = (str(folder), sys.prefix, sys.base_prefix)
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name in _PROGRAMS:
        place = programs / name
        place.write_text(_ENTER.format(tree=TREES / version, name=name, here=" ".join(here)))
        place.chmod(0o755)
    return programs
