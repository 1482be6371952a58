"""Not more than a few of a kind are disturbed in a day by themselves, whatever asks for it: a commit, a node, an upgrade."""

from __future__ import annotations

from datetime import UTC, datetime

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.limit import DAY, Radius
from setpoint.model.plan import Disruption, Step


def blast_radius(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that stops, restarts or worse once as many others as may be were disturbed within a day."""
    radius = looked.radius
    if step.disruption < Disruption.STOP or radius is None or len(radius.others) < radius.limit:
        return None
    token = blast_token(looked, step.disruption)
    if looked.approved(token):
        return None
    kind = looked.owner.key.kind
    why = (
        f"{len(radius.others)} others of the {radius.population} {kind} on {looked.target} were disturbed within a day, "
        f"and {radius.limit} may be"
    )
    passes = _passes(radius)
    return Hold(Rule.BLAST_RADIUS, why, _release(passes, token), token=token, until=passes)


def blast_token(looked: Looked, disruption: Disruption) -> str:
    """Names the target, the kind, the class and the day for which no limit is to hold."""
    day = datetime.fromtimestamp(looked.now, UTC).strftime("%Y-%m-%d")
    return f"{looked.owner.key.kind}@{looked.target}:{disruption.name.lower()}:{day}"


def _passes(radius: Radius) -> float:
    """When the day of enough of the others is over; 0 when none may be disturbed at all."""
    return radius.others[-radius.limit] + DAY if radius.limit else 0.0


def _release(passes: float, token: str) -> str:
    approve = f"see what asks for it, and let all of them go for this day (UTC): setpoint approve {token}"
    if not passes:
        return approve
    when = datetime.fromtimestamp(passes, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{approve}; without that the next one goes after {when}"
