"""Asks those that serve a zone beside its server how far they are."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from setpoint_dns.endpoint import place
from setpoint_dns.rfc2136.server import Rfc2136Server
from setpoint_dns.rfc2136.stream import Endpoint
from setpoint_dns.rfc2136.wire import Patience

_PATIENCE: Final = Patience(connection=2.0, answer=2.0)
_HALF: Final = 1 << 31


class _Open:
    """Lets every call pass: a secondary that is down is no trouble of the server's own lane."""

    def using(self, *scopes: str, writes: bool = False) -> AbstractAsyncContextManager[None]:
        """See `setpoint.model.kind.Gate`."""
        del scopes, writes
        return nullcontext()


OPEN: Final = _Open()


async def serial_at(text: str, zone: str) -> int:
    """The serial that a secondary serves.

    Raises:
        TargetError: it does not answer, or not with authority.
    """
    host, port = place(text)
    return await Rfc2136Server(Endpoint(host, port), None, OPEN, _PATIENCE).serial(zone)


def is_newer(one: int, other: int) -> bool:
    """Whether a serial comes after another in the arithmetic of RFC 1982."""
    return 0 < (one - other) % (2 * _HALF) < _HALF
