"""How options with sub-options are split and put together. Whatever we do not manage in them is kept as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from setpoint_proxmox.propstring import parse, render


@dataclass(frozen=True)
class Syntax:
    """How the text of an option holds its sub-options; the whole text is the sub-option of the empty name.

    Attributes:
        split: the sub-options by name. Raises ValueError when the text has another form.
        join: the text as Proxmox prints it; empty when there is no sub-option.
    """

    split: Callable[[str], dict[str, str]]
    join: Callable[[Mapping[str, str]], str]


def properties(default: str = "", first: tuple[str, ...] = (), **aliases: str) -> Syntax:
    """A property string whose bare part is called `default`; `aliases` are other names, `_` standing for `-`."""
    names = {alias.replace("_", "-"): name for alias, name in aliases.items()}

    def split(text: str) -> dict[str, str]:
        found = parse(text, default) if text.strip() else {}
        return {names.get(name, name): value for name, value in found.items()}

    return Syntax(split, lambda options: render(options, default, first))


WHOLE: Final = Syntax(lambda text: {"": text}, lambda options: options.get("", ""))


def storage_of(volume: str) -> str | None:
    """The storage of a volume; None for what lies on none: a device or folder of the node, an empty drive."""
    if ":" not in volume or volume.startswith("/"):
        return None
    return volume.partition(":")[0]
