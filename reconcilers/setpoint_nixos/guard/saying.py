"""How a deploy that did not end well is told."""

from __future__ import annotations

from typing import Final

from setpoint_nixos.guard.state import Interrupted, Left, Record, Refused, Returned, Stuck, Why

_WHY: Final = {
    Why.ASKED: "it was asked for",
    Why.INHIBITED: "a switch is inhibited",
    Why.INIT: "its init is incompatible with the running one",
    Why.ACTIVATION: "its activation failed",
    Why.UNITS: "units failed",
    Why.HUNG: "its activation did not end in time",
    Why.UNCONFIRMED: "nobody confirmed in time that it is well",
    Why.UNHEALTHY: "it was not well",
    Why.KILLED: "its guard was killed",
    Why.BOOT_LOADER: "the profile or the boot loader could not be written",
    Why.CHECK: "its own checks refuse it",
    Why.BUSY: "another switch is at work on the host",
    Why.FULL: "the host has no room to remember what ran before",
    Why.ABSENT: "the host does not have it",
    Why.NOTHING: "the host has nothing to go back to",
}


def ended_badly(record: Record) -> str:
    """One sentence; empty for a deploy that ended well."""
    match record.phase:
        case Returned(why, code):
            return f"{_name(record)} runs no more and {_name_of(record.previous)} runs again: {_WHY[why]}{_code(code)}"
        case Refused(why, code):
            return f"{_name(record)} was not activated: {_WHY[why]}{_code(code)}"
        case Stuck(why, code):
            return (
                f"{_name(record)} is to be left because {_WHY[why]}, and {_name_of(record.previous)} could not be "
                f"activated again{_code(code)}; see to it at its console"
            )
        case Left():
            return f"somebody switched to something else while {_name(record)} waited to be confirmed"
        case Interrupted(phase):
            return f"the deploy of {_name(record)} was cut off on the host while it was {phase}"
        case _:
            return ""


def _code(code: int) -> str:
    return f" (exit code {code})" if code else ""


def _name(record: Record) -> str:
    return _name_of(record.system)


def _name_of(system: str) -> str:
    """Enough of a store path to tell it from others."""
    return system.removeprefix("/nix/store/")[:8] or "what was there"
