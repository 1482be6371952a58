"""GET and PUT of a container's config, and its pending changes; there is no POST."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from setpoint_lab.proxmox import pending
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_snapshots import find_snapshot
from setpoint_lab.proxmox.lxc import options, permissions
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.update import Change, carry_out
from setpoint_lab.proxmox.lxc.values import prepare, sent_options
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_CONFIG = "/nodes/{node}/lxc/{vmid}/config"
MODIFIED = "detected modified configuration - file changed by other user? Try again."


@route("GET", _CONFIG)
async def get_config(call: Call) -> object:
    """The config with what is pending merged over it, the one in effect, or the one of a snapshot."""
    container = requested_container(call)
    config = container.load()
    snapshot = call.text_or_none("snapshot")
    if snapshot is not None:
        values = pending.shown(config, find_snapshot(container, snapshot))
    else:
        values = pending.current(config) if call.flag("current") else pending.merged(config)
    return values | {"digest": container.digest}


@route("GET", "/nodes/{node}/lxc/{vmid}/pending")
async def get_pending(call: Call) -> object:
    """Every option with its value and what is pending for it."""
    container = requested_container(call)
    rows = [*pending.changes(container.load()), {"key": "digest", "value": container.digest}]
    return call.world.shuffled(rows)


@route("PUT", _CONFIG)
async def put_config(call: Call) -> None:
    """Change the config: everything, or nothing."""
    change = _requested(call)
    container = requested_container(call)
    _check_permissions(call, container, change)
    worker = Worker(call)
    async with worker.holding(container):
        container.check_lock()
        check_digest(call, container)
        await carry_out(worker, container, replace(change, values=prepare(call, change.values)))


def check_digest(call: Call, container: Container) -> None:
    """Raise when the request names another version of the config."""
    if call.text("digest") not in {"", container.digest}:
        raise ApiError.internal(MODIFIED)


def _requested(call: Call) -> Change:
    deletes, reverts = (tuple(dict.fromkeys(call.items(name))) for name in ("delete", "revert"))
    change = Change(sent_options(call), deletes, reverts)
    if change.empty:
        raise ApiError.internal("no options specified")
    for key in reverts:
        if not options.TABLE.exists(key):
            raise ApiError.parameters({"revert": f"unknown option '{key}'"})
        if key in change.values:
            text = f"you can't use '-{key}' and '-revert {key}' at the same time"
            raise ApiError.parameters({"delete": text})
    for key in deletes:
        if key in change.values:
            text = f"you can't use '-{key}' and -delete {key}' at the same time"
            raise ApiError.parameters({"delete": text})
        if key in reverts:
            text = f"you can't use '-delete {key}' and '-revert {key}' at the same time"
            raise ApiError.parameters({"revert": text})
        if not options.TABLE.exists(key):
            raise ApiError.parameters({"delete": f"unknown option '{key}'"})
    return change


def _check_permissions(call: Call, container: Container, change: Change) -> None:
    config = container.load()
    permissions.check_change(
        call,
        container.vmid,
        change.values,
        old=config.current | config.pending,
        deletes=(*change.deletes, *change.reverts),
        unprivileged=config.current.get("unprivileged") == "1",
    )
