"""Calls for all guests of a node at once: start, stop, pause, move; each guest gets the task that its own call gives it.

Nothing was recorded of them: they follow the API's schema and the daemons' source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import Call
from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.ha.model import Ha, sid_of
from setpoint_lab.proxmox.routes import ROUTES, route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from setpoint_lab.proxmox.tasks import TaskLog

    Order = Callable[[ConfiguredGuest], Mapping[str, object]]

LOOK_SECONDS = 0.5
DEFAULT_TIMEOUT = 180
LAST = 1 << 20
"""The place in the order of starting of a guest that names none."""


@route("POST", "/nodes/{node}/startall")
async def start_all(call: Call) -> object:
    """Start what is to start with the node, in order; everything with `force`."""
    _require(call, "VM.PowerMgmt")
    chosen = [
        guest
        for guest in _chosen(call)
        if guest.machine is None and (call.flag("force") or guest.values.get("onboot") == "1")
    ]
    return _each(call, "startall", chosen, "status/start", lambda _: {})


@route("POST", "/nodes/{node}/stopall")
async def stop_all(call: Call) -> object:
    """Shut down what runs, last first."""
    _require(call, "VM.PowerMgmt")
    chosen = [guest for guest in reversed(_chosen(call)) if guest.machine is not None]
    force = int(call.flag("force-stop", default=True))
    patience = call.integer("timeout", DEFAULT_TIMEOUT)
    return _each(
        call, "stopall", chosen, "status/shutdown", lambda _: {"forceStop": force, "timeout": patience}
    )


@route("POST", "/nodes/{node}/suspendall")
async def suspend_all(call: Call) -> object:
    """Save every running VM to disk; containers stay as they are."""
    _require(call, "VM.PowerMgmt")
    chosen = [
        guest for guest in reversed(_chosen(call)) if guest.machine is not None and guest.KIND == "qemu"
    ]
    return _each(call, "suspendall", chosen, "status/suspend", lambda _: {"todisk": 1})


@route("POST", "/nodes/{node}/migrateall")
async def migrate_all(call: Call) -> object:
    """Move everything to another node."""
    _require(call, "VM.Migrate")
    target = call.text("target")
    if target == call.text("node"):
        raise ApiError.parameters({"target": "target is local node."})
    if target not in call.world.nodes:
        raise ApiError.internal(f"no such cluster node '{target}'")
    if "maxworkers" not in call.params and "max-workers" not in call.params:
        raise ApiError.parameters({"max-workers": "value required: neither sent nor set for the data center"})

    def order(guest: ConfiguredGuest) -> Mapping[str, object]:
        words: dict[str, object] = {"target": target}
        if guest.machine is not None:
            words["online" if guest.KIND == "qemu" else "restart"] = 1
        if guest.KIND == "qemu" and call.flag("with-local-disks"):
            words["with-local-disks"] = 1
        return words

    return _each(call, "migrateall", _chosen(call, managed=True, templates=True), "migrate", order)


def _require(call: Call, priv: str) -> None:
    """Raise 403 without the privilege on everything, or on each guest that the request names."""
    if call.allowed("/", priv):
        return
    vmids = call.items("vms")
    if not vmids:
        raise ApiError.forbidden(f"/, {priv}")
    for vmid in vmids:
        call.require(f"/vms/{vmid}", priv)


def _chosen(call: Call, *, managed: bool = False, templates: bool = False) -> list[ConfiguredGuest]:
    """The guests of the node in order of starting; those that a manager looks after are left to it."""
    world, vmids = call.world, set(call.items("vms"))
    ha = world.part(Ha)
    found = [
        guest
        for guest in world.guests.values()
        if isinstance(guest, ConfiguredGuest)
        and guest.node == call.text("node")
        and (templates or not guest.template)
        and (managed or not ha.manages(sid_of(guest)))
        and (not vmids or str(guest.vmid) in vmids)
    ]
    return sorted(found, key=lambda guest: (_place(guest), guest.vmid))


def _place(guest: ConfiguredGuest) -> int:
    first = guest.values.get("startup", "").partition(",")[0].removeprefix("order=")
    return int(first) if first.isdigit() else LAST


def _each(call: Call, kind: str, guests: list[ConfiguredGuest], action: str, order: Order) -> str:
    """A task that asks for something of each guest in turn and waits for it."""
    check_quorum(call.world)

    async def work(log: TaskLog) -> None:
        failed = 0
        for guest in guests:
            log(f"{action.rpartition('/')[2]} {guest.LABEL} {guest.vmid}")
            error = await _ask(call, guest, action, order(guest))
            if error is not None:
                failed += 1
                log(error)
        if failed:
            raise TaskError("unable to complete all jobs" if len(guests) > 1 else "job failed")

    return call.world.tasks.start(call, call.text("node"), kind, "", work)


async def _ask(call: Call, guest: ConfiguredGuest, action: str, words: Mapping[str, object]) -> str | None:
    """Do it to one guest; what went wrong, None when nothing did."""
    path = f"/nodes/{{node}}/{guest.KIND}/{{vmid}}/{action}"
    params = {"node": guest.node, "vmid": guest.vmid, **words}
    try:
        upid = await ROUTES["POST", path](Call(call.world, "POST", path, params, call.user, call.is_token))
    except ApiError as error:
        return error.reason
    task = call.world.tasks.find(str(upid))
    while task is not None and task.running:
        await call.world.clock.sleep(LOOK_SECONDS)
    return None if task is None or task.exitstatus == "OK" else task.exitstatus
