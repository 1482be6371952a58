"""Pools: named sets of guests and storages that rights can be given on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.cluster import guest_row, storage_row
from setpoint_lab.proxmox.permission import require_modify
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.world import Pool

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call


@route("GET", "/pools")
async def list_pools(call: Call) -> object:
    """The pools that the user may see; of one pool with its members when it is asked for."""
    if "poolid" in call.params:
        poolid = call.text("poolid")
        call.require(f"/pool/{poolid}", "Pool.Audit")
        return [{"poolid": poolid, **_detail(call, _find(call, ""))}]
    return call.world.shuffled(
        {"poolid": pool.id, **_comment(pool)}
        for pool in call.world.pools.values()
        if call.allowed(f"/pool/{pool.id}", "Pool.Audit")
    )


@route("GET", "/pools/{poolid}")
async def read_pool(call: Call) -> object:
    """One pool with its members."""
    return _detail(call, _find(call, ""))


def _find(call: Call, failed: str) -> Pool:
    poolid = call.text("poolid")
    pool = call.world.pools.get(poolid)
    if pool is None:
        raise ApiError.internal(f"{failed}pool '{poolid}' does not exist")
    return pool


def _comment(pool: Pool) -> dict[str, object]:
    return {"comment": pool.comment} if pool.comment is not None else {}


def _detail(call: Call, pool: Pool) -> dict[str, object]:
    world, kind = call.world, call.text_or_none("type")
    guests = [world.guests[vmid] for vmid in sorted(pool.guests) if vmid in world.guests]
    members = [guest_row(world, guest) for guest in guests if kind in {None, guest.type}]
    for name in sorted(pool.storages) if kind in {None, "storage"} else []:
        storage = world.storages.get(name)
        nodes = [node for node in world.nodes.values() if storage and storage.available_on(node.name)]
        members += [storage_row(storage, node) for node in nodes[:1] if storage]
    return {**_comment(pool), "members": members}


@route("POST", "/pools")
async def create_pool(call: Call) -> object:
    """A new pool; one below another needs that other."""
    poolid, pools = call.text("poolid"), call.world.pools
    await call.world.require_quorum("create pool failed", "user_cfg")
    if poolid in pools:
        raise ApiError.internal(f"create pool failed: pool '{poolid}' already exists")
    parent = poolid.rpartition("/")[0]
    if parent and parent not in pools:
        raise ApiError.internal(f"create pool failed: parent '{parent}' of pool '{poolid}' does not exist")
    pools[poolid] = Pool(poolid, call.text_or_none("comment"))
    call.world.changed()
    return None


@route("PUT", "/pools")
@route("PUT", "/pools/{poolid}")
async def update_pool(call: Call) -> object:
    """Add or remove members, change the comment."""
    await call.world.require_quorum("update pool failed", "user_cfg")
    pool = _find(call, "update pool failed: ")
    if "comment" in call.params:
        pool.comment = call.text("comment")
    for vmid in map(int, call.items("vms")):
        require_modify(call.world.access, call.user, f"/vms/{vmid}")
        _move_guest(call, pool, vmid)
    for storage in call.items("storage"):
        require_modify(call.world.access, call.user, f"/storage/{storage}")
        _move_storage(call, pool, storage)
    call.world.changed()
    return None


def _move_guest(call: Call, pool: Pool, vmid: int) -> None:
    if call.flag("delete"):
        if vmid not in pool.guests:
            raise ApiError.internal(f"update pool failed: VM {vmid} is not a pool member")
        pool.guests.remove(vmid)
        return
    if vmid in pool.guests:
        raise ApiError.internal(f"update pool failed: VM {vmid} is already a pool member")
    other = next((each for each in call.world.pools.values() if vmid in each.guests), None)
    if other is not None:
        if not call.flag("allow-move"):
            text = f"VM {vmid} belongs already to pool '{other.id}', and 'allow-move' is not set"
            raise ApiError.internal(f"update pool failed: {text}")
        other.guests.remove(vmid)
    pool.guests.add(vmid)


def _move_storage(call: Call, pool: Pool, storage: str) -> None:
    if call.flag("delete"):
        if storage not in pool.storages:
            raise ApiError.internal(f"update pool failed: Storage '{storage}' is not a pool member")
        pool.storages.remove(storage)
        return
    if storage in pool.storages:
        raise ApiError.internal(f"update pool failed: Storage '{storage}' is already a pool member")
    pool.storages.add(storage)


@route("DELETE", "/pools")
@route("DELETE", "/pools/{poolid}")
async def delete_pool(call: Call) -> object:
    """Remove an empty pool and the entries on it."""
    failed = "delete pool failed: "
    await call.world.require_quorum("delete pool failed", "user_cfg")
    pool = _find(call, failed)
    below = next((each for each in call.world.pools if each.startswith(f"{pool.id}/")), None)
    if below is not None:
        raise ApiError.internal(f"{failed}pool '{pool.id}' is not empty (contains pool '{below}')")
    for vmid in sorted(pool.guests):
        raise ApiError.internal(f"{failed}pool '{pool.id}' is not empty (contains VM {vmid})")
    for storage in sorted(pool.storages):
        raise ApiError.internal(f"{failed}pool '{pool.id}' is not empty (contains storage '{storage}')")
    del call.world.pools[pool.id]
    call.world.access.forget_path(f"/pool/{pool.id}")
    call.world.changed()
    return None
