"""`setpoint netbox import` of the example estate, and what is read back from the NetBox that it filled."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from setpoint.desired.compile import compile_set
from setpoint.desired.gather import put_together
from setpoint.model.inventory import PREFIX
from setpoint_netbox.mapping.render import Renderer
from setpoint_netbox.verbs.access import lent
from tests.docs.console import ROOT
from tests.systems.netbox.ground import following
from tests.systems.netbox.mapping.views import KINDS
from tests.systems.netbox.verbs.desk import Desk, Fault

pytestmark = pytest.mark.integration

MACHINES = "virtualization/virtual-machines"
ENDPOINTS = (
    "extras/tags", "tenancy/tenants", "virtualization/cluster-types", "virtualization/clusters", "ipam/vlans", MACHINES,
    "virtualization/interfaces", "virtualization/virtual-disks", "dcim/mac-addresses", "ipam/ip-addresses",
)  # fmt: skip
CONTAINER = """\
kind: Container
metadata: {name: ct01, namespace: test, labels: {role: proxy}}
target: lab
spec:
  node: pve1
  template: local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst
  memory: 512MiB
  rootfs: {storage: local-zfs, size: 8GiB}
  mountPoints:
    mp0: {path: /srv, storage: local-zfs, size: 4GiB}
  nics:
    net0: {bridge: vmbr0, mac: "BC:24:11:00:00:01", ipv4: 192.0.2.20/24, gateway4: 192.0.2.1, connected: true}
    net1: {bridge: vmbr1, trunks: [10, 20], ipv6: "2001:db8::20/64", connected: true}
  power: stopped
  onboot: false
