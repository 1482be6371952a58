from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.clock import RealClock, VirtualClock
from setpoint_lab.proxmox.errors import TaskError
from setpoint_lab.proxmox.ledger import Ledger
from setpoint_lab.proxmox.tasks import Failure, Task, TaskLog, Tasks
from setpoint_lab.proxmox.upid import Upid
from tests.systems.lab_proxmox.core_api import as_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from setpoint_lab.clock import Clock
    from tests.systems.lab_proxmox.core_api import Client

CONTENT = "/nodes/pve1/storage/local-zfs/content"


class Bench:
    """Tasks on a virtual clock, without a world."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tasks = Tasks(self.clock, Ledger())

    def start(self, body: Callable[[TaskLog], Awaitable[None]]) -> Task:
        found = self.tasks.find(self.tasks.start("root@pam", "pve1", "qmtest", "100", body))
        assert found is not None
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_task_runs_until_its_time_has_come(bench: Bench) -> None:
    async def body(log: TaskLog) -> None:
        log("begin")
        await bench.clock.sleep(10)
        log("end")

    task = bench.start(body)
    assert (task.running, task.log.lines) == (True, [])
    await bench.clock.advance(9)
    assert (task.running, task.log.lines) == (True, ["begin"])
    await bench.clock.advance(2)
    assert (task.exitstatus, task.log.lines) == ("OK", ["begin", "end", "TASK OK"])


async def fails(_log: TaskLog) -> None:
    raise TaskError("first line\nsecond line")


async def warns(printed: TaskLog) -> None:
    printed.warn("a")
    printed.warn("b")


async def breaks(_log: TaskLog) -> None:
    raise ZeroDivisionError("a mistake in a body")


@pytest.mark.parametrize(
    ("body", "exitstatus", "lines"),
    [
        (fails, "first line", ["TASK ERROR: first line\nsecond line"]),
        (warns, "WARNINGS: 2", ["WARN: a", "WARN: b", "TASK WARNINGS: 2"]),
    ],
    ids=["error", "warnings"],
)
async def test_a_task_says_how_it_ended(
    bench: Bench, body: Callable[[TaskLog], Awaitable[None]], exitstatus: str, lines: list[str]
) -> None:
    task = bench.start(body)
    await bench.clock.advance(1)
    assert (task.exitstatus, task.log.lines) == (exitstatus, lines)


@pytest.mark.parametrize("after", [0.0, 0.01, 1.0], ids=["before-it-runs", "while-forking", "asleep"])
async def test_an_interrupted_task_cleans_up_wherever_it_is(bench: Bench, after: float) -> None:
    cleaned: list[bool] = []

    async def body(_log: TaskLog) -> None:
        try:
            await bench.clock.sleep(100)
        except TaskError as error:
            await bench.clock.sleep(0.1)
            cleaned.append(True)
            raise TaskError(f"unable to create - {error}") from None

    task = bench.start(body)
    if after:
        await bench.clock.advance(after)
    bench.tasks.interrupt(task)
    await bench.clock.advance(1)
    assert cleaned == [True]
    assert task.exitstatus == "unable to create - received interrupt"


async def test_a_killed_task_cleans_nothing_up(bench: Bench) -> None:
    cleaned: list[bool] = []

    async def body(_log: TaskLog) -> None:
        try:
            await bench.clock.sleep(100)
        except TaskError:
            cleaned.append(True)

    early, late = bench.start(body), bench.start(body)
    bench.tasks.kill(early)
    await bench.clock.advance(1)
    bench.tasks.kill(late)
    await bench.clock.advance(200)
    assert [early.exitstatus, late.exitstatus] == ["unexpected status"] * 2
    assert (cleaned, late.log.lines) == ([], [])


async def test_an_armed_failure_hits_the_next_task_alone(bench: Bench) -> None:
    done: list[str] = []

    async def body(log: TaskLog) -> None:
        await bench.clock.sleep(1)
        log("done")
        done.append("done")

    bench.tasks.failures.append(Failure("storage is full", None, iter([True, False]).__next__))
    first, second = bench.start(body), bench.start(body)
    await bench.clock.advance(5)
    assert (first.exitstatus, second.exitstatus, done) == ("storage is full", "OK", ["done"])


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0, 100))
async def test_virtual_time_wakes_sleepers_in_order_and_none_too_early(
    sleeps: list[float], until: float
) -> None:
    bench = Bench()
    woken: list[tuple[float, float]] = []
    start = bench.clock.now()

    def body(seconds: float) -> Callable[[TaskLog], Awaitable[None]]:
        async def sleeping(_log: TaskLog) -> None:
            due = bench.clock.now() + seconds
            await bench.clock.sleep(seconds)
            woken.append((bench.clock.now(), due))

        return sleeping

    for seconds in sleeps:
        bench.start(body(seconds))
    await bench.clock.advance(until)
    times = [time for time, _ in woken]
    assert times == sorted(times)
    assert all(time >= due for time, due in woken)
    assert all(time <= start + until for time in times)
    assert bench.clock.now() == start + until
    for task in bench.tasks.running():
        bench.tasks.kill(task)
    await bench.clock.advance(0)


@pytest.mark.parametrize("clock", [VirtualClock(), RealClock()], ids=["virtual", "real"])
async def test_a_sleep_outside_of_a_task_moves_the_clock(clock: Clock) -> None:
    before = clock.now()
    await clock.sleep(0.02)
    assert clock.now() - before == pytest.approx(0.02, abs=0.5)
    assert clock.now() > before


async def test_a_mistake_in_a_body_ends_its_task_and_is_told(bench: Bench) -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(str(context["exception"])))
    task = bench.start(breaks)
    await bench.clock.advance(1)
    assert (task.exitstatus, told) == ("a mistake in a body", ["a mistake in a body"])


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
upids = st.builds(
    Upid,
    names,
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**36 - 1),
    st.integers(0, 2**32 - 1),
    names,
    names | st.just(""),
    st.sampled_from(["a@pve", "a@pve!tok"]),
)


@given(upids)
def test_a_upid_comes_back_from_its_text(upid: Upid) -> None:
    assert Upid.parse(str(upid)) == upid
    assert upid.owner == upid.user + (f"!{upid.tokenid}" if upid.tokenid else "")


@pytest.mark.parametrize(
    "text", ["", "UPID:garbage", "UPID:pve1:1:2:3:a:b:c:", "UPID:pve1:00000001:00000001:00000001::x:y:"]
)
def test_what_is_no_upid_is_none(text: str) -> None:
    assert Upid.parse(text) is None


def remove(client: Client, name: str = "vm-100-disk-0") -> str:
    """Start a task that every emulator has: the removal of a volume that may not exist."""
    upid = client.ask("DELETE", f"{CONTENT}/{name}").data
    assert isinstance(upid, str)
    return upid


def test_the_api_shows_a_running_task_and_its_end(client: Client) -> None:
    upid = remove(client)
    path = f"/nodes/pve1/tasks/{upid}"
    parts = Upid.parse(upid)
    assert parts is not None
    common = {
        "upid": upid,
        "node": "pve1",
        "pid": parts.pid,
        "pstart": parts.pstart,
        "starttime": parts.starttime,
        "type": "imgdel",
        "id": "100@local-zfs",
        "user": "root@pam",
    }
    assert client.task(upid) == {**common, "status": "running"}
    assert client.ask("GET", f"{path}/log").document == {"data": [{"n": 1, "t": "no content"}], "total": 1}
    running = client.ask("GET", "/nodes/pve1/tasks", source="active").document
    assert running == {"data": [{**common, "status": "RUNNING", "saved": "0"}], "total": 1}
    client.finish()
    assert client.task(upid) == {**common, "status": "stopped", "exitstatus": "OK"}
    assert [row["t"] for row in client.ask("GET", f"{path}/log").data] == [
        "Removed volume 'local-zfs:vm-100-disk-0'",
        "TASK OK",
    ]
    assert client.ask("GET", "/nodes/pve1/tasks", source="active").document == {"data": []}
    assert sorted(row["name"] for row in client.ask("GET", path).data) == ["log", "status"]


@pytest.mark.parametrize(
    ("params", "numbers", "first"),
    [({}, 2, 1), ({"limit": 1}, 1, 1), ({"start": 1}, 1, 2), ({"limit": 0}, 2, 1), ({"start": 99}, 0, None)],
    ids=["all", "limit", "start", "no-limit", "beyond"],
)
def test_a_log_comes_in_pages(
    client: Client, params: dict[str, int], numbers: int, first: int | None
) -> None:
    upid = remove(client)
    client.finish()
    got = client.ask("GET", f"/nodes/pve1/tasks/{upid}/log", **params).document
    assert (len(got["data"]), got["total"]) == (numbers, 2)
    if first is not None:
        assert got["data"][0]["n"] == first


def test_a_log_page_has_fifty_lines() -> None:
    from setpoint_lab.proxmox.handlers.tasks import PAGE

    assert PAGE == 50


@pytest.mark.parametrize(
    ("upid", "what", "status", "told"),
    [
        ("UPID:garbage", "status", 400, {"upid": "unable to parse worker upid"}),
        (
            "UPID:pve1:00000001:00000001:6B010E1D:qmcreate:1:root@pam:",
            "status",
            400,
            {"upid": "no such task"},
        ),
        (
            "UPID:pve9:00000001:00000001:6B010E1D:qmcreate:1:root@pam:",
            "status",
            400,
            {"upid": "no such task"},
        ),
    ],
    ids=["garbage", "unknown", "other-node"],
)
def test_an_unknown_task_has_no_status(
    client: Client, upid: str, what: str, status: int, told: dict[str, str]
) -> None:
    got = client.ask("GET", f"/nodes/pve1/tasks/{upid}/{what}")
    assert (got.status, got.errors) == (status, told)


def test_an_unknown_task_has_a_log_that_says_so(client: Client) -> None:
    got = client.ask("GET", "/nodes/pve1/tasks/UPID:pve1:00000001:00000001:6B010E1D:qmcreate:1:root@pam:/log")
    assert got.data == [{"n": 1, "t": "unable to open file - No such file or directory"}]


def test_stopping_a_task_interrupts_it_and_a_finished_one_does_not_care(client: Client) -> None:
    upid = remove(client)
    assert client.ask("DELETE", f"/nodes/pve1/tasks/{upid}").data is None
    assert client.task(upid)["exitstatus"] == "received interrupt"
    assert client.ask("DELETE", f"/nodes/pve1/tasks/{upid}").data is None
    assert client.task(upid)["exitstatus"] == "received interrupt"


def test_a_worker_is_killed_from_outside(client: Client) -> None:
    upid = remove(client)
    client.lab("POST", "events", {"kill_worker": {"upid": upid}})
    assert client.task(upid)["exitstatus"] == "unexpected status"


def test_a_task_is_made_to_fail_from_outside(client: Client) -> None:
    client.lab("POST", "events", {"task_fails": {"exitstatus": "no space left"}})
    failed, running = remove(client), remove(client)
    client.lab("POST", "events", {"task_fails": {"exitstatus": "pulled", "upid": running}})
    client.finish()
    assert [client.task(upid)["exitstatus"] for upid in (failed, running)] == ["no space left", "pulled"]


def test_a_restart_of_the_daemon_interrupts_its_workers(client: Client) -> None:
    upid = remove(client)
    client.lab("POST", "events", {"service_restart": {"value": "pvedaemon", "node": "pve1"}})
    client.lab("POST", "clock", {"advance": 0.1})
    assert client.task(upid)["exitstatus"] == "received interrupt"


HISTORY: dict[str, Any] = {
    "tasks": [
        {
            "upid": f"UPID:pve1:{number + 16:08X}:00000001:{1795230000 + number:08X}:{kind}:{ident}:{owner}:",
            "exitstatus": exitstatus,
            "endtime": 1795230000 + number,
        }
        for number, (kind, ident, owner, exitstatus) in enumerate(
            [
                ("qmcreate", "100", "root@pam", "OK"),
                ("qmstart", "100", "a@pve!tok", "no such device"),
                ("vzcreate", "200", "a@pve", "WARNINGS: 1"),
                ("qmcreate", "101", "root@pam", "unexpected status"),
            ]
        )
    ]
}


@pytest.mark.parametrize(
    ("params", "idents"),
    [
        ({}, ["101", "200", "100", "100"]),
        ({"vmid": 100}, ["100", "100"]),
        ({"typefilter": "qmcreate"}, ["101", "100"]),
        ({"userfilter": "a@"}, ["200", "100"]),
        ({"errors": 1}, ["101", "200", "100"]),
        ({"statusfilter": "error"}, ["100"]),
        ({"statusfilter": "ok,warning"}, ["200", "100"]),
        ({"statusfilter": "unknown"}, ["101"]),
        ({"since": 1795230001, "until": 1795230002}, ["200", "100"]),
        ({"start": 1, "limit": 2}, ["200", "100"]),
        ({"source": "active"}, []),
    ],
    ids=lambda value: "-".join(value) or "all" if isinstance(value, dict) else "",
)
def test_a_list_is_filtered_and_paged(client: Client, params: dict[str, Any], idents: list[str]) -> None:
    client.reset(**HISTORY)
    assert [row["id"] for row in client.ask("GET", "/nodes/pve1/tasks", **params).data] == idents


def test_the_total_counts_what_the_filters_leave(client: Client) -> None:
    client.reset(**HISTORY)
    assert client.ask("GET", "/nodes/pve1/tasks", limit=1).document["total"] == 4
    assert client.ask("GET", "/nodes/pve1/tasks", limit=1, vmid=100).document["total"] == 2
    assert "total" not in client.ask("GET", "/nodes/pve1/tasks", vmid=999).document


def test_the_cluster_remembers_the_latest_twenty_five(client: Client) -> None:
    for number in range(30):
        remove(client, f"vm-{100 + number}-disk-0")
    assert len(client.ask("GET", "/cluster/tasks").data) == 30
    client.finish()
    rows = client.ask("GET", "/cluster/tasks").data
    assert [row["id"] for row in rows] == [f"{129 - number}@local-zfs" for number in range(25)]
    assert set(rows[0]) == {"upid", "node", "starttime", "endtime", "type", "id", "user", "status", "saved"}


def test_a_token_sees_its_own_tasks_and_an_auditor_all(client: Client) -> None:
    client.reset(
        users=[{"userid": "a@pve"}],
        tokens=[{"tokenid": "a@pve!tok", "privsep": 0, "secret": "11111111-2222-3333-4444-555555555555"}],
        **HISTORY,
    )
    headers = as_token("a@pve!tok", "11111111-2222-3333-4444-555555555555")

    def seen() -> list[str]:
        return [row["id"] for row in client.raw("GET", "/api2/json/nodes/pve1/tasks", headers).data]

    def status(number: int) -> int:
        upid = HISTORY["tasks"][number]["upid"]
        return client.raw("GET", f"/api2/json/nodes/pve1/tasks/{upid}/status", headers).status

    assert seen() == ["100"]
    assert (status(1), status(0)) == (200, 403)
    client.ask("PUT", "/access/acl", path="/nodes", roles="PVEAuditor", users="a@pve")
    assert seen() == ["101", "200", "100", "100"]
    assert status(0) == 200
