"""The gate of a lane: every call to the target passes it, so many at once, and none where calls do not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from setpoint.decide.breaker import (
    FIRST_WINDOW,
    Breaker,
    Closed,
    Open,
    Verdict,
    failed,
    hastened,
    judge,
    probed,
    stale,
    succeeded,
)
from setpoint.decide.places import Places
from setpoint.model.errors import DownError, OutcomeUnknownError, TargetError, TransportError
from setpoint.run.meters import Reply, reply_of
from setpoint.run.ports import Ports

WHOLE: Final = ""
"""The scope that is the target as a whole; every call uses it."""
READS: Final = 3
"""Calls that read in flight at once in one scope."""
WRITES: Final = 2
"""Calls that write in flight at once in one scope."""
WIDER: Final = 8
"""How many times as many are in flight to the target as a whole."""
HANG: Final = 10.0
"""Seconds without an answer after which a call that was given up, or whose outcome is unknown, counts as a failure."""


@dataclass(frozen=True)
class Trouble:
    """A breaker that is open.

    Attributes:
        scope: empty for the target as a whole.
        name: the scope as people know it.
        why: the last failure.
        since: when it opened, seconds since the epoch.
        probe: when the next call may be tried, seconds since the epoch.
    """

    scope: str
    name: str
    why: str
    since: float
    probe: float

    def __str__(self) -> str:
        return (
            f"{self.name} is down since {_clock(self.since)}: {self.why}; tried again at {_clock(self.probe)}"
        )


@dataclass(eq=False)
class _Call:
    scopes: frozenset[str]
    writes: bool
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    began: float = 0.0
    probing: frozenset[str] = frozenset()

    @property
    def parts(self) -> frozenset[str]:
        """What the caller named; the target as a whole when it named nothing."""
        return self.scopes - {WHOLE} or self.scopes

    @property
    def widest(self) -> frozenset[str]:
        """The target as a whole; for a call that goes elsewhere, what the caller named."""
        return self.scopes & {WHOLE} or self.scopes


def _places(wide: int) -> Places[_Call]:
    return Places(lambda scope: wide if scope else wide * WIDER, lambda call: call.turn.set())


def _unheard(_scope: str) -> None:
    """Nobody listens."""


@dataclass
class LaneGate:
    """Budgets of calls and breakers, per scope and for the target as a whole.

    A breaker is fed by every TransportError that leaves a call, and by every call of which nothing was heard for
    `HANG` seconds: one whose outcome is unknown, or that was cancelled. A target that hangs shows nothing else.

    Attributes:
        target: what the target is called in sentences.
        heard: called with a scope whenever its breaker has opened or closed.
    """

    target: str = "the target"
    ports: Ports = field(default_factory=Ports)
    heard: Callable[[str], None] = _unheard
    _breakers: dict[str, Breaker] = field(default_factory=dict[str, Breaker])
    _reads: Places[_Call] = field(default_factory=lambda: _places(READS))
    _writes: Places[_Call] = field(default_factory=lambda: _places(WRITES))

    @asynccontextmanager
    async def using(
        self, *scopes: str, writes: bool = False, elsewhere: bool = False
    ) -> AsyncGenerator[None]:
        """See `setpoint.model.kind.Gate`."""
        call = _Call(frozenset(scopes if elsewhere else (WHOLE, *scopes)), writes)
        places = self._writes if writes else self._reads
        try:
            await self._enter(call, places)
            try:
                yield
            except (TargetError, asyncio.CancelledError) as error:
                self._count(call, error)
                self._measure(call, reply_of(error), _now() - call.began)
                raise
            self._answered(call)
            self._measure(call, Reply.ANSWERED, _now() - call.began)
        finally:
            places.drop(call)

    def troubles(self) -> tuple[Trouble, ...]:
        """The breakers that are open, the whole target's first."""
        moment, wall = _now(), self.ports.now()
        return tuple(
            Trouble(
                scope,
                scope or self.target,
                breaker.why,
                wall - (moment - breaker.since),
                wall + breaker.until - moment,
            )
            for scope in sorted(self._breakers)
            if isinstance(breaker := self._breaker(scope), Open)
        )

    def breakers(self) -> dict[str, bool]:
        """Whether the breaker of each scope is open that was ever called; the empty one is the whole target."""
        return {scope: isinstance(self._breaker(scope), Open) for scope in tuple(self._breakers)}

    def due(self) -> tuple[str, ...]:
        """The scopes that wait for somebody to probe them."""
        return tuple(
            scope for scope in sorted(self._breakers) if judge(self._breaker(scope), _now()) is Verdict.PROBE
        )

    def next_probe(self) -> float | None:
        """The seconds until somebody should try an open breaker; None when all are closed."""
        left = [breaker.until - _now() for breaker in self._breakers.values() if isinstance(breaker, Open)]
        # For one that is overdue there may be nobody who needs it, and no reason to look all the time.
        return min((after if after > 0 else FIRST_WINDOW for after in left), default=None)

    def hasten(self) -> None:
        """Let one call try each open breaker at once, for a person asks for a look."""
        for scope, breaker in self._breakers.items():
            self._breakers[scope] = hastened(breaker, _now())

    async def _enter(self, call: _Call, places: Places[_Call]) -> None:
        """Wait for a place on every scope; whoever waits at a breaker that opens is told at once."""
        self._refuse(call)
        places.take(call, call.scopes)
        while not places.holds(call):
            await call.turn.wait()
            call.turn.clear()
            self._refuse(call)
        self._refuse(call)
        now = call.began = _now()
        call.probing = frozenset(scope for scope in call.scopes if isinstance(self._breaker(scope), Open))
        for scope in sorted(call.probing):
            self._breakers[scope] = probed(self._breaker(scope), now, self.ports.chance())

    def _refuse(self, call: _Call) -> None:
        """Raise DownError when a breaker that the call must pass is shut."""
        shut = [scope for scope in call.scopes if judge(self._breaker(scope), _now()) is Verdict.SHUT]
        for trouble in self.troubles() if shut else ():
            if trouble.scope in shut:
                self._measure(call, Reply.DOWN, 0.0)
                raise DownError(str(trouble), scope=trouble.scope)

    def _count(self, call: _Call, error: TargetError | asyncio.CancelledError) -> None:
        """Hold `error` against the parts that it concerns; what says nothing of them counts for nothing."""
        hung = _now() - call.began >= HANG
        match error:
            case DownError():
                return
            case TransportError() | OutcomeUnknownError() if hung or isinstance(error, TransportError):
                self._failed(call, {error.scope} & call.scopes or call.widest, str(error))
            case asyncio.CancelledError() if hung:
                self._failed(call, call.parts, f"no answer within {_now() - call.began:.0f} s")
            case TargetError() if not isinstance(error, OutcomeUnknownError):
                self._answered(call)
            case _:
                return

    def _measure(self, call: _Call, reply: Reply, seconds: float) -> None:
        self.ports.meters.called(self.target, call.parts, reply, seconds, writes=call.writes)

    def _answered(self, call: _Call) -> None:
        for scope in sorted(call.scopes):
            before = self._breaker(scope)
            self._change(scope, before, succeeded(before, _now(), probe=scope in call.probing))

    def _failed(self, call: _Call, scopes: Iterable[str], why: str) -> None:
        for scope in sorted(scopes):
            before, chance = self._breaker(scope), self.ports.chance()
            self._change(scope, before, failed(before, _now(), chance, why, probe=scope in call.probing))

    def _breaker(self, scope: str) -> Breaker:
        breaker = self._breakers.get(scope, Closed())
        if stale(breaker, _now()):
            breaker = self._breakers[scope] = Closed()
            self.heard(scope)
        return breaker

    def _change(self, scope: str, before: Breaker, after: Breaker) -> None:
        self._breakers[scope] = after
        if type(before) is type(after):
            return
        for call in (*self._reads.waiting(), *self._writes.waiting()):
            if scope in call.scopes:
                call.turn.set()
        self.heard(scope)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
