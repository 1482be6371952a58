"""What Proxmox rewrites in a container is never taken for drift: converge, look again, and nothing is left or written.

One row for each way in which a value comes back in another form, and for each option that Proxmox changes by itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from setpoint_proxmox.kinds.container import KIND
from tests.systems.proxmox.drive import Driver, Lab
from tests.systems.proxmox.made_ct import OWNER, ROOTFS, spec
from tests.systems.proxmox.test_ct_converge import estate

NIC = {"bridge": "vmbr0"}
MAC = "aa:bb:cc:dd:ee:01"
NET = f"name=eth0,bridge=vmbr0,hwaddr={MAC}"
DATA = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
ROOT = "local-zfs:subvol-1000-disk-0"
VOLUME = "local-zfs:subvol-1000-disk-1"
MARK_LINE = "setpoint: home default/Container/dns01 vmid=1000"

ROWS: list[tuple[str, dict[str, Any], tuple[Mapping[str, Any], ...]]] = [
    ("nothing beside the usual", {}, ()),
    ("nic without mac keeps the one that was chosen", {"nics": {"net0": NIC}}, ()),
    ("nic without mac, other option declared", {"nics": {"net0": NIC | {"vlan": 5}}}, ()),
    ("nic in another order", {"nics": {"net0": NIC | {"vlan": 5}}}, ({"net0": f"tag=5,hwaddr={MAC},bridge=vmbr0,name=eth0"},)),
    ("nic firewall default written out", {"nics": {"net0": NIC | {"firewall": False}}}, ({"net0": f"{NET},firewall=0"},)),
    ("nic firewall as a word", {"nics": {"net0": NIC | {"firewall": True}}}, ({"net0": f"{NET},firewall=yes"},)),
    ("nic declared untagged", {"nics": {"net0": NIC | {"vlan": None}}}, ()),
    ("nic with type written out", {"nics": {"net0": NIC | {"mac": MAC}}}, ({"net0": f"{NET},type=veth"},)),
    ("mac declared in capitals, kept in lower case", {"nics": {"net0": NIC | {"mac": MAC.upper()}}}, ({"net0": NET},)),
    ("nic options that are not managed", {"nics": {"net0": NIC | {"mac": MAC}}}, ({"net0": f"{NET},mtu=1400,rate=10,trunks=20;10"},)),
    ("nic addresses", {"nics": {"net0": NIC | {"ipv4": "192.0.2.9/24", "gateway4": "192.0.2.1", "ipv6": "auto"}}}, ()),
    ("nic address in capitals", {"nics": {"net0": NIC | {"mac": MAC, "ipv6": "fd00::1/64"}}}, ({"net0": f"{NET},ip6=FD00::1/64"},)),
    ("memory", {"memory": "512MiB"}, ({"memory": "0512"},)),
    ("swap left out", {"swap": "512MiB"}, ({"delete": "swap"},)),
    ("no swap", {"swap": 0}, ()),
    ("all cores", {"cores": None}, ()),
    ("limit in another form", {"cpu": {"limit": 1.5}}, ({"cpulimit": "1.50"},)),
    ("no limit", {"cpu": {"limit": None}}, ({"cpulimit": "0"},)),
    ("units default", {"cpu": {"units": 100}}, ({"cpuunits": 100},)),
    ("flags default", {"onboot": False, "protection": False}, ({"onboot": 0},)),
    ("description with a newline at its end", {"description": "hello\n"}, ()),
    ("description with blanks around", {"description": "  lead trail  "}, ()),
    ("description of several lines", {"description": "a\n\nb\n\n\n"}, ()),
    ("description that begins with empty lines", {"description": "\n\nx"}, ()),
    ("description beyond ASCII", {"description": "ümlaut ☃ 100% # :"}, ()),
    ("description empty", {"description": ""}, ()),
    ("description by hand with more newlines", {"description": "text"}, ({"description": f"text\n\n{MARK_LINE}\n\n"},)),
    ("tags unordered and in capitals", {"tags": ["Zeta", "alpha", "A"]}, ()),
    ("tags empty", {"tags": []}, ()),
    ("tags by hand", {"tags": ["a", "b"]}, ({"tags": "B setpoint,a"},)),
    ("startup in another order", {"startup": {"order": 1, "up": "30s"}}, ({"startup": "up=30,order=1"},)),
    ("startup bare", {"startup": {"order": 1}}, ({"startup": "order=1"},)),
    ("servers with commas", {"nameservers": ["1.1.1.1", "8.8.8.8"]}, ({"nameserver": "1.1.1.1,8.8.8.8"},)),
    ("domains", {"searchDomains": ["a.com", "b.com"]}, ()),
    ("no servers", {"nameservers": [], "searchDomains": []}, ()),
    ("nesting as a word", {"features": {"nesting": True}}, ({"features": "nesting=yes"},)),
    ("nesting off", {"features": {"nesting": False}}, ({"features": "nesting=0"},)),
    ("features emptied", {"features": {"nesting": False}}, ({"features": ""},)),
    ("features that are not managed", {"features": {"nesting": True}}, ({"features": "keyctl=1,nesting=1"},)),
    ("root in its allocation form", {"rootfs": ROOTFS}, ()),
    ("root of half a GiB", {"rootfs": ROOTFS | {"size": "512MiB"}}, ()),
    ("root with its volume named", {"rootfs": ROOTFS}, ({"rootfs": f"volume={ROOT},size=8G"},)),
    ("root options in another order", {"rootfs": ROOTFS | {"mountOptions": ["discard", "noatime"]}}, ({"rootfs": f"{ROOT},size=8G,mountoptions=noatime;discard"},)),
    ("root options that are not managed", {"rootfs": ROOTFS}, ({"rootfs": f"{ROOT},acl=1,size=8G"},)),
    ("root as a file of a directory", {"rootfs": {"storage": "local", "size": "2GiB"}}, ()),
    ("mount point", {"mountPoints": {"mp0": DATA}}, ()),
    ("mount point with a slash at its end", {"mountPoints": {"mp0": DATA}}, ({"mp0": f"{VOLUME},mp=/data/,size=1G"},)),
    ("mount point without a backup written out", {"mountPoints": {"mp0": DATA | {"backup": False}}}, ({"mp0": f"{VOLUME},mp=/data,backup=0,size=1G"},)),
    ("mount point in another order", {"mountPoints": {"mp0": DATA | {"backup": True}}}, ({"mp0": f"mp=/data,backup=yes,volume={VOLUME},size=1G"},)),
    ("mount points far apart", {"mountPoints": {"mp0": DATA, "mp255": DATA | {"path": "/more"}}}, ()),
    ("a mount point that is not declared", {}, ({"mp9": "local-zfs:1,mp=/other"},)),
    ("a detached volume", {}, ({"mp9": "local-zfs:1,mp=/other"}, {"delete": "mp9"})),
    ("bind mount", {"bindMounts": {"mp1": {"source": "/srv", "path": "/srv"}}}, ({"mp1": "mp=/srv,volume=/srv"},)),
    ("device with its name", {"devices": {"dev0": {"path": "/dev/null"}}}, ({"dev0": "path=/dev/null"},)),
    ("console default", {"console": {"enabled": True, "ttys": 2, "mode": "tty"}}, ({"console": 1, "tty": 2, "cmode": "tty"},)),
    ("distribution that Proxmox found", {"osType": None}, ()),
    ("time zone", {"timeZone": "host"}, ()),
    ("pool", {"pool": "ops"}, ()),
    ("password and keys, which are never told", {"password": {"env": "PW"}}, ()),
]  # fmt: skip
CHANGED = [row for row in ROWS if row[2]]
ROOT_ONLY = ("bind mount", "device with its name")


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(estate())
    return found


@pytest.fixture
async def driver(lab: Lab) -> AsyncGenerator[Driver]:
    from setpoint.model.secret import Secret

    cluster = lab.connect()
    yield Driver(lab, cluster, OWNER, KIND, secrets={"/password": Secret("first-of-all")})
    await cluster.api.close()


def written_by_hand(driver: Driver, by_hand: tuple[Mapping[str, Any], ...]) -> None:
    for params in by_hand:
        driver.lab.api("PUT", "nodes/pve1/lxc/1000/config", **params)


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize(("fields", "by_hand"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
async def test_nothing_is_left_to_do(
    driver: Driver, fields: dict[str, Any], by_hand: tuple[Mapping[str, Any], ...], power: str
) -> None:
    declared = spec(power=power, **fields)
    await driver.converge(spec(**fields))
    written_by_hand(driver, by_hand)
    await driver.converge(declared)
    before = driver.lab.writes()

    again = await driver.look(declared)

    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())
    assert await driver.converge(declared) == []
    assert driver.lab.writes() == before


@pytest.mark.parametrize(("fields", "by_hand"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED])
async def test_what_means_the_same_is_not_even_written_once(
    driver: Driver, fields: dict[str, Any], by_hand: tuple[Mapping[str, Any], ...]
) -> None:
    declared = spec(**fields)
    await driver.converge(declared)
    written_by_hand(driver, by_hand)
    before = driver.lab.writes()

    assert await driver.converge(declared) == []
    assert driver.lab.writes() == before
