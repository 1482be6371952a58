from __future__ import annotations

from typing import Any

import pytest

from setpoint_netbox.watch.changes import Effect, effect, parse_change
from setpoint_netbox.watch.types import MACHINES, ZONES

VM, NIC, DISK = "virtualization.virtualmachine", "virtualization.vminterface", "virtualization.virtualdisk"
INDEX = {(NIC, 4): (VM, 1), ("dcim.macaddress", 9): (VM, 2)}


def row(number: int, action: object, kind: str, thing: int, request: str = "r") -> dict[str, Any]:
    return {
        "id": number,
        "action": action,
        "changed_object_type": kind,
        "changed_object_id": thing,
        "request_id": request,
        "user_name": f"user{number}",
        "time": "2026-11-21T03:00:20Z",
    }


def seen(*rows: dict[str, Any], ours: str = "") -> Effect:
    changes = [parse_change(one) for one in rows]
    return effect(
        changes, [MACHINES, ZONES], INDEX, lambda request: request == ours, {("dcim.site", 3)}.__contains__
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(row(1, {"value": "update"}, VM, 1), {"roots": {(VM, 1)}}, id="a machine"),
        pytest.param(row(1, "create", VM, 7), {"roots": {(VM, 7)}}, id="a new machine"),
        pytest.param(row(1, "delete", VM, 1), {"deleted": {(VM, 1)}}, id="a deleted machine"),
        pytest.param(row(1, "update", NIC, 4), {"roots": {(VM, 1)}, "parts": {(NIC, 4)}}, id="an interface"),
        pytest.param(row(1, "delete", NIC, 4), {"roots": {(VM, 1)}}, id="a deleted interface"),
        pytest.param(row(1, "create", DISK, 5), {"parts": {(DISK, 5)}}, id="a new disk"),
        pytest.param(row(1, "delete", "dcim.macaddress", 9), {"roots": {(VM, 2)}}, id="a deleted MAC"),
        pytest.param(row(1, "update", "dcim.site", 3), {"far": True}, id="a site"),
        pytest.param(row(1, "update", "dcim.site", 4), {}, id="a site of others"),
        pytest.param(row(1, "create", "dcim.site", 3), {}, id="a new site"),
        pytest.param(row(1, "update", "extras.configcontext", 3), {}, id="a config context that nobody reads"),
        pytest.param(row(1, "create", "extras.customfield", 3), {"far": True}, id="a new custom field"),
        pytest.param(row(1, "update", "netbox_dns.record", 3), {"parts": {("netbox_dns.record", 3)}}, id="record"),
        pytest.param(row(1, "update", "dcim.cable", 3), {}, id="nothing of ours"),
    ],
)  # fmt: skip
def test_a_change_comes_to(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = seen(given)
    assert (found.roots, found.parts, found.deleted, found.far) == (
        expected.get("roots", set()),
        expected.get("parts", set()),
        expected.get("deleted", set()),
        expected.get("far", False),
    )


def test_what_was_edited_and_then_deleted_is_deleted() -> None:
    found = seen(row(1, "update", VM, 1), row(2, "delete", VM, 1))
    assert (found.roots, found.deleted) == (set(), {(VM, 1)})


def test_the_last_who_changed_something_that_counts_is_named() -> None:
    assert seen(row(1, "update", VM, 1), row(2, "update", "dcim.cable", 1)).user == "user1"


def test_an_own_write_gives_nothing_new_unless_somebody_else_wrote_too() -> None:
    assert seen(row(1, "update", VM, 1, "us"), ours="us") == Effect()
    assert seen(row(1, "update", VM, 1, "us"), row(2, "update", VM, 1), ours="us").roots == {(VM, 1)}
    assert seen(row(1, "delete", VM, 1, "us"), ours="us").deleted == {(VM, 1)}
