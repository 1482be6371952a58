"""Values for the pure tests: declarations, observed machines, and what Proxmox would keep of a create call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from setpoint.decide.diff import diff
from setpoint.model.diff import Diff
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Planning
from setpoint.model.plan import Step
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Scalar, Tree
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.guest.spec import Startup
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import Power, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.spec_cloud import CloudInit, IpConfig, Snippets
from setpoint_proxmox.kinds.virtual_machine.spec_device import (
    Agent,
    Audio,
    Cpu,
    Nic,
    NicModel,
    Rng,
    Usb,
    Vga,
    Watchdog,
)
from setpoint_proxmox.kinds.virtual_machine.spec_disk import Disk, Limits, Tpm
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE
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
        if any(other.syntax is DRIVE for other, _ in LAYOUT.called(option)):
            text = _kept_drive(text, number)
        if option.startswith("net"):
            model, comma, rest = text.partition(",")
            text = (model if "=" in model else f"{model}=BC:24:11:00:00:{number:02X}") + comma + rest
        found[option] = value if isinstance(value, int) and option != "memory" else text
    return found


def _kept_drive(text: str, number: int) -> str:
    drive = DRIVE.split(text)
    storage, _, rest = drive["file"].partition(":")
    if rest == "cloudinit":
        drive |= {"file": f"{storage}:vm-{VMID}-cloudinit", "media": "cdrom"}
    elif re.fullmatch(r"[0-9.]+", rest):
        size = resize_text(parse_size(f"{rest}G"))
        drive |= {"file": f"{storage}:vm-{VMID}-disk-{number}", "size": size}
    return DRIVE.join(drive)


def _mac(number: int) -> str:
    return "02" + "".join(f":{byte:02x}" for byte in number.to_bytes(5))


def _field(spec_part: type[Spec], /, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any part of the fields of a model, by the names that people write."""
    names = {field.alias for field in spec_part.model_fields.values()}
    assert optional.keys() <= names, optional.keys() - names
    return st.fixed_dictionaries({}, optional=optional)


