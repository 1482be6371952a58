"""What a network is to be, as plain arguments of an act, and the calls that stage it. Pure; neighbour: `act`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from setpoint.model.tree import Json, Tree
from setpoint_proxmox.client import Part
from setpoint_proxmox.kinds.network.options import SUBNET, VNET, ZONE, Option, Sent, sent, shown
from setpoint_proxmox.sdn import Section

_ALIAS = "alias"
_TAGS = range(4000, 2, -1)
"""Where a tag is looked for that nobody has, while two vnets change theirs for each other's."""


@dataclass(frozen=True)
class Call:
    """A call that stages a part, without the token of the lock."""

    method: str
    path: tuple[Part, ...]
    params: Mapping[str, Sent]


@dataclass(frozen=True)
class Seen:
    """A zone as it is staged, read under the lock.

    Attributes:
        settings: None when there is no such zone.
    """

    settings: Section | None
    vnets: Mapping[str, Section]
    subnets: Mapping[str, Mapping[str, Section]]


def calls(zone: str, wanted: Mapping[str, Json], seen: Seen) -> tuple[Call, ...]:
    """What stages all that differs, in an order that Proxmox takes: what goes first makes room for what comes.

    Args:
        zone: its id.
        wanted: `{"type", "zone": options, "vnets": {id: None to remove, or options with "alias" and "subnets"}}`, with
            the fields as they are compared.
        seen: what is staged now.
    """
    vnets = _mapping(wanted.get("vnets"))
    gone = [name for name, vnet in vnets.items() if vnet is None and name in seen.vnets]
    kept = {name: _mapping(vnet) for name, vnet in vnets.items() if vnet is not None}
    return (
        *_zone(zone, wanted, seen.settings),
        *_removed_subnets(zone, gone, kept, seen),
        *(Call("DELETE", ("cluster", "sdn", "vnets", name), {}) for name in gone),
        *_vnets(zone, kept, gone, seen),
        *_subnets(zone, kept, seen),
    )


def removal(zone: str, seen: Seen) -> tuple[Call, ...]:
    """What stages that nothing of a zone is left."""
    subnets = [_subnet_path(zone, vnet, cidr) for vnet in seen.vnets for cidr in seen.subnets.get(vnet, {})]
    vnets = [("cluster", "sdn", "vnets", vnet) for vnet in seen.vnets]
    paths = [*subnets, *vnets, ("cluster", "sdn", "zones", zone)]
    return tuple(Call("DELETE", path, {}) for path in paths)


def _zone(zone: str, wanted: Mapping[str, Json], settings: Section | None) -> Iterator[Call]:
    options = _mapping(wanted.get("zone"))
    if settings is None:
        params = {"zone": zone, "type": str(wanted["type"]), **_given(options, ZONE)}
        yield Call("POST", ("cluster", "sdn", "zones"), params)
        return
    params = _changes(options, settings.staged or {}, ZONE)
    if params:
        yield Call("PUT", ("cluster", "sdn", "zones", zone), params)


def _removed_subnets(zone: str, gone: list[str], kept: Mapping[str, Tree], seen: Seen) -> Iterator[Call]:
    for vnet in gone:
        for cidr in seen.subnets.get(vnet, {}):
            yield Call("DELETE", _subnet_path(zone, vnet, cidr), {})
    for vnet, options in kept.items():
        for cidr, subnet in _mapping(options.get("subnets")).items():
            if subnet is None and cidr in seen.subnets.get(vnet, {}):
                yield Call("DELETE", _subnet_path(zone, vnet, cidr), {})


def _vnets(zone: str, kept: Mapping[str, Tree], gone: list[str], seen: Seen) -> Iterator[Call]:
    changes = {
        name: params
        for name, options in kept.items()
        if name in seen.vnets and (params := _vnet_changes(options, seen.vnets[name].staged or {}))
    }
    tags = {name: _tag(vnet.staged or {}) for name, vnet in seen.vnets.items() if name not in gone}
    yield from _in_turn(changes, tags)
    for name, options in kept.items():
        if name not in seen.vnets:
            params = {
                "vnet": name,
                "zone": zone,
                **_given(options, VNET),
                _ALIAS: str(options.get(_ALIAS) or ""),
            }
            yield Call("POST", ("cluster", "sdn", "vnets"), params)


def _in_turn(changes: Mapping[str, Mapping[str, Sent]], tags: dict[str, int]) -> Iterator[Call]:
    """Each change when its tag is free; where two wait for each other, one takes a tag that nobody has meanwhile."""
    waiting = dict(changes)
    while waiting:
        free = [name for name, params in waiting.items() if params.get("tag") not in _others(tags, name)]
        for name in free:
            params = waiting.pop(name)
            tags[name] = int(str(params.get("tag", tags.get(name, 0))))
            yield Call("PUT", ("cluster", "sdn", "vnets", name), params)
        if not free:
            name = next(iter(waiting))
            sought = {*tags.values(), *(int(str(params["tag"])) for params in waiting.values())}
            tags[name] = next(tag for tag in _TAGS if tag not in sought)
            yield Call("PUT", ("cluster", "sdn", "vnets", name), {"tag": tags[name]})


def _others(tags: Mapping[str, int], name: str) -> set[int]:
    return {tag for other, tag in tags.items() if other != name and tag}


def _tag(options: Mapping[str, Json]) -> int:
    return int(str(options.get("tag") or 0))


def _vnet_changes(options: Mapping[str, Json], staged: Mapping[str, Json]) -> dict[str, Sent]:
    params = _changes(options, staged, VNET)
    if _ALIAS in options and options[_ALIAS] != staged.get(_ALIAS):
        params[_ALIAS] = str(options[_ALIAS])
    return params


def _subnets(zone: str, kept: Mapping[str, Tree], seen: Seen) -> Iterator[Call]:
    for vnet, options in kept.items():
        there: Mapping[str, Section] = seen.subnets.get(vnet, {})
        for cidr, subnet in _mapping(options.get("subnets")).items():
            if subnet is None:
                continue
            if cidr not in there:
                params = {"subnet": cidr, "type": "subnet", **_given(_mapping(subnet), SUBNET)}
                yield Call("POST", ("cluster", "sdn", "vnets", vnet, "subnets"), params)
                continue
            params = _changes(_mapping(subnet), there[cidr].staged or {}, SUBNET)
            if params:
                yield Call("PUT", _subnet_path(zone, vnet, cidr), params)


def _subnet_path(zone: str, vnet: str, cidr: str) -> tuple[Part, ...]:
    return "cluster", "sdn", "vnets", vnet, "subnets", f"{zone}-{cidr.replace('/', '-')}"


def _given(options: Mapping[str, Json], table: tuple[Option, ...]) -> dict[str, Sent]:
    """The options of something new."""
    found = {one.name: sent(one, options[one.field]) for one in table if one.field in options}
    return {name: value for name, value in found.items() if value is not None}


def _changes(
    options: Mapping[str, Json], staged: Mapping[str, Json], table: tuple[Option, ...]
) -> dict[str, Sent]:
    """The options that differ; those that are to go are named by `delete`."""
    params: dict[str, Sent] = {}
    gone: list[str] = []
    for one in table:
        if one.field not in options or options[one.field] == shown(one, staged.get(one.name)):
            continue
        value = sent(one, options[one.field])
        if value is not None:
            params[one.name] = value
        elif one.name in staged:
            gone.append(one.name)
    return {**params, "delete": ",".join(gone)} if gone else params


def _mapping(value: Json | None) -> Tree:
    return value if isinstance(value, dict) else {}
