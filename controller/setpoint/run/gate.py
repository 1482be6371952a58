"""The gate of a lane: every call to the target passes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class LaneGate:
    """Lets every call pass."""

    @asynccontextmanager
    async def using(self, *scopes: str, writes: bool = False) -> AsyncGenerator[None]:  # noqa: ARG002  # see Gate
        """Pass."""
        yield
