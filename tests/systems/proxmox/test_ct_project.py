"""A container's declaration and what is seen of it, in one form: what means the same never differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from setpoint.model.diff import Cause
from setpoint.model.identity import Mark
from setpoint.model.tree import Scalar
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.made_ct import MARK, OWNER, ROOTFS, SPECS, VMID, ct, differ, kept, spec, steps

MAC = "aa:bb:cc:dd:ee:01"
VOLUME = f"local-zfs:subvol-{VMID}-disk-1"
NIC = {"bridge": "vmbr0", "mac": MAC}
MOUNT = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
NET = f"name=eth0,bridge=vmbr0,hwaddr={MAC},type=veth"

SAME: list[tuple[str, dict[str, Any], dict[str, Scalar]]] = [
    ("memory as a number", {"memory": "512MiB"}, {"memory": 512}),
    ("memory as text with a zero", {"memory": "512MiB"}, {"memory": "0512"}),
    ("memory left out", {"memory": "512MiB"}, {"memory": None}),
    ("no swap", {"swap": 0}, {"swap": 0}),
    ("swap left out", {"swap": "512MiB"}, {"swap": None}),
    ("all cores", {"cores": None}, {"cores": None}),
    ("limit in another form", {"cpu": {"limit": 1.5}}, {"cpulimit": "1.50"}),
    ("no limit", {"cpu": {"limit": None}}, {"cpulimit": "0"}),
    ("units left out", {"cpu": {"units": 100}}, {}),
    ("description with its newline", {"description": "hello"}, {"description": with_mark("hello", MARK) + "\n"}),
    ("description with blanks kept", {"description": "  lead trail  "}, {"description": with_mark("  lead trail", MARK) + "\n"}),
    ("description empty", {"description": ""}, {}),
    ("tags unordered", {"tags": ["b", "A"]}, {"tags": "a;b;setpoint"}),
    ("tags with commas", {"tags": ["b", "a"]}, {"tags": "setpoint,b a"}),
    ("no tags", {"tags": []}, {"tags": " "}),
    ("startup in another order", {"startup": {"order": 1, "up": "30s"}}, {"startup": "up=30,order=1"}),
    ("startup bare", {"startup": {"order": 1}}, {"startup": "1"}),
    ("servers with blanks", {"nameservers": ["9.9.9.9", "1.1.1.1"]}, {"nameserver": "9.9.9.9 1.1.1.1"}),
    ("servers with commas", {"nameservers": ["9.9.9.9", "1.1.1.1"]}, {"nameserver": "9.9.9.9,1.1.1.1"}),
    ("servers in another form", {"nameservers": ["2001:db8::1"]}, {"nameserver": "2001:DB8:0::1"}),
    ("no servers", {"nameservers": [], "searchDomains": []}, {}),
    ("domains", {"searchDomains": ["a.com", "b.com"]}, {"searchdomain": "a.com b.com"}),
    ("nesting as a word", {"features": {"nesting": True}}, {"features": "nesting=yes"}),
    ("nesting off written out", {"features": {"nesting": False}}, {"features": "nesting=0"}),
    ("features blank", {"features": {"nesting": False, "keyctl": False, "mount": []}}, {"features": " "}),
    ("features in another order", {"features": {"nesting": True, "mount": ["cifs", "nfs"]}}, {"features": "mount=nfs;cifs,nesting=1"}),
    ("features that are not managed", {"features": {"nesting": True}}, {"features": "keyctl=1,nesting=1"}),
    ("nic printed", {"nics": {"net0": {"bridge": "vmbr0"}}}, {"net0": NET}),
    ("nic with a mac in capitals", {"nics": {"net0": NIC}}, {"net0": NET.replace(MAC, MAC.upper())}),
    ("nic in another order", {"nics": {"net0": NIC | {"name": "eth0"}}}, {"net0": f"type=veth,hwaddr={MAC},bridge=vmbr0,name=eth0"}),
    ("nic firewall off written out", {"nics": {"net0": NIC | {"firewall": False}}}, {"net0": f"{NET},firewall=0"}),
    ("nic firewall as a word", {"nics": {"net0": NIC | {"firewall": True}}}, {"net0": f"{NET},firewall=yes"}),
    ("nic with everything", {"nics": {"net0": NIC | {"ipv4": "manual", "ipv6": "auto", "vlan": 5, "rate": 10, "mtu": 1400, "trunks": [10, 20], "connected": False}}}, {"net0": f"name=eth0,bridge=vmbr0,hwaddr={MAC},ip=manual,ip6=auto,link_down=1,mtu=1400,rate=10.0,tag=5,trunks=20;10,type=veth"}),
    ("nic address in another form", {"nics": {"net0": NIC | {"ipv6": "fd00::1/64"}}}, {"net0": f"{NET},ip6=FD00:0::1/64"}),
    ("nic options that are not managed", {"nics": {"net0": NIC}}, {"net0": f"{NET},host-managed=1,rate=3"}),
    ("rootfs", {"rootfs": ROOTFS}, {}),
    ("rootfs with its volume named", {"rootfs": ROOTFS}, {"rootfs": f"volume=local-zfs:subvol-{VMID}-disk-0,size=8G"}),
    ("rootfs in another unit", {"rootfs": ROOTFS}, {"rootfs": f"local-zfs:subvol-{VMID}-disk-0,size=8192M"}),
    ("rootfs options", {"rootfs": ROOTFS | {"mountOptions": ["noatime", "discard"], "acl": True}}, {"rootfs": f"local-zfs:subvol-{VMID}-disk-0,acl=1,mountoptions=noatime;discard,size=8G"}),
    ("rootfs default written out", {"rootfs": ROOTFS | {"replicate": True}}, {"rootfs": f"local-zfs:subvol-{VMID}-disk-0,replicate=1,size=8G"}),
    ("mount point", {"mountPoints": {"mp0": MOUNT}}, {"mp0": f"{VOLUME},mp=/data,size=1G"}),
    ("mount point with a slash", {"mountPoints": {"mp0": MOUNT}}, {"mp0": f"{VOLUME},mp=/data/,size=1G"}),
    ("mount point declared with a slash", {"mountPoints": {"mp0": MOUNT | {"path": "/data//"}}}, {"mp0": f"{VOLUME},mp=/data,size=1G"}),
    ("mount point without a backup written out", {"mountPoints": {"mp0": MOUNT | {"backup": False}}}, {"mp0": f"{VOLUME},mp=/data,backup=0,size=1G"}),
    ("mount point in another order", {"mountPoints": {"mp0": MOUNT | {"backup": True}}}, {"mp0": f"size=1G,mp=/data,backup=yes,volume={VOLUME}"}),
    ("mount point whose size is not told", {"mountPoints": {"mp0": MOUNT}}, {"mp0": f"{VOLUME},mp=/data,size=1024M,keepattrs=1"}),
    ("a mount point that is not declared", {}, {"mp7": f"{VOLUME},mp=/other,size=1G"}),
    ("a detached volume", {"rootfs": ROOTFS}, {"unused0": VOLUME}),
    ("bind mount", {"bindMounts": {"mp1": {"source": "/srv/", "path": "/srv"}}}, {"mp1": "/srv,mp=/srv"}),
    ("bind mount in another order", {"bindMounts": {"mp1": {"source": "/srv", "path": "/srv", "readOnly": True}}}, {"mp1": "mp=/srv,ro=1,volume=/srv,replicate=0"}),
    ("device bare", {"devices": {"dev0": {"path": "/dev/null"}}}, {"dev0": "/dev/null"}),
    ("device with its name", {"devices": {"dev0": {"path": "/dev/null", "uid": 1000, "mode": "0660"}}}, {"dev0": "mode=0660,path=/dev/null,uid=1000"}),
    ("console as usual", {"console": {"enabled": True, "ttys": 2, "mode": "tty"}}, {}),
    ("console written out", {"console": {"enabled": True, "ttys": 2, "mode": "tty"}}, {"console": 1, "tty": 2, "cmode": "tty"}),
    ("flags off", {"onboot": False, "protection": False}, {"onboot": 0}),
    ("distribution of the template", {"osType": None}, {"ostype": "alpine"}),
    ("unprivileged", {"unprivileged": True}, {}),
    ("no pool", {"pool": None}, {}),
    ("a password, which is never told", {"password": {"env": "PW"}}, {}),
    ("keys, which are never told", {"sshKeys": []}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "current"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_means_the_same_does_not_differ(fields: dict[str, Any], current: Mapping[str, Scalar]) -> None:
    found = differ(spec(**fields), ct(**current))
    assert (found.changes, found.unseen) == ((), ())
    assert steps(spec(**fields), ct(**current)) == ()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_what_was_made_as_declared_does_not_differ(declared: ContainerSpec) -> None:
    (create, *others) = steps(declared, None)
    assert (create.verb, others) == ("create", [])
    config = create.arguments["config"]
    assert isinstance(config, dict)
    made = kept(config) | {"description": with_mark(declared.description, MARK) + "\n"}
    state = CtState(VMID, "pve1", current=made, coming=made)
    found = differ(declared, state)
    assert (found.changes, found.unseen) == ((), ())
    assert KIND.mark(OWNER, state) is None


def test_a_virtual_machine_in_the_way_shows_nothing() -> None:
    state = CtState(VMID, "pve1", "qemu")
    (change,) = differ(ContainerSpec(cores=1), state).changes
    assert change.path == "/cores"
    assert KIND.status(state) == {"vmid": VMID, "node": "pve1", "virtualMachine": True}
    assert KIND.publish(state) == KIND.outputs()
    assert KIND.mark(OWNER, state) is None


def test_what_waits_is_seen_as_such() -> None:
    declared = spec(features={"nesting": True})
    (change,) = differ(declared, ct({"features": "nesting=1"}, "running")).changes
    assert (change.path, change.accepted, change.cause) == ("/features/nesting", True, Cause.DRIFT)


def test_an_option_that_cannot_be_read_is_neither_compared_nor_written() -> None:
    declared = spec(nics={"net0": NIC})
    found = differ(declared, ct(net0="name=eth0,,"))
    assert found.changes == ()
    assert found.unseen == ("/nics/net0/bridge", "/nics/net0/mac")


def test_the_status_tells_where_and_how_it_is() -> None:
    state = ct({"features": "nesting=1"}, "running", net0=NET, unused0=VOLUME)
    shown = KIND.status(state)
    assert shown["macs"] == {"net0": MAC.upper()}
    assert shown["detachedVolumes"] == {"unused0": VOLUME}
    assert shown["pendingRestart"] == ["features"]


def test_outputs_are_the_reachable_addresses() -> None:
    told = {"net0": ("192.0.2.9/24", "fe80::1/64", "2001:db8::9/64")}
    state = CtState(VMID, "pve1", power="running", current={"hostname": "dns01", "net0": NET}, addresses=told)
    found = KIND.publish(state)
    assert found.model_dump() == {
        "vmid": VMID, "node": "pve1", "name": "dns01", "macs": {"net0": MAC.upper()},
        "addresses": {"v4": ("192.0.2.9",), "v6": ("2001:db8::9",)}, "ipv4": "192.0.2.9", "ipv6": "2001:db8::9",
        "address": "192.0.2.9", "hostKey": None, "incarnation": "first",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "written"),
    [
        (ct(), None),
        (ct(hostname="CT101"), ["hostname"]),
        (ct(tags="a;b"), ["tags"]),
        (ct(description="hi\n"), ["description"]),
        (ct(description=with_mark("hi", Mark("home", OWNER.key, "7")) + "\n"), ["description"]),
    ],
    ids=["complete", "name", "tag", "mark", "a copy's mark"],
)
def test_the_mark_is_made_complete(state: CtState, written: list[str] | None) -> None:
    step = KIND.mark(OWNER, state)
    config = None if step is None else step.arguments["config"]
    assert (list(config) if isinstance(config, dict) else None) == written
