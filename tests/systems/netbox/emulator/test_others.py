"""What others do at the same time: work that is committed late, and requests between a client's requests."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.systems.netbox.emulator.api import CHANGES, VMS, Client, Got

BULK = {"method": "PATCH", "path": VMS, "body": [{"id": 1, "memory": 71}, {"id": 2, "memory": 72}]}


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


def memories(client: Client) -> list[int | None]:
    return [row["memory"] for row in client.get(VMS + "?ordering=id")["results"]]


def test_ids_are_given_early_and_become_visible_late(client: Client) -> None:
    happen(client, "request", **BULK, held=True)
    client.ask("PATCH", VMS + "3/", {"memory": 73})
    assert client.ask("GET", CHANGES).ids == [3]
    assert memories(client) == [2048, None, 73]
    happen(client, "commits_released")
    rows = client.get(CHANGES)["results"]
    assert sorted(row["id"] for row in rows) == [1, 2, 3]
    early = {row["id"]: row["time"] for row in rows}
    assert early[1] < early[3]
    assert memories(client) == [71, 72, 73]


def test_held_work_comes_about_by_itself_after_its_time(client: Client) -> None:
    happen(client, "request", **BULK, held=True, after_s=30)
    client.lab("POST", "clock", {"advance": 29})
    assert memories(client)[0] == 2048
    client.lab("POST", "clock", {"advance": 2})
    assert memories(client)[:2] == [71, 72]


def test_work_that_is_undone_leaves_a_hole_for_ever(client: Client) -> None:
    happen(client, "request", **BULK, held=True)
    happen(client, "commits_undone")
    client.ask("PATCH", VMS + "3/", {"memory": 73})
    assert client.ask("GET", CHANGES).ids == [3]
    assert memories(client) == [2048, None, 73]


def test_a_clients_own_write_can_be_held_back(client: Client) -> None:
    happen(client, "commits_held", path=VMS + "1/")
    assert client.ask("PATCH", VMS + "1/", {"memory": 5}).document["memory"] == 5
    assert memories(client)[0] == 2048
    client.ask("PATCH", VMS + "1/", {"comments": "meanwhile"})
    happen(client, "calm")
    vm = client.get(VMS + "1/")
    assert (vm["memory"], vm["comments"]) == (5, "meanwhile")


@pytest.mark.parametrize(("event", "status"), [("commits_released", 200), ("commits_undone", None)])
def test_an_answer_can_wait_for_its_commit(client: Client, event: str, status: int | None) -> None:
    happen(client, "commits_held", path=VMS + "1/", waits=True)
    answers: list[Got | None] = []

    def write() -> None:
        try:
            answers.append(client.ask("PATCH", VMS + "1/", {"memory": 5}))
        except OSError:
            answers.append(None)

    writer = threading.Thread(target=write)
    writer.start()
    while not client.lab("GET", "troubles")["held_commits"]:
        pass
    assert not answers
    happen(client, event)
    writer.join(60)
    assert [got and got.status for got in answers] == [status]


def test_a_page_shifts_when_something_before_it_goes(client: Client) -> None:
    gone = {"request": {"method": "DELETE", "path": VMS + "1/"}}
    happen(client, "after_request", path=VMS, query="*limit=2*", then=gone)
    first = client.ask("GET", VMS + "?limit=2&ordering=id").ids
    second = client.ask("GET", VMS + "?limit=2&offset=2&ordering=id")
    assert (first, second.ids, second.document["count"]) == ([1, 2], [], 2)


def test_a_cursor_does_not_shift(client: Client) -> None:
    gone = {"request": {"method": "DELETE", "path": VMS + "1/"}}
    happen(client, "after_request", path=VMS, query="start=*", then=gone)
    first = client.ask("GET", VMS + "?start=0&limit=2").ids
    assert first + client.ask("GET", VMS + "?start=3&limit=2").ids == [1, 2, 3]


@pytest.mark.parametrize("kind", ["after_request", "before_request"])
def test_somebody_else_writes_between_reading_and_writing(client: Client, kind: str) -> None:
    method = "GET" if kind == "after_request" else "PATCH"
    theirs = {"request": {"method": "PATCH", "path": VMS + "1/", "body": {"comments": "theirs"}}}
    happen(client, kind, method=method, path=VMS + "1/", then=theirs)
    read = client.ask("GET", VMS + "1/")
    assert read.document["comments"] == ""
    got = client.ask("PATCH", VMS + "1/", {"memory": 5}, If_Match=read.headers["ETag"])
    assert got.status == 412
    assert client.ask("PATCH", VMS + "1/", {"memory": 5}, If_Match=got.headers["ETag"]).status == 200
    assert client.get(VMS + "1/")["comments"] == "theirs"


def test_others_are_not_met_by_troubles_of_the_way_and_have_names(client: Client) -> None:
    happen(client, "reply_fails", status=502, count=None)
    happen(client, "request", **BULK, **{"as": "admin"})
    happen(client, "calm")
    assert {row["user_name"] for row in client.get(CHANGES)["results"]} == {"admin"}
