from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

GIB = 1 << 30
NODES = [{"name": "pve1", "ip": "10.99.0.1", "local": True, "cpus": 8, "memory": 64 * GIB}]


def rows(client: Client, timeframe: str = "day") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.ask("GET", "/nodes/pve1/rrddata", timeframe=timeframe).data
    return found


def busy(client: Client, **words: Any) -> None:
    client.lab("POST", "events", {"node_load": {"node": "pve1", **words}})


def test_a_node_tells_of_a_day_in_minutes(client: Client) -> None:
    client.reset(nodes=NODES)
    day = rows(client)
    assert [later["time"] - row["time"] for row, later in pairwise(day)] == [60] * 1438
    assert 0 <= client.now() - day[-1]["time"] <= 120
    assert day[0].items() >= {"maxcpu": 8, "memtotal": 64 * GIB, "memused": 16 * GIB, "cpu": 0.05}.items()
    assert day == rows(client)


@pytest.mark.parametrize(
    ("timeframe", "step", "count"), [("hour", 60, 59), ("week", 1800, 335), ("year", 21600, 1459)]
)
def test_a_span_has_its_points(client: Client, timeframe: str, step: int, count: int) -> None:
    found = rows(client, timeframe)
    assert (found[1]["time"] - found[0]["time"], len(found)) == (step, count)


def test_load_is_as_it_was_when_it_was(client: Client) -> None:
    client.reset(nodes=NODES)
    busy(client, cpu=0.5, memory=32 * GIB, ago_s=6 * 3600)
    busy(client, cpu=0.25, memory=8 * GIB, ago_s=3600)
    day, now = rows(client), client.now()
    used = {row["memused"] for row in day if row["time"] < now - 7 * 3600}
    middle = {row["memused"] for row in day if now - 6 * 3600 + 60 < row["time"] < now - 3600}
    last = {(row["cpu"], row["memused"]) for row in day if row["time"] > now - 3540}
    assert (used, middle, last) == ({16 * GIB}, {32 * GIB}, {(0.25, 8 * GIB)})


def test_a_point_is_the_mean_of_its_time(client: Client) -> None:
    client.reset(nodes=NODES)
    begin = client.now() // 1800 * 1800 + 1800
    client.lab("POST", "clock", {"to": begin + 600})
    busy(client, memory=32 * GIB)
    client.lab("POST", "clock", {"to": begin + 5400})
    used = {row["time"]: row["memused"] for row in rows(client, "week")}
    assert used[begin] == 16 * GIB
    assert used[begin + 1800] == pytest.approx(16 * GIB / 3 + 32 * GIB * 2 / 3)
    assert used[begin + 3600] == 32 * GIB


def test_where_nothing_was_measured_a_point_has_nothing_but_its_time(client: Client) -> None:
    client.reset(nodes=NODES)
    busy(client, measured=False, ago_s=7200)
    busy(client, memory=GIB, ago_s=600)
    hour = rows(client, "hour")
    assert {tuple(row) for row in hour if row["time"] <= client.now() - 660} == {("time",)}
    assert {row["memused"] for row in hour if row["time"] > client.now() - 540} == {GIB}


def test_status_and_lists_tell_the_load_of_now(client: Client) -> None:
    client.reset(nodes=NODES)
    busy(client, cpu=0.75, memory=48 * GIB)
    status = client.ask("GET", "/nodes/pve1/status").data
    assert (status["cpu"], status["memory"]["used"], status["memory"]["free"]) == (0.75, 48 * GIB, 16 * GIB)
    (row,) = client.ask("GET", "/cluster/resources", type="node").data
    assert (row["cpu"], row["mem"], row["maxmem"], row["maxcpu"]) == (0.75, 48 * GIB, 64 * GIB, 8)


def test_load_and_size_are_part_of_the_state(client: Client) -> None:
    client.reset(nodes=NODES)
    busy(client, cpu=0.5, memory=32 * GIB, ago_s=3600)
    day = rows(client)
    client.reset(**client.lab("GET", "state"))
    assert rows(client) == day


def test_only_who_may_see_a_node_sees_its_load(client: Client) -> None:
    client.ask("POST", "/access/users", userid="u@pve")
    token = client.ask("POST", "/access/users/u@pve/token/look", privsep=0).data
    headers = {"Authorization": f"PVEAPIToken=u@pve!look={token['value']}"}
    got = client.raw("GET", "/api2/json/nodes/pve1/rrddata?timeframe=day", headers)
    assert (got.status, got.reason) == (403, "Permission check failed (/nodes/pve1, Sys.Audit)")


def test_a_span_that_nobody_knows_is_refused(client: Client) -> None:
    assert "timeframe" in client.ask("GET", "/nodes/pve1/rrddata", timeframe="fortnight").errors
