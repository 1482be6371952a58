"""Every option of a backup job: where it stands in a declaration, and how Proxmox writes it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import whole
from setpoint_proxmox.propstring import parse


def _same(value: Json) -> Json:
    return value


def _text(value: Json) -> Scalar:
    return None if value is None else str(value)


def _flag(value: Json) -> Json:
    return whole(value) == 1


def _names(value: Json) -> Json:
    return list[Json](sorted(set(split(value))))


def _joined(value: Json) -> Scalar:
    return ",".join(map(str, value)) if isinstance(value, list) else None


def _schedule(value: Json) -> Json:
    return " ".join(str(value).lower().split())


def _packed(value: Json) -> Json:
    return {"0": "none", "1": "lzo"}.get(str(value), str(value))


def _retention(value: Json) -> Json:
    """Lists show an object of texts, and storages a text."""
    found = value if isinstance(value, dict) else dict[str, Json](parse(str(value), "keep-last"))
    return dict[str, Json]({name: whole(number) for name, number in sorted(found.items())})


def _pairs(value: Json) -> Scalar:
    return ",".join(f"{name}={number}" for name, number in value.items()) if isinstance(value, dict) else None


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        field: in the comparable tree.
        name: in Proxmox.
        absent: what it means that Proxmox does not tell it; it is removed to say so when `write` gives nothing.
        read: from what Proxmox tells to the comparable value.
        write: from that to what Proxmox takes; None for an option that is to be removed.
        at_storage: Proxmox takes it only together with the storage.
    """

    field: str
    name: str
    absent: Json = None
    read: Callable[[Json], Json] = _same
    write: Callable[[Json], Scalar] = _text
    at_storage: bool = False


def _number(value: Json) -> Scalar:
    return whole(value)


OPTIONS: Final = (
    Option("schedule", "schedule", read=_schedule),
    Option("storage", "storage"),
    Option("node", "node"),
    Option("enabled", "enabled", absent=True, read=_flag, write=bool),
    Option("mode", "mode", absent="snapshot"),
    Option(
        "compress",
        "compress",
        absent="none",
        read=_packed,
        write=lambda value: "0" if value == "none" else str(value),
    ),
    Option("retention", "prune-backups", read=_retention, write=_pairs),
    Option("notesTemplate", "notes-template", at_storage=True),
    Option("protected", "protected", absent=False, read=_flag, write=bool, at_storage=True),
    Option("repeatMissed", "repeat-missed", absent=False, read=_flag, write=bool),
    Option("bandwidthLimit", "bwlimit", absent=0, read=whole, write=_number),
    Option("notification", "notification-mode", absent="auto"),
    Option("mailTo", "mailto", absent=[], read=_names, write=lambda value: _joined(value) or None),
    Option("mailNotification", "mailnotification", absent="always"),
)


def split(value: Json) -> list[str]:
    """The parts of a list that Proxmox keeps as text, with commas, semicolons or blanks between them."""
    return str(value or "").replace(",", " ").replace(";", " ").split()
