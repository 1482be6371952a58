"""What a guard is told and what it tells, without a host."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import setpoint_nixos.guard
from setpoint_nixos.guard.order import Mode, Order
from setpoint_nixos.guard.state import (
    Activating,
    Interrupted,
    Keeping,
    Kept,
    Left,
    Phase,
    Preparing,
    Refused,
    Returned,
    Returning,
    Staged,
    Stuck,
    Waiting,
    Why,
    parse_record,
    parse_state,
)

SYSTEM = "/nix/store/69k5isznb347z9xv4dbf9pj8cngp6q1r-nixos-system-web01-24.11"
SCRIPTS = sorted(Path(setpoint_nixos.guard.__file__).parent.glob("*.sh"))


def record(**fields: Any) -> str:
    told = {
        "version": 1, "token": "ab", "system": SYSTEM, "mode": "switch", "revision": "r", "by": "b", "previous": "p",
        "profile": "q", "boot": "this", "pid": 7, "keeper": 6, "began": 10, "ended": 20, "deadline": 130, "wrong": 2,
        "phase": "kept", "why": "", "code": 0,
    }  # fmt: skip
    return json.dumps({**told, **fields})


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        pytest.param({"phase": "starting"}, Preparing(), id="starting"),
        pytest.param({"phase": "checking"}, Preparing(), id="checking"),
        pytest.param({"phase": "activating"}, Activating(), id="activating"),
        pytest.param({"phase": "waiting"}, Waiting(30, 2), id="waiting"),
        pytest.param({"phase": "waiting", "deadline": 1}, Waiting(0, 2), id="overdue"),
        pytest.param({"phase": "keeping"}, Keeping(), id="keeping"),
        pytest.param({"phase": "returning", "why": "units"}, Returning(Why.UNITS), id="returning"),
        pytest.param({"phase": "kept", "code": 4}, Kept(4), id="kept"),
        pytest.param({"phase": "staged", "why": "init"}, Staged(Why.INIT), id="staged"),
        pytest.param({"phase": "refused", "why": "check", "code": 1}, Refused(Why.CHECK, 1), id="refused"),
        pytest.param({"phase": "returned", "why": "hung", "code": 124}, Returned(Why.HUNG, 124), id="back"),
        pytest.param({"phase": "stuck", "why": "killed", "code": 2}, Stuck(Why.KILLED, 2), id="stuck"),
        pytest.param({"phase": "left"}, Left(), id="left"),
    ],
)
def test_every_phase_is_known(fields: dict[str, Any], phase: Phase) -> None:
    assert parse_record(record(**fields), boot="this", uptime=100, alive=True).phase == phase


@pytest.mark.parametrize(
    ("boot", "alive"), [("another", True), ("this", False)], ids=["restarted", "guard-is-gone"]
)
@pytest.mark.parametrize("phase", ["starting", "checking", "activating", "waiting", "keeping", "returning"])
def test_what_goes_on_without_a_guard_is_interrupted(phase: str, boot: str, alive: bool) -> None:  # noqa: FBT001
    told = parse_record(record(phase=phase, why="units"), boot=boot, uptime=1, alive=alive)
    assert told.phase == Interrupted(phase)
    assert not told.rejected


@pytest.mark.parametrize("phase", ["kept", "staged", "refused", "returned", "stuck", "left"])
def test_what_is_over_stays_so_after_a_restart(phase: str) -> None:
    text = record(phase=phase, why="units")
    there = parse_record(text, boot="this", uptime=1, alive=True)
    assert there == parse_record(text, boot="another", uptime=1, alive=False)


@pytest.mark.parametrize(
    ("fields", "rejected"),
    [
        pytest.param({"phase": "kept"}, False, id="kept"),
        pytest.param({"phase": "staged", "why": "inhibited"}, False, id="staged"),
        pytest.param({"phase": "returned", "why": "unconfirmed"}, True, id="returned"),
        pytest.param({"phase": "stuck", "why": "units"}, True, id="stuck"),
        pytest.param({"phase": "refused", "why": "check"}, True, id="check"),
        pytest.param({"phase": "refused", "why": "busy"}, False, id="busy"),
        pytest.param({"phase": "refused", "why": "full"}, False, id="full"),
        pytest.param({"phase": "left"}, False, id="left"),
    ],
)
def test_a_system_is_rejected_when_it_proved_to_be_bad(fields: dict[str, Any], rejected: bool) -> None:  # noqa: FBT001
    assert parse_record(record(**fields), boot="this", uptime=1, alive=False).rejected is rejected


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[" * 4000, "[]", "null", "7", '"x"', "{}",
        record(version=2),
        record(token=None),
        record(mode="swap"),
        record(phase="asleep"),
        record(phase="returned", why="no idea"),
        record(code="0"),
        record(began=None),
    ],
)  # fmt: skip
def test_a_record_that_is_none_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever
        parse_record(text, boot="this", uptime=1, alive=True)


@given(st.text())
def test_rubbish_is_a_value_error_and_nothing_else(text: str) -> None:
    for whole in (text, f"boot b\nuptime 1\nrunning x\nalive yes\nrecord {text}\nlog\n"):
        with suppress(ValueError):
            parse_state(whole)


def test_a_state_tells_what_runs_and_what_the_switch_said() -> None:
    text = f"boot this\nuptime 100\nrunning {SYSTEM}\nalive yes\nrecord {record(phase='waiting')}\nlog\none\ntwo\n"
    state = parse_state(text)
    assert (state.boot, state.running, state.log) == ("this", SYSTEM, "one\ntwo\n")
    assert state.record is not None
    assert state.record.phase == Waiting(30, 2)


def test_a_token_tells_systems_ways_and_attempts_apart_and_nothing_else() -> None:
    orders = [
        Order(SYSTEM),
        Order(f"{SYSTEM}x"),
        Order(SYSTEM, Mode.BOOT),
        Order(SYSTEM, attempt=1),
    ]
    assert len({order.token for order in orders}) == 4
    assert Order(SYSTEM, revision="other", by="other").token == Order(SYSTEM).token


@pytest.mark.parametrize(
    "wrong",
    [
        {"system": "/nix/store/x"},
        {"system": f"{SYSTEM}; reboot"},
        {"system": f"{SYSTEM}\n"},
        {"system": SYSTEM, "revision": 'a"b'},
        {"system": SYSTEM, "by": "a b"},
        {"system": SYSTEM, "by": "back\\slash"},
        {"system": SYSTEM, "allowed": ("a b",)},
        {"system": SYSTEM, "allowed": ("",)},
        {"system": SYSTEM, "allowed": ("*",)},
    ],
)
def test_an_order_takes_no_words_that_a_shell_or_json_would_read_otherwise(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each has its own words
        Order(**wrong)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_those_of_any_posix_shell(script: Path) -> None:
    for shell in (("dash", "-n"), ("bash", "--posix", "-n"), ("busybox", "sh", "-n")):
        if shutil.which(shell[0]):
            subprocess.run((*shell, str(script)), check=True)
    if shutil.which("shellcheck"):
        subprocess.run(("shellcheck", "--shell=sh", str(script)), check=True)