def _with(strategy: st.SearchStrategy[dict[str, Any]], **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return strategy.map(lambda found: fields | found)


_NONE = st.none()
_MIBS = st.integers(4, 512).map(lambda mib: mib * MIB)
_WORDS = st.text("abcdefgh XYZ-+%&=;", min_size=1, max_size=12).map(lambda text: f"x{text}x")
_KEYS = st.text("ABCDEFabcdef0123456789+/", min_size=32, max_size=40).map(
    lambda key: f"ssh-ed25519 {key} a@b"
)
_DISKS = _with(
    _field(
        Disk,
        size=st.integers(1, 4 * GIB // MIB).map(lambda grains: grains * 4 * MIB),
        storage=st.sampled_from(["local-zfs", "ceph.fast", "nas"]),
        cache=st.sampled_from(["none", "writeback"]),
        discard=st.booleans(),
        backup=st.booleans(),
        detectZeroes=_NONE | st.booleans(),
        aio=_NONE | st.just("native"),
        serial=_NONE | _WORDS,
        limits=_field(Limits, iops=_NONE | st.integers(10, 999), mbpsRead=_NONE | st.floats(1, 1e6)),
    ),
    storage="nas",
    size=GIB,
)
_NICS = _with(
    _field(
        Nic,
        bridge=st.sampled_from(["vmbr0", "vnet7"]),
        model=st.sampled_from(NicModel),
        mac=st.integers(0, (1 << 40) - 1).map(_mac),
        vlan=_NONE | st.integers(1, 4094),
        trunks=st.lists(st.integers(1, 4094), unique=True, max_size=3),
        firewall=st.booleans(),
        rate=_NONE | st.floats(0.001, 1e6),
        mtu=_NONE | st.integers(1, 9000),
        queues=_NONE | st.integers(1, 64),
        connected=st.booleans(),
    ),
    bridge="vmbr0",
)
_CLOUD = _with(
    _field(
        CloudInit,
        user=_NONE | st.just("admin"),
        sshKeys=st.lists(_KEYS, max_size=2),
        ip=st.dictionaries(
            st.sampled_from(["net0", "net7"]),
            _with(
                _field(IpConfig, ipv6=_NONE | st.just("auto"), gateway4=_NONE | st.just("192.0.2.1")),
                ipv4="192.0.2.9/24",
            ),
        ),
        nameservers=st.lists(st.ip_addresses().map(str), max_size=2),
        searchDomain=_NONE | st.just("example.org"),
        upgrade=st.booleans(),
        type=_NONE | st.just("nocloud"),
        snippets=_field(Snippets, user=_NONE | st.just("local:snippets/u.yaml")),
    ),
    storage="nas",
)
SPECS = _with(
    _field(
        VirtualMachineSpec,
        cores=st.integers(1, 64),
        sockets=st.integers(1, 8),
        cpu=_field(
            Cpu,
            type=st.sampled_from(["host", "kvm64"]),
            flags=st.sets(st.sampled_from(["+aes", "-pcid"])).map(list),
            hidden=st.booleans(),
            limit=_NONE | st.floats(0.01, 128),
            units=st.integers(1, 1000),
        ),
        numa=st.booleans(),
        memory=st.integers(16, 1 << 20).map(lambda mib: mib * MIB),
        balloon=_NONE | st.just(False) | st.just(16 * MIB),
        machine=st.sampled_from(["pc", "q35"]),
        iommu=_NONE | st.just("virtio"),
        firmware=st.sampled_from([{}, {"type": "seabios"}, {"type": "ovmf", "efi": {"storage": "nas"}}]),
        tpm=_NONE | _with(_field(Tpm, version=st.sampled_from(["v1.2", "v2.0"])), storage="nas"),
        osType=st.sampled_from(["other", "l26"]),
        disks=st.dictionaries(st.sampled_from(["scsi0", "virtio1", "sata5", "ide3"]), _DISKS),
        cdroms=st.dictionaries(st.sampled_from(["ide0", "sata4"]), st.fixed_dictionaries({"iso": _NONE})),
        nics=st.dictionaries(st.sampled_from(["net0", "net9", "net31"]), _NICS),
        cloudInit=_CLOUD,
        agent=st.booleans() | _field(Agent, enabled=st.booleans(), freeze=st.booleans()),
        startup=_field(
            Startup,
            order=_NONE | st.integers(0, 9),
            up=_NONE | st.integers(0, 99).map(lambda seconds: timedelta(seconds=seconds)),
        ),
        usb=st.dictionaries(
            st.sampled_from(["usb0", "usb13"]), _with(_field(Usb, usb3=st.booleans()), device="spice")
        ),
        vga=_field(Vga, type=st.sampled_from(["std", "qxl2"]), memory=_NONE | _MIBS),
        rng=_NONE | _field(Rng, period=_NONE | st.integers(1, 99), maxBytes=_NONE | _MIBS),
        watchdog=_NONE
        | _field(Watchdog, model=st.sampled_from(["i6300esb", "ib700"]), action=_NONE | st.just("reset")),
        audio=_NONE | _field(Audio, driver=st.sampled_from(["spice", "none"])),
        tablet=st.booleans(),
        hotplug=st.sets(st.sampled_from(["disk", "usb", "cpu"])).map(list),
        keyboard=_NONE | st.just("de-ch"),
        localTime=_NONE | st.booleans(),
        protection=st.booleans(),
        tags=st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,6}", fullmatch=True)),
        description=st.text(st.characters(exclude_categories=["C"], include_characters="\n"), max_size=40),
        onboot=st.booleans(),
        power=st.just(Power.STOPPED),
    ),
    node="pve1",
).map(VirtualMachineSpec.model_validate)
