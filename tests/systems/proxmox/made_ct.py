"""Values for the pure tests of containers: declarations, observed ones, and what Proxmox would keep of a create call."""

from __future__ import annotations

import re
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
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.kinds.container.strings import MOUNT, NIC
from setpoint_proxmox.mark import with_mark
from setpoint_proxmox.sizes import GIB, MIB, parse_size, resize_text
from tests.systems.proxmox.made import facts

KEY = Key("default", "Container", "dns01")
OWNER = Owner("home", KEY)
VMID = 101
MARK = Mark("home", KEY, str(VMID))
TEMPLATE = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"
MARKED: dict[str, Scalar] = {
    "hostname": "dns01",
    "tags": "setpoint",
    "description": with_mark("", MARK) + "\n",
    "unprivileged": 1,
    "arch": "amd64",
    "ostype": "debian",
    "memory": 512,
    "swap": 512,
    "rootfs": f"local-zfs:subvol-{VMID}-disk-0,size=8G",
}
ROOTFS = {"storage": "local-zfs", "size": "8GiB"}


def spec(**fields: Any) -> ContainerSpec:
    return ContainerSpec.model_validate(
        {"node": "pve1", "template": TEMPLATE, "rootfs": ROOTFS, **fields},
    )


def ct(
    coming: Mapping[str, Scalar] | None = None,
    power: str = "stopped",
    *,
    pool: str = "",
    **current: Scalar,
) -> CtState:
    """A marked container; `coming` are the options that change at the next start, None removes one."""
    now = {key: value for key, value in {**MARKED, **current}.items() if value is not None}
    later = {key: value for key, value in {**now, **(coming or {})}.items() if value is not None}
    return CtState(VMID, "pve1", power=power, current=now, coming=later, digest="d1", pool=pool)


def differ(declared: ContainerSpec, state: CtState | None, *, applied: Tree | None = None) -> Diff:
    seen = KIND.project(state) if state is not None else None
    return diff(KIND.declare(declared), seen, KIND.treatments, applied=applied)


def steps(
    declared: ContainerSpec,
    state: CtState | None,
    *nodes: str,
    applied: Tree | None = None,
    known: Facts | None = None,
) -> tuple[Step, ...]:
    """The plan for what was declared and is seen."""
    identity = None if state is None else {"vmid": VMID}
    planning = Planning(declared, OWNER, state, identity, known or facts(*nodes))
    return KIND.plan(differ(declared, state, applied=applied), planning)


def kept(config: Mapping[str, Json]) -> dict[str, Scalar]:
    """What Proxmox keeps of a create call: allocated volumes, chosen MAC addresses, nothing of what only begins it."""
    found: dict[str, Scalar] = {"arch": "amd64", "ostype": "debian"}
    for number, (option, value) in enumerate(config.items()):
        text = str(value)
        if option in ("ostemplate", "pool", "password", "ssh-public-keys"):
            continue
        if option == "rootfs" or re.fullmatch(r"mp\d+", option):
            text = _kept_mount(text, number)
        if re.fullmatch(r"net\d+", option):
            nic = NIC.split(text)
            text = NIC.join({"hwaddr": f"BC:24:11:00:00:{number:02X}", "type": "veth", **nic})
        found[option] = value if isinstance(value, int) else text
    return found


def _kept_mount(text: str, number: int) -> str:
    mount = MOUNT.split(text)
    storage, _, rest = mount["volume"].partition(":")
    if re.fullmatch(r"[0-9.]+", rest):
        size = resize_text(parse_size(f"{rest}G"))
        mount |= {"volume": f"{storage}:subvol-{VMID}-disk-{number}", "size": size}
    return MOUNT.join(mount)


_NONE = st.none()
_SIZES = st.integers(1, 4 * GIB // MIB).map(lambda grains: grains * 4 * MIB)
_VOLUMES = {
    "size": _SIZES,
    "storage": st.sampled_from(["local-zfs", "ceph.fast", "nas"]),
}
_VOLUME_OPTIONS = {
    "mountOptions": st.lists(st.sampled_from(["noatime", "discard", "nosuid"]), max_size=3),
    "acl": _NONE | st.booleans(),
    "replicate": st.booleans(),
}


def _mac(number: int) -> str:
    return "02" + "".join(f":{byte:02x}" for byte in number.to_bytes(5))


def _mount(slot: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {**_VOLUMES, "path": st.sampled_from([f"/{slot}", f"/srv/{slot}/"])},
        optional={**_VOLUME_OPTIONS, "backup": st.booleans(), "readOnly": st.booleans()},
    )


def _nic(slot: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"bridge": st.sampled_from(["vmbr0", "vnet7"])},
        optional={
            "name": st.sampled_from([f"lan{slot}", f"eth{slot[3:]}"]),
            "mac": st.integers(0, (1 << 40) - 1).map(_mac),
            "ipv4": _NONE | st.sampled_from(["dhcp", "manual", "192.0.2.9/24"]),
            "ipv6": _NONE | st.sampled_from(["auto", "2001:DB8::9/64"]),
            "vlan": _NONE | st.integers(1, 4094),
            "trunks": st.lists(st.integers(1, 4094), unique=True, max_size=3),
            "firewall": st.booleans(),
            "rate": _NONE | st.floats(0.001, 1e6),
            "mtu": _NONE | st.integers(64, 9000),
            "connected": st.booleans(),
        },
    )


SPECS = st.fixed_dictionaries(
    {"rootfs": st.fixed_dictionaries(_VOLUMES, optional=_VOLUME_OPTIONS)},
    optional={
        "cores": _NONE | st.integers(1, 64),
        "cpu": st.fixed_dictionaries(
            {}, optional={"limit": _NONE | st.floats(0.01, 128), "units": st.integers(1, 1000)}
        ),
        "memory": st.integers(16, 1 << 20).map(lambda mib: mib * MIB),
        "swap": st.integers(0, 1 << 20).map(lambda mib: mib * MIB),
        "mountPoints": st.fixed_dictionaries(
            {}, optional={slot: _mount(slot) for slot in ("mp0", "mp9", "mp255")}
        ),
        "nics": st.fixed_dictionaries({}, optional={slot: _nic(slot) for slot in ("net0", "net9", "net31")}),
        "nameservers": st.lists(st.ip_addresses().map(str), max_size=2),
        "searchDomains": st.lists(st.sampled_from(["example.org", "lan"]), unique=True),
        "features": st.fixed_dictionaries({}, optional={"nesting": st.booleans()}),
        "console": st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "ttys": st.integers(0, 6),
                "mode": st.sampled_from(["tty", "console", "shell"]),
            },
        ),
        "osType": _NONE | st.just("nixos"),
        "timeZone": _NONE | st.sampled_from(["host", "Europe/Berlin"]),
        "entrypoint": _NONE | st.just("/init --flag"),
        "startup": st.fixed_dictionaries(
            {}, optional={"order": _NONE | st.integers(0, 9), "up": _NONE | st.just("30s")}
        ),
        "unprivileged": st.just(True),
        "protection": st.booleans(),
        "tags": st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,6}", fullmatch=True)),
        "description": st.text(st.characters(exclude_categories=["C"], include_characters="\n"), max_size=40),
        "onboot": st.booleans(),
        "power": st.just("stopped"),
    },
).map(lambda fields: spec(**fields))
