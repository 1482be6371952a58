"""A write in the making: which options, each with its whole new value, correct a set of changes. Neighbour: `volumes`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from setpoint.model.diff import MISSING, Change
from setpoint.model.identity import Owner
from setpoint.model.tree import Json
from setpoint_proxmox.guest.layout import Layout, Option, Spot, written
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.guest.volumes import is_vacant
from setpoint_proxmox.mark import with_mark


def coreless(changes: Iterable[Change], guest: GuestState, layout: Layout) -> frozenset[str]:
    """The devices that are not there and of which only a part is to be written.

    That is so where somebody removed one and drift is not corrected, and then a part of it was declared anew.
    """
    spots = [spot for change in changes if (spot := layout.spot(change.path)) is not None]
    wanted = {spot.name for spot in spots if spot.option.core and is_vacant(spot.name, guest)}
    begun = {spot.name for spot in spots if spot.row is not None and spot.row.key == spot.option.core}
    return frozenset(wanted - begun)


class Draft(ABC):
    """A write of the options of one guest; what we do not manage in an option stays as it is.

    Attributes:
        config: option -> its whole new value, of those that are complete already.
        storages: where it makes a volume.
    """

    def __init__(
        self,
        guest: GuestState,
        layout: Layout,
        owner: Owner,
        refused: AbstractSet[str],
        skipped: AbstractSet[str],
    ) -> None:
        """Begin an empty one that takes away none of the options `refused` and sets none of those `skipped`."""
        self._guest = guest
        self._layout = layout
        self._owner = owner
        self._refused = refused
        self._skipped = skipped
        self._delete: list[str] = []
        self._texts: dict[str, tuple[Option, Mapping[str, str]]] = {}
        self.config: dict[str, Json] = {}
        self.storages: set[str] = set()

    @abstractmethod
    def volume(self, spot: Spot) -> tuple[str, Mapping[str, str]]:
        """The storage on which a slot's volume is made, and the sub-options that make it."""

    def begins(self, spot: Spot) -> Mapping[str, str]:
        """The sub-options of a device that is new and no volume."""
        return spot.option.begins

    def take(self, change: Change) -> bool:
        """Take up what corrects a change; gives False when no write does."""
        if change.path == "/description":
            mark = self._owner.mark(str(self._guest.vmid))
            self.config["description"] = with_mark(str(change.desired), mark)
            return True
        spot = self._layout.spot(change.path)
        return spot is not None and self._take(spot, change)

    def result(self) -> tuple[dict[str, Json], tuple[str, ...]]:
        """The options to write and those to take away."""
        config, delete = dict(self.config), list(self._delete)
        for name, (option, parts) in self._texts.items():
            # A device of which nothing but the usual is left is still to be there.
            text = option.syntax.join(parts or (option.begins if option.device else {}))
            if text:
                config[name] = text
            else:
                delete.append(name)
        return config, tuple(sorted(delete))

    def _take(self, spot: Spot, change: Change) -> bool:
        desired = change.desired
        if desired is MISSING and spot.name in self._refused:
            return False
        if desired is MISSING or (spot.row is None and desired is None):
            self._delete.append(spot.name)
            return True
        if spot.name in self._skipped:
            return False
        if spot.row is None:
            self._texts.setdefault(spot.name, (spot.option, self.begins(spot)))
        elif not spot.row.key:
            self._write_whole(spot, spot.row.form.write(desired))
        elif spot.option.volume and spot.row.key in (spot.option.core, "size"):
            return self._take_volume(spot, change)
        else:
            self._texts[spot.name] = spot.option, written(spot, desired, self._parts(spot))
        return True

    def _write_whole(self, spot: Spot, value: Json) -> None:
        if value is None:
            self._delete.append(spot.name)
        else:
            self.config[spot.name] = value

    def _parts(self, spot: Spot) -> Mapping[str, str]:
        """The sub-options so far: as drafted, as they will be or are, or of a new one."""
        if spot.name in self._texts:
            return self._texts[spot.name][1]
        for config in (self._guest.coming, self._guest.current):
            if spot.name in config:
                return spot.option.syntax.split(str(config[spot.name]))
        if not spot.option.volume:
            return self.begins(spot)
        storage, made = self.volume(spot)
        self.storages.add(storage)
        return made

    def _take_volume(self, spot: Spot, change: Change) -> bool:
        """Make the volume of a slot that is empty now and stays so.

        One that waits for the next start is taken up as it is; one that would go or be replaced then is kept.
        """
        guest = self._guest
        if is_vacant(spot.name, guest):
            self._texts[spot.name] = spot.option, self._parts(spot)
            return True
        keeps = change.later and spot.name in guest.current
        if keeps or (spot.name not in guest.current and guest.power == "stopped"):
            parts = self._kept(spot) if keeps else spot.option.syntax.split(str(guest.coming[spot.name]))
            self._texts.setdefault(spot.name, (spot.option, parts))
            return True
        return False

    def _kept(self, spot: Spot) -> Mapping[str, str]:
        """The volume that is there, with the other sub-options that wait for the next start when it stays."""
        now, later = (
            spot.option.syntax.split(str(config.get(spot.name, "")))
            for config in (self._guest.current, self._guest.coming)
        )
        core = str(spot.option.core)
        if now.get(core) != later.get(core):
            return now
        size = {"size": now["size"]} if "size" in now else {}
        return {key: text for key, text in later.items() if key != "size"} | size
