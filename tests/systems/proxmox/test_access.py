"""Which privileges are missing, from what Proxmox says the token has."""

from __future__ import annotations

import pytest

from setpoint_proxmox.access import NEEDS, Permissions, Privilege, missing, sees_all_guests

VM = {name: 1 for need in NEEDS if need.path == "/vms" for name in need.names}
ALL: Permissions = {
    "/": {"Sys.Audit": 1},
    "/vms": VM,
    "/storage": {"Datastore.AllocateSpace": 1},
    "/sdn": {"SDN.Use": 1},
}


def test_nothing_is_missing_with_every_grant() -> None:
    assert missing(ALL) == ()


def test_everything_is_missing_without_any() -> None:
    assert len(missing({})) == sum(len(need.names) for need in NEEDS)


@pytest.mark.parametrize(
    ("path", "below"), [("/storage", "/storage/local-zfs"), ("/sdn", "/sdn/zones/localnetwork/vmbr0")]
)
def test_one_storage_or_bridge_is_enough(path: str, below: str) -> None:
    granted = {name: names for name, names in ALL.items() if name != path} | {below: ALL[path]}

    assert missing(granted) == ()


def test_a_grant_that_does_not_reach_the_guests_is_none() -> None:
    granted = {**ALL, "/vms": {**VM, "VM.Audit": 0}}

    assert missing(granted) == (Privilege("/vms", "VM.Audit"),)
    assert not sees_all_guests(granted)


def test_all_guests_are_seen_with_audit_on_all_of_them() -> None:
    assert sees_all_guests(ALL)
    assert not sees_all_guests({"/vms/100": {"VM.Audit": 1}})
