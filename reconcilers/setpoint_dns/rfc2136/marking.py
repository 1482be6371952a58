"""Our mark on a zone, as a TXT record: written only over what was there a moment before."""

from __future__ import annotations

from collections.abc import Sequence

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.update
from dns.rdtypes.ANY.TXT import TXT

from setpoint.model.identity import Mark
from setpoint_dns.rfc2136.answers import standing
from setpoint_dns.rfc2136.found import mark_name
from setpoint_dns.rfc2136.wire import Wire

TTL = 3600
_STRING = 255


async def set_mark(wire: Wire, zone: str, wanted: Mark | None) -> None:
    """Write the mark, or take it away; nothing is sent when it is as wanted.

    Raises:
        TargetError: ConflictError when somebody else marks it at the same time.
    """
    before = await standing(wire, mark_name(zone), "TXT")
    after = () if wanted is None else (_record(wanted),)
    if set(before) != set(after):
        await _replace(wire, zone, before, after)


async def rewrite_mark(wire: Wire, zone: str) -> bool:
    """Write the mark once more as it is, which leaves a zone as it was, with a higher serial; False without a mark."""
    before = await standing(wire, mark_name(zone), "TXT")
    if before:
        await _replace(wire, zone, before, before)
    return bool(before)


async def _replace(
    wire: Wire, zone: str, before: Sequence[dns.rdata.Rdata], after: Sequence[dns.rdata.Rdata]
) -> None:
    name = mark_name(zone)
    message = dns.update.UpdateMessage(zone)
    if before:
        message.present(name, *before)
        message.delete(name, "TXT")
    else:
        message.absent(name, "TXT")
    if after:
        message.add(name, TTL, *after)
    await wire.update(zone, message)


def _record(mark: Mark) -> TXT:
    line = mark.line("zone").encode()
    strings = [line[start : start + _STRING] for start in range(0, len(line), _STRING)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
