from __future__ import annotations

import pytest

from tests.systems.netbox.ground import MACHINES, NetBox, between, following

CLUSTER = 1
VM = "virtualization.virtualmachine"
TAGGED = {"select": {"tags": ["setpoint"]}}
pytestmark = pytest.mark.integration


async def test_a_view_shows_the_machine_with_all_that_belongs_to_it(netbox: NetBox) -> None:
    web = netbox.machine(CLUSTER, "web01", memory=4096, vcpus=2)
    nic = netbox.make("virtualization/interfaces", virtual_machine=web, name="net0")
    netbox.make(
        "ipam/ip-addresses",
        address="10.0.0.7/24",
        assigned_object_type="virtualization.vminterface",
        assigned_object_id=nic,
    )
    mac = netbox.make(
        "dcim/mac-addresses",
        mac_address="bc:24:11:00:00:01",
        assigned_object_type="virtualization.vminterface",
        assigned_object_id=nic,
    )
    netbox.edit("virtualization/interfaces", nic, primary_mac_address=mac)
    netbox.make("virtualization/virtual-disks", virtual_machine=web, name="scsi0", size=20480)
    netbox.make(
        "ipam/services",
        parent_object_type="virtualization.virtualmachine",
        parent_object_id=web,
        name="ssh",
        protocol="tcp",
        ports=[22],
    )
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        seen = one.view(web)
    assert (seen["name"], seen["memory"], seen["vcpus"]) == ("web01", 4096, 2.0)
    assert seen["cluster"]["name"] == "homelab"
    assert "url" not in seen["cluster"]
    assert "last_updated" not in seen
    assert seen["interfaces"][0]["ip_addresses"][0]["address"] == "10.0.0.7/24"
    assert seen["interfaces"][0]["mac_address"] == "BC:24:11:00:00:01"
    assert (seen["disks"][0]["size"], seen["services"][0]["ports"]) == (20480, [22])


async def test_a_change_of_whatever_a_view_shows_is_read_by_the_next_poll(netbox: NetBox) -> None:
    web, db = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "db01")
    nic = netbox.make("virtualization/interfaces", virtual_machine=web, name="net0")
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        netbox.edit(MACHINES, web, memory=8192)
        after = await one.fetch()
        assert one.view(web)["memory"] == 8192
        db_path = f"virtualization.virtualmachine/{db}"
        assert after.files[db_path] is before.files[db_path]
        address = netbox.make(
            "ipam/ip-addresses",
            address="10.0.0.7/24",
            assigned_object_type="virtualization.vminterface",
            assigned_object_id=nic,
        )
        await one.fetch()
        assert [ip["address"] for ip in one.view(web)["interfaces"][0]["ip_addresses"]] == ["10.0.0.7/24"]
        netbox.remove("ipam/ip-addresses", address)
        await one.fetch()
        assert one.view(web)["interfaces"][0]["ip_addresses"] == []
        netbox.remove("virtualization/interfaces", nic)
        await one.fetch()
        assert one.view(web)["interfaces"] == []
        assert one.kept is not None
        assert one.kept.author == "admin"


async def test_an_address_that_moves_leaves_one_view_and_enters_another(netbox: NetBox) -> None:
    web, db = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "db01")
    nics = [netbox.make("virtualization/interfaces", virtual_machine=one, name="net0") for one in (web, db)]
    kind = "virtualization.vminterface"
    address = netbox.make(
        "ipam/ip-addresses", address="10.0.0.7/24", assigned_object_type=kind, assigned_object_id=nics[0]
    )
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit("ipam/ip-addresses", address, assigned_object_id=nics[1])
        await one.fetch()
        assert one.view(web)["interfaces"][0]["ip_addresses"] == []
        assert len(one.view(db)["interfaces"][0]["ip_addresses"]) == 1


async def test_a_quiet_netbox_is_asked_one_small_thing_per_poll_and_gives_the_very_same_content(
    netbox: NetBox,
) -> None:
    netbox.machine(CLUSTER, "web01")
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        first = await one.fetch()
        middle.calls.clear()
        before = one.line.traffic.received
        assert await one.fetch() is first
        assert await one.fetch() is first
        assert [call.partition("?")[0] for call in middle.calls] == ["GET /api/core/object-changes/"] * 2
        assert one.line.traffic.received - before <= 2 * 60


