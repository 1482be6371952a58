"""POST of a new container: what is wrong with the request is answered, what is wrong with volumes ends its task."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_permissions import check_pool, check_volume, require_creation
from setpoint_lab.proxmox.guest_values import check_ssh_keys
from setpoint_lab.proxmox.guests import check_quorum, number_taken
from setpoint_lab.proxmox.images import lookup
from setpoint_lab.proxmox.lxc import options, permissions
from setpoint_lab.proxmox.lxc.config import Config
from setpoint_lab.proxmox.lxc.container import Container
from setpoint_lab.proxmox.lxc.disks import discard, make
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.lxc.power import launch
from setpoint_lab.proxmox.lxc.restore import restore
from setpoint_lab.proxmox.lxc.systems import UNKNOWN, architecture, distribution, look_inside
from setpoint_lab.proxmox.lxc.values import prepare, sent_options
from setpoint_lab.proxmox.option_table import is_unused
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import storage_named
from setpoint_lab.proxmox.volumes import volume_path
from setpoint_lab.proxmox.worker import Worker, error_text, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

CREATE_SECONDS = 0.2
DEFAULT_STORAGE = "local"
DEFAULT_GIB = "4"
DEFAULTS = {"memory": "512", "swap": "512"}
_HOST_KEYS = ("rsa", "ecdsa", "ed25519")
_PLAIN_SIZE = re.compile(r"^\d+(?:\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Order:
    """A container that a request asks for; `template` is the volume that its root is unpacked from."""

    container: Container
    template: str
    values: dict[str, str]
    volumes: dict[str, str]
    pool: str | None


@route("POST", "/nodes/{node}/lxc")
async def create(call: Call) -> object:
    """Make a container; its config bears the lock `create` until its task is done."""
    if call.flag("restore"):
        return restore(call, lambda: reserve(call.world, call.integer("vmid"), call.text("node")))
    vmid, pool, template = call.integer("vmid"), call.text_or_none("pool"), call.text("ostemplate")
    check_quorum(call.world)
    taken = number_taken(call.world, vmid)
    if taken is not None:
        raise ApiError.internal(taken)
    check_ssh_keys(call.text("ssh-public-keys"))
    check_pool(call, pool)
    require_creation(call, vmid, pool)
    sent = {key: value for key, value in sent_options(call).items() if not is_unused(key)}
    private = sent.pop("unprivileged", "1") == "1"
    if not private:
        call.require("/", "Sys.Modify")
    volumes = _volumes(call, sent)
    asked = {key: volumes.get(key, value) for key, value in sent.items()}
    permissions.check_change(call, vmid, asked, old={}, pool=pool, unprivileged=private)
    check_volume(call, vmid, template)
    _check_storages(call, volumes)
    values = prepare(call, {key: value for key, value in sent.items() if key not in volumes})
    container = reserve(call.world, vmid, call.text("node"))
    order = Order(container, template, values | ({"unprivileged": "1"} if private else {}), volumes, pool)
    return fork(call, "vzcreate", lambda worker: _work(worker, order))


def _volumes(call: Call, sent: dict[str, str]) -> dict[str, str]:
    """The mount points that are asked for; a number alone is a size on the default storage."""
    storage = call.text("storage", DEFAULT_STORAGE)
    found = {
        key: f"{storage}:{value}" if _PLAIN_SIZE.match(value) else value
        for key, value in sent.items()
        if options.is_mount(key)
    }
    if found and "rootfs" not in found:
        raise ApiError.internal("mount points configured, but 'rootfs' not set - aborting")
    return found or {"rootfs": f"{storage}:{DEFAULT_GIB}"}


def _check_storages(call: Call, volumes: dict[str, str]) -> None:
    """Raise unless every storage exists on the node, is for containers, and the user may allocate there."""
    for mount in mounts(volumes):
        if mount.kind != "volume":
            continue
        storage = storage_named(call.world, mount.storage)
        if storage.disabled:
            raise ApiError.internal(f"storage '{storage.id}' is disabled")
        if not storage.available_on(call.text("node")):
            text = f"storage '{storage.id}' is not available on node '{call.text('node')}'"
            raise ApiError.internal(text)
        if "rootdir" not in storage.content:
            text = f"storage '{storage.id}' does not support container directories"
            raise ApiError.parameters({"storage": text})
        call.require(f"/storage/{storage.id}", "Datastore.AllocateSpace")


def reserve(world: World, vmid: int, node: str) -> Container:
    """Make a locked container without anything."""
    container = Container(world, vmid, node)
    world.keep(container)
    container.write(Config({"lock": "create"}))
    return container


async def _work(worker: Worker, order: Order) -> None:
    await _fill(worker, order)
    container = order.container
    if order.pool is not None and order.pool in worker.world.pools:
        worker.world.pools[order.pool].guests.add(container.vmid)
        worker.world.changed()
    if worker.call.flag("start"):
        launch(worker.call, container)


async def _fill(worker: Worker, order: Order) -> None:
    """Give the container its volumes, system and config; when that fails, there is no container."""
    container = order.container
    made: list[str] = []
    try:
        await worker.sleep(CREATE_SECONDS)
        _require_template(worker, order.template)
        volumes = await make(worker, container.vmid, order.volumes, made)
        await worker.sleep(worker.world.pace.unpack)
        values = order.values | volumes
        _unpack(worker, order, values)
        container.write(Config(values))
    except (ApiError, TaskError) as error:
        discard(worker, made)
        worker.world.lose(container.vmid)
        text = error_text(error) if isinstance(error, ApiError) else str(error)
        raise TaskError(f"unable to create CT {container.vmid} - {text}") from error


def _require_template(worker: Worker, template: str) -> None:
    if lookup(worker, template) is None:
        text = f"volume '{template}' does not exist"
        worker.log(text)
        raise ApiError.internal(text)


def _unpack(worker: Worker, order: Order, values: dict[str, str]) -> None:
    """Fill the root and complete the config with what was found in it."""
    volume = lookup(worker, order.template)
    if volume is not None:
        path = volume_path(storage_named(worker.world, volume.storage), volume)
        worker.log(f"extracting archive '{path}'")
    container, arch = order.container, architecture(order.template)
    worker.log(f"Detected container architecture: {arch}")
    container.inside = distribution(order.template)
    values.setdefault("arch", arch)
    values.setdefault("ostype", container.inside)
    values.setdefault("hostname", f"CT{container.vmid}")
    for key, value in DEFAULTS.items():
        values.setdefault(key, value)
    if container.inside != UNKNOWN:
        _make_host_keys(worker, values["hostname"])
    look_inside(worker, container.inside, values)


def _make_host_keys(worker: Worker, host: str) -> None:
    for kind in worker.world.shuffled(_HOST_KEYS):
        worker.log(f"Creating SSH host key 'ssh_host_{kind}_key' - this may take some time ...")
        print_ = base64.b64encode(worker.world.random.randbytes(32)).decode().rstrip("=")
        worker.log(f"done: SHA256:{print_} root@{host}")
