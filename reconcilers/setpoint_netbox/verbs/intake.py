"""What of an estate can be written into NetBox: each machine is turned round, made a sheet again, and compared. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

import yaml

from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.resource import Resource
from setpoint.model.tree import Json, Pointer, Tree, leaves, lookup, put
from setpoint_netbox.content import encode_view, view_path
from setpoint_netbox.mapping.making import make
from setpoint_netbox.mapping.model import Map
from setpoint_netbox.mapping.paths import shown
from setpoint_netbox.verbs.fields import MACHINE
from setpoint_netbox.verbs.inverse import QUIET, View, inverted


@dataclass(frozen=True)
class Machine:
    """A declared machine as NetBox would hold it.

    Attributes:
        added: what its sheet says beyond what is declared, for NetBox always says it.
        lacking: what stays in its manifest alone, for NetBox has no place for it.
    """

    key: Key
    view: View
    holder: str
    added: Mapping[Pointer, Json]
    lacking: tuple[Pointer, ...]

    @property
    def place(self) -> tuple[str, str]:
        """The cluster and the name, by which NetBox knows it."""
        return str(self.view.get("cluster", {}).get("name", "")), str(self.view["name"])


@dataclass(frozen=True)
class Intake:
    """All machines that can be written, and why the others cannot."""

    machines: tuple[Machine, ...]
    left: Mapping[Key, str]


def intake(
    resources: Iterable[Resource],
    maps: Mapping[str, Map],
    kinds: Mapping[str, Kind[Any, Any]],
    known: frozenset[str],
    tags: tuple[str, ...],
    taken: Callable[[Mapping[str, Any]], bool],
) -> Intake:
    """Of every resource of a kind that a map makes of machines.

    Args:
        resources: what is declared, without NetBox.
        maps: those in force.
        kinds: by name.
        known: the custom fields that there are.
        tags: what a machine has to have so that it is taken.
        taken: whether a machine as NetBox would hold it is taken.
    """
    machines: list[Machine] = []
    left: dict[Key, str] = {}
    for resource in resources:
        suited = [one for one in maps.values() if one.of == MACHINE and one.kind == resource.key.kind]
        if not suited:
            continue
        view = inverted(resource, suited[0], known, tags)
        found = _compared(resource, view, maps, kinds)
        if isinstance(found, str):
            left[resource.key] = found
        elif not taken(_row(view)):
            left[resource.key] = "inventories.netbox.select of the settings would not take it"
        else:
            machines.append(found)
    return Intake(tuple(machines), left)


def _row(view: View) -> Mapping[str, Any]:
    return {**view, "status": {"value": view["status"]}}


def _compared(
    resource: Resource, view: View, maps: Mapping[str, Map], kinds: Mapping[str, Kind[Any, Any]]
) -> Machine | str:
    """The machine; a text for why its sheet would say something else than is declared."""
    if "name" not in view or "cluster" not in view:
        return "the map has no place for its name or the cluster that holds it"
    made = make(view_path(MACHINE, 0), encode_view(view), "", maps, kinds)
    if not made.sheet:
        return made.note or "no map would take it"
    sheet = cast("Mapping[str, Any]", yaml.safe_load(made.sheet))
    if "refused" in sheet:
        return f"its sheet would be refused for {', '.join(map(str, sheet['refused']))}"
    who = _who(sheet)
    key = resource.key
    wanted = (key.kind, key.namespace, key.name, resource.target.name if resource.target else None)
    if who != wanted:
        return f"it would be read back as {who[0]} {who[1]}/{who[2]} on {who[3]}"
    return _against(resource, view, cast("Tree", sheet.get("spec") or {}), kinds[key.kind])


def _who(sheet: Mapping[str, Any]) -> tuple[str, str, str, str | None]:
    metadata = sheet["metadata"]
    return (
        sheet["kind"],
        str(metadata.get("namespace", "default")),
        str(metadata["name"]),
        sheet.get("target"),
    )


def _against(resource: Resource, view: View, said: Tree, kind: Kind[Any, Any]) -> Machine | str:
    declared, told = _leaves(resource.spec), _leaves(said)
    shared = [one for one in told if one in declared]
    if _differ(kind, resource.spec, said, shared):
        apart = next((one for one in shared if _differ(kind, resource.spec, said, [one])), shared[0])
        return f"NetBox would say {apart} otherwise: {shown(told[apart])}, not {shown(declared[apart])}"
    return Machine(
        resource.key,
        view,
        resource.target.kind if resource.target else "",
        {one: value for one, value in told.items() if one not in declared},
        tuple(one for one in declared if one not in told),
    )


def _leaves(spec: Tree) -> dict[Pointer, Json]:
    """Without a mapping with nothing in it, which says nothing in NetBox either."""
    return {one: value for one, value in leaves(spec) if value != {}}


def _differ(kind: Kind[Any, Any], spec: Tree, said: Tree, places: Iterable[Pointer]) -> bool:
    """Whether it would be something else with what is said at these places; sizes may be written in other units."""
    laid = deepcopy(spec)
    for one in places:
        put(laid, one, lookup(said, one))
    return bool(kind.spec.model_validate(laid) != kind.spec.model_validate(spec))


def summary(found: Intake) -> Iterator[str]:
    """What is added and what stays behind, by field, over all machines."""
    added: Counter[tuple[str, str]] = Counter()
    lacking: Counter[str] = Counter()
    for machine in found.machines:
        added.update({(_general(pointer), shown(value)) for pointer, value in machine.added.items()})
        lacking.update({_general(pointer) for pointer in machine.lacking})
    quiet = sum(machine.view["status"] == QUIET["status"] for machine in found.machines)
    if quiet:
        yield f"the power of {_counted(quiet)} is nobody's concern, so the status is {QUIET['status']}, which says nothing of it"
    for (name, value), count in sorted(added.items()):
        yield f"NetBox also says {name} {value} of {_counted(count)}, for it always says that"
    for name, count in sorted(lacking.items()):
        yield f"{name} of {_counted(count)} stays in manifests alone, for NetBox has no place for it"


def _general(pointer: Pointer) -> str:
    """`disks.*.size`, without the numbers of slots."""
    parts = pointer.strip("/").split("/")
    return ".".join("*" if part[-1:].isdigit() else part for part in parts)


def _counted(count: int) -> str:
    return "1 machine" if count == 1 else f"{count} machines"
