"""The free addresses of a prefix: shown, and taken one or several at once."""

from __future__ import annotations

import ipaddress
from itertools import islice
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import require, require_result
from setpoint_lab.netbox.body import read_body
from setpoint_lab.netbox.dispatch import ACTIONS
from setpoint_lab.netbox.errors import BAD_REQUEST, CONFLICT, Invalid, Refused, detail
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.reads import find
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.view import View
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

ADDRESSES = "ipam/ip-addresses"
MOST = 1000
SHOWN = 50
CREATED = 201
WHOLLY_USABLE = {4: 31, 6: 127}
"""Networks that are at least this narrow have no address that hosts cannot use."""


def available_ips(unit: Unit, who: Who, model: Model, number: int, request: Request) -> Answer:
    """Show free addresses of a prefix, or take some.

    Raises:
        Refused: there is no such prefix, or not enough is free in it.
    """
    if request.method == "POST":
        require(unit.world, who, MODELS[ADDRESSES], "add")
    require(unit.world, who, model, "view")
    prefix = find(unit.world, who, model, number, "view")
    if request.method == "POST":
        return _take(unit, who, prefix, request)
    limit = request.parameter("limit") or ""
    count = min(int(limit) or MOST, MOST) if limit.isdigit() else SHOWN
    family = ipaddress.ip_network(prefix["prefix"]).version
    vrf = View(unit.world, request.base).reference("ipam/vrfs", prefix["vrf"])
    found = islice(_free(unit.world, prefix), count)
    return Answer(200, [{"family": family, "address": each, "vrf": vrf} for each in found])


ACTIONS["ipam/prefixes", "available-ips"] = (("GET", "POST", "HEAD", "OPTIONS"), available_ips)


def _free(world: World, prefix: Row) -> Iterator[str]:
    """The free addresses with the mask of the prefix, lowest first."""
    if prefix["mark_utilized"]:
        return
    network = ipaddress.ip_network(prefix["prefix"])
    taken = {
        ipaddress.ip_interface(row["address"]).ip
        for row in world.table(ADDRESSES).rows.values()
        if row["vrf"] == prefix["vrf"] or (prefix["vrf"] is None and prefix["status"] == "container")
    }
    if not prefix["is_pool"] and network.prefixlen < WHOLLY_USABLE[network.version]:
        taken.add(network.network_address)
        if isinstance(network, ipaddress.IPv4Network):
            taken.add(network.broadcast_address)
    for address in network:
        if address not in taken:
            yield f"{address}/{network.prefixlen}"


def _take(unit: Unit, who: Who, prefix: Row, request: Request) -> Answer:
    asked = request.document()
    bodies = asked if is_list(asked) else [asked]
    free = list(islice(_free(unit.world, prefix), len(bodies)))
    if len(free) < len(bodies):
        raise detail(CONFLICT, "Insufficient resources are available to satisfy the request")
    rows = [_make(unit, body, address, prefix) for body, address in zip(bodies, free, strict=True)]
    for row in rows:
        require_result(unit.world, who, MODELS[ADDRESSES], row, "add")
    view = View(unit.world, request.base, fresh=True)
    shown = [view.full(MODELS[ADDRESSES], row) for row in rows]
    return Answer(CREATED, shown if is_list(asked) else shown[0])


def _make(unit: Unit, body: Any, address: str, prefix: Row) -> Row:
    model = MODELS[ADDRESSES]
    given: Any = body | {"address": address, "vrf": prefix["vrf"]} if is_object(body) else body
    try:
        return unit.save(model, None, read_body(unit.world, model, given, None, partial=False))
    except Invalid as error:
        raise Refused(BAD_REQUEST, error.errors) from error
