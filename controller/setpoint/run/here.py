"""The lane of what no target holds: nothing is called there, so it is never down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from setpoint.model.diff import Projection
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.kind import Gate, Kind, TargetPort
from setpoint.model.observation import Observation, Present
from setpoint.model.origin import Origin
from setpoint.model.plan import Finished, Intent, OperationState
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.model.secret import Secret
from setpoint.model.spec import Spec
from setpoint.model.survey import Survey

HERE = Key(DEFAULT_NAMESPACE, "Setpoint", "here")
"""What stands where others name their target."""


def declared() -> Resource:
    """The declaration of what nobody has to declare."""
    return Resource(HERE, {}, Policy(), Origin("default", source="built-in"), spec_hash="here")


def _connect(_spec: Spec, _secrets: Mapping[str, Secret], _gate: Gate) -> None:
    """Nothing is called."""


async def _survey(_client: None, now: float) -> Survey[None]:
    return Survey(None, "here", now)


async def _poll(_client: None, _operation: str) -> OperationState:
    return Finished()


async def _find(_client: None, _intent: Intent) -> str | None:
    return None


async def _close(_client: None) -> None:
    """Nothing is open."""


async def _observe(_client: None, _looking: object) -> Observation[None]:
    return Present(None, {"name": HERE.name}, None)


KIND: Kind[Spec, Any] = Kind(
    name=HERE.kind,
    summary="Setpoint itself.",
    spec=Spec,
    declare=lambda _: {},
    project=lambda _: Projection({}),
    observe=_observe,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["name"]),
    port=TargetPort(
        connect=_connect, survey=_survey, poll=_poll, find=_find, close=_close, secrets=lambda _: {}
    ),
)
"""Never declared: it only tells the lane how to reach nothing."""
