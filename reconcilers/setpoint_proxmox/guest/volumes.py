"""Which volumes of a guest are not ours to fill or to take away now, and why. Nothing is ever lost. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.plan import Step, obstructed
from setpoint_proxmox.guest.layout import Layout, Option
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.guest.syntax import Syntax, storage_of
from setpoint_proxmox.guest.texts import NEW

_OWNED: Final = re.compile(r"(?:vm|base|subvol|basevol)-(\d+)-")


@dataclass(frozen=True)
class Shelf:
    """A guest's slots for volumes, and what was declared of them.

    Attributes:
        syntax: of the options that may hold a volume.
        noun: what a volume in a slot is called.
        slot: what a slot is called.
        chosen: slot -> the declared volume, None when none was; of every slot for which one can be chosen.
        storage: the declared storage of a slot.
        attach: the command on a node that puts a volume into a slot.
        rigid: whether protection keeps what is in a slot from being changed as well, and not only from leaving it.
        copies: whether a volume can be made as a copy of another one.
    """

    guest: GuestState
    layout: Layout
    syntax: Syntax
    noun: str
    slot: str
    chosen: Mapping[str, str | None]
    storage: Callable[[str], str]
    attach: Callable[[str, str], str]
    rigid: bool = False
    copies: bool = False


def is_vacant(slot: str, guest: GuestState) -> bool:
    """Whether a slot holds nothing, now and after the next start."""
    return slot not in guest.current and slot not in guest.coming


def leaving(changes: Iterable[Change], layout: Layout) -> frozenset[str]:
    """The options that are declared no more and are taken away."""
    spots = (layout.spot(change.path) for change in changes if change.desired is MISSING)
    return frozenset(spot.name for spot in spots if spot is not None)


def refusals(changes: Iterable[Change], shelf: Shelf) -> Mapping[str, Step]:
    """The slots that are not ours to fill or to empty now, with the reason."""
    changes = tuple(changes)
    gone = leaving(changes, shelf.layout)
    slots = _slots(changes, shelf)
    come = {slot: found for slot, found in slots.items() if slot not in gone}
    leave = {slot: found for slot, found in slots.items() if slot in gone}
    found = {slot: _refusal(slot, option, of, shelf) for slot, (option, of) in come.items()}
    found |= {slot: _protected(slot, of, shelf) for slot, (_, of) in leave.items()}
    empty = {
        slot: of
        for slot, (_, of) in come.items()
        if found[slot] is None
        and is_vacant(slot, shelf.guest)
        and slot in shelf.chosen
        and shelf.chosen[slot] is None
    }
    volumes = {
        slot: volume for slot, (option, _) in leave.items() if (volume := _volume(slot, option, shelf))
    }
    if empty and volumes:
        found |= {slot: _renamed(slot, of, volumes, shelf) for slot, of in empty.items()}
        found |= {slot: _stays(slot, leave[slot][1], empty, shelf) for slot in volumes if found[slot] is None}
    return {slot: step for slot, step in found.items() if step is not None}


def _slots(changes: Iterable[Change], shelf: Shelf) -> Mapping[str, tuple[Option, tuple[Change, ...]]]:
    """The changes of every slot; a null that takes a device away is none of them."""
    found: dict[str, tuple[Option, tuple[Change, ...]]] = {}
    for change in changes:
        spot = shelf.layout.spot(change.path)
        if spot is None or spot.option.syntax is not shelf.syntax:
            continue
        if spot.row is not None or change.desired is MISSING:
            found[spot.name] = spot.option, (*found.get(spot.name, (spot.option, ()))[1], change)
    return found


def _protected(slot: str, changes: tuple[Change, ...], shelf: Shelf) -> Step | None:
    """Proxmox refuses the whole write that takes a volume from a protected guest."""
    if not shelf.guest.protected or all(change.accepted for change in changes):
        return None
    why = f"{shelf.guest} is protected, so {shelf.slot} {slot} stays although it is declared no more"
    remedy = f"declare protection: false until it is gone, or declare the {shelf.slot} again"
    return obstructed(why, remedy, changes)


def _volume(slot: str, option: Option, shelf: Shelf) -> str:
    """The volume that a slot holds; empty when it holds none."""
    text = str(shelf.guest.current.get(slot) or shelf.guest.coming.get(slot) or "")
    return text.partition(",")[0] if option.volume else ""


def _renamed(slot: str, changes: tuple[Change, ...], volumes: Mapping[str, str], shelf: Shelf) -> Step:
    """One comes and another one leaves: perhaps the same one in another slot, whose data a new one would lack."""
    old = ", ".join(f"{name} with {volume}" for name, volume in sorted(volumes.items()))
    noun = shelf.noun
    why = f"{noun} {slot} of {shelf.guest} is declared in place of {old}; a new {noun} would be empty"
    remedy = (
        f"write volume: '{min(volumes.items())[1]}' to attach that one, or volume: {NEW} for an empty {noun}"
    )
    return obstructed(why, remedy, changes)


def _stays(slot: str, changes: tuple[Change, ...], empty: Iterable[str], shelf: Shelf) -> Step:
    others = ", ".join(sorted(empty))
    why = f"{shelf.noun} {slot} of {shelf.guest} stays until it is clear whether {others} is to hold its data"
    return obstructed(why, "write a volume there", changes)


def _refusal(slot: str, option: Option, changes: tuple[Change, ...], shelf: Shelf) -> Step | None:
    guest = shelf.guest
    strange = _strange(slot, option, shelf)
    if strange:
        why = f"slot {slot} of {guest} holds '{strange}', which is not what is declared there"
        return obstructed(why, "choose another slot, or remove by hand what is in it", changes)
    if shelf.rigid and guest.protected and not all(change.accepted for change in changes):
        why = f"{guest} is protected, so {shelf.slot} {slot} stays as it is"
        return obstructed(why, "declare protection: false until it is as declared", changes)
    if not option.volume or not is_vacant(slot, guest):
        return None
    volume = shelf.chosen.get(slot)
    if volume not in (None, NEW):
        return _attachment(str(volume), changes, shelf)
    return _lost(slot, changes, shelf) or (_ambiguous(slot, changes, shelf) if volume is None else None)


def _strange(slot: str, option: Option, shelf: Shelf) -> str:
    """What stands in a slot and is of another sort; empty when nothing does."""
    for config in (shelf.guest.current, shelf.guest.coming):
        text = str(config.get(slot, ""))
        try:
            if text and not option.holds(shelf.syntax.split(text)):
                return text
        except ValueError:
            return text
    return ""


def _detached(guest: GuestState) -> list[str]:
    """The volumes that lie detached."""
    names = (option for option in guest.coming if re.fullmatch(r"unused\d+", option))
    return [str(guest.coming[option]) for option in sorted(names)]


def _lost(slot: str, changes: tuple[Change, ...], shelf: Shelf) -> Step | None:
    """A volume that somebody detached; a new one would be an empty one in the place of somebody's data."""
    guest, noun, detached = shelf.guest, shelf.noun, _detached(shelf.guest)
    if not detached or all(change.cause is not Cause.DRIFT for change in changes):
        return None
    why = f"{noun} {slot} of {guest} is gone and {detached[0]} lies detached; a new {noun} would be empty"
    command = shelf.attach(slot, detached[0])
    return obstructed(
        why, f"attach it again on {guest.node}: {command}; or remove it to get a new one", changes
    )


