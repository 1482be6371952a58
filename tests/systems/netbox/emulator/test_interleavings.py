"""Late commits between others' writes, in any order: nothing is lost, and holes are exactly what was undone."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.systems.netbox.emulator.api import CHANGES, ESTATE, VMS, Client

VM = st.integers(1, 2)
STEP = st.one_of(
    st.tuples(st.just("write"), VM),
    st.tuples(st.just("hold"), VM),
    st.tuples(st.sampled_from(["release", "undo"]), st.just(0)),
)


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


@settings(max_examples=40, deadline=None)
@example(steps=[("hold", 1), ("write", 1), ("release", 0)])
@example(steps=[("hold", 1), ("hold", 2), ("undo", 0), ("write", 2), ("hold", 2), ("release", 0)])
@given(steps=st.lists(STEP, max_size=12))
def test_late_commits_lose_nothing(emulator_url: str, steps: list[tuple[str, int]]) -> None:
    client = Client(emulator_url)
    client.lab("POST", "state", ESTATE)
    written: dict[int, int | None] = {1: 2048, 2: None, 3: None}
    told = dict.fromkeys(written, "")
    held: list[tuple[int, int]] = []
    given_ids, visible = 0, set[int]()
    for kind, number in steps:
        if kind == "write":
            given_ids += 1
            client.ask("PATCH", f"{VMS}{number}/", {"memory": given_ids})
            written[number] = given_ids
            visible.add(given_ids)
        elif kind == "hold":
            given_ids += 1
            body = {"comments": str(given_ids)}
            happen(client, "request", method="PATCH", path=f"{VMS}{number}/", body=body, held=True)
            held.append((number, given_ids))
        else:
            happen(client, "commits_released" if kind == "release" else "commits_undone")
            if kind == "release":
                told |= {each: str(at) for each, at in held}
                visible |= {at for _, at in held}
            held.clear()
    vms = client.get(VMS + "?ordering=id")["results"]
    assert {vm["id"]: vm["memory"] for vm in vms} == written
    assert {vm["id"]: vm["comments"] for vm in vms} == told
    assert set(client.ask("GET", CHANGES).ids) == visible


def test_a_late_commit_does_not_make_an_object_older(client: Client) -> None:
    happen(client, "request", method="PATCH", path=VMS + "1/", body={"comments": "late"}, held=True)
    mine = client.ask("PATCH", VMS + "1/", {"memory": 1})
    happen(client, "commits_released")
    assert client.get(VMS + "1/")["last_updated"] == mine.document["last_updated"]
