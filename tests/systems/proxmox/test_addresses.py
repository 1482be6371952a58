"""Stories of guests that take their addresses from a pool, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.key import Key
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

POOL = Key("default", "AddressPool", "lan")
LAN: dict[str, Any] = {
    "cidr": "192.0.2.0/24",
    "ranges": ["192.0.2.100-192.0.2.109"],
    "gateway": "192.0.2.1",
}
TAKEN = {"pool": "lan"}
LONG = 1500.0
CT = {"node": "pve1", "template": TEMPLATE, "rootfs": ROOTFS, "power": "running"}
VM = {"node": "pve1", "disks": {"scsi0": {"storage": "local-zfs", "size": "1GiB"}}}
Life = Callable[[Running], Awaitable[None]]


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(estate())
    return found


def container(name: str, ipv4: Any = TAKEN, **nic: Any) -> dict[str, str]:
    address = {} if ipv4 is None else {"ipv4": ipv4}
    net0 = {"bridge": "vmbr0", **address, **nic}
    return {f"{name}.yaml": manifest("Container", name, {**CT, "nics": {"net0": net0}})}


def machine(name: str) -> dict[str, str]:
    cloud = {"user": "admin", "ip": {"net0": {"ipv4": TAKEN}}}
    spec = {**VM, "nics": {"net0": {"bridge": "vmbr0"}}, "cloudInit": cloud}
    return {f"{name}.yaml": manifest("VirtualMachine", name, spec)}


def pool(**spec: Any) -> dict[str, str]:
    return {"lan.yaml": manifest("AddressPool", "lan", {**LAN, **spec})}


def daemon(lab: Lab, folder: Path, *files: Mapping[str, str]) -> VirtualDaemon:
    merged = {"lab.yaml": cluster(lab.url), **pool()}
    for some in files:
        merged |= some
    return VirtualDaemon(lab.url, folder, merged)


def play(one: VirtualDaemon, *scripts: Life) -> None:
    async def life(running: Running) -> None:
        await running.settle()
        for script in scripts:
            await script(running)

    one.run(life)


def all_done(running: Running) -> None:
    told = {name: (one.outcome, one.sentence) for name, one in running.statuses().items()}
    assert {outcome for outcome, _ in told.values()} == {"Done"}, told


async def well(running: Running) -> None:
    all_done(running)


async def well_but_full(running: Running) -> None:
    all_done(running)
    assert running.status("AddressPool/lan").outputs == {
        "cidr": "192.0.2.0/24",
        "gateway": "192.0.2.1",
        "available": False,
    }


def net0(lab: Lab, vmid: int, path: str = "lxc", key: str = "net0") -> dict[str, str]:
    text = str(lab.api("GET", f"nodes/pve1/{path}/{vmid}/config")[key])
    return dict(part.split("=", 1) for part in text.split(","))


def addresses(lab: Lab) -> dict[str, str]:
    """The address of every guest, by its name."""
    found: dict[str, str] = {}
    for row in (row for row in lab.api("GET", "cluster/resources") if row["type"] in ("lxc", "qemu")):
        is_ct = row["type"] == "lxc"
        parts = net0(lab, row["vmid"], row["type"], "net0" if is_ct else "ipconfig0")
        found[str(row["name"])] = parts.get("ip", "")
    return found


def test_containers_and_machines_get_different_addresses_and_the_gateway(lab: Lab, tmp_path: Path) -> None:
    files = [container("web01"), container("web02"), container("web03"), machine("vm01"), machine("vm02")]
    play(daemon(lab, tmp_path, *files), well)
    found = addresses(lab)
    assert sorted(found.values()) == [f"192.0.2.{n}/24" for n in range(100, 105)]
    made = [row for row in lab.api("GET", "cluster/resources") if row["type"] == "lxc"]
    assert [net0(lab, row["vmid"])["gw"] for row in made] == ["192.0.2.1"] * 3


def test_addresses_stay_over_a_restart_and_the_loss_of_the_database(lab: Lab, tmp_path: Path) -> None:
    one = daemon(lab, tmp_path, container("web01"), container("web02"), machine("vm01"))
    play(one, well)
    before, writes = addresses(lab), lab.writes()
    play(one, well)
    assert (addresses(lab), lab.writes()) == (before, writes)

    for file in tmp_path.glob("setpoint.db*"):
        file.unlink()
    one.files |= container("web00")
    play(one, well)
    after = addresses(lab)
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == 4
    assert [write for write in lab.writes()[len(writes) :] if "config" in write] == []


def test_the_pool_tells_who_has_which(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        detail = running.status("AddressPool/lan").detail
        assert detail is not None
        assert (detail["free"], detail["addresses"]) == (9, {"192.0.2.100": "Container/web01 nics/net0/ipv4"})

    play(daemon(lab, tmp_path, container("web01")), well, script)


def test_an_address_that_somebody_gave_to_another_guest_is_held_and_not_handed_out(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        lab.api("PUT", "nodes/pve1/lxc/1001/config", net0="name=eth0,bridge=vmbr0,ip=192.0.2.100/24")
        await asyncio.sleep(LONG)
        status = running.status("Container/web01")
        assert status.outcome == "Held", status.sentence
        assert "192.0.2.100 of Container/web01 is also seen on Container/db02" in status.sentence
        await running.declare(container("new"))
        await asyncio.sleep(LONG)
        assert addresses(lab)["new"] == "192.0.2.101/24"

    one = daemon(lab, tmp_path, container("web01"))
    play(one, well)
    one.files |= container("db02", None)
    play(one, well, script)


def test_an_address_that_is_declared_for_a_guest_is_not_handed_out(lab: Lab, tmp_path: Path) -> None:
    play(daemon(lab, tmp_path, container("fixed", "192.0.2.100/24"), container("web01")), well)
    assert addresses(lab) == {"fixed": "192.0.2.100/24", "web01": "192.0.2.101/24"}


def test_a_guest_for_which_no_address_is_left_waits_until_there_is_one(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        states = {name: running.status(f"Container/{name}") for name in ("web01", "web02")}
        (held,) = (one for one in states.values() if one.outcome != "Done")
        assert held.outcome == "Held"
        assert "AddressPool/lan has no IPv4 address left for nics/net0/ipv4" in held.sentence
        assert "add a range to AddressPool/lan" in held.sentence
        assert "Exhausted" in {c.reason for c in running.status("AddressPool/lan").conditions}
        await running.declare(pool(ranges=["192.0.2.100-192.0.2.101"]))
        await asyncio.sleep(LONG)
        all_done(running)

    play(daemon(lab, tmp_path, container("web01"), container("web02"), pool(ranges=["192.0.2.100"])), script)
    assert sorted(addresses(lab).values()) == ["192.0.2.100/24", "192.0.2.101/24"]


def test_a_smaller_pool_takes_nothing_away(lab: Lab, tmp_path: Path) -> None:
    one = daemon(lab, tmp_path, container("web01"))
    play(one, well)
    one.files |= pool(ranges=["192.0.2.105"]) | container("web02")
    play(one, well)
    assert addresses(lab) == {"web01": "192.0.2.100/24", "web02": "192.0.2.105/24"}


def test_a_renamed_guest_keeps_its_address(lab: Lab, tmp_path: Path) -> None:
    one = daemon(lab, tmp_path, container("web01"))
    play(one, well)
    renamed = json.loads(container("web09")["web09.yaml"])
    renamed["metadata"]["formerly"] = "web01"

    async def script(running: Running) -> None:
        await running.declare({"web01.yaml": None, "web09.yaml": json.dumps(renamed), **container("more")})
        await asyncio.sleep(LONG)
        all_done(running)

    play(one, script)
    assert addresses(lab) == {"web09": "192.0.2.100/24", "more": "192.0.2.101/24"}


def test_the_address_of_a_deleted_guest_goes_to_one_that_waits_when_there_is_no_other(
    lab: Lab, tmp_path: Path
) -> None:
    def doomed() -> dict[str, str]:
        spec = {**CT, "nics": {"net0": {"bridge": "vmbr0", "ipv4": TAKEN}}}
        return {"web01.yaml": manifest("Container", "web01", spec, deletion="delete", grace="0s")}

    async def script(running: Running) -> None:
        await running.declare(container("web02"))
        await running.until(lambda: "Container/web02" in running.statuses())
        assert "has no IPv4 address left" in running.status("Container/web02").sentence
        await running.declare({"web01.yaml": None})
        await running.until(lambda: running.status("Container/web02").outcome == "Done", 300)
        assert addresses(lab) == {"web02": "192.0.2.100/24"}

    play(daemon(lab, tmp_path, doomed(), pool(ranges=["192.0.2.100"])), well_but_full, script)


def test_a_guest_asks_the_name_server_that_another_one_is(lab: Lab, tmp_path: Path) -> None:
    server = [{"from": "Container/dns01", "output": "addresses.v4"}]
    spec = {**CT, "nics": {"net0": {"bridge": "vmbr0", "ipv4": TAKEN}}, "nameservers": server}
    files = {**container("dns01"), "web01.yaml": manifest("Container", "web01", spec)}

    play(daemon(lab, tmp_path, files), well)
    found = {str(row["name"]): row["vmid"] for row in lab.api("GET", "cluster/resources") if "vmid" in row}
    config = lab.api("GET", f"nodes/pve1/lxc/{found['web01']}/config")
    assert config["nameserver"] == addresses(lab)["dns01"].partition("/")[0]