def _ambiguous(slot: str, changes: tuple[Change, ...], shelf: Shelf) -> Step | None:
    """A detached volume on the storage of a new one: only the person knows which of the two is meant."""
    guest, storage = shelf.guest, shelf.storage(slot)
    near = [volume for volume in _detached(guest) if storage_of(volume) == storage]
    if not near:
        return None
    why = f"{shelf.noun} {slot} of {guest} is to be made on {storage}, where {', '.join(near)} lies detached"
    remedy = f"write volume: '{near[0]}' to attach it, or volume: {NEW} for an empty {shelf.noun}"
    if slot not in shelf.chosen:
        remedy = f"attach it on {guest.node}: {shelf.attach(slot, near[0])}; or remove it to get a new one"
    return obstructed(why, remedy, changes)


def _attachment(volume: str, changes: tuple[Change, ...], shelf: Shelf) -> Step | None:
    """Why a volume cannot be attached to a slot, if so."""
    guest = shelf.guest
    owner = _OWNED.search(volume)
    if owner is None or owner[1] != str(guest.vmid):
        copying = "write image to copy it, or " if shelf.copies else ""
        why = f"{volume} bears no name of {guest}, so it may be another guest's {shelf.noun}"
        return obstructed(why, f"{copying}move it by hand to this {guest.words.noun} first", changes)
    holder = next((name for name in guest.coming if _holds(name, volume, shelf)), None)
    if holder is None:
        return None
    why = f"{volume} is attached to {holder} of {guest} already"
    return obstructed(why, f"declare the {shelf.noun} as {holder}, or detach it there first", changes)


def _holds(name: str, volume: str, shelf: Shelf) -> bool:
    options = (option for option, _ in shelf.layout.called(name))
    return any(option.volume for option in options) and str(shelf.guest.coming[name]).split(",")[0] == volume
