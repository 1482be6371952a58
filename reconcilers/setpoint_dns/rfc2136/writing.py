"""Writing a batch: every message stands or falls with the SOA that the one before left, so that no change goes under."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import dns.update
import dns.zone

from setpoint.model.errors import (
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_dns.content import Batch, RRset
from setpoint_dns.rfc2136.answers import soa_of, standing
from setpoint_dns.rfc2136.chunks import Part, Soa, parts, refuse_unwritable
from setpoint_dns.rfc2136.found import mark_name, records
from setpoint_dns.rfc2136.marking import rewrite_mark
from setpoint_dns.rfc2136.wire import Wire

_MEND = (
    "PowerDNS: take SOA-EDIT from the zone (`pdnsutil set-meta ZONE SOA-EDIT`) and default-soa-edit from its settings, "
    "then run `pdnsutil increase-serial ZONE`; BIND: no inline-signing for the zone"
)


async def write(wire: Wire, zone: str, batch: Batch, *, gathers: bool) -> None:
    """Send a batch that is not empty.

    Args:
        wire: to the server.
        zone: its name.
        batch: what is to be done.
        gathers: the server may put updates of several clients into force as one change, as Knot does: what one of them
            demands of the SOA is held against the zone before all of them, so every set is demanded as it was as well.

    Raises:
        TargetError: as `ZoneServer` says; after the first message it is never TransportError.
    """
    refuse_unwritable(zone, batch, (mark_name(zone), "TXT"))
    soa = await soa_of(wire, zone)
    if soa.data.serial != batch.serial:
        raise ConflictError(f"{zone} has the serial {soa.data.serial} and no longer {batch.serial}")
    names = await standing(wire, zone, "NS") if any(one.id == (zone, "NS") for one in batch.put) else ()
    found = await _found(wire, zone, soa) if gathers else None
    todo = await asyncio.to_thread(parts, zone, batch, names, found)
    wanted = next((rrset for rrset in batch.put if rrset.id == (zone, "SOA")), None)
    course = _Course(wire, zone, soa)
    try:
        for number, part in enumerate(todo, 1):
            await course.go(part, wanted if number == 1 else None, last=number == len(todo))
    except TransportError as error:
        if not course.sent:
            raise
        done = f"{course.sent} of {len(todo)} messages that change {zone} are in force"
        raise OutcomeUnknownError(f"{done}: {error}") from error


async def _found(wire: Wire, zone: str, soa: Soa) -> dns.zone.Zone:
    """The zone with this SOA. Raises ConflictError when there is another by now."""
    found = await wire.transfer(zone)
    if records(found.find_rdataset(zone, "SOA")) != (soa.data,):
        raise ConflictError(f"{zone} is no longer as it was with the serial {soa.data.serial}")
    return found


@dataclass
class _Course:
    """A zone on its way from one SOA to the next.

    Attributes:
        soa: the one that the next message demands.
        sent: how many messages are in force.
        steers: every message but the last raises the serial itself: so the next SOA is known, and nobody else's change
            comes in between unnoticed. The last leaves the serial to the server's own policy.
    """

    wire: Wire
    zone: str
    soa: Soa
    sent: int = 0
    steers: bool = True

    async def go(self, part: Part, wanted: RRset | None, *, last: bool) -> None:
        """Send one message, with the SOA that is wanted if any."""
        steered = wanted is not None or (self.steers and not last)
        following = self.soa.after(wanted) if steered else None
        await self._send(part, following)
        self.sent += 1
        if following is not None:
            self.soa = following
            await self._settle()
        elif not last:
            await self._count()

    async def _send(self, part: Part, following: Soa | None) -> None:
        message = dns.update.UpdateMessage(self.zone)
        message.present(self.zone, self.soa.data)
        if following is not None:
            message.add(self.zone, following.ttl, following.data)
        part.write(message)
        try:
            await self.wire.update(self.zone, message)
        except ConflictError as error:
            if await self._is_edited():
                what = f"serves another SOA of {self.zone} than it compares with, so nothing can be written safely"
                raise RefusalError(f"{self.wire.endpoint} {what}", remedy=_MEND) from error
            raise

    async def _settle(self) -> None:
        """Make sure that the server knows the SOA again that it was sent.

        PowerDNS stores it in a form that it then takes for another one, and mends that when it counts the serial up.
        """
        if not await self._denies():
            return
        if (await soa_of(self.wire, self.zone)).data != self.soa.data:
            raise ConflictError(f"{self.zone} was changed by somebody else meanwhile")
        self.steers = False
        if not await rewrite_mark(self.wire, self.zone):
            what = f"does not know the SOA of {self.zone} again that it was sent"
            raise RefusalError(f"{self.wire.endpoint} {what}", remedy=_MEND)
        await self._count()

    async def _count(self) -> None:
        """Go on from the SOA that is served, if one change, which is ours, lies between."""
        served = await soa_of(self.wire, self.zone)
        if served.data != self.soa.after(None).data:
            raise ConflictError(
                f"{self.zone} went from the serial {self.soa.data.serial} to {served.data.serial} by one change, or was "
                "changed by somebody else meanwhile"
            )
        self.soa = served

    async def _denies(self) -> bool:
        """Whether the server says that this is not the zone's SOA."""
        question = dns.update.UpdateMessage(self.zone)
        question.present(self.zone, self.soa.data)
        try:
            await self.wire.update(self.zone, question)
        except ConflictError:
            return True
        return False

    async def _is_edited(self) -> bool:
        """Whether it denies the very SOA that it serves before and after; False when that is not sure."""
        try:
            before = await soa_of(self.wire, self.zone)
            denied = before.data == self.soa.data and await self._denies()
            return bool(denied and (await soa_of(self.wire, self.zone)).data == self.soa.data)
        except TargetError:
            return False
