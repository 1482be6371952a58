"""A lane per target: its client, its survey, its queue and its budgets. A dead target stops its own lane only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from setpoint.model.key import Key
from setpoint.model.kind import Kind, TargetPort
from setpoint.model.resource import Resource
from setpoint.model.survey import Survey
from setpoint.run.gate import LaneGate
from setpoint.run.ports import Ports
from setpoint.run.queue import Queue
from setpoint.run.survey import Surveyor
from setpoint.secrets import resolve_secret

WORKERS = 4
"""Keys of one target that are looked at side by side."""
ACTING = 2
"""Keys of one target that are acted on side by side: more only fills the target's own queues."""


@dataclass
class Lane:
    """Everything that the keys of one target share.

    Attributes:
        acted: when each key was last acted on; a survey begun before is stale for it.
    """

    target: Key
    kind: Kind[Any, Any]
    ports: Ports
    queue: Queue = field(default_factory=Queue)
    acting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ACTING))
    acted: dict[Key, float] = field(default_factory=dict[Key, float])
    _resource: Resource | None = None
    _client: Any = None
    _surveyor: Surveyor | None = None

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
        self._resource = resource

    def client(self) -> Any:
        """The client, made at first use.

        Raises:
            SetpointError: a secret is missing, or the declaration cannot be used.
        """
        if self._client is None:
            if self._resource is None:
                raise TypeError(f"lane {self.target} was not given its declaration")
            spec = self.kind.spec.model_validate(self._resource.spec)
            secrets = {name: resolve_secret(ref) for name, ref in self.port.secrets(spec).items()}
            client = self.port.connect(spec, secrets, LaneGate())
            self._client = client
            self._surveyor = Surveyor(lambda: self.port.survey(client, self.ports.now()), self.ports.now)
        return self._client

    async def survey(self, moment: float) -> Survey[Any]:
        """A survey begun at `moment` or later.

        Raises:
            SetpointError: no client could be made, or nothing at all could be read.
        """
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

    async def _disconnect(self) -> None:
        client, self._client, self._surveyor = self._client, None, None
        if client is not None:
            await self.port.close(client)
