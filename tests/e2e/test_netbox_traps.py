"""The traps of a NetBox against a whole daemon: whatever happens there, nothing is deleted on the cluster and no change is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from tests.e2e.netbox_scene import MACHINES, NAMES, PLANNED, VM, Scene, scene
from tests.rig.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
Trap = Callable[[Scene], Generator[str]]
"""Springs a trap, yields what is told of it (nothing when it is none that anybody could tell), and shows that it bit."""
VIEW = {"types": [VM], "actions": ["view"], "user": "you"}
PAGE = 1_000
"""Rows of a page, the most that NetBox gives."""
DETAIL = f"{MACHINES}{NAMES['shop02']}/"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("traps")) as made:
        yield made


def commit_order(stage: Scene) -> Generator[str]:
    """Two machines are edited in a transaction that ends when the feed of changes is long past its ids."""
    late = stage.text("Committed late")
    bulk = [{"id": NAMES[name], "description": late} for name in ("shop02", "till01")]
    stage.happen(request={"method": "PATCH", "path": MACHINES, "body": bulk, "held": True, "as": "anna"})
    stage.edit("till02", stage.text("Committed after it"))
    stage.converged("till02")
    yield ""
    assert stage.lab("GET", "troubles")["held_commits"] == 1
    assert stage.row("shop02")["description"] != late, "it cannot be seen yet"
    stage.wanted |= {"shop02": late, "till01": late}


def _shifting(stage: Scene, query: str) -> Generator[str]:
    """Between two pages somebody deletes a row of the first one, so that the first of the second moves up."""
    if sorted(stage.rows()).index(NAMES["last01"]) < PAGE:
        endpoint = MACHINES.removeprefix("/api/").rstrip("/")
        made = {"method": "POST", "path": MACHINES, "body": _another("plan-again"), "as": "anna"}
        stage.happen(set_next_id={endpoint: PLANNED.stop}, request=made)
    before = sorted(stage.rows())
    assert before[PAGE] == NAMES["last01"], "it is the first on the second page"
    planned = next(one for one in before if one in PLANNED)
    deletion = {"method": "DELETE", "path": f"{MACHINES}{planned}/", "as": "anna"}
    look = {"method": "GET", "path": MACHINES, "query": query}
    stage.happen(after_request={**look, "then": {"request": deletion}})
    stage.edit("last01", stage.text("On the second page"))
    stage.resync()
    until(lambda: planned not in stage.rows(), "the deletion between two pages")
    yield ""


def page_shift(stage: Scene) -> Generator[str]:
    yield from _shifting(stage, "*limit=1000&start=0*")


def page_shift_by_offset(stage: Scene) -> Generator[str]:
    stage.happen(version={"value": "4.5"})
    yield from _shifting(stage, "*limit=1000&offset=0*")
    stage.happen(version={"value": "4.6"})


def _another(name: str, **fields: object) -> dict[str, object]:
    return {"name": name, "status": "planned", "cluster": 1, "tags": [{"slug": "setpoint"}], **fields}


def permission_loss(stage: Scene) -> Generator[str]:
    stage.happen(rights_lost=VIEW)
    stage.resync()
    yield "permission"


def constrained_rows(stage: Scene) -> Generator[str]:
    stage.happen(rights_limited={**VIEW, "constraints": {"id__lt": 3}})
    stage.resync()
    yield "NetBox shows 2 of"


def id_rewind(stage: Scene) -> Generator[str]:
    """A backup is restored: changes after it get numbers that were seen before."""
    was = stage.wanted["till01"]
    stage.converged()
    stage.happen(backup_made={})
    for _ in range(4):
        stage.edit("till01", stage.text("Not in the backup"))
    stage.converged("till01")
    highest = max(stage.rows("core/object-changes"))
    stage.happen(backup_restored={})
    assert max(stage.rows("core/object-changes")) < highest
    stage.wanted["till01"] = was
    yield ""
    stage.resync()


def _calls(stage: Scene) -> int:
    return stage.rig.folder.log.read_text().count("hook_called")


def lost_webhooks(stage: Scene) -> Generator[str]:
    stage.edit("till02", stage.text("Heard of"))
    before = _calls(stage)
    until(lambda: _calls(stage) > before, "a call that is not lost")
    stage.happen(webhooks_lost={"count": None})
    stage.well()
    before = _calls(stage)
    yield ""
    assert _calls(stage) == before


def reordered_webhooks(stage: Scene) -> Generator[str]:
    stage.happen(webhook_workers={"value": 0})
    for _ in range(3):
        stage.edit("till02", stage.text("Heard of later"))
    assert stage.lab("GET", "troubles")["waiting_webhooks"] >= 3
    stage.happen(webhooks_doubled={"count": None}, webhook_workers={"value": 1, "reversed": True})
    yield ""


def race(stage: Scene) -> Generator[str]:
    """Somebody edits a machine between our reading it and our writing into it, which NetBox refuses with 412 by that."""
    raced = stage.text("Between reading and writing")
    stage.edit("shop02", stage.text("To be told back"))
    edit = stage.edited("shop02", raced)
    stage.happen(before_request={"method": "PATCH", "path": DETAIL, "then": {"request": edit}})
    until(lambda: stage.row("shop02")["description"] == raced, "our write that comes too late")
    yield ""


def write_back_conflict(stage: Scene) -> Generator[str]:
    """Somebody writes into the very fields that we write, together with a change that counts."""
    told = {"pve_vmid": 1, "pve_node": "nowhere", "setpoint_phase": "lost"}
    stage.edit("shop02", stage.text("With our fields"), custom_fields=told)
    yield ""

    def ours() -> bool:
        held, guest = stage.row("shop02")["custom_fields"], stage.rig.guest("VirtualMachine/shop02")
        return (held["pve_vmid"], held["pve_node"], held["setpoint_phase"]) == (
            guest["vmid"], guest["node"], "inSync",
        )  # fmt: skip

    until(ours, lambda: str(stage.row("shop02")["custom_fields"]))


def silent_socket(stage: Scene) -> Generator[str]:
    """One call is taken and never answered: git goes on, and NetBox is asked again when it was given up."""
    stage.happen(silence={"path": "/api/core/object-changes/"})
    yield ""
    log, said = stage.rig.folder.log, "object-changes/.*gave no whole answer: it took too long"
    until(lambda: re.search(said, log.read_text()), "a call that is given up", 120)


def html_of_a_proxy(stage: Scene) -> Generator[str]:
    stage.happen(reply_fails={"status": 502, "count": None})
    yield "what is before NetBox does not reach it"


def html_for_json(stage: Scene) -> Generator[str]:
    stage.happen(reply_shape={"shape": "html", "count": None})
    yield "url, with the path"


def unknown_filters(stage: Scene) -> Generator[str]:
    """A filter that NetBox does not know is no filter for it: it shows every machine that there is."""
    stranger = _another("stranger01", status="active", tags=[])
    stage.happen(request={"method": "POST", "path": MACHINES, "body": stranger, "as": "anna"})
    stage.restart("select: {tags: [setpoint]}", "select: {customFields: {nobody_made_it: x}}")
    yield "NetBox shows 0 of"
    assert "stranger01" not in {guest["name"] for guest in stage.rig.guests()}
    stage.restart("select: {customFields: {nobody_made_it: x}}", "select: {tags: [setpoint]}")


def shapes_of_4_7(stage: Scene) -> Generator[str]:
    """Selections come as value and label; the node of every machine is one."""
    stage.happen(version={"value": "4.7"})
    stage.resync()
    yield ""
    stage.converged()
    assert {guest["node"] for guest in stage.rig.guests() if guest["name"] in NAMES} == {"pve1"}
    stage.happen(version={"value": "4.6"})


def wrong_units(stage: Scene) -> Generator[str]:
    """Memory that is in MiB is read as a number of KiB."""
    mapping = (stage.rig.folder.clone / "netbox.yaml").read_text()
    stage.rig.write("netbox.yaml", f"{mapping}    units: {{memory: KiB}}\n")
    stage.rig.push("Read memory as KiB")
    yield "memory 1024, read as KiB, is less than"
    stage.rig.write("netbox.yaml", mapping)
    stage.rig.push("Read memory as MiB again")


TRAPS: dict[str, Trap] = {
    "commit-order holes": commit_order,
    "page shift": page_shift,
    "page shift by offset": page_shift_by_offset,
    "permission loss": permission_loss,
    "constrained rows": constrained_rows,
    "id rewind": id_rewind,
    "lost webhooks": lost_webhooks,
    "reordered webhooks": reordered_webhooks,
    "412 race": race,
    "silent socket": silent_socket,
    "HTML of a proxy": html_of_a_proxy,
    "HTML where JSON was": html_for_json,
    "unknown filters": unknown_filters,
    "changed shapes of 4.7": shapes_of_4_7,
    "mapping with wrong units": wrong_units,
    "a write-back conflict": write_back_conflict,
}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_trap_leads_to_no_deletion_and_no_lost_change(stage: Scene, trap: Trap) -> None:
    with contextmanager(trap)(stage) as told:
        stage.edit("shop01", stage.text("While it stands"))
        stage.note(stage.text("In git while it stands"))
        stage.converged("note01")
        if told:
            stage.told(told)
        else:
            assert stage.inventory()["good"], stage.inventory()
        stage.intact()
    stage.happen(calm={})
    if told:
        stage.resync()
    stage.converged()
    stage.well()
    stage.intact()


def test_a_few_that_are_hidden_are_let_go_untouched_and_taken_back(stage: Scene) -> None:
    """So few that nobody can tell it from tags that were taken off."""
    few = frozenset({"VirtualMachine/till01", "VirtualMachine/till02"})
    hidden = [NAMES["till01"], NAMES["till02"]]
    stage.happen(rights_limited={**VIEW, "constraints": [{"id__lt": hidden[0]}, {"id__gt": hidden[1]}]})
    stage.resync()
    until(lambda: not any("outcome" in stage.rig.row(one) for one in few), lambda: str(stage.rig.status()))
    stage.edit("till01", stage.text("While it is hidden"))
    stage.edit("shop01", stage.text("While others are hidden"))
    stage.converged("shop01")
    stage.intact(but=few)
    stage.happen(calm={})
    stage.resync()
    stage.converged()
    stage.well()
    stage.intact()
