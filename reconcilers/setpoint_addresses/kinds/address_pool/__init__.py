"""The kind AddressPool: addresses of one network, each handed out once."""

from __future__ import annotations

from importlib.resources import files

from setpoint.model.diff import Projection
from setpoint.model.kind import Kind
from setpoint_addresses.kinds.address_pool.observe import observe
from setpoint_addresses.kinds.address_pool.space import space
from setpoint_addresses.kinds.address_pool.spec import AddressPoolSpec
from setpoint_addresses.kinds.address_pool.state import PoolOutputs, PoolState, problems, publish, status

_EXAMPLES = sorted((files(__name__) / "examples").iterdir(), key=lambda file: file.name)

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
    examples=tuple(file.read_text(encoding="utf-8") for file in _EXAMPLES if file.name.endswith(".yaml")),
)
