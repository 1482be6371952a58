"""Applying: /cluster/sdn. The task commits at once, lets each node reload, and ends well whatever the nodes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.network.reload import reload_node
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.sdn.editing import editing, sdn_of, told
from setpoint_lab.proxmox.state import new_uuid
from setpoint_lab.proxmox.world import NO_QUORUM_SECONDS

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog

_PENDING_AT = "at /usr/share/perl5/PVE/API2/Network/SDN.pm line 150."


async def _wait_for_lock(call: Call) -> None:
    """Raise after the wait for the cluster's lock when too few nodes are there to vote."""
    if not call.world.quorate:
        await call.world.clock.sleep(NO_QUORUM_SECONDS)
        raise ApiError.internal("cfs-lock 'domain-sdn' error: no quorum!")


async def _hold(call: Call, failed: str) -> None:
    """Raise unless the configuration can be held for this request."""
    with told(failed):
        await _wait_for_lock(call)
        sdn_of(call).check_lock(call.text_or_none("lock-token"))


def _release(call: Call) -> None:
    """Let go of the lock when the request says so: the schema's default of 1 never reaches the code of Proxmox."""
    if call.flag("release-lock") and "lock-token" in call.params:
        sdn_of(call).lock = None


@route("PUT", "/cluster/sdn")
async def apply(call: Call) -> object:
    """Let run what was edited, and let every node reload its interfaces in a task."""
    await _hold(call, "could not commit SDN config")
    sdn_of(call).commit()
    _release(call)
    world = call.world

    async def work(log: TaskLog) -> None:
        if not world.quorate:
            raise TaskError("cluster not ready - no quorum?")
        for node in list(world.nodes):
            log(f"{node}: reloading network config")
            await reload_node(call, node, log)

    return world.tasks.start(call, world.local, "reloadnetworkall", "", work)


@route("GET", "/cluster/sdn/dry-run")
async def dry_run(call: Call) -> object:
    """What applying would change on a node, as a difference of texts; its lines are not those of a real node."""
    sdn, lines = sdn_of(call), list[str]()
    for kind in ("zones", "vnets", "subnets"):
        old, new = sdn.running[kind], sdn.edited[kind]
        lines += [f"-{kind} {name} {old[name]}" for name in sorted(old) if old[name] != new.get(name)]
        lines += [f"+{kind} {name} {new[name]}" for name in sorted(new) if new[name] != old.get(name)]
    return {"frr-diff": "", "interfaces-diff": "\n".join(lines)}


@route("POST", "/cluster/sdn/lock")
async def take_lock(call: Call) -> object:
    """Hold the configuration until the token is given back; only without pending changes unless that is allowed."""
    failed = "could not acquire lock for SDN config"
    await _hold(call, failed)
    with editing(call, failed) as sdn:
        if sdn.has_pending and not call.flag("allow-pending"):
            raise ApiError.internal(f"configuration has pending changes {_PENDING_AT}")
        sdn.lock = new_uuid(call.world)
    return sdn.lock


@route("DELETE", "/cluster/sdn/lock")
async def drop_lock(call: Call) -> None:
    """Let go of the configuration, with the token or by force."""
    if not call.flag("force"):
        await _hold(call, "could not release lock")
    sdn_of(call).lock = None
    call.world.changed()


@route("POST", "/cluster/sdn/rollback")
async def roll_back(call: Call) -> None:
    """Forget what was edited and does not run."""
    await _hold(call, "could not rollback SDN configuration")
    sdn_of(call).rollback()
    _release(call)
