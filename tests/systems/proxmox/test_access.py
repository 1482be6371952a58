"""Which privileges are missing, from what Proxmox says the token has."""

from __future__ import annotations

import pytest

from setpoint_proxmox.access import (
    NEEDS,
    Permissions,
    Privilege,
    forgone,
    grant_command,
    missing,
    sees_all_guests,
)


def granted(*, optional: bool) -> Permissions:
    """Exactly what is needed, with or without what only some features need."""
    found: dict[str, dict[str, int]] = {}
    for need in NEEDS:
        if optional or not need.optional:
            found.setdefault(need.path, {}).update({names.split("|")[0]: 1 for names in need.names})
    return found


NEEDED = granted(optional=False)
ALL = granted(optional=True)


def test_nothing_is_missing_with_every_grant() -> None:
    assert missing(ALL) == ()
    assert forgone(ALL) == ()


def test_everything_is_missing_without_any() -> None:
    assert len(missing({})) + len(forgone({})) == sum(len(need.names) for need in NEEDS)


def test_what_only_some_features_need_is_not_missing() -> None:
    assert missing(NEEDED) == ()
    assert {f"{privilege.name} {privilege.path}" for privilege in forgone(NEEDED)} == {
        "Datastore.Audit /storage",
        "VM.Clone /vms",
        "VM.Migrate /vms",
        "VM.Config.Cloudinit /vms",
        "VM.Config.CDROM /vms",
        "VM.GuestAgent.Audit /vms",
        "Pool.Allocate /pool",
        "Sys.Modify /",
    }


@pytest.mark.parametrize("name", ["VM.GuestAgent.Audit", "VM.Monitor"])
def test_either_name_of_a_renamed_privilege_will_do(name: str) -> None:
    vms = {key: 1 for key in ALL["/vms"] if not key.startswith(("VM.GuestAgent", "VM.Monitor"))}

    assert forgone({**ALL, "/vms": {**vms, name: 1}}) == ()
    assert forgone({**ALL, "/vms": vms}) == (Privilege("/vms", "VM.GuestAgent.Audit"),)


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/storage", "/storage/local-zfs"),
        ("/sdn", "/sdn/zones/localnetwork/vmbr0"),
        ("/pool", "/pool/lab"),
    ],
)
def test_one_storage_bridge_or_pool_is_enough(path: str, below: str) -> None:
    some = {name: names for name, names in ALL.items() if name != path} | {below: ALL[path]}

    assert missing(some) == ()
    assert forgone(some) == ()


def test_a_grant_that_does_not_reach_the_guests_is_none() -> None:
    some = {**ALL, "/vms": {**ALL["/vms"], "VM.Audit": 0}}

    assert missing(some) == (Privilege("/vms", "VM.Audit"),)
    assert not sees_all_guests(some)


def test_all_guests_are_seen_with_audit_on_all_of_them() -> None:
    assert sees_all_guests(ALL)
    assert not sees_all_guests({"/vms/100": {"VM.Audit": 1}})


@pytest.mark.parametrize(
    ("privilege", "role"),
    [
        ("VM.Clone", "PVEVMAdmin"),
        ("VM.GuestAgent.Audit", "PVEVMAdmin"),
        ("Datastore.Audit", "PVEDatastoreUser"),
        ("Pool.Allocate", "PVEPoolAdmin"),
        ("Sys.Modify", "SetpointSysModify"),
    ],
)
def test_the_smallest_role_that_comes_with_proxmox_is_proposed(privilege: str, role: str) -> None:
    assert f" --roles {role}" in grant_command("/x", privilege, "ctl@pve!plumb")
