"""What is the same when a VM or a container is moved to another node: what is refused at once, and what the task prints."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.handlers.nodes import fingerprint
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.configured import ConfiguredGuest
    from setpoint_lab.proxmox.worker import Worker

OFFLINE_SECONDS = 0.5
ABORTED = "migration aborted"


def requested_target(call: Call) -> str:
    """The node to move to, or the answer that it is none; whether it is on shows in the task."""
    world, target = call.world, call.text("target")
    if target == call.text("node"):
        raise ApiError.parameters({"target": "target is local node."})
    check_quorum(world)
    if target not in world.nodes:
        raise ApiError.internal(f"no such cluster node '{target}'")
    return target


def share_far(kind: str, requested: Callable[[Call], ConfiguredGuest]) -> None:
    """Answer for moves to another cluster: the far end is known by its fingerprint, and there is none to move to."""

    @route("POST", f"/nodes/{{node}}/{kind}/{{vmid}}/remote_migrate")
    async def migrate_far(call: Call) -> object:
        given = re.search(r"(?:^|,)fingerprint=([^,]+)", call.text("target-endpoint"))
        far = fingerprint(call.world.local)
        requested(call).check_lock()
        if given is None or given[1] != far:
            raise ApiError.internal(f"fingerprint '{far}' not verified, abort!")
        raise ApiError.not_implemented(call.method, call.path)

    _ = migrate_far


class Journal:
    """What the task of a migration prints, each line with its time."""

    def __init__(self, worker: Worker) -> None:
        """Begin to count the time that it takes."""
        self._worker = worker
        self._began = worker.world.clock.now()

    def write(self, text: str) -> None:
        """Print a line."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._worker.world.clock.now()))
        self._worker.log(f"{stamp} {text}")

    def begin(self, noun: str, vmid: int, target: str) -> None:
        """Say who moves, and where to."""
        node = self._worker.world.nodes[target]
        self.write(f"starting migration of {noun} {vmid} to node '{node.name}' ({node.ip})")

    def abort(self, error: ApiError | TaskError) -> TaskError:
        """Say what went wrong; gives what the task ends with."""
        self.write(f"ERROR: {error.reason if isinstance(error, ApiError) else error}")
        self.write("aborting phase 1 - cleanup resources")
        return TaskError(ABORTED)

    def end(self) -> None:
        """Say that all went well, and how long it took."""
        seconds = int(self._worker.world.clock.now() - self._began)
        spent = time.strftime("%H:%M:%S", time.gmtime(seconds))
        self.write(f"migration finished successfully (duration {spent})")


def require_online(worker: Worker, target: str) -> None:
    """Raise when the other node does not answer."""
    if not worker.world.nodes[target].online:
        raise ApiError.internal(f"Can't connect to destination address using public key of '{target}'")