"""


@pytest.fixture
def estate(desk: Desk) -> Desk:
    """The example estate in a folder, a container beside it, and a NetBox that `init` was run for."""
    shutil.rmtree(desk.folder / "estate")
    shutil.copytree(ROOT / "examples/estate", desk.folder / "estate")
    (desk.folder / "estate/ct01.yaml").write_text(CONTAINER)
    said = desk.type("init")
    assert said.code == 0, said
    return desk


def everything(desk: Desk) -> Counter[str]:
    def named(row: dict[str, Any]) -> str:
        owner = row.get("virtual_machine") or row.get("assigned_object") or {}
        name = row.get("address") or row.get("name") or ""
        return (
            f"{name} {row.get('mac_address')} of {owner.get('name')} {(row.get('tenant') or {}).get('slug')}"
        )

    return Counter(f"{endpoint} {named(row)}" for endpoint in ENDPOINTS for row in desk.rows(endpoint))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(place.relative_to(folder)): place.read_bytes() for place in folder.rglob("*.yaml")}


async def test_a_plan_shows_all_and_writes_nothing(estate: Desk) -> None:
    said, calls = await estate.type_through(None, "import")
    assert said.code == 2, said
    assert "to make  VirtualMachine/web01" in said.out
    assert "9 virtual-machines, 11 interfaces, 11 virtual-disks, 1 mac-addresses, 3 ip-addresses" in said.out
    assert "cloudInit.user of 1 machine stays in manifests alone" in said.out
    assert "the power of 1 machine is nobody's concern, so the status is paused" in said.out
    assert all(call.startswith("GET ") for call in calls)


async def test_what_is_read_back_is_what_is_declared(estate: Desk) -> None:
    said = estate.type("import", "--apply")
    assert said.code == 0, said
    files = files_of(estate.folder / "estate")
    alone = put_together(compile_set(files, KINDS, version="1"), KINDS)
    async with following(estate.netbox.url, select={"tags": ["setpoint"]}) as follower:
        sheets = Renderer(lent(), KINDS).sheets(await follower.fetch(), files)
    assert (sheets.problems, sheets.notes, len(sheets.files)) == ((), (), 9)
    below = {f"{PREFIX}netbox/{path}": text for path, text in sheets.files.items()}
    both = put_together(compile_set(files | below, KINDS, version="2"), KINDS)
    assert list(map(str, both.problems)) == []
    assert {str(key): list(map(str, found)) for key, found in both.conflicts.items()} == {}
    assert both.resources.keys() == alone.resources.keys()
    for key, resource in alone.resources.items():
        spec = KINDS[key.kind].spec
        assert spec.model_validate(both.resources[key].spec) == spec.model_validate(resource.spec)


async def test_the_second_run_writes_nothing(estate: Desk) -> None:
    assert estate.type("import", "--apply").code == 0
    made = everything(estate)
    said, calls = await estate.type_through(None, "import", "--apply")
    assert (said.code, "all of it is there" in said.out) == (0, True), said
    assert all(call.startswith("GET ") for call in calls)
    assert everything(estate) == made


def test_a_machine_has_its_parts_as_people_expect_them(estate: Desk) -> None:
    assert estate.type("import", "--apply").code == 0
    (ct01,) = estate.rows(MACHINES, name="ct01")
    assert (ct01["cluster"]["name"], ct01["tenant"]["slug"], ct01["role"]["slug"]) == ("lab", "test", "proxy")
    assert (ct01["status"]["value"], ct01["memory"], ct01["disk"]) == ("offline", 512, 8192 + 4096)
    assert ct01["custom_fields"]["setpoint_type"] == "lxc"
    assert (ct01["primary_ip4"]["address"], ct01["primary_ip6"]["address"]) == (
        "192.0.2.20/24",
        "2001:db8::20/64",
    )
    net0, net1 = estate.rows("virtualization/interfaces", virtual_machine_id=str(ct01["id"]))
    assert net0["mac_address"] == "BC:24:11:00:00:01"
    assert (net1["mode"]["value"], [vlan["vid"] for vlan in net1["tagged_vlans"]]) == ("tagged", [10, 20])
    (files01,) = estate.rows(MACHINES, name="files01")
    assert (files01["custom_fields"]["setpoint_vmid"], files01["status"]["value"]) == (200, "paused")


@pytest.mark.parametrize(
    ("kind", "which"),
    [pytest.param("lost", range(1, 40), id="lost"), pytest.param("html", (2, 12, 15), id="html")],
)
async def test_whatever_breaks_at_a_write_the_next_run_ends_it_without_a_second_one(
    estate: Desk, kind: str, which: Iterable[int]
) -> None:
    begun = estate.netbox.lab("GET", "state")
    whole, calls = await estate.type_through(None, "import", "--apply")
    assert whole.code == 0, whole
    wished, writes = everything(estate), sum(not call.startswith("GET ") for call in calls)
    for nth in (one for one in which if one <= writes):
        estate.netbox.lab("POST", "state", begun)
        broken, _ = await estate.type_through(Fault(nth, kind), "import", "--apply")
        assert broken.code == 1, nth
        assert "then run this again: it goes on from here" in broken.err
        again = estate.type("import", "--apply")
        assert again.code == 0, (nth, again)
        assert everything(estate) == wished, nth


def test_what_people_entered_is_told_and_left(estate: Desk) -> None:
    assert estate.type("import", "--apply").code == 0
    (web02,) = estate.rows(MACHINES, name="web02")
    estate.netbox.edit(MACHINES, web02["id"], memory=3072)
    (db01,) = estate.rows(MACHINES, name="db01")
    estate.netbox.remove(MACHINES, db01["id"])
    refused = estate.type("import", "--apply")
    assert refused.code == 1
    assert "VirtualMachine/web02 is there and says otherwise: memory 3072, not 1024" in refused.err
    assert estate.rows(MACHINES, name="db01") == []
    merged = estate.type("import", "--apply", "--merge")
    assert merged.code == 2, merged
    assert "made     VirtualMachine/db01" in merged.out
    assert estate.rows(MACHINES, name="web02")[0]["memory"] == 3072


def test_a_netbox_with_other_machines_is_written_to_only_with_merge(estate: Desk) -> None:
    kind = estate.netbox.make("virtualization/cluster-types", name="Other", slug="other")
    cluster = estate.netbox.make("virtualization/clusters", name="elsewhere", type=kind)
    estate.netbox.machine(cluster, "theirs")
    refused = estate.type("import", "--apply")
    assert refused.code == 1
    assert "it holds 1 machine that nobody declares" in refused.err
    assert estate.type("import", "--apply", "--merge").code == 0
    assert len(estate.rows(MACHINES)) == 10


def test_a_vmid_and_an_address_that_others_have_are_told_and_not_taken(estate: Desk) -> None:
    kind = estate.netbox.make("virtualization/cluster-types", name="ProxmoxCluster", slug="proxmoxcluster")
    cluster = estate.netbox.make("virtualization/clusters", name="lab", type=kind)
    estate.netbox.machine(cluster, "old-files", custom_fields={"setpoint_vmid": 200})
    estate.netbox.make("ipam/ip-addresses", address="192.0.2.10/24")
    said = estate.type("import", "--apply", "--merge")
    assert said.code == 2, said
    assert "VirtualMachine/files01 has the vmid of old-files in NetBox, so it is not made" in said.out
    assert "192.0.2.10/24 of app01 is there, on something else" in said.out
    assert estate.rows(MACHINES, name="files01") == []


async def test_many_are_made_by_fifty(estate: Desk) -> None:
    one = "kind: VirtualMachine\nmetadata: {name: many%d}\nspec: {}\n"
    (estate.folder / "estate/many.yaml").write_text("---\n".join(one % number for number in range(120)))
    said, calls = await estate.type_through(None, "import", "--apply")
    assert said.code == 0, said
    assert len([call for call in calls if call == "POST /api/virtualization/virtual-machines/"]) == 3
    assert "virtualization/virtual-machines: 50 of 129" in said.err
    assert len(estate.rows(MACHINES)) == 129


def test_without_custom_fields_the_remedy_is_told(desk: Desk) -> None:
    said = desk.type("import", "--apply")
    assert said.code == 1
    assert "run setpoint netbox init" in said.err


def test_as_a_document_each_machine_says_what_stays_in_its_manifest(estate: Desk) -> None:
    said = estate.type("import", "-o", "json")
    machines = {one["key"]: one for one in said.told["machines"]}
    assert machines["VirtualMachine/vault01"]["inManifestsOnly"] == [
        "/machine", "/firmware/type", "/firmware/efi/storage", "/tpm/storage",
    ]  # fmt: skip
    assert (said.code, said.told["applied"]) == (2, False)
