"""A lane per target: its client, its survey, its queue and its budgets. A dead target stops its own lane only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from setpoint.model.errors import AwaitedError, RefusalError
from setpoint.model.key import Key
from setpoint.model.kind import Kind, TargetPort
from setpoint.model.resource import Resource
from setpoint.model.survey import Survey
from setpoint.model.tree import Tree, lookup
from setpoint.run.gate import LaneGate
from setpoint.run.ports import Ports
from setpoint.run.queue import Queue
from setpoint.run.slots import Slots
from setpoint.run.survey import Surveyor
from setpoint.secrets import resolve_secret

WORKERS = 16
"""Keys of one target that are worked on side by side. The gate bounds the calls in flight; these are more, so that
keys that wait at a part that hangs leave some for the others."""


@dataclass(frozen=True)
class Busy:
    """Since when, in seconds since the epoch, and how many times in a row."""

    since: float
    times: int


def _as_declared(resource: Resource) -> Tree:
    return resource.spec


def _unheard(_target: Key, _scope: str) -> None:
    """Nobody listens."""


@dataclass
class Lane:
    """Everything that the keys of one target share.

    Attributes:
        moved: called with the target and a scope whenever the breaker of the scope opened or closed.
        taking: its spec with what it takes of others. Raises AwaitedError while that is not published.
        acted: when each key was last acted on; a survey begun before is stale for it.
        busy: since when the target has refused each key for now, every time.
        scouts: for each scope the key that was last turned away there; it tries the scope when a probe is due.
        said: what the target's status said when the keys that wait for it were last woken.
        searched: the survey in which strays were last looked for, and what was declared then.
        asked: how many times in a row those were asked for a look that are to publish how the target is reached.
        slots: the places of operations.
        gate: what every call to the target passes; a new one with every new client.
    """

    target: Key
    kind: Kind[Any, Any]
    ports: Ports
    queue: Queue = field(default_factory=Queue)
    moved: Callable[[Key, str], None] = _unheard
    taking: Callable[[Resource], Tree] = _as_declared
    acted: dict[Key, float] = field(default_factory=dict[Key, float])
    busy: dict[Key, Busy] = field(default_factory=dict[Key, Busy])
    scouts: dict[str, Key] = field(default_factory=dict[str, Key])
    said: list[str] = field(default_factory=list[str])
    searched: tuple[Survey[Any] | None, Mapping[Key, Resource] | None] = (None, None)
    asked: int = 0
    slots: Slots = field(init=False)
    gate: LaneGate = field(init=False)
    _resource: Resource | None = None
    _spec: Any = None
    _taken: Tree | None = None
    _spec_reached: Any = None
    _client: Any = None
    _surveyor: Surveyor | None = None

    def __post_init__(self) -> None:
        self.slots = Slots(self._limit, self.queue.add)
        self.queue.taken = self.ports.meters.delayed
        self.gate = self._fresh_gate()

    @property
    def port(self) -> TargetPort[Any]:
        """How the target is reached."""
        if self.kind.port is None:
            raise TypeError(f"{self.kind.name} holds no resources: it names no port")
        return self.kind.port

    async def declare(self, resource: Resource) -> None:
        """Use this declaration of the target from now on; the client is made anew when it changed."""
        if self._resource is None or self._resource.spec_hash != resource.spec_hash:
            await self._disconnect()
        self._resource, self._spec = resource, None
        self.slots.review()

    @property
    def spec(self) -> Any:
        """The declaration by which the target is reached: what it takes of others is in its place.

        Raises:
            TargetError: that is not published, or is no value for it.
        """
        return self._reached() if self._client is None else self._spec_reached

    def client(self) -> Any:
        """The client, made at first use.

        Raises:
            SetpointError: a secret is missing, or the declaration cannot be used.
        """
        if self._client is None:
            spec = self._spec_reached = self._reached()
            secrets = {name: resolve_secret(ref) for name, ref in self.port.secrets(spec).items()}
            client = self.port.connect(spec, secrets, self.gate)
            self._client = client
            self._surveyor = Surveyor(lambda: self.port.survey(client, self.ports.now()), self.ports.now)
        return self._client

    async def survey(self, moment: float) -> Survey[Any]:
        """A survey begun at `moment` or later.

        Raises:
            SetpointError: no client could be made, or nothing at all could be read.
        """
        await self._follow()
        self.client()
        assert self._surveyor is not None  # noqa: S101  # client() makes both
        return await self._surveyor.since(moment)

    @property
    def latest(self) -> Survey[Any] | None:
        """The last good survey, whatever its age."""
        return self._surveyor.latest if self._surveyor else None

    async def close(self) -> None:
        """Hand out no more keys and give the client's resources back."""
        self.queue.close()
        await self._disconnect()

    def _declared(self) -> Any:
        if self._resource is None:
            raise TypeError(f"lane {self.target} was not given its declaration")
        if self._spec is None:
            self._spec = self.kind.spec.model_validate(self._resource.spec)
        return self._spec

    def _reached(self) -> Any:
        """The declaration, with what it takes of others.

        Raises:
            TargetError: that is not published, or is no value for it.
        """
        declared = self._declared()
        assert self._resource is not None  # noqa: S101  # what is declared comes from it
        self._taken = self.taking(self._resource)
        if self._taken is self._resource.spec:
            return declared
        try:
            return self.kind.spec.model_validate(self._taken)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            why = f"what {self.target} takes of others is no value for {place}: {first['msg']}"
            raise RefusalError(why, remedy="see what they publish, and let it take another one") from None

    async def _follow(self) -> None:
        """Give the client back when others publish something else; while they say nothing it goes on."""
        if self._client is None or self._resource is None or self._taken is None:
            return
        try:
            same = self.taking(self._resource) == self._taken
        except AwaitedError as error:
            taken = self._taken
            same = all(lookup(taken, place) == text for place, text in error.known.items())
        if not same:
            await self._disconnect()

    def _limit(self, scope: str) -> int:
        return self.port.budget(self._declared(), scope)

    def _fresh_gate(self) -> LaneGate:
        return LaneGate(str(self.target), self.ports, lambda scope: self.moved(self.target, scope))

    async def _disconnect(self) -> None:
        client, self._client, self._surveyor = self._client, None, None
        self.gate = self._fresh_gate()
        if client is not None:
            await self.port.close(client)