async def test_a_machine_that_is_made_comes_and_one_that_is_deleted_goes(netbox: NetBox) -> None:
    web, db = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "db01")
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        mail = netbox.machine(CLUSTER, "mail01")
        netbox.remove(MACHINES, web)
        await one.fetch()
        assert one.names() == {db: "db01", mail: "mail01"}
        assert one.released() == {}


async def test_what_loses_its_tag_is_released_and_what_gets_it_comes(netbox: NetBox) -> None:
    web, db = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "db01", tagged=False)
    keep = netbox.machine(CLUSTER, "keep01")
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit(MACHINES, web, tags=[])
        netbox.edit(MACHINES, db, tags=[{"slug": "setpoint"}])
        await one.fetch()
        assert one.names() == {db: "db01", keep: "keep01"}
        assert one.released() == {f"virtualization.virtualmachine/{web}": "it is not selected any more"}
        netbox.remove(MACHINES, web)
        await one.fetch()
        assert list(one.released()) == [f"virtualization.virtualmachine/{web}"]
        netbox.edit(MACHINES, keep, memory=1)
        await one.fetch()
        assert list(one.released()) == [f"virtualization.virtualmachine/{web}"]


async def test_a_new_name_is_told_with_the_one_before(netbox: NetBox) -> None:
    web = netbox.machine(CLUSTER, "web01")
    path = f"virtualization.virtualmachine/{web}"
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit(MACHINES, web, name="web02")
        content = await one.fetch()
        assert renamed_of(content) == {path: "web01"}
        netbox.edit(MACHINES, web, memory=512)
        assert renamed_of(await one.fetch()) == {path: "web01"}
        netbox.machine(CLUSTER, "web01")
        assert renamed_of(await one.fetch()) == {}


async def test_what_many_views_show_has_everything_read_again_after_a_while_and_once(netbox: NetBox) -> None:
    web = netbox.machine(CLUSTER, "web01")
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit("virtualization/cluster-types", 1, name="another")
        netbox.edit("extras/tags", netbox.make("extras/tags", name="x", slug="x"), name="y")
        await one.fetch()
        middle.calls.clear()
        await one.fetch(60.0)
        assert len(middle.calls) == 1, "what stands in no view has nothing read again"
        for name in ("rack", "lab"):
            netbox.edit("virtualization/clusters", CLUSTER, name=name)
        await one.fetch(1.0)
        assert one.view(web)["cluster"]["name"] == "homelab"
        middle.calls.clear()
        await one.fetch(60.0)
        assert one.view(web)["cluster"]["name"] == "lab"
        await one.fetch()
        lists = [call for call in middle.calls if f"{MACHINES}/?fields" in call]
        assert len(lists) == 1


async def test_own_writes_are_not_read_back_and_own_deletions_are(netbox: NetBox) -> None:
    web, db = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "db01")
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        answer = await one.line.send("PATCH", f"{MACHINES}/{web}/", body={"description": "ready"})
        one.own.add(answer.request)
        middle.calls.clear()
        await one.fetch()
        assert len(middle.calls) == 1
        netbox.remove(MACHINES, db)
        one.own.add(last_request(netbox))
        await one.fetch()
        assert one.names() == {web: "web01"}


def last_request(netbox: NetBox) -> str:
    changes = netbox.call("GET", "core/object-changes/?limit=1&ordering=-id")
    return str(changes["results"][0]["request_id"])


def renamed_of(content: object) -> dict[str, str]:
    from setpoint.model.inventory import Content
    from setpoint_netbox.content import renamed

    assert isinstance(content, Content)
    return dict(renamed(content))


async def test_what_we_wrote_ourselves_makes_no_other_version_however_it_is_read_again(
    netbox: NetBox,
) -> None:
    netbox.make("extras/custom-fields", name="setpoint_phase", type="text", object_types=[VM])
    web = netbox.machine(CLUSTER, "web01")
    async with following(netbox.url, **TAGGED, writeBack={}) as one:
        first = await one.fetch()
        netbox.edit(MACHINES, web, custom_fields={"setpoint_phase": "ready"})
        for later in (15.0, 450.0, 900.0):
            assert await one.fetch(later) is first
        shown = one.watcher.shown(f"{VM}/{web}")
        assert shown is not None
        assert shown["setpoint_phase"] == "ready"
        assert one.watcher.shown(f"{VM}/4711") is None
