from __future__ import annotations

import json
from typing import Any

from setpoint_netbox.watch.types import MACHINES, ZONES
from setpoint_netbox.watch.views import kept_view, make_view

SITE = {
    "id": 1,
    "url": "http://x/api/dcim/sites/1/",
    "display": "DC1",
    "name": "DC1",
    "slug": "dc1",
    "description": "?",
}


def shown(row: dict[str, Any], parts: dict[str, list[Any]] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(make_view(MACHINES, row, parts or {}).content)
    return found


def test_what_changes_by_itself_is_not_shown() -> None:
    role = {**SITE, "virtualmachine_count": 7, "_depth": 0}
    seen = shown({"id": 1, "name": "a", "role": role, "last_updated": "now", "interface_count": 3})
    assert seen["role"] == {"id": 1, "display": "DC1", "name": "DC1", "slug": "dc1"}
    assert "last_updated" not in seen
    assert "interface_count" not in seen


def test_what_people_wrote_is_shown_as_it_is() -> None:
    data = {"id": 1, "url": "git+https://x", "description": "mine"}
    seen = shown(
        {"id": 1, "local_context_data": {"nixos": data}, "custom_fields": {"of": SITE, "n": {"a": [1]}}}
    )
    assert seen["local_context_data"] == {"nixos": data}
    assert seen["custom_fields"] == {
        "of": {"id": 1, "display": "DC1", "name": "DC1", "slug": "dc1"},
        "n": {"a": [1]},
    }


def test_parts_are_in_the_order_of_their_ids_whatever_the_order_of_the_lists() -> None:
    disks = [{"id": one, "virtual_machine": {"id": 1}, "name": f"scsi{one}", "size": 1} for one in (2, 1)]
    first = make_view(MACHINES, {"id": 1}, {"virtualization.virtualdisk": disks})
    second = make_view(MACHINES, {"id": 1}, {"virtualization.virtualdisk": disks[::-1]})
    assert first.content == second.content
    assert [disk["id"] for disk in json.loads(first.content)["disks"]] == [1, 2]


def test_an_address_of_a_device_with_the_same_number_is_not_the_interface_of_the_machine() -> None:
    nic = {"id": 4, "name": "net0", "virtual_machine": {"id": 1}}
    other = {
        "id": 9,
        "address": "10.0.0.1/24",
        "assigned_object_type": "dcim.interface",
        "assigned_object_id": 4,
    }
    seen = shown({"id": 1}, {"virtualization.vminterface": [nic], "ipam.ipaddress": [other]})
    assert seen["interfaces"][0]["ip_addresses"] == []


def test_a_zone_is_shown_with_its_records_and_without_its_serial() -> None:
    zone = {
        "id": 2,
        "name": "example.org",
        "status": "active",
        "soa_serial": 1795231607,
        "default_ttl": 86400,
    }
    record = {
        "id": 14,
        "zone": {"id": 2, "url": "x", "name": "example.org"},
        "type": "A",
        "name": "www",
        "value": "10.0.0.1",
    }
    view = make_view(ZONES, zone, {"netbox_dns.record": [record]})
    seen = json.loads(view.content)
    assert "soa_serial" not in seen
    assert seen["records"][0]["value"] == "10.0.0.1"
    assert view.things == (("netbox_dns.record", 14),)


def test_a_kept_view_is_the_one_that_was_made() -> None:
    made = make_view(MACHINES, {"id": 17, "name": "web", "created": "2026-11-21T03:00:00Z"}, {})
    again = kept_view(made.path, made.content)
    assert (again.thing, again.name, again.created) == (made.thing, made.name, made.created)
    assert again.thing == ("virtualization.virtualmachine", 17)


def test_what_only_we_write_is_known_and_in_no_view() -> None:
    row = {"id": 1, "custom_fields": {"setpoint_phase": "ready", "tier": "gold"}}
    view = make_view(MACHINES, row, {}, frozenset({"setpoint_phase", "setpoint_message"}))
    assert json.loads(view.content)["custom_fields"] == {"tier": "gold"}
    assert view.ours == {"setpoint_phase": "ready"}
    assert row["custom_fields"] == {"setpoint_phase": "ready", "tier": "gold"}
