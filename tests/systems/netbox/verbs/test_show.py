"""`setpoint netbox show`: sheets of what NetBox holds at this moment."""

from __future__ import annotations

import pytest

from tests.systems.netbox.verbs.desk import Desk

pytestmark = pytest.mark.integration


@pytest.fixture
def filled(desk: Desk) -> Desk:
    said = desk.type("init", "--token-to", "token")
    assert said.code == 0, said
    kind = desk.netbox.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
    cluster = desk.netbox.make("virtualization/clusters", name="homelab", type=kind)
    desk.netbox.machine(cluster, "web01", memory=4096, vcpus=2, status="active")
    desk.netbox.machine(cluster, "Not A Name", memory=512)
    desk.netbox.machine(cluster, "theirs", tagged=False)
    return desk


def test_all_are_listed_with_what_is_left_out(filled: Desk) -> None:
    said = filled.type("show")
    assert said.code == 0, said
    assert "VirtualMachine/web01  @netbox/virtualization.virtualmachine/1.yaml" in said.out
    assert "note: virtual-machines/2 Not A Name is left out" in said.out
    assert "theirs" not in said.out


def test_a_sheet_says_where_each_value_comes_from_and_how_it_was_read(filled: Desk) -> None:
    said = filled.type("show", "VirtualMachine/web01")
    assert said.out.startswith("# @netbox/virtualization.virtualmachine/1.yaml\nkind: VirtualMachine")
    assert "memory 4096, read as MiB" in said.out
    filled.netbox.edit("virtualization/virtual-machines", 1, memory=8192)
    assert "memory 8192, read as MiB" in filled.type("show", "VirtualMachine/web01").out


def test_the_mapping_of_a_folder_counts(filled: Desk) -> None:
    (filled.folder / "estate/netbox.yaml").write_text(
        "inventory: netbox\nmaps: {virtual-machines: {units: {memory: GB}}}\n"
    )
    said = filled.type("show", "VirtualMachine/web01")
    assert "read as GB" in said.out, said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("VirtualMachine/web02", "did you mean VirtualMachine/web01?", id="another-name"),
        pytest.param("web01", "write e.g. VirtualMachine/web01", id="no-key"),
    ],
)
def test_who_asks_for_what_is_not_there_is_told_what_is(filled: Desk, name: str, told: str) -> None:
    said = filled.type("show", name)
    assert said.code == 1
    assert told in said.err


def test_as_a_document_sheets_are_texts(filled: Desk) -> None:
    document = filled.type("show", "-o", "json").told
    (sheet,) = document["sheets"]
    assert (sheet["key"], sheet["sheet"].startswith("kind: VirtualMachine")) == ("VirtualMachine/web01", True)
    assert len(document["notes"]) == 1
