"""`setpoint doctor` makes the checks that an inventory's system knows, and waits for none of them without end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from setpoint.cli import doctor_apart
from setpoint.model.errors import SourceError
from setpoint.model.examine import Check, Verdict
from setpoint.model.inventory import Opening
from setpoint.model.secret import SecretRef
from tests.ledger import EXAMINED
from tests.served import box
from tests.toy import WORLDS
from tests.unit.cli.conftest import Say
from tests.unit.cli.test_without_daemon_inventory import Booked

DOOR = Check("door", Verdict.OK, "it is open")
LOCK = Check("permission", Verdict.WRONG, "the token may not turn the key", "oil it")
AWAY = SourceError("the clerk is away", remedy="wait for the clerk")

Told = list[tuple[str, str, str]]


@pytest.fixture
def estate(
    tmp_path: Path, say: Say, toy_installed: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Booked]:
    monkeypatch.setenv("SETPOINT_CONFIG", str(tmp_path / "setpoint.yaml"))
    made = Booked(tmp_path, say)
    made.page("x", box("x", "colour: red"))
    yield made
    WORLDS.clear()
    EXAMINED.clear()


def told(estate: Booked) -> Told:
    """What is said of the inventory, with how it ended."""
    checks = estate.told("doctor")["checks"]
    return [
        (one["verdict"], one["name"], one["sentence"])
        for one in checks
        if one["name"].startswith(("toy", "inventories"))
    ]


def wrong(estate: Booked) -> list[str]:
    return [name for verdict, name, _ in told(estate) if verdict == Verdict.WRONG]


def gives(*checks: Check, then: SourceError | None = None) -> Callable[[Opening], Iterable[Check]]:
    def examine(_: Opening) -> Iterator[Check]:
        yield from checks
        if then is not None:
            raise then

    return examine


def test_each_check_stands_under_the_name_of_the_inventory_in_text_and_as_a_document(estate: Booked) -> None:
    EXAMINED[estate.ledger] = gives(DOOR, LOCK)
    assert told(estate) == [
        ("ok", "toy", "it can be read and gives 1 declaration"),
        ("ok", "toy door", "it is open"),
        ("wrong", "toy permission", "the token may not turn the key"),
    ]
    said = estate.say("doctor")
    assert "ok       toy door: it is open" in said.lines
    assert "wrong    toy permission: the token may not turn the key; oil it" in said.lines
    assert said.code == 1


def test_it_is_examined_with_what_it_is_opened_with(estate: Booked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "sesame")

    def examine(opening: Opening) -> Iterator[Check]:
        opened = opening.secret(SecretRef(env="WORD")).reveal() == "sesame"
        yield Check("word", Verdict.OK, f"{opened} {opening.estate} {'Box' in opening.kinds} {opening.lent}")

    EXAMINED[estate.ledger] = examine
    assert told(estate)[-1] == ("ok", "toy word", "True home True {'toy': 'red: 1'}")


def test_a_failure_in_the_middle_is_told_behind_what_was_found(estate: Booked) -> None:
    EXAMINED[estate.ledger] = gives(DOOR, then=AWAY)
    assert [(verdict, name) for verdict, name, _ in told(estate)] == [
        ("ok", "toy"), ("ok", "toy door"), ("wrong", "toy examination"),
    ]  # fmt: skip
    assert "wrong    toy examination: the clerk is away; wait for the clerk" in estate.say("doctor").lines


@pytest.mark.parametrize(
    ("before", "name"), [("apply", "toy"), ("doctor", "inventories")], ids=["read-before", "never-read"]
)
def test_one_that_cannot_be_read_is_wrong_once_and_what_can_be_told_of_it_is(
    estate: Booked, before: str, name: str
) -> None:
    estate.say(before)
    estate.away()
    EXAMINED[estate.ledger] = gives(then=AWAY)
    assert wrong(estate) == [name]
    EXAMINED[estate.ledger] = gives(LOCK)
    assert wrong(estate) == [name, "toy permission"]


@pytest.fixture
def hanging() -> Iterator[Callable[[Opening], Iterator[Check]]]:
    """An examination that finds one thing and then hangs, until the test is over."""
    over = threading.Event()

    def examine(_: Opening) -> Iterator[Check]:
        yield DOOR
        over.wait()

    yield examine
    over.set()
    for thread in threading.enumerate():
        if thread.name == "examination":
            thread.join(60)


def test_one_that_hangs_is_left_behind_and_the_rest_goes_on(
    estate: Booked, hanging: Callable[[Opening], Iterator[Check]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_apart, "PATIENCE", 1.0)
    EXAMINED[estate.ledger] = hanging
    assert told(estate)[1:] == [
        ("ok", "toy door", "it is open"),
        ("wrong", "toy time", "not everything was looked at within 1 s"),
    ]
    assert "ok       Shelf/s target: shelf-1 answers" in estate.say("doctor").lines


def test_the_process_ends_although_a_call_hangs() -> None:
    program = (
        "import asyncio, threading\nfrom setpoint.cli import doctor_apart as apart\napart.PATIENCE = 0.1\n"
        "print(asyncio.run(apart.examined(lambda: iter(threading.Event().wait, None)))[1].name)\n"
    )
    ended = subprocess.run(
        (sys.executable, "-c", program), check=True, timeout=60, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("time\n", "")
