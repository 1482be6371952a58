"""`setpoint doctor` beside a running rehearsal: well, then not, then well again by the commands that it printed."""

from __future__ import annotations

import shlex
from typing import Any

from tests.e2e.rig import Rig


def checks(rig: Rig) -> dict[str, list[dict[str, Any]]]:
    """Every check by how it ended."""
    found: dict[str, list[dict[str, Any]]] = {"ok": [], "warning": [], "wrong": []}
    for check in rig.told("doctor")["checks"]:
        # Whether the host of a test has NTP is not the rehearsal's affair, and its NetBox has the fields of its story only.
        if check["name"] != "clock" and not check["name"].startswith("netbox custom field"):
            found[check["verdict"]].append(check)
    return found


def test_a_rehearsal_is_well_and_a_lost_role_is_mended_by_the_printed_commands(lab: Rig) -> None:
    well = checks(lab)
    assert (well["warning"], well["wrong"]) == ([], [])
    before = lab.writes()

    assert lab.call("lab", "--dir", str(lab.folder.root), "trouble", "permissions").returncode == 0
    ill = checks(lab)
    names = {check["name"] for check in ill["wrong"]}
    assert {
        "ProxmoxCluster/lab privilege VM.Audit",
        "ProxmoxCluster/lab privilege VM.Config.Cloudinit",
    } <= names
    assert lab.call("doctor").returncode == 1

    for command in ill["wrong"][-1]["commands"]:
        obey(lab, command)
    mended = checks(lab)
    assert (mended["warning"], mended["wrong"]) == ([], [])
    # It looks, and touches nothing.
    assert [write for write in lab.writes()[len(before) :] if "/access" in write] == []
    assert lab.call("lab", "--dir", str(lab.folder.root), "trouble", "calm").returncode == 0


def obey(rig: Rig, command: str) -> None:
    """What root does on a node with a command of doctor."""
    match shlex.split(command):
        case ["pveum", "role", "add", role, "--privs", privileges]:
            rig.ask("POST", "/access/roles", roleid=role, privs=privileges)
        case ["pveum", "role", "modify", role, "--append", "1", "--privs", privileges]:
            rig.ask("PUT", f"/access/roles/{role}", append=1, privs=privileges)
        case ["pveum", "acl", "modify", path, "--users", users, "--tokens", tokens, "--roles", role]:
            rig.ask("PUT", f"/access/acl?path={path}", users=users, tokens=tokens, roles=role)
        case words:
            raise AssertionError(words)


def test_a_cluster_that_is_switched_off_is_told_and_the_rest_checked(own_lab: Rig) -> None:
    state = own_lab.power_off()
    try:
        found = checks(own_lab)
    finally:
        own_lab.power_on(state)
    wrong = [check["name"] for check in found["wrong"]]
    assert [name for name in wrong if name.startswith("ProxmoxCluster/lab endpoint")] == wrong
    assert {"daemon", "git", "declarations", "secrets"} <= {check["name"] for check in found["ok"]}
