"""Clones of containers: cards get new addresses, volumes are copied or rest on those of the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.firewall.model import Firewalls
from setpoint_lab.proxmox.guest_permissions import check_pool, require_bridge
from setpoint_lab.proxmox.guest_snapshots import find_snapshot
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.images import claim, copying
from setpoint_lab.proxmox.lxc import nets
from setpoint_lab.proxmox.lxc.config import Config
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.create import reserve
from setpoint_lab.proxmox.lxc.disks import discard, existing
from setpoint_lab.proxmox.lxc.mounts import Mount, mounts
from setpoint_lab.proxmox.lxc.systems import look_inside
from setpoint_lab.proxmox.option_table import is_net, is_unused
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import is_base, storage_named, storage_of
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.world import World

_NOT_CLONED = frozenset({"template", "parent", "snaptime", "snapstate", "lock"})


@route("POST", "/nodes/{node}/lxc/{vmid}/clone")
async def clone(call: Call) -> object:
    """Make a container from another: a full copy, or one whose volumes rest on those of a template."""
    check_quorum(call.world)
    check_pool(call, call.text_or_none("pool"))
    source = requested_container(call)
    _check_target(call)
    async with Worker(call).holding(source):
        source.check_lock()
        full = call.flag("full", default=not source.template)
        old = _cloned_values(source, call.text_or_none("snapname"))
        _check_number(call.world, call.integer("newid"))
        _check(call, source, old, full=full)
        target = reserve(call.world, call.integer("newid"), source.node)
        source.put_lock("disk")

    async def work(worker: Worker) -> None:
        try:
            await _fill(worker, source, target, old, full=full)
        except (ApiError, TaskError):
            source.unlock("disk")
            worker.world.lose(target.vmid)
            raise
        source.unlock("disk")

    return fork(call, "vzclone", work)


def _check_number(world: World, vmid: int) -> None:
    if vmid in world.guests:
        raise ApiError.internal(f"unable to create CT {vmid}: config file already exists")


def _check_target(call: Call) -> None:
    """Raise when the clone cannot come to lie on another node."""
    world, target, name = call.world, call.text_or_none("target"), call.text_or_none("storage")
    if target is None or target == call.text("node"):
        return
    if target not in world.nodes:
        raise ApiError.internal(f"no such cluster node '{target}'")
    if name is not None and not storage_named(world, name).shared:
        raise ApiError.internal(f"can't clone to non-shared storage '{name}'")


def _cloned_values(container: Container, snapshot: str | None) -> Section:
    values = container.load().current if snapshot is None else find_snapshot(container, snapshot)
    return {key: value for key, value in values.items() if key not in _NOT_CLONED and not is_unused(key)}


def _check(call: Call, source: Container, old: Section, *, full: bool) -> None:
    """Raise when the volumes cannot be cloned so, or the user may not put the copies there."""
    moves = call.text("target", source.node) != source.node
    if call.text_or_none("storage") is not None:
        storage_named(call.world, call.text("storage"))
        if not full:
            raise ApiError.internal("parameter 'storage' not allowed for linked clones")
    for mount in mounts(old):
        if mount.volume is None:
            raise ApiError.internal(f"unable to clone mountpoint '{mount.key}' (type {mount.kind})")
        name = call.text_or_none("storage") or mount.storage
        call.require(f"/storage/{name}", "Datastore.AllocateSpace")
        if full and source.machine is not None and call.text_or_none("snapname") is None:
            raise ApiError.internal("Cannot do full clones on a running container without snapshots")
        if not full and not is_base(mount.volume):
            raise ApiError.internal(f"Linked clone feature for '{mount.volume}' is not available")
        if moves and not storage_of(call.world, mount.volume).shared:
            text = f"can't clone CT to node '{call.text('target')}' (CT uses local storage)"
            raise ApiError.internal(text)
    for key in sorted(filter(is_net, old)):
        require_bridge(call, nets.parse(old[key]))


async def _fill(worker: Worker, source: Container, target: Container, old: Section, *, full: bool) -> None:
    """Give the clone its volumes and config."""
    call, world = worker.call, worker.world
    worker.log(f"creating a clone of container {source.vmid} with ID {target.vmid}")
    made: list[str] = []
    try:
        values = _renewed(call, old)
        for mount in mounts(old):
            values[mount.key] = str(await _cloned(worker, target, mount, made, full=full))
    except (ApiError, TaskError):
        discard(worker, made)
        raise
    target.inside = source.inside
    look_inside(worker, target.inside, values)
    target.write(Config(values))
    world.part(Firewalls).copy(source.vmid, target.vmid)
    target.move(call.text("target", source.node))
    pool = call.text_or_none("pool")
    if pool is not None and pool in world.pools:
        world.pools[pool].guests.add(target.vmid)
        world.changed()


def _renewed(call: Call, old: Section) -> Section:
    """The options with new addresses, and with the name and description that were asked for."""
    values = dict(old)
    for key in filter(is_net, old):
        values[key] = nets.with_new_mac(old[key], call.world)
    for key in ("hostname", "description"):
        if call.text_or_none(key) is not None:
            values[key] = call.text(key)
    return values


async def _cloned(worker: Worker, target: Container, mount: Mount, made: list[str], *, full: bool) -> Mount:
    base = existing(worker, mount.source)
    pace = worker.world.pace
    if full:
        worker.log(f"create full clone of mountpoint {mount.key} ({mount.source})")
        storage = storage_named(worker.world, worker.call.text("storage") or base.storage)
        copy = await claim(worker, storage, target.vmid, base.size)
        made.append(copy.volid)
        await copying(worker, storage, base.size)
    else:
        worker.log(f"create linked clone of mount point {mount.key} ({mount.source})")
        storage = storage_named(worker.world, base.storage)
        copy = await claim(worker, storage, target.vmid, base.size, base=base)
        made.append(copy.volid)
        await worker.sleep(pace.linked - pace.allocate)
    return mount.changed(volume=copy.volid, size=copy.size)
