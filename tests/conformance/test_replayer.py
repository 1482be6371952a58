"""The replayer, from a trace file to verdicts, against a tiny server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.dependence import Unsupported
from tests.conformance.identity import ROOT_PASSWORD
from tests.conformance.judge import judge
from tests.conformance.model import Verdict

if TYPE_CHECKING:
    from tests.conformance.conftest import Bench
    from tests.conformance.model import Run

UPID = "UPID:pve1:00000352:00043DFA:6B010ADB:qmcreate:100:root@pam:"
QUOTED = UPID.replace(":", "%3A").replace("@", "%40")
DIGEST = "a3e76d24cdb1367ed5cd3c905e53b7c6fb8175a8"
LATER = "7cbc34702e21396b8c2989ea779a539067f0b9c0"
MAC = "BC:24:11:AA:BB:CC"
NOTHING = Unsupported([])


def entry(
    method: str, path: str, data: Any, status: int = 200, params: Any = None, **more: Any
) -> dict[str, Any]:
    reason = more.pop("reason", "OK")
    body = more.pop("body", {"data": data})
    return {
        "request": {"method": method, "path": path, "params": params},
        "response": {"status": status, "reason": reason, "body": body},
        "seconds": 0.01,
        **more,
    }


CREATE = entry("POST", "/nodes/pve1/qemu", UPID, params={"vmid": 100, "name": "a"})
STOPPED = entry(
    "GET", f"/nodes/pve1/tasks/{QUOTED}/status", {"upid": UPID, "status": "stopped", "exitstatus": "OK"}
)
RUNNING = entry("GET", f"/nodes/pve1/tasks/{UPID}/status", {"upid": UPID, "status": "running"})
CONFIG = entry("GET", "/nodes/pve1/qemu/100/config", {"name": "a", "net0": f"virtio={MAC}", "digest": DIGEST})
RENAME = entry("PUT", "/nodes/pve1/qemu/100/config", None, params={"name": "b", "digest": DIGEST})
STALE = entry(
    "PUT",
    "/nodes/pve1/qemu/100/config",
    None,
    status=500,
    reason="mismatch",
    params={"name": "c", "digest": DIGEST},
    body={"data": None, "message": "mismatch\n"},
)
RENAMED = entry("GET", "/nodes/pve1/qemu/100/config", {"name": "b", "net0": f"virtio={MAC}", "digest": LATER})


def verdicts(run: Run, unsupported: Unsupported = NOTHING) -> list[Verdict]:
    return [judgement.verdict for judgement in judge(run, unsupported)]


async def test_a_server_that_answers_alike_is_equal_though_it_made_up_other_values(bench: Bench) -> None:
    polls = [{"entry": 2, "poll": "task", "task_of_entry": 0}]
    run = await bench.replay([CREATE, RUNNING, STOPPED, CONFIG, RENAME, STALE, RENAMED], waits=polls)
    assert verdicts(run) == [Verdict.EQUAL] * 7
    digests = [params["digest"] for _, _, params in bench.server.seen if "digest" in params]
    assert DIGEST not in digests
    assert len(set(digests)) == 1
    assert not any(UPID in path for _, path, _ in bench.server.seen)


async def test_a_task_that_nobody_awaited_has_ended_before_the_next_entry(bench: Bench) -> None:
    run = await bench.replay([CREATE, STOPPED])
    assert verdicts(run) == [Verdict.EQUAL] * 2


async def test_a_task_that_the_recording_shows_running_has_not_ended(bench: Bench) -> None:
    run = await bench.replay([CREATE, RUNNING, STOPPED])
    assert verdicts(run) == [Verdict.EQUAL] * 3


async def test_the_clock_moves_by_pauses_sleeps_and_recorded_seconds(bench: Bench) -> None:
    start = bench.server.now
    await bench.replay(
        [entry("GET", "/nodes/pve1/qemu", [])] * 2,
        waits=[{"before": 1, "sleep_s": 5}],
        events=[{"before": 2, "event": {"sleep_s": 7}}],
    )
    assert bench.server.now - start == pytest.approx(12.02)


async def test_lists_are_compared_without_their_order_and_load_by_its_type(bench: Bench) -> None:
    other = CREATE["request"]["params"] | {"vmid": 101}
    second = entry(
        "POST", "/nodes/pve1/qemu", UPID.replace(":100:", ":101:").replace("352:", "353:"), params=other
    )
    rows = [{"vmid": 100, "cpu": 0, "name": "a"}, {"name": "a", "vmid": 101, "cpu": 0.1}]
    run = await bench.replay([CREATE, second, entry("GET", "/nodes/pve1/qemu", rows)])
    assert verdicts(run) == [Verdict.EQUAL] * 3


async def test_events_bear_the_emulated_name_of_the_task(bench: Bench) -> None:
    event = {"before": 1, "event": {"kill_worker": {"task_of_entry": 0, "signal": "KILL"}}}
    polls = [{"entry": 1, "poll": "task", "task_of_entry": 0}]
    run = await bench.replay([CREATE, STOPPED], events=[event], waits=polls)
    started = run.answers[0].reply.body
    assert isinstance(started, dict)
    assert bench.server.events == [{"kill_worker": {"signal": "KILL", "upid": started["data"]}}]


async def test_an_armed_event_comes_before_its_entry_and_names_no_task(bench: Bench) -> None:
    event = {"before": 1, "arm_before": 0, "event": {"task_fails": {"task_of_entry": 0, "exitstatus": "no"}}}
    await bench.replay([CREATE, CONFIG], events=[event])
    assert bench.server.events == [{"task_fails": {"exitstatus": "no"}}]


async def test_an_event_armed_for_an_artefact_is_left_out(bench: Bench) -> None:
    event = {"before": 1, "arm_before": 1, "event": {"reply_fails": {"entry": 1, "status": 400}}}
    await bench.replay([CREATE, RENAME | {"rig_artifact": True}, CONFIG], events=[event])
    assert bench.server.events == []


async def test_the_order_of_sending_is_the_one_that_was_recorded(bench: Bench) -> None:
    run = await bench.replay([CONFIG, CREATE], order=[1, 0])
    assert verdicts(run) == [Verdict.EQUAL] * 2


async def test_an_artefact_is_not_sent_and_not_covered(bench: Bench) -> None:
    entries = [CREATE, RENAME | {"rig_artifact": True}, CONFIG, CONFIG]
    run = await bench.replay(
        entries, not_replayable=[{"entry": 2, "why": "x"}, {"entry": 3, "partial": True}]
    )
    assert verdicts(run) == [Verdict.EQUAL, Verdict.ARTIFACT, Verdict.ARTIFACT, Verdict.EQUAL]
    assert [method for method, _, _ in bench.server.seen if method == "PUT"] == []


async def test_what_is_listed_is_unsupported_and_what_meets_it_dependent(bench: Bench) -> None:
    made = UPID.replace("qmcreate:100", "vzcreate:200")
    entries = [
        CREATE,
        entry("POST", "/nodes/pve1/lxc", made, params={"vmid": 200}),
        entry("GET", f"/nodes/pve1/tasks/{made}/status", {"status": "stopped"}),
        entry("GET", "/nodes/pve1/qemu", [{"vmid": 100, "cpu": 0, "name": "a"}, {"vmid": 200}]),
        entry("GET", "/nodes/pve1/nonsense", []),
        CONFIG,
    ]
    run = await bench.replay(entries)
    listed = Unsupported(["# containers", "/nodes/{node}/lxc", "/nodes/{node}/lxc/{vmid}/config"])
    different = [Verdict.DIFFERENT] * 4
    assert verdicts(run) == [Verdict.EQUAL, *different, Verdict.EQUAL]
    not_covered = [Verdict.UNSUPPORTED, Verdict.DEPENDENT, Verdict.DEPENDENT]
    assert verdicts(run, listed) == [Verdict.EQUAL, *not_covered, Verdict.DIFFERENT, Verdict.EQUAL]


async def test_a_refused_event_that_is_listed_leaves_all_that_follows_in_doubt(bench: Bench) -> None:
    event = {"before": 1, "event": {"node_offline": "pve2"}}
    wrong = entry("GET", "/nodes/pve1/qemu", ["anything"])
    run = await bench.replay([wrong, wrong], events=[event])
    listed = Unsupported(["EVENT node_offline"])
    assert verdicts(run, listed) == [Verdict.DIFFERENT, Verdict.DEPENDENT]


async def test_a_broken_connection_is_different_even_where_nothing_is_supported(bench: Bench) -> None:
    run = await bench.replay([entry("GET", "/nodes/pve1/qemu/999/config", {})])
    assert verdicts(run, Unsupported(["/nodes/{node}/qemu/{vmid}/config"])) == [Verdict.DIFFERENT]


async def test_a_row_of_a_probe_table_is_sent_read_and_sent_again(bench: Bench) -> None:
    made = {"method": "POST", "path": "/nodes/pve1/qemu", "params": {"vmid": 130}, "as": "root@pam ticket"}
    rows = [
        {"key": "tags", "sent": "x", "status": 200, "reason": "OK", "returned": "x", "same": True},
        {"key": "cores", "sent": "2", "status": 200, "reason": "OK", "returned": 2, "same": False},
    ]
    rows[0] |= {"resend_returned_changes_digest": False, "resend_sent_changes_digest": False}
    run = await bench.replay(rows, events=[{"before": 0, "event": {"api": made}}])
    assert verdicts(run) == [Verdict.EQUAL, Verdict.DIFFERENT]
    puts = [params for method, _, params in bench.server.seen if method == "PUT"]
    assert puts == [{"tags": "x"}] * 3 + [
        {"delete": "tags", "force": "1"},
        {"cores": "2"},
        {"delete": "cores", "force": "1"},
    ]


async def test_the_rows_of_a_table_with_methods_are_one_sequence(bench: Bench) -> None:
    made = {"method": "POST", "path": "/nodes/pve1/qemu", "params": {"vmid": 130}, "as": "root@pam ticket"}
    head = {"method": "PUT", "status": 200, "reason": "OK", "errors": None}
    rows = [
        head | {"key": "tags", "sent": "x", "changes": {"tags": [None, "x"]}},
        head | {"key": "tags", "sent": "y", "changes": {"tags": ["x", "y"]}},
        head | {"key": "delete", "sent": "tags", "changes": {"tags": [None, "y"]}},
    ]
    run = await bench.replay(rows, events=[{"before": 0, "event": {"api": made}}])
    assert verdicts(run) == [Verdict.EQUAL, Verdict.EQUAL, Verdict.DIFFERENT]


async def test_the_state_gets_a_password_for_root_and_secrets_for_its_tokens(bench: Bench) -> None:
    await bench.replay([], state={"tokens": [{"tokenid": "a@pve!t", "secret": "choose any uuid"}]})
    assert bench.server.state == {
        "users": [{"userid": "root@pam", "password": ROOT_PASSWORD}],
        "tokens": [{"tokenid": "a@pve!t", "secret": "00000000-0000-0000-0000-000000000001"}],
    }


async def test_a_state_that_the_emulator_refuses_makes_every_entry_different(bench: Bench) -> None:
    run = await bench.replay([CREATE, CONFIG], state={"unreadable": 1})
    assert verdicts(run) == [Verdict.DIFFERENT] * 2


async def test_an_emulator_that_is_gone_makes_every_entry_different(bench: Bench) -> None:
    bench.base_url = "http://127.0.0.1:1"
    run = await bench.replay([CREATE, CONFIG])
    assert verdicts(run) == [Verdict.DIFFERENT] * 2
