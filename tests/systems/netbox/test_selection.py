from __future__ import annotations

from typing import Any

import pytest

from setpoint_netbox.settings import NetBoxSettings, Select
from setpoint_netbox.watch.selection import machine_matches, machine_query, wanted

ROW: dict[str, Any] = {
    "id": 1,
    "tags": [{"slug": "setpoint"}, {"slug": "prod"}],
    "role": {"slug": "web"},
    "cluster": {"name": "homelab"},
    "tenant": {"slug": "acme"},
    "site": None,
    "status": {"value": "active", "label": "Active"},
    "custom_fields": {
        "managed": True,
        "tier": {"value": "gold", "label": "Gold"},
        "note": "ab",
        "n": 5,
        "none": None,
    },
}


@pytest.mark.parametrize(
    ("select", "matches"),
    [
        ({}, True),
        ({"tags": ["setpoint"]}, True),
        ({"tags": ["setpoint", "prod"]}, True),
        ({"tags": ["setpoint", "dev"]}, False),
        ({"roles": ["db", "web"]}, True),
        ({"roles": ["db"]}, False),
        ({"clusters": ["Homelab"]}, True),
        ({"clusters": ["lab"]}, False),
        ({"tenants": ["acme"]}, True),
        ({"sites": ["dc1"]}, False),
        ({"status": ["active", "staged"]}, True),
        ({"status": ["staged"]}, False),
        ({"customFields": {"managed": True, "n": 5}}, True),
        ({"customFields": {"managed": False}}, False),
        ({"customFields": {"tier": "gold"}}, True),
        ({"customFields": {"note": "a"}}, False),
        ({"customFields": {"none": "x"}}, False),
        ({"customFields": {"nope": "x"}}, False),
        ({"tags": ["setpoint"], "roles": ["db"]}, False),
    ],
    ids=str,
)
def test_a_machine_is_taken_when_it_matches_all(select: dict[str, Any], *, matches: bool) -> None:
    assert machine_matches(Select.model_validate(select), ROW) is matches


def test_a_row_of_which_less_is_shown_is_not_taken_for_a_match() -> None:
    assert not machine_matches(Select.model_validate({"status": ["active"]}), {"id": 1})
    assert machine_matches(Select(), {"id": 1})


def test_netbox_is_asked_for_what_is_taken() -> None:
    select = Select.model_validate(
        {"tags": ["a", "b"], "status": ["active"], "customFields": {"managed": True}}
    )
    assert machine_query(select) == (("tag", "a"), ("tag", "b"), ("status", "active"), ("cf_managed", "true"))


def test_only_what_the_settings_name_is_read() -> None:
    told: dict[str, Any] = {"url": "http://netbox", "token": {"env": "T"}}
    assert [one.root.type for one in wanted(NetBoxSettings.model_validate(told))] == [
        "virtualization.virtualmachine"
    ]
    more = {**told, "prefixes": {}, "zones": {"tags": ["dns"]}, "configContext": True}
    found = wanted(NetBoxSettings.model_validate(more))
    assert [one.root.type for one in found] == [
        "virtualization.virtualmachine",
        "ipam.prefix",
        "netbox_dns.zone",
    ]
    assert "config_context" in found[0].fields
    assert found[2].query == (("tag", "dns"),)
    assert not found[2].matches({"id": 1, "tags": []})
    assert found[1].matches({"id": 1, "tags": []})


def test_what_only_we_write_is_read_for_ourselves() -> None:
    told: dict[str, Any] = {"url": "http://netbox", "token": {"env": "T"}}
    assert wanted(NetBoxSettings.model_validate(told))[0].ours == set()
    fields = {"phase": "state_of_setpoint", "message": None, "vmid": "proxmox_vmid"}
    found = wanted(NetBoxSettings.model_validate({**told, "clusters": {}, "writeBack": {"fields": fields}}))
    for one in found:
        assert "state_of_setpoint" in one.ours
        assert not {"setpoint_message", "setpoint_phase", "proxmox_vmid", "pve_vmid", "pve_node"} & one.ours
