"""The one write that corrects as much as one write can, and what of it only root may write. Pure; neighbour: `plan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from setpoint.model.diff import MISSING, Change
from setpoint.model.identity import Owner
from setpoint.model.tree import Json
from setpoint_proxmox.guest.layout import Option, Spot, written
from setpoint_proxmox.guest.volumes import is_vacant, leaving
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.kinds.container.strings import MOUNT
from setpoint_proxmox.kinds.container.volumes import fresh, refusals, storage_for
from setpoint_proxmox.mark import with_mark


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
    skipped = leaving(changes, LAYOUT) | refused | _coreless(changes, ct)
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


def _coreless(changes: Iterable[Change], ct: CtState) -> frozenset[str]:
    """The devices that are not there and of which only a part is to be written.

    That is so where somebody removed one and drift is not corrected, and then a part of it was declared anew.
    """
    spots = [spot for change in changes if (spot := LAYOUT.spot(change.path)) is not None]
    wanted = {spot.name for spot in spots if spot.option.core and is_vacant(spot.name, ct)}
    begun = {spot.name for spot in spots if spot.row is not None and spot.row.key == spot.option.core}
    return frozenset(wanted - begun)


class _Draft:
    """A write in the making."""

    def __init__(
        self,
        ct: CtState,
        spec: ContainerSpec,
        owner: Owner,
        refused: AbstractSet[str],
        skipped: AbstractSet[str],
    ) -> None:
        self._ct = ct
        self._spec = spec
        self._owner = owner
        self._refused = refused
        self._skipped = skipped
        self._config: dict[str, Json] = {}
        self._delete: list[str] = []
        self._texts: dict[str, tuple[Option, Mapping[str, str]]] = {}
        self.storages: set[str] = set()

    def take(self, change: Change) -> bool:
        """Take up what corrects a change; gives False when no write does."""
        if change.path == "/description":
            mark = self._owner.mark(str(self._ct.vmid))
            self._config["description"] = with_mark(str(change.desired), mark)
            return True
        spot = LAYOUT.spot(change.path)
        return spot is not None and self._take(spot, change)

    def result(self) -> tuple[dict[str, Json], tuple[str, ...]]:
        """The options to write and those to take away."""
        config, delete = dict(self._config), list(self._delete)
        for name, (option, parts) in self._texts.items():
            if parts:
                config[name] = option.syntax.join(parts)
            else:
                delete.append(name)
        return config, tuple(sorted(delete))

    def _take(self, spot: Spot, change: Change) -> bool:
        desired = change.desired
        if desired is MISSING:
            if spot.name not in self._refused:
                self._delete.append(spot.name)
            return spot.name not in self._refused
        if spot.name in self._skipped or spot.row is None:
            return False
        if not spot.row.key:
            self._write_whole(spot, spot.row.form.write(desired))
        elif spot.option.volume and spot.row.key in ("volume", "size"):
            return self._take_volume(spot, change)
        else:
            self._texts[spot.name] = spot.option, written(spot, desired, self._parts(spot))
        return True

    def _write_whole(self, spot: Spot, value: Json) -> None:
        if value is None:
            self._delete.append(spot.name)
        else:
            self._config[spot.name] = value

    def _parts(self, spot: Spot) -> Mapping[str, str]:
        """The sub-options so far: as drafted, as they will be or are, or of a new one."""
        if spot.name in self._texts:
            return self._texts[spot.name][1]
        for config in (self._ct.coming, self._ct.current):
            if spot.name in config:
                return spot.option.syntax.split(str(config[spot.name]))
        if spot.option.volume:
            self.storages.add(storage_for(spot.name, self._spec))
            return fresh(spot.name, self._spec)
        return {"name": f"eth{spot.name[3:]}"} if spot.option.name == "net#" else spot.option.begins

    def _take_volume(self, spot: Spot, change: Change) -> bool:
        """Make the volume of a slot that is empty now and stays so.

        One that waits for the next start is taken up as it is; one that would go or be replaced then is kept.
        """
        if is_vacant(spot.name, self._ct):
            self._texts[spot.name] = spot.option, self._parts(spot)
            return True
        keeps = change.later and spot.name in self._ct.current
        if keeps or (spot.name not in self._ct.current and self._ct.power == "stopped"):
            config = self._ct.current if keeps else self._ct.coming
            self._texts.setdefault(spot.name, (spot.option, MOUNT.split(str(config[spot.name]))))
            return True
        return False
