"""Values for the pure tests: declarations, observed machines, and what Proxmox would keep of a create call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from setpoint.decide.diff import diff
from setpoint.model.diff import Diff
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Planning
from setpoint.model.plan import Step
from setpoint.model.tree import Json, Scalar, Tree
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.spec import Disk, Nic, NicModel, Power, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from setpoint_proxmox.sizes import GIB, MIB, parse_size, resize_text

KEY = Key("default", "VirtualMachine", "web01")
OWNER = Owner("home", KEY)
VMID = 101
MARK = Mark("home", KEY, str(VMID))
MARKED: dict[str, Scalar] = {"name": "web01", "tags": "setpoint", "description": with_mark("", MARK)}


def facts(
    *nodes: str, guests: Mapping[int, Guest] | None = None, storages: Mapping[str, bool] | None = None
) -> Facts:
    return Facts(
        version="9.2.11",
        cluster="lab",
        quorate=True,
        nodes=dict.fromkeys(nodes or ("pve1",), True),
        guests=guests or {},
        storages=storages or {"local-zfs": False, "ceph.fast": True, "nas": True},
        missing=(),
        forgone=(),
        unclear=(),
        blind="",
        vmids=(1000, 1999),
        endpoint="pve1:8006",
        token="setpoint@pve!ctl",
    )


def spec(**fields: Any) -> VirtualMachineSpec:
    return VirtualMachineSpec.model_validate({"node": "pve1", **fields})


def vm(
    coming: Mapping[str, Scalar] | None = None,
    power: str = "stopped",
    *,
    pool: str = "",
    image_current: bool | None = None,
    **current: Scalar,
) -> VmState:
    """A marked machine; `coming` are the options that change at the next start, None removes one."""
    now = {**MARKED, **current}
    later = {key: value for key, value in {**now, **(coming or {})}.items() if value is not None}
    return VmState(
        VMID,
        "pve1",
        power=power,
        current=now,
        coming=later,
        digest="d1",
        pool=pool,
        image_current=image_current,
    )


def differ(declared: VirtualMachineSpec, state: VmState | None, *, applied: Tree | None = None) -> Diff:
    seen = KIND.project(state) if state is not None else None
    return diff(KIND.declare(declared), seen, KIND.treatments, applied=applied)


def steps(declared: VirtualMachineSpec, state: VmState | None, *nodes: str) -> tuple[Step, ...]:
    """The plan for what was declared and is seen."""
    identity = None if state is None else {"vmid": VMID}
    planning = Planning(declared, OWNER, state, identity, facts(*nodes))
    return KIND.plan(differ(declared, state), planning)


def kept(config: Mapping[str, Json]) -> dict[str, Scalar]:
    """What Proxmox keeps of a create call: allocated volumes, chosen MAC addresses, memory as text."""
    found: dict[str, Scalar] = {}
    for number, (option, value) in enumerate(config.items()):
        text = str(value)
        if option.startswith(("scsi", "virtio", "sata", "ide")) and option != "scsihw":
            storage, _, gib = text.partition(":")
            text = f"{storage}:vm-{VMID}-disk-{number},size={resize_text(parse_size(gib + 'G'))}"
        if option.startswith("net"):
            model, comma, rest = text.partition(",")
            text = (model if "=" in model else f"{model}=BC:24:11:00:00:{number:02X}") + comma + rest
        found[option] = value if option in ("cores", "onboot") and isinstance(value, int) else text
    return found


def _mac(number: int) -> str:
    return "02" + "".join(f":{byte:02x}" for byte in number.to_bytes(5))


def _disk(storage: str, grains: int) -> Disk:
    return Disk(storage=storage, size=grains * 4 * MIB)


def _nic(fields: dict[str, Any]) -> Nic:
    return Nic.model_validate({"bridge": "vmbr0", **fields})


_DISKS = st.builds(
    _disk, storage=st.sampled_from(["local-zfs", "ceph.fast", "nas"]), grains=st.integers(1, 4 * GIB // MIB)
)
_NICS = st.builds(
    _nic,
    fields=st.fixed_dictionaries(
        {},
        optional={
            "bridge": st.sampled_from(["vmbr0", "vnet7"]),
            "model": st.sampled_from(NicModel),
            "mac": st.integers(0, (1 << 40) - 1).map(_mac),
            "vlan": st.none() | st.integers(1, 4094),
            "firewall": st.booleans(),
        },
    ),
)
SPECS = st.builds(
    VirtualMachineSpec.model_validate,
    st.fixed_dictionaries(
        {"node": st.just("pve1")},
        optional={
            "cores": st.integers(1, 64),
            "memory": st.integers(16, 1 << 20).map(lambda mib: mib * MIB),
            "disks": st.dictionaries(st.sampled_from(["scsi0", "virtio1", "sata5", "ide3"]), _DISKS),
            "nics": st.dictionaries(st.sampled_from(["net0", "net9", "net31"]), _NICS),
            "tags": st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,6}", fullmatch=True)),
            "description": st.text(
                st.characters(exclude_categories=["C"], include_characters="\n"), max_size=40
            ),
            "onboot": st.booleans(),
            "power": st.just(Power.STOPPED),
        },
    ),
)
