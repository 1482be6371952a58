"""Backup jobs, with the real daemon against the emulated API in virtual time, and the pure rules of their declarations."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.decide.diff import diff
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint_proxmox.kinds.backup_job import KIND
from setpoint_proxmox.kinds.backup_job.plan import remove
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec
from setpoint_proxmox.kinds.backup_job.state import JobState
from setpoint_proxmox.mark import parse_inline, with_inline, without_inline
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest, vm
from tests.systems.proxmox.drive import ROLES, Lab, world
from tests.systems.proxmox.made import facts

NAME = "BackupJob/nightly"
MINE = Owner("home", Key("default", "BackupJob", "nightly"), None)
MARK = MINE.mark("nightly")
CREATE, CHANGE, REMOVE = (
    "POST /cluster/backup",
    "PUT /cluster/backup/nightly",
    "DELETE /cluster/backup/nightly",
)
ROLE = {"roleid": "Backup", "privs": "Sys.Audit,Sys.Modify"}
GRANTED = {**ROLES, "/": "Backup", "/storage": "PVEDatastoreAdmin", "/pool": "PVEAdmin"}
ALL: dict[str, Any] = {"guests": {"all": True}, "schedule": "02:30"}
RICH: dict[str, Any] = {
    "guests": {"all": True, "exclude": {"vmids": [901, 900]}},
    "schedule": "Mon..Fri  02:30",
    "storage": "local",
    "node": "pve1",
    "enabled": False,
    "mode": "stop",
    "compress": "gzip",
    "retention": {"keepDaily": 7, "keepLast": 3},
    "notesTemplate": "{{guestname}}; a=b, c",
    "protected": True,
    "repeatMissed": True,
    "bandwidthLimit": 1024,
    "notification": "legacy-sendmail",
    "mailTo": ["root@pam", "anna@example.org"],
    "mailNotification": "failure",
    "comment": "what counts; a=b",
}
MACHINE = {"node": "pve1", "disks": {"scsi0": {"storage": "local-zfs", "size": "4GiB"}}}


@pytest.fixture
def lab(emulator: str) -> Lab:
    lab = Lab(emulator)
    state = world(GRANTED, roles=[ROLE], pools=[{"poolid": "customers"}])
    state["storages"]["local"]["content"] = "images,iso,backup"
    lab.begin(state)
    return lab


def declared(lab: Lab, folder: Path, spec: dict[str, Any] = ALL, **policy: Any) -> VirtualDaemon:
    return VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **job(spec, **policy)})


def job(spec: dict[str, Any], **policy: Any) -> dict[str, str]:
    return {"job.yaml": manifest("BackupJob", "nightly", spec, **policy)}


def seen(lab: Lab) -> dict[str, Any]:
    (row,) = lab.api("GET", "cluster/backup")
    found: dict[str, Any] = row
    return found


def writes(lab: Lab) -> list[str]:
    return [one for one in lab.writes() if "backup" in one]


async def in_sync(running: Running, seconds: float = 60.0) -> None:
    await asyncio.sleep(seconds)
    assert running.status(NAME).outcome == "Done", running.status(NAME).sentence


@pytest.mark.parametrize("spec", [ALL, RICH], ids=["plain", "rich"])
def test_it_is_made_in_one_call_with_our_mark_and_then_left_alone(
    lab: Lab, tmp_path: Path, spec: dict[str, Any]
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(7200)
        await running.look_again()
        await in_sync(running)

    daemon = declared(lab, tmp_path, spec)
    daemon.run(script)
    daemon.run(script)
    assert writes(lab) == [CREATE]
    assert parse_inline(seen(lab)["comment"], "job") == MARK


def test_a_rich_one_is_written_as_proxmox_writes_it(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()

    declared(lab, tmp_path, RICH).run(script)
    found = seen(lab)
    assert {
        key: found.get(key) for key in ("schedule", "exclude", "all", "enabled", "compress", "mailto")
    } == {
        "schedule": "mon..fri 02:30",
        "exclude": "900,901",
        "all": 1,
        "enabled": 0,
        "compress": "gzip",
        "mailto": "anna@example.org,root@pam",
    }
    assert found["prune-backups"] == {"keep-daily": "7", "keep-last": "3"}
    assert found["comment"] == "what counts; a=b [setpoint: home default/BackupJob/nightly job=nightly]"


_RICH_EDITS: list[tuple[str, Any]] = [
    ("guests", {"vmids": [102, 101]}),
    ("guests", {"pool": "customers"}),
    ("guests", {"all": True}),
    ("guests", {"all": True, "exclude": {"vmids": [7000]}}),
    ("schedule", "sun 04:00"),
    ("storage", "local-zfs"),
    ("node", None),
    ("enabled", True),
    ("mode", "snapshot"),
    ("compress", "none"),
    ("retention", None),
    ("retention", {"keepAll": True}),
    ("notesTemplate", None),
    ("protected", False),
    ("repeatMissed", False),
    ("bandwidthLimit", 0),
    ("notification", "auto"),
    ("mailTo", []),
    ("mailNotification", "always"),
    ("comment", ""),
]


@pytest.mark.parametrize(("field", "value"), _RICH_EDITS, ids=[f"{f}={v}" for f, v in _RICH_EDITS])
def test_every_field_is_changed_by_one_write_there_and_back(
    lab: Lab, tmp_path: Path, field: str, value: Any
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(job({**RICH, field: value}))
        await in_sync(running)
        await running.look_again()
        assert writes(lab) == [CREATE, CHANGE]
        await running.declare(job(RICH))
        await in_sync(running)

    declared(lab, tmp_path, RICH).run(script)
    assert writes(lab) == [CREATE, CHANGE, CHANGE]
    assert parse_inline(seen(lab)["comment"], "job") == MARK


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"vmids": [101]}, {"pool": "customers"}),
        ({"pool": "customers"}, {"vmids": [101]}),
        ({"pool": "customers"}, {"all": True}),
        ({"all": True}, {"pool": "customers"}),
        ({"vmids": [101]}, {"all": True, "exclude": {"vmids": [101]}}),
    ],
)
def test_one_choice_of_guests_takes_the_place_of_another(
    lab: Lab, tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(job({**ALL, "guests": second}))
        await in_sync(running)

    declared(lab, tmp_path, {**ALL, "guests": first}).run(script)
    assert writes(lab) == [CREATE, CHANGE]


def test_what_somebody_changed_by_hand_is_brought_back(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/backup/nightly", vmid="900", schedule="hourly", enabled=1, delete="mailto")
        await in_sync(running, 1800)

    declared(lab, tmp_path, RICH).run(script)
    assert (seen(lab)["exclude"], seen(lab)["schedule"]) == ("900,901", "mon..fri 02:30")
    assert writes(lab) == [CREATE, CHANGE, CHANGE]


def test_what_is_not_declared_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        options = {"mailto": "root@pam", "bwlimit": 5, "compress": "lzo", "prune-backups": "keep-last=9"}
        lab.api("PUT", "cluster/backup/nightly", storage="local", **options)
        await running.look_again()
        await in_sync(running)

    declared(lab, tmp_path).run(script)
    assert (seen(lab)["mailto"], seen(lab)["compress"]) == ("root@pam", "lzo")


def test_guests_are_named_by_their_resources_and_followed_to_new_ids(lab: Lab, tmp_path: Path) -> None:
    spec = {**ALL, "guests": {"virtualMachines": ["web01"], "vmids": [500]}}
    files = {"lab.yaml": cluster(lab.url), "web01.yaml": vm("web01", MACHINE), **job(spec)}

    async def script(running: Running) -> None:
        await running.settle()
        assert seen(lab)["vmid"] == "500,1000"
        await in_sync(running, 3600)
        lab.api("PUT", "cluster/backup/nightly", vmid="500")
        await in_sync(running, 1800)
        detail = running.status(NAME).detail
        assert detail is not None
        assert detail["guests"] == {"named": ["500", "VirtualMachine/web01"]}

    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert seen(lab)["vmid"] == "500,1000"
    assert writes(lab) == [CREATE, CHANGE, CHANGE]


def test_a_guest_that_nobody_declares_is_a_mistake(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await asyncio.sleep(60)
        (problem,) = running.estate.problems
        assert "web01" in str(problem)

    declared(lab, tmp_path, {**ALL, "guests": {"virtualMachines": ["web01"]}}).run(script)
    assert writes(lab) == []


@pytest.mark.parametrize("adopt", [False, True])
def test_a_job_of_somebody_else_is_taken_over_only_when_that_is_declared(
    lab: Lab, tmp_path: Path, *, adopt: bool
) -> None:
    lab.api("POST", "cluster/backup", id="nightly", all=1, schedule="02:30", comment="by hand")

    async def script(running: Running) -> None:
        await running.settle()
        status = running.status(NAME)
        assert [hold.rule for hold in status.holds] == ([] if adopt else [Rule.EXISTS])

    declared(lab, tmp_path, **({"adopt": True} if adopt else {})).run(script)
    assert without_inline(seen(lab)["comment"], "job") == "by hand"
    assert parse_inline(seen(lab)["comment"], "job") == (MARK if adopt else None)


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("status", [0, 502, 596], ids=["dropped", "gateway", "timeout"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_lost_answer_does_nothing_twice(
    lab: Lab, tmp_path: Path, method: str, status: int, *, executed: bool
) -> None:
    lab.happen("reply_lost", method=method, path="backup", status=status, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(job({**ALL, "enabled": False}))
        await in_sync(running, 120)
        assert seen(lab)["enabled"] == 0
        await running.declare({"job.yaml": None})
        await asyncio.sleep(1200)

    declared(lab, tmp_path).run(script)
    assert lab.api("GET", "cluster/backup") == []
    done = [CREATE, CHANGE, REMOVE]
    assert list(dict.fromkeys(writes(lab))) == done
    assert len(writes(lab)) == 3


def test_a_restart_without_its_database_knows_it_by_its_mark(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await in_sync(running)

    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        declared(lab, folder).run(script)
    assert writes(lab) == [CREATE]


def test_one_that_bears_no_mark_of_ours_any_more_is_not_removed(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/backup/nightly", comment="mine now")
        await running.declare({"job.yaml": None})
        await asyncio.sleep(3600)

    declared(lab, tmp_path).run(script)
    assert seen(lab)["comment"] == "mine now"


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "paid",
        with_inline("", Mark("other", MINE.key, "nightly"), "job"),
        f"{with_inline('', MARK, 'job')} x",
    ],
    ids=["no comment", "no mark", "another estate's", "text behind it"],
)
def test_without_our_mark_it_is_not_removed(comment: str) -> None:
    state = JobState("nightly", {"comment": comment, "all": 1}, {})
    (step,) = remove(MINE, state, facts())
    assert step.obstacle is not None
    assert "does not bear the mark" in step.obstacle.why
    (step,) = remove(MINE, replace(state, row={"comment": with_inline(comment[:4], MARK, "job")}), facts())
    assert step.verb == "destroy"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f")))
def test_a_mark_in_a_line_is_read_as_it_was_written_and_leaves_the_text(text: str) -> None:
    comment = with_inline(text, MARK, "job")
    assert parse_inline(comment, "job") == MARK
    assert without_inline(comment, "job") == text.strip()
    assert "\n" not in comment


@pytest.mark.parametrize(
    ("row", "declared_as"),
    [
        ({"prune-backups": "keep-last=3"}, {"retention": {"keepLast": 3}}),
        (
            {"prune-backups": {"keep-last": "3", "keep-daily": 7}},
            {"retention": {"keepDaily": 7, "keepLast": 3}},
        ),
        ({"prune-backups": "keep-all=1"}, {"retention": {"keepAll": True}}),
        ({}, {"retention": None, "enabled": True, "mode": "snapshot", "compress": "none", "mailTo": []}),
        ({"compress": "0"}, {"compress": "none"}),
        ({"compress": "1"}, {"compress": "lzo"}),
        ({"enabled": "1"}, {"enabled": True}),
        ({"schedule": "Mon,Tue  02:00 "}, {"schedule": "mon,tue 02:00"}),
        ({"mailto": "b@c,a; d"}, {"mailTo": ["a", "d", "b@c"]}),
        ({"vmid": "401, 402"}, {"guests": {"vmids": [402, 401]}}),
        ({"exclude": "9000;100"}, {"guests": {"all": True, "exclude": {"vmids": [100, 9000]}}}),
        ({"pool": "p", "all": 0}, {"guests": {"pool": "p"}}),
        ({"comment": " text "}, {"comment": "text"}),
    ],
)
def test_however_proxmox_writes_it_it_is_no_difference(
    row: dict[str, Any], declared_as: dict[str, Any]
) -> None:
    spec = BackupJobSpec.model_validate({**ALL, **declared_as})
    seen_row = {"schedule": "02:30", **({} if "guests" in declared_as else {"all": 1}), **row}
    state = JobState("nightly", seen_row, {})
    assert diff(KIND.declare(spec), KIND.project(state), KIND.treatments, applied=None).changes == ()


def test_a_guest_whose_mark_cannot_be_read_is_no_difference() -> None:
    spec = BackupJobSpec.model_validate({**ALL, "guests": {"virtualMachines": ["web01"]}})
    state = JobState("nightly", {"schedule": "02:30", "vmid": "1000"}, {}, unread=True)
    found = diff(KIND.declare(spec), KIND.project(state), KIND.treatments, applied=None)
    assert (found.changes, found.unseen) == ((), ("/guests",))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"guests": {}}, "write one of them"),
        ({"guests": {"all": True, "pool": "p"}}, "write one of them"),
        ({"guests": {"pool": "p", "exclude": {"vmids": [100]}}}, "only of all guests"),
        ({"guests": {"vmids": [99]}}, "greater than or equal"),
        ({"retention": {}}, "keepAll: true"),
        ({"retention": {"keepAll": True, "keepLast": 1}}, "keepAll: true"),
        ({"retention": {"keepLast": 0}}, "greater than or equal"),
        ({"notesTemplate": "x"}, "need a storage"),
        ({"protected": True}, "need a storage"),
        ({"comment": "a\nb"}, "comment"),
        ({"comment": "[setpoint: x]"}, "written by Setpoint itself"),
        ({"schedule": "02:30; rm"}, "schedule"),
        ({"mailTo": ["a,b"]}, "mailTo"),
        ({"job": "a"}, "job"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BackupJobSpec.model_validate({**ALL, **fields})
