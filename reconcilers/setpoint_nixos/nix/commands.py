"""The commands of Nix that are used, as lists of arguments: only what 2.8 and everything since understand alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.]*")
_NIX: Final = ("nix", "--extra-experimental-features", "nix-command flakes")
_EVENTS: Final = ("--log-format", "internal-json", "-v")
_SYSTEM: Final = "d: { drv = d.drvPath; out = d.outPath; platform = d.system; }"

GIVEN: Final = "/dev/stdin"
"""Where a secret key is read from, so that it never lies on a disk or stands in a list of processes."""

Command = tuple[str, ...]

VERSION: Final[Command] = ("nix", "--version")
SERVE: Final[Command] = ("nix-daemon", "--stdio")
"""Speaks the protocol of the daemon over its streams; at a host it needs no daemon to run."""


def system_of(flake: str, host: str) -> str:
    """The system of a host as Nix takes it.

    Raises:
        ValueError: that is no name of a host; quotes and the like would reach further than the attribute.
    """
    if _NAME.fullmatch(host) is None:
        raise ValueError(f"'{host}' is no name of a host")
    return f'{flake}#nixosConfigurations."{host}".config.system.build.toplevel'


def evaluate(reference: str, inputs: Mapping[str, str]) -> Command:
    """Tell the derivation of a system, its output and its platform, as JSON for `read.system`.

    `nix build --dry-run` tells them too, and asks the substituters about every path that is not there; this asks nobody.
    Nix's own cache of evaluations grows without end and is locked by others, so it is left out.
    """
    overridden = [part for name, place in inputs.items() for part in ("--override-input", name, place)]
    # Never with --no-write-lock-file: Nix then takes whatever is newest of an input that the lock file does not fix. An
    # override implies it, so what it did not fix has to be read from what Nix says.
    locked = () if inputs else ("--no-update-lock-file",)
    return (
        *(*_NIX, "--option", "eval-cache", "false", "eval", *locked, *overridden),
        *("--json", "--apply", _SYSTEM, *_EVENTS, reference),
    )


def realise(path: str, root: str, options: Mapping[str, str] | None = None) -> Command:
    """Build a derivation, or fetch a path, and keep it by the link `root`; ends with 100 when a build fails."""
    return ("nix-store", "--realise", path, "--add-root", root, *_options(options or {}), *_EVENTS)


def copy(paths: Sequence[str], to: str, *, source: str = "") -> Command:
    """Copy paths with all that they need to a store, and from one where `source` is said.

    That they are signed is the other store's concern: it refuses what is not, unless it trusts who asks.
    """
    return (
        *(*_NIX, "copy", "--no-check-sigs", "--to", to),
        *(("--from", source) if source else ()),
        *(*_EVENTS, *paths),
    )


def copy_derivation(drv: str, to: str) -> Command:
    """Copy a derivation and the sources and derivations that it is built of."""
    return (*_NIX, "copy", "--derivation", "--no-check-sigs", "--to", to, *_EVENTS, drv)


def closure(path: str) -> Command:
    """All that a path needs in this machine's store, itself included, a line each."""
    return ("nix-store", "--query", "--requisites", path)


def sizes(*paths: str) -> Command:
    """The bytes of each of these paths, a line each."""
    return ("nix-store", "--query", "--size", *paths)


def sign(path: str, store: str = "") -> Command:
    """Sign a path and all that it needs with the secret key that it is given; what bears its signature is passed over."""
    return (*_NIX, "store", "sign", *_at(store), "--recursive", "--key-file", GIVEN, path)


def publish(path: str, cache: str) -> Command:
    """Copy a path and all that it needs to a binary cache, which `cache.place` names; it reads the key that it is given."""
    return (*_NIX, "copy", "--to", cache, *_EVENTS, path)


def _at(store: str) -> Command:
    return ("--store", store) if store else ()


def _options(options: Mapping[str, str]) -> Command:
    return tuple(part for name, value in options.items() for part in ("--option", name, value))
