"""The effects on zones. Each has ended when it is answered, and is read back by the next look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Json
from setpoint_dns.kinds.dns_zone.wire import batch_of, rrsets
from setpoint_dns.reach import Reach


async def create(reach: Reach, acting: Acting) -> ActResult:
    """Make it with its records and our mark."""
    zone, settings = _zone(acting), _settings(acting)
    reach.wrote(zone)
    sets = rrsets(acting.arguments["rrsets"])
    await reach.server.create(zone, settings, sets, acting.owner.mark(zone))
    return await _told(reach, acting)


async def write(reach: Reach, acting: Acting) -> ActResult:
    """Change records, and tell the secondaries."""
    zone = _zone(acting)
    reach.wrote(zone)
    await reach.server.write(zone, batch_of(acting.arguments))
    return await _told(reach, acting)


async def mark(reach: Reach, acting: Acting) -> ActResult:
    """Write our mark."""
    zone = _zone(acting)
    reach.wrote(zone)
    await reach.server.mark(zone, acting.owner.mark(zone))
    return Applied()


async def configure(reach: Reach, acting: Acting) -> ActResult:
    """Change settings."""
    await reach.server.configure(_zone(acting), _settings(acting))
    return Applied()


async def sign(reach: Reach, acting: Acting) -> ActResult:
    """Switch DNSSEC on, or change how it is done."""
    zone = _zone(acting)
    reach.wrote(zone)
    await reach.server.sign(zone, str(acting.arguments["nsec3"]))
    return await _told(reach, acting)


async def unsign(reach: Reach, acting: Acting) -> ActResult:
    """Switch DNSSEC off; a person has agreed to just this."""
    zone = _zone(acting)
    reach.wrote(zone)
    await reach.server.unsign(zone)
    return await _told(reach, acting)


async def notify(reach: Reach, acting: Acting) -> ActResult:
    """Tell the secondaries to look."""
    await reach.tell(_zone(acting))
    return Applied()


async def destroy(reach: Reach, acting: Acting) -> ActResult:
    """Remove it, when it still bears our mark.

    Raises:
        RefusalError: it does not.
    """
    zone = _zone(acting)
    if (await reach.server.read(zone)).mark != acting.owner.mark(zone):
        raise RefusalError(f"zone {zone} does not bear the mark of {acting.owner.key}, so it is not removed")
    await reach.server.destroy(zone)
    return Applied()


async def _told(reach: Reach, acting: Acting) -> ActResult:
    if acting.arguments.get("tell"):
        await reach.tell_after_write(_zone(acting))
    return Applied()


def _settings(acting: Acting) -> dict[str, Json]:
    settings = acting.arguments["settings"]
    assert isinstance(settings, dict)  # noqa: S101  # the plan made it
    return settings


def _zone(acting: Acting) -> str:
    return str(acting.identity["zone"])


ACTS: Mapping[str, Callable[[Reach, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "write": write,
    "mark": mark,
    "configure": configure,
    "sign": sign,
    "unsign": unsign,
    "notify": notify,
    "destroy": destroy,
}
