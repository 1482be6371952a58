from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lab_proxmox.lxc_api import TEMPLATE, CtApi, cluster
from tests.systems.lab_proxmox.qemu_api import Api

LOCAL = "/nodes/pve1/storage/local"
IMAGE = "docker.io/library/alpine"


async def test_a_volume_is_copied_to_another_name() -> None:
    api = Api()
    assert await api.create(scsi0="local-zfs:1") == "OK"
    path = "/nodes/pve1/storage/local-zfs/content/vm-100-disk-0"
    assert await api.done("POST", path, target="vm-101-disk-7") == "OK"
    copied = api.world.volumes.find("local-zfs:vm-101-disk-7", "pve1")
    assert copied is not None
    assert (copied.size, copied.vmid) == (1 << 30, 101)
    assert "already exists" in await api.done("POST", path, target="vm-101-disk-7")
    assert "does not exist" in await api.done("POST", path[:-1] + "9", target="vm-101-disk-8")


async def test_a_volume_is_copied_to_another_node() -> None:
    api = cluster()
    name = TEMPLATE.partition(":")[2]
    assert await api.done("POST", f"{LOCAL}/content/{name}", target=name, target_node="pve2") == "OK"
    assert api.world.volumes.find(TEMPLATE, "pve2") is not None


async def test_only_root_copies_volumes() -> None:
    api = cluster()
    api.become(("/", "Administrator"))
    name = TEMPLATE.partition(":")[2]
    assert (await api.ask("POST", f"{LOCAL}/content/{name}", target=name)).status == 403


@pytest.mark.parametrize(
    ("call", "params", "reason"),
    [
        ("file-restore/list", {"volume": "backup/x", "filepath": "/"}, "Parameter verification failed."),
        ("file-restore/download", {"volume": "backup/x", "filepath": "/"}, "Parameter verification failed."),
        ("import-metadata", {"volume": "import/x.ova"}, "does not support import metadata"),
    ],
)
async def test_only_other_storages_can_be_looked_into(call: str, params: dict[str, Any], reason: str) -> None:
    refused = await Api().ask("GET", f"{LOCAL}/{call}", **params)
    assert (refused.status, reason in refused.reason) in {(400, True), (500, True)}


async def test_a_storage_of_one_node_is_told_from_that_of_another() -> None:
    api = cluster()
    here = (await api.ask("GET", f"{LOCAL}/identity")).data
    there = (await api.ask("GET", "/nodes/pve2/storage/local/identity")).data
    assert here["type"] == there["type"] == "dir"
    assert here["id"] != there["id"]


@pytest.mark.parametrize(
    ("path", "wanted", "figure"),
    [(LOCAL, "total,used", "used"), ("/nodes/pve1/lxc/200", "cpu", "cpu")],
)
async def test_a_picture_has_a_name(path: str, wanted: str, figure: str) -> None:
    api = CtApi()
    await api.create()
    name = (await api.ask("GET", f"{path}/rrd", timeframe="day", ds=wanted)).data["filename"]
    assert name.endswith(f"{figure}.png")
    assert (await api.ask("GET", f"{path}/rrd", timeframe="day", ds="luck")).status == 500


async def test_an_image_is_pulled_as_a_template_once() -> None:
    api = CtApi()
    api.world.other["web"] = [
        {"url": f"oci://{IMAGE}:{tag}", "size": 3 << 20, "type": "oci"} for tag in ("3.20", "3.19")
    ]
    tags = (await api.ask("GET", "/nodes/pve1/query-oci-repo-tags", reference=IMAGE)).data
    assert tags == ["3.19", "3.20"]
    pulled = f"{LOCAL}/oci-registry-pull"
    assert await api.done("POST", pulled, reference=f"{IMAGE}:3.20") == "OK"
    assert api.world.volumes.find("local:vztmpl/alpine_3.20.tar", "pve1") is not None
    assert "existing" in await api.done("POST", pulled, reference=f"{IMAGE}:3.20")
    assert "failed" in await api.done("POST", pulled, reference=f"{IMAGE}:4", filename="a.tar")
    assert (
        await api.ask("GET", "/nodes/pve1/query-oci-repo-tags", reference="quay.io/none/none")
    ).status == 500


@pytest.mark.parametrize(
    ("path", "params", "row"),
    [
        ("cpu", {}, {"name": "x86-64-v2-AES", "custom": 0}),
        ("cpu-flags", {}, {"name": "aes", "supported-on": ["pve1"]}),
        ("machines", {}, {"id": "pc-q35-10.0", "type": "q35", "version": "10.0"}),
        ("machines", {"arch": "aarch64"}, {"id": "virt-10.0", "type": "q35", "version": "10.0"}),
    ],
)
async def test_a_node_tells_what_it_can(path: str, params: dict[str, Any], row: dict[str, Any]) -> None:
    rows = (await Api().ask("GET", f"/nodes/pve1/capabilities/qemu/{path}", **params)).data
    assert any(found.items() >= row.items() for found in rows)


async def test_a_node_tells_that_live_moves_carry_the_network_state() -> None:
    assert (await Api().ask("GET", "/nodes/pve1/capabilities/qemu/migration")).data == {"has-dbus-vmstate": 1}
    listed = (await Api().ask("GET", "/nodes/pve1/capabilities/qemu")).data
    assert {"name": "migration"} in listed
