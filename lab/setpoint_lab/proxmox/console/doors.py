"""What every console is: a ticket, a port, and a task that waits for who never comes; neighbours: `vm_calls`, `ct_calls`.

Nothing was recorded of them: they follow the API's schema and the daemons' source, but for the port, which is shut.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, ClassVar

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.nodes import fingerprint
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

PATIENCE = 10.0
"""Seconds that a console waits for its visitor."""

VNC_PORTS = range(5900, 6000)
SPICE_PORTS = range(61000, 61100)
VNC_TICKET = "PVEVNC"
TUNNEL_TICKET = "PVETUNNEL"
TIMED_OUT = "connection timed out"


class Doors:
    """The ports that are taken, each until somebody could no longer come."""

    KEY: ClassVar[str] = "doors"

    def __init__(self, world: World, given: object) -> None:  # noqa: ARG002  # the form of all parts
        """Begin with every port free; open consoles are no part of a state."""
        self._world = world
        self._until: dict[int, float] = {}

    def state(self) -> object:
        """Nothing: no console outlives its process."""
        return []

    def take(self, ports: range) -> int:
        """The first free port.

        Raises:
            ApiError: all are taken.
        """
        now = self._world.clock.now()
        port = next((port for port in ports if self._until.get(port, now) <= now), None)
        if port is None:
            raise ApiError.internal("unable to find free port (5900-6000)")
        self._until[port] = now + PATIENCE
        return port


def open_door(call: Call, port: int, kind: str, end: str) -> dict[str, object]:
    """A ticket for a port and the task that waits behind it, which ends with `end` as nobody comes."""

    async def wait(worker: Worker) -> None:
        await worker.sleep(PATIENCE)
        raise TaskError(end)

    now = call.world.clock.now()
    ticket = call.world.signer.bound(VNC_TICKET, call.user, authority(call), now)
    return {"user": call.user, "ticket": ticket, "port": port, "upid": fork(call, kind, wait)}


def authority(call: Call) -> str:
    """The path of the access control list that a guest's consoles are about."""
    return f"/vms/{call.integer('vmid')}"


def certificate(call: Call) -> str:
    """The certificate of the asked node, which is none."""
    text = base64.b64encode(fingerprint(call.text("node")).encode()).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


def terminal(call: Call, port: int, command: str) -> str:
    """How a terminal's task ends to which nobody comes."""
    shown = f"/usr/bin/termproxy {port} --path {authority(call)} --perm VM.Console -- {command}"
    return f"command '{shown}' failed: exit code 1"


def enter(call: Call) -> dict[str, object]:
    """What a socket of the web is opened with: the port; nothing is there to speak to.

    Raises:
        ApiError: the ticket is not for this user and guest, or too old.
    """
    if not call.world.signer.bound_holds(
        VNC_TICKET, call.user, authority(call), call.text("vncticket"), call.world.clock.now()
    ):
        raise ApiError.unauthorized("permission denied - invalid PVEVNC ticket")
    return {"port": call.text("port")}


def viewer(call: Call, title: str, port: int) -> dict[str, object]:
    """What a viewer of SPICE is told."""
    node = call.text("node")
    password = call.world.signer.bound(VNC_TICKET, call.user, f"spice:{port}", call.world.clock.now())
    return {
        "type": "spice",
        "title": title,
        "host": f"pvespiceproxy:{port}:{node}",
        "tls-port": port,
        "proxy": f"http://{call.text('proxy') or call.world.nodes[node].ip}:3128",
        "password": password.rpartition("::")[2][:40],
        "ca": certificate(call).replace("\n", "\\n"),
        "host-subject": f"OU=PVE Cluster Node,O=Proxmox Virtual Environment,CN={node}",
        "delete-this-file": 1,
        "secure-attention": "Ctrl+Alt+Ins",
        "toggle-fullscreen": "Shift+F11",
        "release-cursor": "Ctrl+Alt+R",
    }
