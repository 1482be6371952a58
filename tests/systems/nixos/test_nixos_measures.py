"""What Prometheus is told of a host's systems, and what an order to try one asks for afterwards; without a host."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from setpoint.model.diff import Change, Diff
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.kind import Planning
from setpoint.model.measure import take_measures
from setpoint.model.observation import Unknown
from setpoint.model.plan import Consent
from setpoint_nixos.facts.model import Nixos
from setpoint_nixos.guard.order import Mode, by_order, token_of
from setpoint_nixos.guard.state import Interrupted, Kept, Phase, Record, Refused, Returned, Staged, Why
from setpoint_nixos.kinds.nixos_host.measures import MEASURES
from setpoint_nixos.kinds.nixos_host.plan import declare, plan
from setpoint_nixos.kinds.nixos_host.spec import Resolved
from setpoint_nixos.kinds.nixos_host.state import NixosState, deployed

OLD, NEW, OTHER = (f"/nix/store/{letter * 32}-nixos-system-web01" for letter in "abc")
NOT_KNOWN = Unknown("nobody told")


def record(phase: Phase, **fields: Any) -> Record:
    told = Record(
        token_of(NEW, Mode.SWITCH, 0), NEW, Mode.SWITCH, phase, previous=OLD, began=90.0, ended=100.0
    )
    return dataclasses.replace(told, **fields)


def state(running: Any, profile: Any, last: Record | None, restart: Any = (), **fields: Any) -> NixosState:
    return NixosState(1000.0, "boot", Nixos(running, OLD, profile, 1, 50.0, "24.11", restart), last, **fields)


def numbers(seen: NixosState) -> dict[str, dict[tuple[str, ...], float]]:
    return {name: dict(taken) for name, taken in take_measures(MEASURES, seen, seen.at).numbers.items()}


@pytest.mark.parametrize(
    ("seen", "there"),
    [
        pytest.param(state(NEW, NEW, record(Kept())), set(), id="as-deployed"),
        pytest.param(state(OLD, OLD, None), set(), id="never-deployed"),
        pytest.param(state(OLD, NEW, record(Kept())), {"running", "profile"}, id="runs-the-one-before"),
        pytest.param(state(NEW, OLD, record(Kept())), {"profile"}, id="boots-the-one-before"),
        pytest.param(state(OTHER, OTHER, record(Kept())), {"running", "foreign"}, id="foreign"),
        pytest.param(state(OLD, NEW, record(Staged(Why.ASKED))), {"profile", "reboot"}, id="boots-next"),
        pytest.param(state(NEW, NEW, record(Staged(Why.ASKED))), set(), id="booted"),
        pytest.param(state(OLD, OLD, record(Returned(Why.UNITS, 4))), set(), id="taken-back"),
        pytest.param(state(NEW, OLD, record(Interrupted("activating"))), {"profile"}, id="cut-off"),
        pytest.param(state(NEW, NEW, record(Kept()), ("kernel",)), {"reboot"}, id="another-kernel"),
    ],
)
def test_each_way_to_drift_has_a_number(seen: NixosState, there: set[str]) -> None:
    told = numbers(seen)["drift"]
    assert {kind for (kind,), value in told.items() if value} == there
    assert set(told.values()) <= {0.0, 1.0}


def test_what_is_not_known_has_no_number() -> None:
    told = numbers(state(NOT_KNOWN, NEW, record(Kept()), NOT_KNOWN))["drift"]
    assert told == {("foreign",): 0.0}


@pytest.mark.parametrize(
    ("last", "at"),
    [
        pytest.param(record(Kept()), 100.0, id="kept"),
        pytest.param(record(Staged(Why.ASKED)), 100.0, id="boots-next"),
        pytest.param(record(Returned(Why.UNITS, 4)), 50.0, id="taken-back"),
        pytest.param(record(Refused(Why.CHECK, 1)), 50.0, id="refused"),
        pytest.param(None, 50.0, id="from-elsewhere"),
    ],
)
def test_a_deploy_counts_from_when_it_came_into_force(last: Record | None, at: float) -> None:
    seen = state(NEW, NEW, last)
    assert deployed(seen) == at
    assert numbers(seen)["deployed_timestamp_seconds"] == {(): at}


def test_a_deploy_of_which_nobody_knows_when_is_not_dated() -> None:
    seen = state(NEW, NEW, None)
    unknown = dataclasses.replace(seen, nixos=dataclasses.replace(seen.nixos, made=NOT_KNOWN))
    assert deployed(unknown) is None
    assert "deployed_timestamp_seconds" not in numbers(unknown)


def test_what_was_taken_back_and_when_a_deploy_is_old_are_numbers() -> None:
    told = numbers(state(OLD, OLD, record(Returned(Why.UNITS, 4)), stale_after=500.0))
    assert (told["taken_back"], told["stale_after_seconds"]) == ({(): 1.0}, {(): 500.0})
    assert numbers(state(NEW, NEW, record(Kept())))["taken_back"] == {(): 0.0}


def consent(seen: NixosState, **fields: Any) -> Consent | None:
    told = {
        "flake": {"url": "git+https://git.example.net/infra"},
        "system": NEW,
        "present": True,
        "staged": False,
        "revision": "f" * 40,
        "platform": "x86_64-linux",
        "drv": f"{NEW}.drv",
    }
    spec = Resolved.model_validate({**told, **fields})
    changes = tuple(Change(f"/{name}", path, OLD) for name, path in declare(spec).items())
    owner = Owner("home", Key.parse("NixosHost/web01"))
    (step,) = plan(Diff(changes), Planning(spec, owner, seen, {"host": "x"}, None))
    return step.consent


ANN = by_order("home", "ann smith")


@pytest.mark.parametrize(
    ("last", "fields", "asks", "again"),
    [
        pytest.param(record(Kept(), mode=Mode.TEST, by=ANN), {}, True, True, id="ordered-to-be-tried"),
        pytest.param(record(Kept(), mode=Mode.TEST, by="home"), {}, False, False, id="declared-to-be-tried"),
        pytest.param(record(Kept(), mode=Mode.TEST, by=ANN), {"mode": "test"}, False, False, id="still-tried"),
        pytest.param(
            record(Kept(), mode=Mode.TEST, by=ANN, system=OTHER), {}, False, False, id="another-was-tried"
        ),
        pytest.param(record(Returned(Why.UNITS, 4)), {}, True, True, id="taken-back"),
    ],
)  # fmt: skip
def test_an_order_finishes_what_was_tried_but_never_replaces_what_is_foreign(
    last: Record,
    fields: dict[str, Any],
    asks: bool,  # noqa: FBT001  # a column of the table
    again: bool,  # noqa: FBT001  # a column of the table
) -> None:
    running = last.previous if isinstance(last.phase, Returned) else last.system
    found = consent(state(running, OLD, last), **fields)
    assert (found is not None, found is not None and found.again) == (asks, again)
    if asks:
        foreign = consent(state(running, "/nix/store/" + "d" * 32 + "-x", last), **fields)
        assert foreign is not None
        assert not foreign.again


def test_a_record_names_the_person_in_letters_that_a_guard_takes() -> None:
    assert (by_order("home", ""), ANN, by_order("home", 'a"b\nc')) == (
        "home",
        "home:ann-smith",
        "home:a-b-c",
    )
