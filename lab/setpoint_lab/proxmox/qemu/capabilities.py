"""What the hypervisor of a node can do: processor models, machine types, live moves; the same on every node.

Nothing was recorded of them; the lists are those that parameters are checked against, and a few machine types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.named_shapes import CPU_TYPES
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_QEMU = "/nodes/{node}/capabilities/qemu"
_VERSIONS = ("10.0", "9.2", "9.1", "9.0", "8.2")
_MODELS = {"i440fx": "pc-i440fx", "q35": "pc-q35"}
_VIRT = {"i440fx": "virt", "q35": "virt"}
_FLAGS = {
    "aes": "Activate AES instruction set for HW acceleration.",
    "md-clear": "Required to let the guest OS know if MDS is mitigated correctly.",
    "nested-virt": "Controls nested virtualization.",
    "pcid": "Meltdown fix cost reduction on older processors.",
    "pdpe1gb": "Allow guest OS to use 1GB size pages, if host HW supports it.",
    "spec-ctrl": "Allows improved Spectre mitigation with Intel CPUs.",
    "ssbd": "Protection for Speculative Store Bypass for Intel models.",
}


@route("GET", f"{_QEMU}/cpu")
async def list_models(call: Call) -> object:
    """The processor models that a VM may have."""
    rows = [{"name": name, "custom": 0, "vendor": _vendor(name)} for name in sorted(CPU_TYPES)]
    return call.world.shuffled(rows)


@route("GET", f"{_QEMU}/cpu-flags")
async def list_flags(call: Call) -> object:
    """The flags that can be set for every model."""
    nodes = sorted(call.world.nodes)
    return [{"name": name, "description": text, "supported-on": nodes} for name, text in _FLAGS.items()]


@route("GET", f"{_QEMU}/machines")
async def list_machines(call: Call) -> object:
    """The types of machines with their versions."""
    names = _VIRT if call.text("arch") == "aarch64" else _MODELS
    return [
        {"id": f"{name}-{version}", "type": kind, "version": version}
        for kind, name in names.items()
        for version in _VERSIONS
    ]


@route("GET", f"{_QEMU}/migration")
async def tell_of_moves(call: Call) -> object:  # noqa: ARG001  # the same for every node
    """Whether a VM's network state can be carried along."""
    return {"has-dbus-vmstate": 1}


def _vendor(model: str) -> str:
    if model.startswith(("EPYC", "Opteron", "athlon", "phenom")):
        return "AuthenticAMD"
    return "default" if model in {"host", "max", "qemu32", "qemu64", "kvm32", "kvm64"} else "GenuineIntel"
