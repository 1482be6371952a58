"""The systems of a NixOS host. A link that is not there is not known: some containers run without one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Known, Nixos
from setpoint_nixos.facts.parts import Part, complete, number

_GENERATION: Final = re.compile(r"system-([0-9]{1,9})-link")
_PARTS: Final = ("kernel", "initrd", "kernel-modules")
_MISSING: Final = "-"
_PLACES: Final = {
    "running": "/run/current-system",
    "booted": "/run/booted-system",
    "profile": "/nix/var/nix/profiles/system",
}


def nixos(part: Part) -> Nixos | None:
    """Its systems; None when it has none, and so is no NixOS."""
    lines = complete(part)
    found = {name: value.strip() for name, _, value in (line.partition(" ") for line in lines)}
    if all(found.get(name) == _MISSING for name in _PLACES):
        return None
    return Nixos(
        running=_leads(found, "running"),
        booted=None if found.get("booted") == _MISSING else _leads(found, "booted"),
        profile=_leads(found, "profile"),
        generation=_generation(found.get("generation", "")),
        made=_moment(found.get("made", "")),
        version=found.get("version") or Unknown("the running system does not tell its version"),
        restart=_restart(found),
    )


def _leads(found: Mapping[str, str], name: str) -> Known[str]:
    value = found.get(name, "")
    if value.startswith("/"):
        return value
    place = _PLACES[name]
    return Unknown(f"{place} is not there" if value == _MISSING else f"where {place} leads was not told")


def _generation(text: str) -> Known[int]:
    match = _GENERATION.fullmatch(text)
    return Unknown("the profile's link names no generation") if match is None else int(match[1])


def _moment(text: str) -> Known[float]:
    found = number(text)
    return Unknown("when the profile was set was not told") if found is None else float(found)


def _restart(found: Mapping[str, str]) -> Known[tuple[str, ...]]:
    """Where a part is on neither side, as in a container, nothing needs a reboot."""
    if found.get("booted") == _MISSING:
        return ()
    both = [(part, found.get(f"running/{part}", ""), found.get(f"booted/{part}", "")) for part in _PARTS]
    if any(not running or not booted for _, running, booted in both):
        return Unknown("the kernels of the running and the booted system were not told")
    if any((running == _MISSING) != (booted == _MISSING) for _, running, booted in both):
        return Unknown("only one of the running and the booted system has a kernel")
    return tuple(part for part, running, booted in both if running != booted)
