"""What is declared until a moment: afterwards it counts as declared no more, with everything that goes for removals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from setpoint.desired.compiled import Compiled
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.resource import Resource


def unexpired(compiled: Compiled, now: float) -> Compiled:
    """The set without what has expired by `now`; what needs such a thing stays as it was, and keeps it there."""
    over = {resource.key for resource in compiled.resources.values() if _is_over(resource, now)}
    if not over:
        return compiled
    suspended: dict[Key, DeclarationProblem] = {}
    resources: dict[Key, Resource] = {}
    for key, resource in compiled.resources.items():
        lacking = next((need for need in resource.references if need in over or need in suspended), None)
        if key in over:
            continue
        if lacking is None:
            resources[key] = resource
        else:
            what = f"needs {lacking}, which has expired" if lacking in over else f"needs {lacking}"
            suspended[key] = DeclarationProblem(
                resource.origin, what, f"give {lacking} a later policy.expires, or remove this one too"
            )
    return replace(
        compiled,
        resources=resources,
        broken=compiled.broken | suspended.keys(),
        suspended={**compiled.suspended, **suspended},
    )


def next_expiry(resources: Iterable[Resource], now: float) -> float | None:
    """When something expires next, seconds since the epoch; None when nothing does."""
    moments = (resource.policy.expires for resource in resources)
    return min(
        (moment.timestamp() for moment in moments if moment and moment.timestamp() > now), default=None
    )


def _is_over(resource: Resource, now: float) -> bool:
    expires = resource.policy.expires
    return expires is not None and expires.timestamp() <= now
