"""The folder nix/ as flakes take it, and what stands in for nixpkgs there: our stub, or nixpkgs' lib where one is configured.

NixOS itself needs all of nixpkgs, so its options are always those of stub/nixos.nix. `$SETPOINT_NIXPKGS` names a nixpkgs, or its lib.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint_nixos.nix.run import Nix

ROOT = Path(__file__).parents[3]
STUB = Path(__file__).with_name("stub")
_AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.test", "-c", "commit.gpgsign=false")


def nixpkgs_lib() -> Path | None:
    """The lib of nixpkgs that is configured."""
    given = os.environ.get("SETPOINT_NIXPKGS", "")
    places = (Path(given, "lib"), Path(given)) if given else ()
    return next((place for place in places if (place / "default.nix").exists()), None)


LIBS = ("stub", "nixpkgs") if nixpkgs_lib() is not None else ("stub",)


@dataclass(frozen=True)
class Answer:
    """What Nix says: `value` of its JSON, or why there is none."""

    value: Any
    errors: str


class Shelf:
    """Repositories of our folder and of the stand-in, in a folder that every Nix of the tests sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = repository(folder / "setpoint", ROOT / "nix", "nix")
        shutil.copytree(ROOT / "examples", self.ours / "examples")
        shutil.copy(ROOT / "pyproject.toml", self.ours)
        commit(self.ours)
        self.nixpkgs = repository(folder / "nixpkgs", STUB, "")
        real = nixpkgs_lib()
        if real is not None:
            shutil.copytree(real, folder / "real", symlinks=True)

    def lib(self, which: str) -> Path:
        """The lib by its name in LIBS."""
        return self.folder / "real" if which == "nixpkgs" else self.nixpkgs / "lib.nix"

    def configuration(
        self, nix: Nix, which: str, module: str, given: Mapping[str, Any], part: str = ""
    ) -> Answer:
        """What a module of ours makes of these settings, or a part of that (`.users.users`)."""
        return ask(
            nix,
            f"(import {self.nixpkgs}/evaluate.nix {{"
            f"  lib = import {self.lib(which)};"
            f"  modules = [ {self.ours}/nix/{module} (builtins.fromJSON {nix_text(json.dumps(given))}) ];"
            f"}}).config{part}",
        )

    def inputs(self, flake: str) -> str:
        """The text of a flake in which `OURS` and `NIXPKGS` stand for the inputs."""
        text = flake.replace("OURS", f"git+file://{self.ours}?dir=nix&ref=main")
        return text.replace("NIXPKGS", f"git+file://{self.nixpkgs}?ref=main")

    def flake(self, folder: Path, text: str) -> Path:
        """A repository with such a flake, committed without its lock."""
        made = repository(folder, None, "")
        (made / "flake.nix").write_text(self.inputs(text))
        commit(made)
        return made


def ask(nix: Nix, expression: str) -> Answer:
    """The value of an expression."""
    return evaluate(nix, "--impure", "--expr", expression)


def evaluate(nix: Nix, *what: str) -> Answer:
    """The value of what is named as `nix eval` takes it."""
    program = str(nix.programs / "nix") if nix.programs is not None else "nix"
    environment = {**os.environ, **nix.environment, "NIX_REMOTE": nix.store, "NO_COLOR": "1"}
    line = (program, "--option", "eval-cache", "false", "eval", "--json", *what)
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return Answer(None if done.returncode else json.loads(done.stdout), done.stderr)


def nix_text(text: str) -> str:
    """A text as Nix writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def repository(place: Path, content: Path | None, below: str) -> Path:
    """A repository with a copy of a folder, committed."""
    place.mkdir(parents=True)
    _git(place, "init", "--quiet", "--initial-branch=main")
    if content is not None:
        shutil.copytree(content, place / below, dirs_exist_ok=True)
        commit(place)
    return place


def commit(place: Path) -> str:
    """Commit all that is there, and give the revision."""
    _git(place, "add", "--all")
    _git(place, *_AUTHOR, "commit", "--quiet", "--allow-empty", "--message=Change")
    return _git(place, "rev-parse", "HEAD")


def _git(place: Path, *arguments: str) -> str:
    line = ("git", "-C", str(place), *arguments)
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()
