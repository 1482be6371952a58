"""The shared look at a DNS server: who it is, and the zones that it lists with their marks."""

from __future__ import annotations

from setpoint.model.survey import Survey
from setpoint_dns.facts import Facts
from setpoint_dns.reach import Reach


async def survey(reach: Reach, begun: float) -> Survey[Facts]:
    """Ask the server for itself and its zones; a make that lists none lists none.

    Raises:
        TargetError: it could not be asked.
    """
    server = reach.server
    identity, version, zones = await server.identity(), await server.version(), await server.zones()
    return Survey(
        facts=Facts(version, server.can, {row.name: row for row in zones}),
        target_id=identity,
        begun=begun,
        found=tuple((row.mark, {"zone": row.name}) for row in zones if row.mark is not None),
    )
