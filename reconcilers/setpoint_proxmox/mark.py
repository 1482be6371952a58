"""Our mark: a last line of the description that names estate, key and the object's own id; on guests also a tag."""

from __future__ import annotations

import re

from setpoint.model.identity import Mark
from setpoint.model.key import Key

TAG = "setpoint"
_LINE = re.compile(r"setpoint: (?P<estate>\S+) (?P<key>\S+) (?P<name>[a-z]+)=(?P<id>\S+)")


def parse_mark(description: str, name: str = "vmid") -> Mark | None:
    """The mark in the last line of a description, with the id that is called `name`.

    A copy names another id than that of its bearer.
    """
    match = _LINE.fullmatch(_split(description)[1])
    if match is None or match["name"] != name or (name == "vmid" and not match["id"].isdecimal()):
        return None
    try:
        return Mark(match["estate"], Key.parse(match["key"]), match["id"])
    except ValueError:
        return None


def with_mark(text: str, mark: Mark, name: str = "vmid") -> str:
    """The description that shows `text` to people and bears `mark`."""
    key = f"{mark.key.namespace}/{mark.key.kind}/{mark.key.name}"
    line = f"setpoint: {mark.estate} {key} {name}={mark.object_id}"
    text = normal(text)
    # An empty line before it, so that the web interface does not draw the mark into the text's last paragraph.
    return f"{text}\n\n{line}" if text else line


def without_mark(description: str, name: str = "vmid") -> str:
    """What people wrote, as Proxmox keeps it."""
    text, _ = _split(description)
    return normal(description) if parse_mark(description, name) is None else normal(text)


def split_tags(raw: object) -> frozenset[str]:
    """The tags of a text; Proxmox takes `;`, `,` and blanks between them and gives a blank for none."""
    return frozenset(str(raw or "").lower().replace(",", ";").replace(" ", ";").split(";")) - {""}


def normal(text: str) -> str:
    """The text without trailing blanks and newlines, which Proxmox drops as well."""
    return text.rstrip()


def _split(description: str) -> tuple[str, str]:
    text, _, last = normal(description).rpartition("\n")
    return text, last
