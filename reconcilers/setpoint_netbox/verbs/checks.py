"""What a NetBox is examined for: whether it answers, what the token may, and whether all that is needed is there."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final

from setpoint.cli.output import counted
from setpoint.model.examine import Check, Verdict
from setpoint.model.inventory import Opening
from setpoint_netbox.api.failures import DeniedError, RefusedError, sound
from setpoint_netbox.mapping.model import Map
from setpoint_netbox.mapping.units import DEFAULT
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.verbs.access import sound_maps
from setpoint_netbox.verbs.client import NetBox, connected
from setpoint_netbox.verbs.ensure import State, ensure
from setpoint_netbox.verbs.fields import MACHINE, taken_types, wanted_fields, written_fields
from setpoint_netbox.verbs.wishes import VIEWED, ZONES, custom_fields
from setpoint_netbox.watch.selection import machine_query

OLDEST: Final = (4, 2)
"""Before it there were no MAC addresses of their own, and clusters had no scope."""
WHOLE: Final = (4, 6)
"""From it on lists are read by cursor, and a write names the state that it means."""
SKEW: Final = 60.0
"""Seconds by which clocks may differ: webhooks of five minutes ago count no more."""
_INIT: Final = "run setpoint netbox init, which makes what is missing"
_LISTS: Final = {
    MACHINE: "virtualization/virtual-machines",
    "virtualization.vminterface": "virtualization/interfaces",
    "virtualization.virtualdisk": "virtualization/virtual-disks",
    "virtualization.cluster": "virtualization/clusters",
    "ipam.ipaddress": "ipam/ip-addresses",
    "ipam.prefix": "ipam/prefixes",
    "ipam.vlan": "ipam/vlans",
    "ipam.service": "ipam/services",
    "dcim.macaddress": "dcim/mac-addresses",
    "dcim.device": "dcim/devices",
    "dcim.site": "dcim/sites",
    "extras.tag": "extras/tags",
    "extras.customfield": "extras/custom-fields",
    "extras.journalentry": "extras/journal-entries",
    "core.objectchange": "core/object-changes",
    "netbox_dns.zone": "plugins/netbox-dns/zones",
    "netbox_dns.record": "plugins/netbox-dns/records",
}


def examine(told: NetBoxSettings, opening: Opening) -> Iterator[Check]:
    """Every check of a NetBox, for `doctor` and for `netbox check`.

    Raises:
        SetpointError: it does not answer, or not any more, or its token cannot be read.
    """
    maps = sound_maps(None, opening.lent, opening.kinds)
    token = sound(opening.secret(told.token), told.url)
    with connected(told.url, token, told.ca) as netbox:
        yield from _checks(netbox, told, maps)


def _checks(netbox: NetBox, told: NetBoxSettings, maps: Mapping[str, Map]) -> Iterator[Check]:
    status, user = netbox.status(), netbox.whoami()
    yield _version(status)
    yield Check("token", Verdict.OK, f"NetBox knows it as that of {user.get('username')}")
    yield _clock(netbox, time.time())
    yield from _rights(netbox, told)
    yield from _objects(netbox, told, maps)
    yield from _selection(netbox, told)
    yield from _webhook(told, status)
    yield _units(maps)


def _version(status: Mapping[str, Any]) -> Check:
    text = str(status.get("netbox-version", "?"))
    found = tuple(int(part) for part in text.split("-", maxsplit=1)[0].split(".")[:2] if part.isdecimal())
    sentence = f"NetBox {text} answers"
    if found < OLDEST:
        return Check(
            "version", Verdict.WRONG, sentence, "4.2 is the first one that can be used; update NetBox"
        )
    if found < WHOLE:
        return Check(
            "version",
            Verdict.WARNING,
            f"{sentence}; its lists are read twice, and writes may meet others",
            "update to 4.6",
        )
    return Check("version", Verdict.OK, sentence)


def _clock(netbox: NetBox, now: float) -> Check:
    off = netbox.clock() - now
    sentence = f"that of NetBox is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}"
    if abs(off) > SKEW:
        return Check(
            "clock", Verdict.WARNING, sentence, "have both keep time by NTP; webhooks would count as old"
        )
    return Check("clock", Verdict.OK, sentence)


def _rights(netbox: NetBox, told: NetBoxSettings) -> Iterator[Check]:
    """Each permission that is missing; what a constraint hides cannot be seen from here."""
    viewed = (*VIEWED, *(ZONES if told.zones is not None else ()))
    lacking = [f"view {one}" for one in viewed if not _may_view(netbox, _LISTS[one])]
    if told.write_back is not None:
        lacking += [
            f"change {one}" for one in sorted(taken_types(told)) if not may(netbox, _LISTS[one], "PUT")
        ]
        if not may(netbox, _LISTS["extras.journalentry"], "POST"):
            lacking.append("add extras.journalentry")
    for one in lacking:
        yield Check("permission", Verdict.WRONG, f"the token may not {one}", _INIT)
    if not lacking:
        yield Check("permissions", Verdict.OK, "the token may do all that is needed")


def _may_view(netbox: NetBox, endpoint: str) -> bool:
    try:
        netbox.look(endpoint)
    except DeniedError:
        return False
    return True


def may(netbox: NetBox, endpoint: str, method: str) -> bool:
    """Whether the token may write there: NetBox describes only the methods that are allowed."""
    return method in (netbox.options(endpoint).get("actions") or {})


def _objects(netbox: NetBox, told: NetBoxSettings, maps: Mapping[str, Map]) -> Iterator[Check]:
    taken = taken_types(told)
    feedback = {} if told.write_back is None else written_fields(told.write_back.fields, taken)
    wishes = [
        one
        for one in custom_fields(wanted_fields(maps, feedback, taken))
        if one.endpoint == "extras/custom-fields"
    ]
    lacking: list[str] = []
    for one in ensure(netbox, wishes, apply=False, update=False):
        if one.state is State.MISSING:
            lacking.append(one.wish.name)
            if one.wish.name in feedback:
                sentence = f"there is no {one.wish.name}. {one.wish.why}"
                yield Check("custom field", Verdict.WRONG, sentence, _INIT)
        elif "type" in one.differences:
            there, wished = one.differences["type"]
            sentence = f"{one.wish.name} is {there}, and not {wished}"
            yield Check(
                "custom field", Verdict.WARNING, sentence, "make another one, and map it in netbox.yaml"
            )
    # Those are for people to say more, who may not want to: a line for all of them.
    unsaid = [name for name in lacking if name not in feedback]
    if unsaid:
        sentence = f"there is no {', '.join(unsaid)}, in which people could say more"
        yield Check("custom fields", Verdict.WARNING, sentence, _INIT)
    if not lacking:
        yield Check("custom fields", Verdict.OK, f"all {len(wishes)} are there")


def _selection(netbox: NetBox, told: NetBoxSettings) -> Iterator[Check]:
    query: dict[str, list[str]] = {}
    for name, value in machine_query(told.select):
        query.setdefault(name, []).append(value)
    try:
        number = netbox.count(_LISTS[MACHINE], **query)
    except RefusedError as error:
        yield Check(
            "selection",
            Verdict.WRONG,
            error.message,
            "correct inventories.netbox.select, or make what it names in NetBox",
        )
        return
    if number:
        yield Check("selection", Verdict.OK, f"it takes {counted(number, 'virtual machine')}")
    else:
        yield Check(
            "selection", Verdict.WARNING, "no virtual machine is taken", "see inventories.netbox.select"
        )


def _webhook(told: NetBoxSettings, status: Mapping[str, Any]) -> Iterator[Check]:
    if told.webhook is None:
        yield Check("webhook", Verdict.OK, f"none; NetBox is asked every {told.poll.total_seconds():.0f} s")
        return
    workers = status.get("rq-workers-running")
    if workers == 0:
        yield Check(
            "workers", Verdict.WARNING, "no worker of NetBox runs, so it calls no webhook", "start netbox-rq"
        )
    host, port = told.webhook.address
    try:
        with closing(socket.create_connection((host, port), timeout=3)):
            yield Check("webhook", Verdict.OK, f"the daemon listens at {told.webhook.listen}")
    except OSError as error:
        sentence = f"nobody listens at {told.webhook.listen}: {error.strerror or error}"
        yield Check("webhook", Verdict.WARNING, sentence, "start the daemon")


def _units(maps: Mapping[str, Map]) -> Check:
    """NetBox tells numbers without a unit, so people have to know which one is meant."""
    said = {name: str(unit) for one in maps.values() if one.of == MACHINE for name, unit in one.units.items()}
    told = ", ".join(f"{name} in {unit}" for name, unit in sorted(said.items())) or f"all sizes in {DEFAULT}"
    return Check("units", Verdict.OK, f"NetBox's numbers are read as: {told}")
