"""What is seen of a VM as a person would declare it: the way in for VMs made by hand. Pure; turns `project` around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from pydantic import ValidationError

from setpoint.model.diff import MISSING
from setpoint.model.tree import Json, Pointer, Tree, covers, join, leaves, parts, put
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.project import PASSWORD, declare, project
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState

Said: TypeAlias = Mapping[Pointer, Json]
"""Fields of a spec by their place."""

_CLOUD = "/cloudInit"
_IMPLIED = (f"{_CLOUD}/drive", f"{_CLOUD}/current")
"""What declaring cloud-init at all declares."""
_NEVER = ("/power", PASSWORD, *_IMPLIED)
_NOTHING: Said = {}
_NUMBERS = re.compile(r"(\d+)")


def describe(state: VmState) -> Tree:
    """The shortest spec that says all that is set on the VM; from it, nothing that is seen differs.

    Left out is what means the same unsaid, to Proxmox as to us. Left out as well is what must not be declared lest it
    be acted on: a value that another one waits to follow at the next start, a secret, whether the VM runs, and what
    a spec cannot say, such as a NIC without a bridge. Empty for a container.
    """
    if state.foreign:
        return {}
    said, spec = _sayable({"/node": state.node, "/vmid": state.vmid, **_seen(state)})
    kept = _needed(said, spec)
    tree: Tree = {}
    for place, _ in leaves(spec.model_dump(mode="json", by_alias=True)):
        if place in kept:
            put(tree, place, _plain(place, said[place]))
    return _short(tree)


def _seen(state: VmState) -> Said:
    """Everything that is known to be in force and to stay so, without what is not to be declared."""
    seen = project(state)
    now = dict(leaves(seen.tree))
    then = now if seen.accepted is None else dict(leaves(seen.accepted))
    lasting = {place: value for place, value in now.items() if place in then and then[place] == value}
    idle = any(lasting.get(place) is not True for place in _IMPLIED)
    never = (*_NEVER, *seen.unseen, *([_CLOUD] if idle else []))
    shown = {
        place: value
        for place, value in sorted(lasting.items(), key=lambda item: _slots_in_order(item[0]))
        if not _means_nothing(place, value) and not any(covers(other, place) for other in never)
    }
    return {**shown, **_without_efi(lasting)}


def _without_efi(lasting: Said) -> Said:
    """UEFI that forgets has to be declared as such."""
    forgets = lasting.get("/firmware/type") == "ovmf" and lasting.get("/firmware/efi", MISSING) is None
    return {"/firmware/efi": None} if forgets else {}


def _means_nothing(place: Pointer, value: Json) -> bool:
    return value == {} or (value is None and _absent(place) is None)


def _absent(place: Pointer) -> object:
    """What it means to Proxmox that nothing is set; MISSING when that means nothing of its own."""
    spot = LAYOUT.spot(place)
    return None if spot is None or spot.row is None else spot.row.absent


def _sayable(said: Said) -> tuple[Said, VirtualMachineSpec]:
    """The part that a spec can say, and the spec: what is refused, or would be taken for another value, is left out."""
    while True:
        try:
            spec = VirtualMachineSpec.model_validate(_tree(said))
        except ValidationError as error:
            wrong = [tuple(str(part) for part in one["loc"]) for one in error.errors(include_url=False)]
        else:
            taken = dict(leaves(declare(spec)))
            wrong = [parts(place) for place, value in said.items() if taken.get(place, value) != value]
            if not wrong:
                return said, spec
        for place in wrong:
            said = _left_out(said, place) if place else _without_one(said)


def _left_out(said: Said, place: tuple[str, ...]) -> Said:
    """Without what stands at `place`; where nothing does, something is lacking there, so without what is above it."""
    for length in range(len(place), 0, -1):
        rest = _without(said, _pointer(place[:length]))
        if len(rest) < len(said):
            return rest
    return {}


def _without_one(said: Said) -> Said:
    """Without the first field that does not go together with the others."""
    fields = dict.fromkeys(parts(place)[0] for place in said)
    return next((rest for field in fields if _goes_together(rest := _without(said, f"/{field}"))), _NOTHING)


def _goes_together(said: Said) -> bool:
    try:
        VirtualMachineSpec.model_validate(_tree(said))
    except ValidationError:
        return False
    return True


def _without(said: Said, above: Pointer) -> Said:
    return {place: value for place, value in said.items() if not covers(above, place)}


def _pointer(place: Iterable[str]) -> Pointer:
    return "".join(join("", part) for part in place)


def _needed(said: Said, spec: VirtualMachineSpec) -> frozenset[Pointer]:
    """The places of all that unsaid would mean something else, to Proxmox or to us; something of every device."""
    telling = dict(leaves(spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)))
    needed = {
        place for place, value in said.items() if place in telling or _absent(place) not in (MISSING, value)
    }
    devices = {place: device for place in said if (device := _device(place))}
    shown = {devices.get(place) for place in needed}
    return frozenset(needed | {place for place, device in devices.items() if device not in shown})


def _device(place: Pointer) -> Pointer:
    """The device that a place is a part of; empty when it is of none."""
    spot = LAYOUT.spot(place)
    depth = 0 if spot is None else len(parts(spot.option.device))
    return _pointer(parts(place)[:depth])


def _tree(said: Said) -> Tree:
    tree: Tree = {}
    for place, value in said.items():
        put(tree, place, value)
    return tree


def _slots_in_order(place: Pointer) -> list[tuple[int, str]]:
    """net2 before net10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBERS.split(place)]


def _plain(place: Pointer, value: Json) -> Json:
    """A value as a person writes it."""
    if place == "/balloon" and value == "0B":
        return False
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(tree: Tree) -> Tree:
    """The agent as a single word where one says all, or none where there is nothing to say."""
    match tree.get("agent"):
        case {"enabled": False, **others} if not others:
            return {name: value for name, value in tree.items() if name != "agent"}
        case {"enabled": True, **others} if not others:
            return {**tree, "agent": True}
        case _:
            return tree
