"""What turns a container on and off; neighbour: `status_calls`, which lets people do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.lxc import nets
from setpoint_lab.proxmox.lxc.apply import Application
from setpoint_lab.proxmox.lxc.disks import existing
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.network.interfaces import has_bridge
from setpoint_lab.proxmox.option_table import is_net
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.lxc.container import Container

STOP_SECONDS = 0.5
DEFAULT_TIMEOUT = 60


async def start_container(worker: Worker, container: Container, *, skip_lock: bool = False) -> None:
    """Start the container with what was pending.

    Raises:
        ApiError: it is a template, locked or running, or something that it needs is not there.
    """
    async with worker.holding(container):
        if container.template:
            raise ApiError.internal("you can't start a CT if it's a template")
        if not skip_lock and container.lock != "mounted":
            container.check_lock()
        if container.machine is not None:
            raise ApiError.internal(f"CT {container.vmid} already running")
        await _apply(worker, container)
        _prepare(worker, container)
        await worker.sleep(container.world.luck.uniform(*container.world.pace.start))
        container.run()
        container.world.changed()


def launch(call: Call, container: Container) -> str:
    """Start a container in a task of its own."""

    async def work(worker: Worker) -> None:
        await start_container(worker, container)

    return fork(call, "vzstart", work, str(container.vmid))


def power_off(container: Container) -> None:
    """Kill everything in the container; what is pending stays so until it starts."""
    container.die()
    container.world.changed()


async def shut_down(
    worker: Worker, container: Container, patience: int | None, *, force: bool = False
) -> None:
    """Ask the system inside to halt within `patience` seconds, and kill it when it does not and `force` is set.

    Raises:
        ApiError: it did not halt.
    """
    seconds = DEFAULT_TIMEOUT if patience is None else patience
    needed = container.world.pace.shutdown
    if container.behaviour.acpi and seconds >= needed:
        await worker.sleep(needed)
    else:
        await worker.sleep(seconds)
        if not force:
            command = f"lxc-stop -n {container.vmid} --nokill --timeout {seconds}"
            raise ApiError.internal(f"command '{command}' failed: exit code 1")
        await worker.sleep(STOP_SECONDS)
    power_off(container)


async def _apply(worker: Worker, container: Container) -> None:
    config = container.load()
    if not config.pending and not config.deletes:
        return
    application = Application(worker, container, config)
    await application.apply()
    for text in application.errors.values():
        worker.warn(text.rstrip("\n"))
    container.write(config)


def _prepare(worker: Worker, container: Container) -> None:
    """Find the volumes and bridges that the container needs."""
    values = container.values
    for mount in mounts(values):
        if mount.kind == "volume":
            existing(worker, mount.source)
    for key in sorted(filter(is_net, values)):
        bridge = nets.parse(values[key]).get("bridge")
        if bridge is not None and not has_bridge(worker.world, container.node, bridge):
            worker.log(f"bridge '{bridge}' does not exist")
            raise ApiError.internal(f"startup for container '{container.vmid}' failed")
