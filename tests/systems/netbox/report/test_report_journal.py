"""Which entries a journal gets, by those that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setpoint.model.standing import Happening, Stand, Weight
from setpoint_netbox.report.echoes import KEPT, Echoes
from setpoint_netbox.report.journal import MOST, QUIET, Entry, Written, entries, escape, ours, worth
from setpoint_netbox.report.pace import LONGEST, rest
from setpoint_netbox.report.settings import Journal
from tests.systems.netbox.report.telling import failed, standing

NOW = 1_000_000.0


def lacking(*written: Written, phase: Stand = Stand.FAILED, later: float = 0.0) -> list[Entry]:
    told = replace(
        failed(1, "Failed"), phase=phase, happened=failed().happened if phase is Stand.FAILED else ()
    )
    return entries("home", told, told.happened, written, NOW + later)


def made(entry: Entry, at: float = NOW) -> Written:
    return Written(entry.ref, entry.kind, at)


def test_what_went_wrong_is_told_once_a_day() -> None:
    (first,) = lacking()
    assert first.kind == "danger"
    assert lacking(made(first), later=QUIET - 1) == []
    assert lacking(made(first), later=QUIET) == [first]


def test_its_end_is_told_once_and_never_without_a_beginning() -> None:
    (first,) = lacking()
    assert lacking(phase=Stand.IN_SYNC) == []
    (end,) = lacking(made(first), phase=Stand.IN_SYNC, later=2 * QUIET)
    assert end.kind == "success"
    assert lacking(made(first), made(end, NOW + 1), phase=Stand.IN_SYNC) == []
    assert lacking(made(first), phase=Stand.HELD) == []


def test_one_that_is_not_there_again_is_known_from_one_that_is() -> None:
    (first,) = lacking()
    (end,) = lacking(made(first), phase=Stand.IN_SYNC)
    (again,) = lacking(made(first, NOW + QUIET), phase=Stand.IN_SYNC, later=QUIET)
    assert end.ref != again.ref


def test_an_object_gets_a_few_a_day() -> None:
    many = [Written(f"{number:012x}", "warning", NOW) for number in range(MOST)]
    assert lacking(*many) == []
    assert len(lacking(*many[1:])) == 1


def test_another_object_and_another_estate_tell_theirs() -> None:
    (first,) = lacking()
    other = failed(2)
    assert [one.ref for one in entries("home", other, other.happened, [made(first)], NOW)] != [first.ref]
    assert [one.ref for one in entries("work", failed(), failed().happened, [made(first)], NOW)] != [
        first.ref
    ]


@pytest.mark.parametrize(
    ("journal", "reasons"),
    [
        (Journal.NONE, []),
        (Journal.FAILURES, ["Failed", "Destroyed"]),
        (Journal.ALL, ["Failed", "Destroyed", "Recreate"]),
    ],
)
def test_the_journal_gets_what_was_asked_for(journal: Journal, reasons: list[str]) -> None:
    happened = (
        Happening(1.0, "Failed", "no", Weight.BAD, "Failed"),
        Happening(2.0, "Destroyed", "gone", Weight.LOSS, "Destroyed 2"),
        Happening(3.0, "Recreate", "approve it", Weight.DECISION, "t"),
    )
    assert [one.reason for one in worth(standing(happened=happened), journal)] == reasons


def test_an_entry_is_known_again_as_netbox_gives_it_back() -> None:
    (first,) = lacking()
    row = {
        "comments": first.comments.rstrip(),
        "kind": {"value": "danger", "label": "Danger"},
        "created": "2001-09-09T01:46:40Z",
        "assigned_object_id": 1,
    }
    assert ours([row], 1) == [Written(first.ref, "danger", 1_000_000_000.0)]
    assert ours([row], 2) == []
    assert ours([{**row, "comments": "by hand"}, {**row, "comments": f"{first.comments} quoted"}], 1) == []


@pytest.mark.parametrize(
    "text",
    [
        "**bold** `code`",
        "<script>alert(1)</script>",
        "[x](javascript:x)",
        "a | b",
        "# title",
        "![i](http://h/x)",
        "a\n\n- b",
    ],
)
def test_text_of_others_is_shown_and_steers_nothing(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    for sign in "*`<>[]()|#!:":
        assert escaped.count(sign) == escaped.count(f"\\{sign}")


def test_our_own_calls_are_known_for_a_while() -> None:
    now = [0.0]
    echoes = Echoes(lambda: now[0])
    echoes.note("a")
    now[0] = KEPT
    echoes.note("b")
    echoes.note("")
    assert (echoes.is_ours("a"), echoes.is_ours("b"), echoes.is_ours(""), echoes.is_ours("c")) == (
        True,
        True,
        False,
        False,
    )
    now[0] = KEPT + 1
    echoes.note("d")
    assert [one for one in "abd" if echoes.is_ours(one)] == ["b", "d"]


@pytest.mark.parametrize(("spent", "seconds"), [(0.0, 0.0), (0.2, 0.6), (60.0, LONGEST)])
def test_netbox_is_left_alone_for_longer_the_slower_it_is(spent: float, seconds: float) -> None:
    assert rest(spent) == pytest.approx(seconds)
