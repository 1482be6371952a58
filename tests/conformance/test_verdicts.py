"""What is not covered, what is explained, what is stale, and how it is all counted and written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conformance.__main__ import main
from tests.conformance.dependence import Dependence, Unsupported
from tests.conformance.explained import LIST, Explanation, explain, load_explanations
from tests.conformance.model import Difference, Exchange, Judgement, Reply, Request, Setup, Trace, Verdict
from tests.conformance.report import Result, Tally, complaints, count, differences, last_line, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.model import Json

CLONE = Request("POST", "/nodes/pve1/qemu/100/clone", {"newid": 101})
LISTED = Unsupported(
    [
        "POST /nodes/{node}/qemu/{vmid}/clone",
        "/cluster/sdn/zones/{zone}",
        "/cluster/sdn/zones",
        "/nodes/{node}/lxc",
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("POST", "/nodes/pve1/qemu/100/clone", {"node": "pve1", "vmid": "100"}),
        ("GET", "/nodes/pve1/qemu/100/clone", None),
        ("PUT", "/cluster/sdn/zones/z1", {"zone": "z1"}),
        ("PUT", "/cluster/sdn/zones/z1/more", None),
        ("GET", "/cluster/sdn/zones/", {}),
    ],
)
def test_a_line_of_the_list_covers_a_path(method: str, path: str, found: dict[str, str] | None) -> None:
    assert LISTED.find(method, path) == found


REACHED: dict[str, tuple[str, str, bool]] = {
    "the guest that was not made": ("/nodes/pve1/qemu/101/config", "", True),
    "a list with it": ("/nodes/pve1/qemu", '{"vmid": 101}', True),
    "a volume of it": ("/x", '"local-zfs:vm-101-disk-0"', True),
    "the task": ("/nodes/pve1/tasks/UPID%3Apve1%3A1%3A/status", "", True),
    "the guest that was to be copied": ("/nodes/pve1/qemu/100/config", "", False),
    "another guest": ("/nodes/pve1/qemu/1010/config", '{"memory": 1100}', False),
    "the node": ("/nodes/pve1/status", "{}", False),
}


@pytest.mark.parametrize(("path", "recorded", "reached"), REACHED.values(), ids=REACHED)
def test_what_depends_on_a_clone_that_did_not_happen(path: str, recorded: str, *, reached: bool) -> None:
    dependence = Dependence(LISTED, {})
    dependence.spread(CLONE, {"data": "UPID:pve1:1:"})
    assert dependence.reaches(Request("GET", path), [Difference("data[0]", recorded, "(absent)")]) is reached


def test_what_depends_on_a_change_of_a_guest_is_the_guest_and_what_is_left_of_it() -> None:
    dependence = Dependence(Unsupported(["/nodes/{node}/qemu/{vmid}/template"]), {})
    dependence.spread(Request("POST", "/nodes/pve1/qemu/100/template"))
    content = Request("GET", "/nodes/pve1/storage/local/content")
    assert dependence.reaches(Request("GET", "/nodes/pve1/qemu/100/config"), [])
    assert dependence.reaches(content, [Difference("data[0]", "(absent)", "vm-100-disk-0")])
    assert not dependence.reaches(content, [Difference("data[0]", "(absent)", "vm-102-disk-0")])


def test_what_depends_on_a_setting_of_the_cluster_lies_below_it() -> None:
    dependence = Dependence(LISTED, {})
    dependence.spread(Request("POST", "/cluster/sdn/zones", {"zone": "z1"}))
    assert dependence.reaches(Request("PUT", "/cluster/sdn"), [])
    assert dependence.reaches(Request("GET", "/x"), [Difference("data[zone=z1]", "{}", "(absent)")])
    assert not dependence.reaches(Request("GET", "/cluster/backup"), [Difference("data", "[]", "null")])


def test_what_a_state_holds_and_the_emulator_cannot_is_in_doubt_from_the_start() -> None:
    guests: list[Json] = [
        {"vmid": 200, "type": "lxc", "node": "pve1"},
        {"vmid": 100, "type": "qemu", "node": "pve1"},
    ]
    dependence = Dependence(LISTED, {"guests": guests, "sdn": {"zones": [{"zone": "z1"}]}})
    resources = Request("GET", "/cluster/resources")
    assert dependence.reaches(resources, [Difference("data[vmid=200].maxcpu", "2", "1")])
    assert not dependence.reaches(resources, [Difference("data[vmid=100].maxcpu", "2", "1")])
    assert dependence.reaches(Request("GET", "/cluster/sdn/vnets"), [])
    assert not Dependence(LISTED, {"sdn": {"zones": []}}).reaches(Request("GET", "/cluster/sdn/vnets"), [])


def judged(index: int, verdict: Verdict, *paths: str, trivial: bool = False) -> Judgement:
    found = tuple(Difference(path, "1", "2") for path in paths)
    return Judgement(index, verdict, trivial, f"GET /{index}", found)


def listed(entry: int, path: str) -> Explanation:
    return Explanation("pve", "f.json", str(entry), path, "a race")


def test_an_entry_is_explained_when_every_difference_of_it_is_listed() -> None:
    judgements = [judged(1, Verdict.DIFFERENT, "a", "b"), judged(2, Verdict.DIFFERENT, "a")]
    whole = explain([listed(1, "a"), listed(1, "b"), listed(2, "a")], judgements, str)
    assert whole.entries == {1, 2}
    assert (whole.unlisted, whole.stale) == ((), ())
    half = explain([listed(1, "a"), listed(2, "a")], judgements, str)
    assert half.entries == {2}
    assert [(judgement.index, difference.path) for judgement, difference in half.unlisted] == [(1, "b")]


def test_an_explanation_of_nothing_is_stale() -> None:
    found = explain(
        [listed(1, "a"), listed(3, "a")], [judged(1, Verdict.EQUAL), judged(3, Verdict.DEPENDENT, "a")], str
    )
    assert [item.entry for item in found.stale] == ["1", "3"]


def result(judgements: list[Judgement], entries: int, explanations: tuple[Explanation, ...] = ()) -> Result:
    recorded = tuple(Exchange(at, Request("GET", "/"), Reply(200)) for at in range(entries))
    trace = Trace("pve", "f.json", recorded, Setup({}))
    return Result(trace, tuple(judgements), explain(explanations, judgements, trace.name))


def test_the_last_line_counts_everything() -> None:
    judgements = [
        judged(0, Verdict.EQUAL),
        judged(1, Verdict.EQUAL, trivial=True),
        judged(2, Verdict.DIFFERENT, "a"),
        judged(3, Verdict.DIFFERENT, "a"),
        judged(4, Verdict.ARTIFACT),
        judged(5, Verdict.UNSUPPORTED, "a"),
        judged(6, Verdict.DEPENDENT, "a"),
    ]
    expected = (
        "conformance: equal 2/4 (non-trivial 1/3) different 2 (explained 1)"
        " not-covered 3 (artefact 1, unsupported 1, dependent 1)"
    )
    assert last_line(count(judgements, frozenset({2}))) == expected
    made = result(judgements, 7, (listed(2, "a"),))
    assert made.complete
    assert not made.good
    assert complaints(made) == ["f.json: entry 3 differs without explanation"]
    assert len(table([made])) == 2
    assert [line for line in differences(made) if line.startswith("f.json")] == [
        "f.json #2 (explained) GET /2",
        "f.json #3 GET /3",
    ]


def test_an_entry_that_was_not_counted_is_noticed() -> None:
    assert not result([judged(0, Verdict.EQUAL)], 2).complete


def test_tallies_add_up() -> None:
    assert Tally(equal=1, dependent=2) + Tally(equal=3, explained=1) == Tally(
        equal=4, dependent=2, explained=1
    )
    assert Tally().share == 1.0


def test_every_committed_explanation_says_why() -> None:
    assert all(item.reason and item.file for item in load_explanations(LIST))
    raw = json.loads(LIST.read_text())
    assert len({(item["system"], item["file"], item["entry"], item["path"]) for item in raw}) == len(raw)


def test_systems_without_an_emulator_are_named_with_their_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "other" / "traces" / "deep"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text("{}")
    (folder / "two.json").write_text("[1, 2]")
    monkeypatch.setenv("SETPOINT_REFERENCE", str(tmp_path))
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "other: no emulator yet, 3 entries" in lines
    assert lines[-1].startswith("conformance: equal 0/0 ")


def test_without_recordings_the_command_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SETPOINT_REFERENCE", str(tmp_path / "nowhere"))
    assert main([]) == 1
    assert "SETPOINT_REFERENCE" in capsys.readouterr().out
