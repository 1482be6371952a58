"""How a reconcile begins, be it the daemon's or a preview's."""

from __future__ import annotations

from functools import partial

from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.desk import Desk, Pass
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.rebuild import rebuild, unmet
from setpoint.run.rollout import group_of
from setpoint.run.spaces import Spaces
from setpoint.run.wipe import doubt


def begin(estate: Estate, resource: Resource) -> Pass:
    """A pass that knows only what is declared, and what is ordered for this time."""
    kind = estate.kinds[resource.key.kind]
    owner = Owner(estate.name, resource.key, resource.formerly)
    placed = estate.orders.of(resource, estate.ports.now())
    if placed is not None:
        return Pass(resource, kind, placed.spec, owner, order=placed.order)
    return Pass(resource, kind, estate.readings.spec(resource, kind), owner)


def begin_blindly(estate: Estate, resource: Resource) -> Pass:
    """A pass of which nothing is to be done any more: its spec is not read, for even that may be what crashed."""
    kind = estate.kinds[resource.key.kind]
    return Pass(
        resource, kind, kind.spec.model_construct(), Owner(estate.name, resource.key, resource.formerly)
    )


def lay_desk(estate: Estate, lane: Lane, key: Key) -> Desk:
    """What the stages have at hand for `key`."""
    spaces = Spaces(estate)
    return Desk(
        lane=lane,
        store=estate.store,
        calls=estate.calls,
        ports=estate.ports,
        caution=estate.caution,
        estate=estate.name,
        version=estate.version,
        ready=estate.ready,
        lane_at=estate.lanes.get,
        unmet=partial(unmet, estate, lane),
        peers=partial(estate.declared_on, lane.target),
        doubt=partial(doubt, estate),
        spaces=spaces,
        strangers=partial(spaces.strangers, asker=key),
        group=partial(group_of, estate),
        search=partial(rebuild, estate),
        reconcile_id=estate.ports.new_id(),
        requested=estate.store.last_request(key),
        not_before=estate.asked.get(key, 0.0),
    )
