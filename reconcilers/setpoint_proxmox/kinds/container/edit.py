"""The one write that corrects as much as one write can, and what of it only root may write. Pure; neighbour: `plan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from setpoint.model.diff import MISSING, Change
from setpoint.model.identity import Owner
from setpoint.model.tree import Json
from setpoint_proxmox.guest.draft import Draft, coreless
from setpoint_proxmox.guest.layout import Spot
from setpoint_proxmox.guest.volumes import is_vacant, leaving
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.kinds.container.volumes import fresh, refusals, storage_for


@dataclass(frozen=True)
class ByHand:
    """What no API token may write.

    Attributes:
        text: the whole new value of the option; None when the option is to go.
        changes: what it corrects.
    """

    text: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Edit:
    """One write.

    Attributes:
        config: option -> its whole new value.
        delete: options to take away.
        corrected: the changes that the write corrects.
        storages: where it makes a volume.
        by_hand: option -> what only root may write, at a node.
    """

    config: Mapping[str, Json]
    delete: tuple[str, ...]
    corrected: tuple[Change, ...]
    storages: frozenset[str]
    by_hand: Mapping[str, ByHand]


def edited(
    changes: Iterable[Change], ct: CtState, spec: ContainerSpec, owner: Owner, *, privileged: bool
) -> Edit:
    """The write that corrects what one write can."""
    changes = tuple(changes)
    refused = refusals(changes, ct, spec).keys()
    skipped = leaving(changes, LAYOUT) | refused | coreless(changes, ct, LAYOUT)
    draft, root = (_Draft(ct, spec, owner, refused, skipped) for _ in range(2))
    spots = {change.path: LAYOUT.spot(change.path) for change in changes}
    hand = [
        change
        for change in changes
        if _is_for_root(spots[change.path], change, privileged=privileged)
        and not _is_so_anyway(spots[change.path], change, ct)
    ]
    corrected = tuple(change for change in changes if change not in hand and draft.take(change))
    names = {spot.name for change in hand if (spot := spots[change.path]) is not None}
    for change in changes:
        spot = spots[change.path]
        if spot is not None and spot.name in names:
            root.take(change)
    config, delete = draft.result()
    return Edit(config, delete, corrected, frozenset(draft.storages), _by_hand(hand, root))


def _is_for_root(spot: Spot | None, change: Change, *, privileged: bool) -> bool:
    """Whether only root with a password may write a change."""
    if spot is None:
        return False
    match spot.option.name:
        case "dev#" | "hookscript":
            return True
        case "mp#":
            return not spot.option.volume and change.desired is not MISSING
        case "features":
            return privileged or (spot.row is not None and spot.row.key != "nesting")
        case _:
            return False


def _is_so_anyway(spot: Spot | None, change: Change, ct: CtState) -> bool:
    """Whether a container that is just made has a value without being given it."""
    absent = spot is not None and spot.row is not None and change.desired == spot.row.absent
    return spot is not None and absent and is_vacant(spot.name, ct)


def _by_hand(changes: Iterable[Change], root: _Draft) -> Mapping[str, ByHand]:
    config, delete = root.result()
    found: dict[str, ByHand] = {}
    for change in changes:
        spot = LAYOUT.spot(change.path)
        if spot is not None and (spot.name in config or spot.name in delete):
            text = str(config[spot.name]) if spot.name in config else None
            before = found[spot.name].changes if spot.name in found else ()
            found[spot.name] = ByHand(text, (*before, change))
    return found


class _Draft(Draft):
    """A write of a container's options."""

    def __init__(
        self,
        ct: CtState,
        spec: ContainerSpec,
        owner: Owner,
        refused: AbstractSet[str],
        skipped: AbstractSet[str],
    ) -> None:
        super().__init__(ct, LAYOUT, owner, refused, skipped)
        self._spec = spec

    def volume(self, spot: Spot) -> tuple[str, Mapping[str, str]]:
        return storage_for(spot.name, self._spec), fresh(spot.name, self._spec)

    def begins(self, spot: Spot) -> Mapping[str, str]:
        return {"name": f"eth{spot.name[3:]}"} if spot.option.name == "net#" else super().begins(spot)
