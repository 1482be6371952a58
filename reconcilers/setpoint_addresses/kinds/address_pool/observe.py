"""Reads a pool: there is nothing to ask but the book."""

from __future__ import annotations

from setpoint.model.kind import Looking
from setpoint.model.observation import Observation, Present
from setpoint_addresses.kinds.address_pool.space import space
from setpoint_addresses.kinds.address_pool.spec import AddressPoolSpec
from setpoint_addresses.kinds.address_pool.state import PoolState


async def observe(_client: None, looking: Looking[AddressPoolSpec]) -> Observation[PoolState]:
    """It is there as soon as it is declared."""
    name = looking.owner.key.name
    handed = tuple(one for one in looking.handed if not one.left_at)
    return Present(PoolState(name, space(looking.spec), handed, looking.spec.gateway), {"name": name}, None)
