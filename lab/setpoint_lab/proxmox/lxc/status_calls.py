"""The calls below /status; unlike with VMs, what is wrong is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.load_points import load_points
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.figures import status
from setpoint_lab.proxmox.lxc.power import STOP_SECONDS, power_off, shut_down, start_container
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_STATUS = "/nodes/{node}/lxc/{vmid}/status"


@route("GET", f"{_STATUS}/current")
async def current(call: Call) -> object:
    """What the container does now."""
    return status(requested_container(call))


@route("GET", "/nodes/{node}/lxc/{vmid}/rrddata")
async def read_load(call: Call) -> object:
    """One row per point in time; a container does not know when it was made."""
    return load_points(call, requested_container(call), 0)


@route("POST", f"{_STATUS}/start")
async def start(call: Call) -> object:
    """Start the container."""
    skip, container = _skips_lock(call), requested_container(call)
    if container.machine is not None:
        raise ApiError.internal(f"CT {container.vmid} already running")
    check_quorum(call.world)

    async def work(worker: Worker) -> None:
        await start_container(worker, requested_container(call), skip_lock=skip)

    async with Worker(call).holding(container):
        return fork(call, "vzstart", work)


@route("POST", f"{_STATUS}/stop")
async def stop(call: Call) -> object:
    """Kill the container."""
    skip = _skips_lock(call)
    _require_running(call, "CT")

    async def work(worker: Worker) -> None:
        container = requested_container(call)
        async with worker.holding(container):
            if not skip and container.lock != "mounted":
                container.check_lock()
            await worker.sleep(STOP_SECONDS)
            power_off(container)

    return fork(call, "vzstop", work)


@route("POST", f"{_STATUS}/shutdown")
async def shutdown(call: Call) -> object:
    """Ask the system inside to halt, and kill it when it does not and `forceStop` is set."""
    _require_running(call, "CT")

    async def work(worker: Worker) -> None:
        container = requested_container(call)
        async with worker.holding(container):
            container.check_lock()
            await shut_down(worker, container, _timeout(call), force=call.flag("forceStop"))

    return fork(call, "vzshutdown", work)


@route("POST", f"{_STATUS}/reboot")
async def reboot(call: Call) -> object:
    """Halt the container and start it again with what is pending."""
    _require_running(call, "VM")

    async def work(worker: Worker) -> None:
        container = requested_container(call)
        async with worker.holding(container):
            container.check_lock()
            await shut_down(worker, container, _timeout(call))
        await start_container(worker, container)

    return fork(call, "vzreboot", work)


@route("POST", f"{_STATUS}/suspend")
async def suspend(call: Call) -> object:
    """Freeze the container to disk, which needs a tool that nodes do not have."""
    return _checkpoint(call, "vzsuspend", "-s -D /var/lib/vz/dump")


@route("POST", f"{_STATUS}/resume")
async def resume(call: Call) -> object:
    """Wake a container that was frozen to disk, which needs a tool that nodes do not have."""
    return _checkpoint(call, "vzresume", "-r -F -D /var/lib/vz/dump")


def _checkpoint(call: Call, kind: str, options: str) -> str:
    container = _require_running(call, "VM")

    async def work(worker: Worker) -> None:
        async with worker.holding(container):
            container.check_lock()
            await worker.sleep(STOP_SECONDS)
            command = f"lxc-checkpoint -n {container.vmid} {options}"
            raise TaskError(f"command '{command}' failed: exit code 1")

    return fork(call, kind, work)


def _require_running(call: Call, label: str) -> Container:
    """The container, which runs; `label` is what the answer calls it when it does not."""
    container = requested_container(call)
    if container.machine is None:
        raise ApiError.internal(f"{label} {container.vmid} not running")
    return container


def _skips_lock(call: Call) -> bool:
    if call.flag("skiplock") and not call.is_root:
        raise ApiError.parameters({"skiplock": "Only root may use this option."})
    return call.flag("skiplock")


def _timeout(call: Call) -> int | None:
    return call.integer("timeout") if call.text_or_none("timeout") is not None else None
