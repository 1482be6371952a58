"""A dev that is a copy of prod by architecture: another namespace, another network, other addresses and other sizes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate
from tests.systems.proxmox.test_network import GRANTED, vnets

SUBNET = {"10.20.0.0/24": {"gateway": "10.20.0.1", "snat": True}}
PROD = {
    "prod/network.yaml": manifest(
        "Network",
        "inside",
        {"zone": "prod", "type": "simple", "vnets": {"apps": {"subnets": SUBNET}}},
    ),
    "prod/lan.yaml": manifest(
        "AddressPool", "lan", {"cidr": "10.20.0.0/24", "ranges": ["10.20.0.10-10.20.0.99"]}
    ),
    "prod/web01.yaml": manifest(
        "Container",
        "web01",
        {
            "node": "pve1",
            "template": TEMPLATE,
            "rootfs": ROOTFS,
            "memory": "2GiB",
            "nics": {"net0": {"bridge": "apps", "ipv4": {"pool": "lan"}}},
            "tags": ["prod"],
        },
    ),
    "prod/db01.yaml": manifest(
        "VirtualMachine",
        "db01",
        {
            "node": "pve1",
            "memory": "4GiB",
            "disks": {"scsi0": {"storage": "local-zfs", "size": "8GiB"}},
            "nics": {"net0": {"bridge": "apps"}},
            "cloudInit": {"user": "admin", "ip": {"net0": {"ipv4": {"pool": "lan"}}}},
        },
        deletion="delete",
    ),
}
DEV_SUBNET = {"10.120.0.0/24": {"gateway": "10.120.0.1", "snat": True}}
DEV: dict[str, Any] = {
    "over": "../prod",
    "namespace": "dev",
    "patches": [
        {
            "kind": "Network",
            "spec": {"zone": "dev", "vnets": {"apps": None, "devapps": {"subnets": DEV_SUBNET}}},
        },
        {
            "kind": "AddressPool",
            "spec": {"cidr": "10.120.0.0/24", "ranges": ["10.120.0.10-10.120.0.99"]},
        },
        {
            "kind": "Container",
            "spec": {"memory": "512MiB", "nics": {"net0": {"bridge": "devapps"}}, "tags": ["dev"]},
        },
        {"kind": "VirtualMachine", "spec": {"memory": "1GiB", "nics": {"net0": {"bridge": "devapps"}}}},
    ],
}
OVERLAY = {"dev/overlay.yaml": json.dumps(DEV)}


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    granted = [
        {"path": "/sdn", "type": kind, "ugid": who, "roleid": GRANTED["/sdn"], "propagate": 1}
        for kind, who in (("user", "setpoint@pve"), ("token", "setpoint@pve!ctl"))
    ]
    state = estate()
    found.begin({**state, "acls": [*(one for one in state["acls"] if one["path"] != "/sdn"), *granted]})
    return found


def guests(lab: Lab) -> dict[int, dict[str, Any]]:
    """The configuration of every guest by its vmid."""
    rows = [row for row in lab.api("GET", "cluster/resources") if row["type"] in ("lxc", "qemu")]
    return {row["vmid"]: lab.api("GET", f"nodes/pve1/{row['type']}/{row['vmid']}/config") for row in rows}


def built(configs: Iterable[dict[str, Any]]) -> tuple[list[tuple[str, str]], set[str]]:
    """Size and network of each guest, and the addresses that they have."""
    found = sorted(map(told, configs))
    return [(size, bridge) for size, bridge, _ in found], {address for _, _, address in found}


def told(config: dict[str, Any]) -> tuple[str, str, str]:
    """Size, network and address of a guest."""
    address = next(
        part[3:]
        for option in (config["net0"], config.get("ipconfig0", ""))
        for part in option.split(",")
        if part.startswith("ip=")
    )
    bridge = next(part[7:] for part in config["net0"].split(",") if part.startswith("bridge="))
    return str(config["memory"]), bridge, address


def in_sync(running: Running) -> None:
    ended = {str(status.key): (status.outcome, status.sentence) for status in running.estate.store.statuses()}
    assert {outcome for outcome, _ in ended.values()} == {"Done"}, ended


def test_dev_is_cloned_from_prod_beside_it_and_follows_it(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        in_sync(running)
        prod = guests(lab)
        addresses = {"10.20.0.10/24", "10.20.0.11/24"}
        assert built(prod.values()) == ([("2048", "apps"), ("4096", "apps")], addresses)

        await running.declare(OVERLAY)
        await running.settle()
        in_sync(running)
        both = guests(lab)
        assert {vmid: both[vmid] for vmid in prod} == prod, "prod is as it was"
        dev = [config for vmid, config in both.items() if vmid not in prod]
        addresses = {"10.120.0.10/24", "10.120.0.11/24"}
        assert built(dev) == ([("1024", "devapps"), ("512", "devapps")], addresses)
        assert {name: row["zone"] for name, row in vnets(lab).items()} == {"apps": "prod", "devapps": "dev"}

        written = lab.writes()
        await running.look_again()
        assert lab.writes() == written, "the second plan is empty"

        wider = json.loads(PROD["prod/web01.yaml"])
        wider["spec"]["cores"] = 2
        await running.declare({"prod/web01.yaml": json.dumps(wider)})
        await running.settle(running.now())
        cores = [config.get("cores") for config in guests(lab).values() if "rootfs" in config]
        assert cores == [2, 2], "what is changed in prod is changed in its copy"

    VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), **PROD}).run(script)
