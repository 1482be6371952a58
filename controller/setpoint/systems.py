"""Finds the systems that are installed; the engine itself knows none and imports none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from setpoint.model.errors import SetpointError, SettingsError
from setpoint.model.kind import Kind, System

GROUP = "setpoint.systems"


def installed_systems() -> tuple[System, ...]:
    """Every installed system, by name.

    Raises:
        SetpointError: one cannot be loaded, or is none.
    """
    return tuple(load_system(entry) for entry in sorted(entry_points(group=GROUP)))


def installed_kinds(work: Mapping[str, Mapping[str, int]] | None = None) -> Mapping[str, Kind[Any, Any]]:
    """Every kind of every installed system, by name; where they are to work, `work` of the settings is told to them.

    Raises:
        SetpointError: a system cannot be loaded, two kinds clash, or there is no such work.
    """
    systems = installed_systems()
    if work is not None:
        apportion(systems, work)
    return registry(systems)


def apportion(systems: Iterable[System], work: Mapping[str, Mapping[str, int]]) -> None:
    """Tell each system how much of its work goes on at once on this machine, as the settings say it.

    Raises:
        SettingsError: there is no such system, or no such sort of work.
    """
    known = {system.name: system for system in systems}
    for name, told in work.items():
        for sort in told:
            if name not in known or sort not in known[name].work:
                right = {f"{system.name}.{each}" for system in known.values() for each in system.work}
                raise SettingsError(
                    f"work.{name}.{sort} of the settings names no work of an installed system",
                    remedy=f"write one of {', '.join(sorted(right))}",
                )
    for system in known.values():
        system.apportion({**system.work, **work.get(system.name, {})})


def load_system(entry: EntryPoint) -> System:
    """The system behind an entry point.

    Raises:
        SetpointError: it cannot be loaded, or is no System.
    """
    try:
        system = entry.load()
    except (ImportError, AttributeError) as error:
        raise SetpointError(
            f"the system '{entry.name}' ({entry.value}) cannot be loaded: {error}",
            remedy="install the package that provides it again",
        ) from error
    if not isinstance(system, System):
        raise SetpointError(
            f"the system '{entry.name}' ({entry.value}) is no System",
            remedy=f"correct the entry point in the group {GROUP} of the package that provides it",
        )
    return system


def registry(systems: Iterable[System]) -> Mapping[str, Kind[Any, Any]]:
    """Every kind by name.

    Raises:
        SetpointError: two systems have a kind of the same name, or a kind is held by one that nobody provides.
    """
    kinds: dict[str, Kind[Any, Any]] = {}
    owners: dict[str, str] = {}
    for system in systems:
        for kind in system.kinds:
            if kind.name in kinds:
                raise SetpointError(
                    f"the kind {kind.name} comes from the system '{owners[kind.name]}' and from '{system.name}'",
                    remedy="uninstall one of the two",
                )
            kinds[kind.name] = kind
            owners[kind.name] = system.name
    for kind in kinds.values():
        if kind.hosted_by is not None and kind.hosted_by not in kinds:
            raise SetpointError(
                f"the kind {kind.name} is held by {kind.hosted_by}, which no installed system provides",
                remedy=f"install the system that provides {kind.hosted_by}, or uninstall '{owners[kind.name]}'",
            )
    return kinds
