"""Declaration and state of a pool as one comparable tree."""

from __future__ import annotations

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.kinds.pool.spec import PoolSpec
from setpoint_proxmox.kinds.pool.state import PoolState
from setpoint_proxmox.mark import normal, without_mark

TREATMENTS = {"/storages": Treatment.SET}


def declare(spec: PoolSpec) -> Tree:
    """What was written."""
    tree: Tree = {}
    if spec.comment is not None:
        tree["comment"] = normal(spec.comment)
    if spec.storages is not None:
        tree["storages"] = list[Json](sorted(set(spec.storages)))
    return tree


def project(state: PoolState) -> Projection:
    """What is there."""
    storages = list[Json](sorted(state.storages))
    return Projection({"comment": without_mark(state.comment, "pool"), "storages": storages})
