"""The replayer on folders of NetBox, from the files to verdicts, against a tiny server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestServer

from tests.conformance.dependence import Unsupported
from tests.conformance.judge import judge
from tests.conformance.lab import UNSUPPORTED
from tests.conformance.model import Verdict
from tests.conformance.netbox.fake_netbox import FakeNetbox
from tests.conformance.netbox.load import load_trace
from tests.conformance.netbox.replay import Player

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.conformance.model import Judgement

ORIGIN = "http://127.0.0.1:18100"
THINGS = "/api/virtualization/things/"
FIRST, LATER = "2026-11-21T02:58:00.504470", "2026-11-21T02:58:03.065761"
IDS = [f"0000000{number}-0000-4000-8000-000000000000" for number in range(9)]
STATE: dict[str, Any] = {
    "objects": {
        "users/tokens": [
            {"id": 3, "user": 1, "version": 1, "name_in_identity": "admin_v1"},
            {"id": 4, "user": 1, "version": 2, "name_in_identity": "admin_v2"},
        ],
        "extras/webhooks": [{"id": 1, "secret": "s3cret", "payload_url": "http://127.0.0.1:18110/hook"}],
    },
    "next_id": {},
    "clock": "2026-11-21T02:57:59Z",
}


def exchange(method: str, path: str, body: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    """A file; `sent` is the body of the request, `headers` are those of the reply, `asked` of the request."""
    recorded = {"Authorization": "Bearer nbt_<key>.<token>"} | more.get("asked", {})
    headers = {"Date": more.get("date", "Sat, 21 Nov 2026 02:58:00 GMT"), **more.get("headers", {})}
    sent = more.get("sent")
    return {
        "request": {"method": method, "path": path, "query": "", "headers": recorded, "body": sent},
        "response": {"status": status, "elapsed_ms": 110.0, "headers": headers, "body": body},
    }


def thing(name: str, last_updated: str) -> dict[str, Any]:
    return {
        "id": 1,
        "url": f"{ORIGIN}{THINGS}1/",
        "name": name,
        "created": "2026-11-21T02:58:00.504447Z",
        "last_updated": f"{last_updated}Z",
    }


def saved(last_updated: str, number: int) -> dict[str, str]:
    return {"ETag": f'W/"{last_updated}+00:00"', "X-Request-ID": IDS[number]}


CREATE = exchange("POST", THINGS, thing("a", FIRST), 201, sent={"name": "a"}, headers=saved(FIRST, 1))
RENAME = exchange(
    "PATCH",
    f"{THINGS}1/",
    thing("b", LATER),
    sent={"name": "b"},
    asked={"If-Match": f'W/"{FIRST}+00:00"'},
    headers=saved(LATER, 2),
    date="Sat, 21 Nov 2026 02:58:03 GMT",
)
STALE = exchange(
    "PATCH", f"{THINGS}1/", {"detail": "Precondition failed."}, 412, asked={"If-Match": f'W/"{FIRST}+00:00"'}
)
LISTED = exchange("GET", THINGS.rstrip("/"), {"count": 1, "results": [thing("b", LATER)]})
GRAPHQL = exchange("POST", "/graphql/", {"data": {}}, sent={"query": "{}"})
DELIVERED: dict[str, Any] = {
    "event": "created",
    "object_type": "virtualization.thing",
    "data": thing("a", FIRST),
    "request": {"id": IDS[1]},
}


def delivery(body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Host": "127.0.0.1:18110", "Content-Type": "application/json", "X-Hook-Signature": "0" * 128}
    sent = {"method": "POST", "path": "/hook", "headers": headers, "body_raw": json.dumps(body), "body": body}
    return sent | {"sig_ok": True}


@dataclass
class Bench:
    """The tiny server, and a place for folders."""

    server: FakeNetbox
    base_url: str
    root: Path

    async def verdicts(
        self, folder: str, **folders: tuple[Mapping[str, Any], dict[str, Any]]
    ) -> dict[str, Verdict]:
        return {name: found.verdict for name, found in (await self.judged(folder, **folders)).items()}

    async def judged(
        self, folder: str, **folders: tuple[Mapping[str, Any], dict[str, Any]]
    ) -> dict[str, Judgement]:
        """Write folders, each its files and what SETUP says, play one of them, and judge it by file."""
        traces = self.root / "netbox" / "traces"
        for name, (files, _) in folders.items():
            (traces / name).mkdir(parents=True)
            for file, content in files.items():
                (traces / name / file).write_text(json.dumps(content))
        about = {
            name: {"state": STATE, "order": list(files), "identity": {"*": "admin v2 token"}} | setup
            for name, (files, setup) in folders.items()
        }
        (traces / "SETUP.json").write_text(json.dumps({"folders": about}))
        trace = load_trace(self.root, traces / folder)
        run = await asyncio.to_thread(Player(self.root, self.base_url).run, trace)
        return {trace.name(found.index): found for found in judge(run, Unsupported.of("netbox"))}


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    listed = tmp_path / "unsupported.txt"
    listed.write_text("POST /graphql/\n")
    monkeypatch.setitem(UNSUPPORTED, "netbox", listed)
    fake = FakeNetbox()
    async with TestServer(fake.app()) as server:
        yield Bench(fake, str(server.make_url("/")).rstrip("/"), tmp_path)


FILES = {"create.json": CREATE, "rename.json": RENAME, "stale.json": STALE, "listed.json": LISTED}


async def test_a_server_that_answers_alike_is_equal_though_ids_times_and_addresses_are_its_own(
    bench: Bench,
) -> None:
    assert await bench.verdicts("f", f=(FILES, {})) == dict.fromkeys(FILES, Verdict.EQUAL)
    assert bench.server.state["objects"]["extras/webhooks"][0]["payload_url"] != "http://127.0.0.1:18110/hook"
    assert [path for _, path, _, _ in bench.server.seen][-2:] == [THINGS.rstrip("/"), THINGS]


async def test_a_write_that_moves_no_time_is_different(bench: Bench) -> None:
    files = {"create.json": CREATE, "again.json": CREATE | {"response": RENAME["response"] | {"status": 201}}}
    found = await bench.judged("f", f=(files, {}))
    assert found["again.json"].verdict is Verdict.DIFFERENT


async def test_everybody_asks_as_the_recording_says(bench: Bench) -> None:
    asked = {"Authorization": "Basic eA=="}
    files = {
        f"{at}.json": exchange("GET", THINGS, {"count": 0, "results": []}, asked=asked) for at in range(6)
    }
    identity = {
        "*": "admin v2 token",
        "1.json": "none (nobody)",
        "2.json": "admin v1 token",
        "3.json": 'admin v1 token, sent as "Bearer <v1 token>" (shown as "Bearer <secret>")',
        "4.json": 'admin v2 token with "nbt_" cut off, sent as "Bearer <key>.<token>"',
        "5.json": "literal header: unknown",
    }
    await bench.verdicts("f", f=(files, {"identity": identity}))
    old, new = (row["token"] for row in bench.server.state["objects"]["users/tokens"])
    key = bench.server.state["objects"]["users/tokens"][1]["key"]
    assert [sent for _, _, sent, _ in bench.server.seen] == [
        f"Bearer nbt_{key}.{new}",
        "",
        f"Token {old}",
        f"Bearer {old}",
        f"Bearer {key}.{new}",
        "Basic eA==",
    ]


async def test_a_body_that_is_text_is_sent_as_it_stands(bench: Bench) -> None:
    broken = exchange("POST", "/graphql/", {}, sent='{"name":')
    await bench.verdicts("f", f=({"broken.json": broken}, {}))
    assert bench.server.seen[0][3] == '{"name":'


async def test_what_happened_between_the_files_happens_again(bench: Bench) -> None:
    events = [
        {"before": "rename.json", "event": {"none": True}},
        {"before": "rename.json", "event": {"set_next_id": {"virtualization/things": 7}}},
        {
            "before": "rename.json",
            "event": {
                "request": {"as": "admin", "method": "PATCH", "path": f"{THINGS}1/", "body": {"name": "q"}}
            },
        },
    ]
    files = {"create.json": CREATE, "rename.json": RENAME | {"request": RENAME["request"] | {"headers": {}}}}
    assert set((await bench.verdicts("f", f=(files, {"events": events}))).values()) == {Verdict.EQUAL}
    assert bench.server.events == [{"set_next_id": {"virtualization/things": 7}}]
    assert [text for _, _, _, text in bench.server.seen][1] == '{"name": "q"}'


@pytest.mark.parametrize(("status", "places"), [(200, []), (204, [f"before: PATCH {THINGS}1/"])])
async def test_what_happened_otherwise_than_expected_shows_at_the_next_file(
    bench: Bench, status: int, places: list[str]
) -> None:
    call: dict[str, Any] = {"as": "admin", "method": "PATCH", "path": f"{THINGS}1/", "body": {}}
    event = {"before": "rename.json", "event": {"request": call, "expect": {"status": status}}}
    files = {"create.json": CREATE, "rename.json": RENAME | {"request": RENAME["request"] | {"headers": {}}}}
    found = await bench.judged("f", f=(files, {"events": [event]}))
    assert [difference.path for difference in found["rename.json"].differences] == places


async def test_the_clock_follows_the_dates_of_the_recording(bench: Bench) -> None:
    await bench.verdicts("f", f=({"create.json": CREATE, "rename.json": RENAME}, {}))
    assert bench.server.things[1]["last_updated"].startswith("2026-11-21T02:58:03.")


async def test_what_cannot_be_replayed_is_an_artefact_unless_nothing_supports_it(bench: Bench) -> None:
    files = {"ask.json": GRAPHQL, "queue.json": LISTED, "summary.json": [1, 2]}
    setup: dict[str, Any] = {"order": [], "not_replayable": dict.fromkeys(files, "of the recorder")}
    assert await bench.verdicts("f", f=(files, setup)) == {
        "ask.json": Verdict.UNSUPPORTED,
        "queue.json": Verdict.ARTIFACT,
        "summary.json": Verdict.ARTIFACT,
    }


async def test_a_folder_may_start_from_the_state_of_another(bench: Bench) -> None:
    other = {"state": {"same_as": "f after its last file"}}
    assert await bench.verdicts("g", f=({}, {}), g=({"create.json": CREATE}, other)) == {
        "create.json": Verdict.EQUAL
    }


HOOK: dict[str, Any] = {
    "state": {"objects": {}},
    "order": [],
    "caused_by": {"d.json": "f/create.json", "lost.json": "unrecorded"},
}
HOOKED = ({"d.json": delivery(DELIVERED), "lost.json": delivery({})}, HOOK)


async def test_a_delivery_is_compared_as_an_outcome_of_what_caused_it(bench: Bench) -> None:
    found = await bench.verdicts("hooks", f=({"create.json": CREATE}, {}), hooks=HOOKED)
    assert found == {"d.json": Verdict.EQUAL, "lost.json": Verdict.ARTIFACT}


async def test_a_delivery_that_does_not_come_is_different(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.conformance.netbox.receiver.PATIENCE_SECONDS", 0.1)
    bench.server.copies = 0
    found = await bench.judged("hooks", f=({"create.json": CREATE}, {}), hooks=HOOKED)
    assert found["d.json"].verdict is Verdict.DIFFERENT
    assert "nothing was delivered" in found["d.json"].differences[0].emulated


async def test_a_delivery_with_a_wrong_signature_is_different(bench: Bench) -> None:
    bench.server.secret = "guessed"  # no real one
    found = await bench.judged("hooks", f=({"create.json": CREATE}, {}), hooks=HOOKED)
    assert [difference.path for difference in found["d.json"].differences] == ["body.signed"]


@pytest.mark.parametrize(("copies", "verdict"), [(1, Verdict.EQUAL), (2, Verdict.DIFFERENT)])
async def test_an_exchange_that_leads_to_more_deliveries_than_recorded_is_different(
    bench: Bench, copies: int, verdict: Verdict
) -> None:
    bench.server.copies = copies
    found = await bench.judged("f", f=({"create.json": CREATE}, {}), hooks=HOOKED)
    assert found["create.json"].verdict is verdict
    assert [difference.path for difference in found["create.json"].differences] == ["deliveries"] * (
        copies - 1
    )


async def test_a_delivery_whose_cause_is_not_supported_is_not_covered(bench: Bench) -> None:
    hooks = ({"d.json": delivery(DELIVERED)}, HOOK | {"caused_by": {"d.json": "f/ask.json"}})
    files = {"ask.json": GRAPHQL}
    assert await bench.verdicts("hooks", f=(files, {}), hooks=hooks) == {"d.json": Verdict.UNSUPPORTED}
