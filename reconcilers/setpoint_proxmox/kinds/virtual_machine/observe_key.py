"""The host key of a VM, as its guest agent reads it: it goes through the hypervisor, so nobody on the net can forge it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, whole
from setpoint_proxmox.cluster import Cluster, HostKey
from setpoint_proxmox.kinds.virtual_machine.observe_inside import Told, has_agent
from setpoint_proxmox.kinds.virtual_machine.state import NO_AGENT, VmState

FILE: Final = "/etc/ssh/ssh_host_ed25519_key.pub"
_KEY: Final = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}")


@dataclass(frozen=True)
class Shown:
    """The public key that the sshd in a VM shows; empty while it is not known, for the reason in `silence`."""

    key: str = ""
    silence: str = ""


async def host_key(cluster: Cluster, vm: VmState, told: Told, pid: Json, *, routine: bool) -> Shown:
    """Ask the agent of a running VM that has just answered, once for each start where nothing else is new."""
    mute = _mute(vm, told)
    if mute:
        return Shown(silence=mute)
    known, process = cluster.host_keys.get(vm.vmid), whole(pid)
    if routine and known is not None and known.pid == process:
        return Shown(known.key)
    try:
        path = ("nodes", vm.node, "qemu", vm.vmid, "agent", "file-read")
        answer = record(await cluster.api.get(*path, file=FILE))
    except RefusalError as error:
        return Shown(silence=str(error))
    found = _KEY.match(str(answer.get("content") or ""))
    if found is None:
        return Shown(silence=f"its {FILE} holds no key of ed25519; make one, or declare host.hostKey")
    cluster.host_keys[vm.vmid] = HostKey(process, found[0])
    return Shown(found[0])


def _mute(vm: VmState, told: Told) -> str:
    """Why nothing is asked of it; empty where it can be."""
    if vm.power != "running":
        return "it does not run"
    if not has_agent(vm.current):
        return NO_AGENT
    return "" if told.addresses is not None else told.silence or "its guest agent does not answer"
