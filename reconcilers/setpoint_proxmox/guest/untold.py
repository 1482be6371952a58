"""What a description leaves out of what is set on a guest, so that nobody takes it for the whole. Pure."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from setpoint.model.tree import Tree, leaves
from setpoint_proxmox.guest.describe import Said, Teller, slots_in_order
from setpoint_proxmox.guest.layout import Layout
from setpoint_proxmox.guest.state import GuestState

_EVERY = frozenset(
    {
        "arch", "description", "digest", "lock", "meta", "parent", "runningcpu", "runningmachine", "smbios1", "tags",
        "template", "vmgenid", "vmstate",
    }
)  # fmt: skip
"""Options that say who a guest is or what Proxmox does with it, or whose whole meaning is always told."""
_OF_VOLUMES = frozenset({"efitype", "file", "format", "media", "ms-cert", "size", "type", "volume"})
"""Sub-options that say what a volume is, not how it is used."""


def untold(
    teller: Teller[Any], state: GuestState, tree: Tree, ordinary: Container[str] = ()
) -> tuple[str, ...]:
    """The options that are set and that `tree` does not say; `ordinary` ones belong to every guest of the type."""
    spec = teller.spec.model_validate(tree)
    unset = dict(leaves(teller.layout.read({})[0]))
    said = (
        unset | dict(leaves(spec.model_dump(mode="json", by_alias=True))) | dict(leaves(teller.declare(spec)))
    )
    found: list[str] = []
    for name in sorted(state.current, key=slots_in_order):
        text = str(state.current[name])
        if name in _EVERY or name in ordinary or name.startswith("unused"):
            continue
        if state.coming.get(name) != state.current[name]:
            found.append(f"{name} (it changes at the next start)")
        elif not _says(teller.layout, said, unset, name, text):
            found.append(name)
        elif beside := _beside(teller.layout, name, text):
            found.append(f"{name} ({', '.join(beside)})")
    coming = sorted(state.coming.keys() - state.current.keys())
    return (*found, *(f"{name} (it comes at the next start)" for name in coming))


def _says(layout: Layout, said: Said, unset: Said, name: str, text: str) -> bool:
    """Whether `said` means what an option means, beyond what it means that it is not set."""
    if not layout.called(name):
        return False
    seen, unseen = layout.read({name: text})
    return not unseen and all(value in (said.get(place), unset.get(place)) for place, value in leaves(seen))


def _beside(layout: Layout, name: str, text: str) -> list[str]:
    """The sub-options that no place stands for."""
    there, known = set[str](), set[str]()
    for option, _ in layout.called(name):
        found = option.syntax.split(text)
        known |= {row.key for row in option.rows}
        there |= found.keys() if option.holds(found) else set[str]()
    return sorted(there - known - _OF_VOLUMES)
