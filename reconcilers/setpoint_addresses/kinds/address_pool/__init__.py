"""The kind AddressPool: addresses of one network, each handed out once."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.diff import Projection
from setpoint.model.kind import Kind
from setpoint_addresses.kinds.address_pool.observe import observe
from setpoint_addresses.kinds.address_pool.space import space
from setpoint_addresses.kinds.address_pool.spec import AddressPoolSpec
from setpoint_addresses.kinds.address_pool.state import PoolOutputs, PoolState, problems, publish, status

KIND: Kind[AddressPoolSpec, PoolState] = Kind(
    name="AddressPool",
    summary="Addresses of a network that are handed out, each to one network card, and remembered.",
    spec=AddressPoolSpec,
    declare=lambda _: {},
    project=lambda _: Projection({}),
    observe=observe,
    plan=lambda _found, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["name"]),
    problems=problems,
    status=status,
    space=space,
    outputs=PoolOutputs,
    publish=publish,
    examples=examples(__name__),
)
