"""Sets up the inventories that the settings name, each as the system says that provides it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from setpoint.desired.suggest import remedy
from setpoint.model.examine import Check
from setpoint.model.inventory import Inventory, InventoryType, Opening
from setpoint.model.kind import Kind, System
from setpoint.model.spec import Spec
from setpoint.secrets import resolve_secret
from setpoint.settings import Settings
from setpoint.settings_file import Section
from setpoint.systems import installed_systems


@dataclass(frozen=True)
class Judged:
    """What the settings say of one inventory, found sound."""

    name: str
    type: InventoryType
    settings: Spec


def judge_inventories(settings: Settings, systems: Iterable[System]) -> tuple[Judged, ...]:
    """What the settings say of inventories, in the order of their names.

    Raises:
        SettingsError: there is no such inventory, or what is said of it cannot be.
    """
    known = {system.name: system.inventory for system in systems if system.inventory is not None}
    sections: Mapping[str, Section] = settings.inventories
    return tuple(_judged(name, sections[name], known) for name in sorted(sections))


def _judged(name: str, section: Section, known: Mapping[str, InventoryType]) -> Judged:
    if name not in known:
        right = remedy(name, known, otherwise="there are") or "install the system that provides it"
        raise section.wrong(f"no installed system has an inventory '{name}'", right)
    return Judged(name, known[name], section.read(known[name].settings))


def open_inventories(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], approved: Callable[[str], bool]
) -> tuple[Inventory, ...]:
    """The inventories themselves, which ask nobody yet; each is lent what other systems offer it.

    Raises:
        SettingsError: as `judge_inventories`.
    """
    return tuple(
        one.type.open(one.settings, opening) for one, opening in _openings(settings, kinds, approved)
    )


def examinations(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]]
) -> Mapping[str, Callable[[], Iterator[Check]]]:
    """What makes every check of an inventory, by its name, of those that know some; each may block and raise SetpointError.

    Raises:
        SettingsError: as `judge_inventories`.
    """
    return {
        one.name: partial(one.type.examine, one.settings, opening)
        for one, opening in _openings(settings, kinds, lambda _: False)
        if one.type.examine is not None
    }


def _openings(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], approved: Callable[[str], bool]
) -> Iterator[tuple[Judged, Opening]]:
    systems = installed_systems() if settings.inventories else ()
    for one in judge_inventories(settings, systems):
        lent = {system.name: system.lends[one.name]() for system in systems if one.name in system.lends}
        yield one, Opening(settings.estate, kinds, resolve_secret, lent, approved)
