"""A zone as the server has it right before a write: whether it may be written at all, and how its serial moves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from setpoint.model.errors import RefusalError
from setpoint_dns.content import Id, RRset
from setpoint_dns.powerdns.access import Line
from setpoint_dns.powerdns.failures import NotFoundError
from setpoint_dns.powerdns.forms import zone_id
from setpoint_dns.powerdns.serials import Rule
from setpoint_dns.powerdns.settings import kind_of
from setpoint_dns.server import GoneError

_LATE: Final = 0.05
"""Seconds by which the server's clock may be behind ours: what tells it the second moves on only some hundred times in one."""
WRITABLE: Final = frozenset({"native", "primary", "producer"})


@dataclass(frozen=True)
class Live:
    """A zone without its records, but for one set.

    Attributes:
        kind: by its new name, such as `primary`.
        serial: in the SOA as it is stored.
        served: in the SOA as it is answered.
        values: of the set that was asked for; empty when there is none.
        ttl: of that set.
    """

    zone: str
    kind: str
    serial: int
    served: int
    soa_edit_api: str
    account: str
    values: tuple[str, ...]
    ttl: int = 0

    @property
    def rule(self) -> Rule:
        """How its serial moves."""
        return Rule(self.serial, self.soa_edit_api)

    def unraised(self) -> list[RRset]:
        """The SOA that has to be written with every change where the server raises no serial; asked for as the SOA."""
        return [] if self.rule.raises else [RRset(self.zone, "SOA", self.ttl, self.values)]

    def check_writable(self) -> None:
        """Refuse what another server is the source of; the API would take it, and the next transfer undo it.

        Raises:
            RefusalError: it is a secondary.
        """
        if self.kind not in WRITABLE:
            what = f"{self.zone} is a zone of kind {self.kind} there, which another server is the source of"
            raise RefusalError(what, remedy="write it at its primary")

    async def await_turn(self) -> None:
        """Wait for the second to pass in which the zone was changed, when its serial is the time.

        Raises:
            RefusalError: its serial would go down.
        """
        now = time.time()
        if self.rule.lowers_at(now + 1):
            what = f"with soa_edit_api EPOCH a change would lower the serial of {self.zone}, {self.serial}, to the time"
            raise RefusalError(what, remedy="set soa_edit_api to DEFAULT or INCREASE")
        if self.rule.lowers_at(now):
            await asyncio.sleep(1 - now % 1 + _LATE)


async def look(line: Line, zone: str, found: Id) -> Live:
    """Read a zone without its records, but for one set.

    Raises:
        GoneError: there is no such zone.
    """
    body = await fetch(line, zone, only(found))
    with line.understanding(f"/zones/{zone}"):
        return read_live(zone, json.loads(body), found)


def only(found: Id) -> str:
    """The query that asks for a zone with one set alone; a server that does not know it answers with all."""
    name, rtype = found
    return f"?rrset_name={quote(name, safe='')}&rrset_type={quote(rtype, safe='')}"


def read_live(zone: str, raw: Mapping[str, Any], found: Id) -> Live:
    """What a zone's JSON tells; `found` is the set that is of interest."""
    serial = int(raw["serial"])
    rrset = next((one for one in raw.get("rrsets", ()) if (str(one["name"]), one["type"]) == found), None)
    return Live(
        zone,
        kind_of(raw),
        serial,
        int(raw.get("edited_serial", serial)),
        str(raw.get("soa_edit_api", "")),
        str(raw.get("account", "")),
        tuple(str(record["content"]) for record in rrset["records"]) if rrset else (),
        int(rrset["ttl"]) if rrset else 0,
    )


async def fetch(line: Line, zone: str, path: str = "") -> bytes:
    """What is below a zone's path.

    Raises:
        GoneError: there is no such zone.
    """
    try:
        return await line.get(f"/zones/{zone_id(zone)}{path}")
    except NotFoundError as error:
        await check_gone(line, zone, error)
        raise


async def check_gone(line: Line, zone: str, error: NotFoundError) -> None:
    """Tell a zone that is not there from a path that leads nowhere: only a list without it proves the former.

    Raises:
        GoneError: there is no such zone.
    """
    absent = await line.read(f"/zones?zone={quote(zone, safe='')}", lambda listed: listed == [])
    if absent:
        raise GoneError(f"there is no zone {zone} at {line.access.endpoint}") from error
