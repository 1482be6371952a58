"""The emulated NetBox: its tables, its time, and what is random in it."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from setpoint_lab.clock import Background, in_background
from setpoint_lab.netbox.store import Row, Table
from setpoint_lab.netbox.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from setpoint_lab.clock import Clock

VERSION = "4.6.8"
"""What is emulated unless another version is asked for."""

Part = TypeVar("Part")

TICK = timedelta(microseconds=13)
"""Two moments are never the same, so that every save has an ETag of its own."""


def see_everything(_endpoint: str, _row: Row) -> bool:
    """Nobody asks, or somebody who may view all."""
    return True


class World:
    """Everything that one emulator remembers.

    `troubles` is what stands of those that were let come; `sees` is what whoever asks at the moment may refer to
    by its attributes.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        """Start empty."""
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self.shift = 0.0
        self.tables: dict[str, Table] = {}
        self.troubles: dict[str, Any] = {}
        self.version = VERSION
        self.sees: Callable[[str, Row], bool] = see_everything
        self.backup: dict[str, Table] = {}
        self._parts: dict[type, Any] = {}
        self.background: set[asyncio.Task[None]] = set()
        self._last = datetime.fromtimestamp(0, UTC)

    @property
    def api_version(self) -> str:
        """The version of the API, `4.6`."""
        return self.version.rpartition(".")[0]

    @property
    def release(self) -> tuple[int, ...]:
        """The version of the API in numbers that can be compared."""
        return tuple(int(part) for part in self.api_version.split("."))

    def table(self, endpoint: str) -> Table:
        """The objects of an endpoint."""
        return self.tables.setdefault(endpoint, Table())

    def part(self, kind: type[Part]) -> Part:
        """What a module keeps beside the tables: one of each kind, made when it is first asked for."""
        found: Part = self._parts.setdefault(kind, kind())
        return found

    def row(self, endpoint: str, number: object) -> Row | None:
        """One object, None when there is none."""
        return self.table(endpoint).rows.get(number) if isinstance(number, int) else None

    def seconds(self) -> float:
        """The emulated time, in seconds since the epoch."""
        return self.clock.now() + self.shift

    def moment(self) -> datetime:
        """The emulated time, later with every call."""
        self._last = max(self._last + TICK, datetime.fromtimestamp(self.seconds(), UTC))
        return self._last

    def now(self) -> str:
        """The emulated time as the API writes it."""
        return stamp(self.moment())

    def uuid(self) -> str:
        """An id for a request."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def characters(self, alphabet: str, count: int) -> str:
        """Random text."""
        return "".join(self.random.choices(alphabet, k=count))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside the requests, for as long as this world is served; its sleeps wait."""
        with in_background(Background()):
            task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    def close(self) -> None:
        """End what goes on beside the requests."""
        for task in tuple(self.background):
            task.cancel()
