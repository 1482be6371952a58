"""Snapshots as sections of a config file: found, listed and taken out; neighbours: the snapshots of VMs and containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.config_file import ConfigFile, Section
    from setpoint_lab.proxmox.configured import ConfiguredGuest

SNAPSHOT_SECONDS = 0.5


def find_snapshot(guest: ConfiguredGuest, name: str) -> Section:
    """The options of a snapshot, or the answer that there is none."""
    found = guest.load().snapshots.get(name)
    if found is None:
        raise ApiError.internal(f"snapshot '{name}' does not exist")
    return found


def snapshot_row(name: str, values: Section) -> dict[str, object]:
    """A snapshot as lists show it."""
    state = {"snapstate": values["snapstate"]} if "snapstate" in values else {}
    return {
        "name": name,
        "snaptime": int(values.get("snaptime", "0")),
        "description": values.get("description", ""),
        **_parent(values),
        **state,
    }


def present_row(guest: ConfiguredGuest) -> dict[str, object]:
    """The present as the last of the list."""
    now: dict[str, object] = {
        "name": "current",
        "digest": guest.digest,
        "running": int(guest.machine is not None),
        "description": "You are here!",
    }
    return now | _parent(guest.load().current)


def _parent(values: Section) -> dict[str, object]:
    return {"parent": values["parent"]} if "parent" in values else {}


def take_out(config: ConfigFile, name: str) -> Section:
    """Take a snapshot out of a config; those made from it come from its parent now."""
    gone = config.snapshots.pop(name)
    sections = (config.current, *config.snapshots.values())
    for heir in [values for values in sections if values.get("parent") == name]:
        del heir["parent"]
        heir.update({"parent": gone["parent"]} if "parent" in gone else {})
    return gone


def require_latest(config: ConfigFile, name: str, volid: str | None) -> None:
    """Raise when a later snapshot of the volume is in the way; only those kept in a file may be gone back over."""
    later = any(values.get("parent") == name for values in config.snapshots.values())
    if later and volid is not None and "/" not in volid:
        text = f"can't rollback, '{name}' is not most recent snapshot on '{volid}'"
        raise ApiError.internal(text)


def describe(guest: ConfiguredGuest, name: str, text: str) -> None:
    """Change the description of a snapshot."""
    config = guest.load()
    config.snapshots[name]["description"] = text
    guest.write(config)
