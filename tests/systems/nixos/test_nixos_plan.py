"""What a NixosHost would do, without a host."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.diff import Change, Diff
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.kind import Planning
from setpoint.model.observation import Unknown
from setpoint.model.plan import Disruption, Step
from setpoint_nixos.deploying import Operation
from setpoint_nixos.facts.model import Nixos
from setpoint_nixos.guard.checks import Check
from setpoint_nixos.guard.order import Mode, token_of
from setpoint_nixos.guard.state import Kept, Phase, Record, Returned, Why
from setpoint_nixos.kinds.nixos_host.plan import attempt_after, declare, plan
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec, Resolved
from setpoint_nixos.kinds.nixos_host.state import NixosState, problems, project, status

OLD, NEW, OTHER = (f"/nix/store/{letter * 32}-nixos-system-web01" for letter in "abc")
FLAKE = {"url": "git+https://git.example.net/infra"}


def record(system: str = OLD, phase: Phase | None = None, attempt: int = 0, **fields: Any) -> Record:
    told = Record(
        token_of(system, Mode.SWITCH, attempt),
        system,
        Mode.SWITCH,
        phase or Kept(),
        previous=OLD,
        ended=100.0,
    )
    return dataclasses.replace(told, **fields)


def state(running: Any = OLD, profile: Any = OLD, last: Record | None = None, **fields: Any) -> NixosState:
    nixos = Nixos(running, OLD, profile, 1, 50.0, "24.11", ())
    return NixosState(1000.0, "boot", nixos, last, **fields)


def wanted(**fields: Any) -> Resolved:
    told = {
        "present": True,
        "staged": False,
        "revision": "f" * 40,
        "platform": "x86_64-linux",
        "drv": f"{NEW}.drv",
    }
    return Resolved.model_validate({"flake": FLAKE, "system": NEW, **told, **fields})


def steps(spec: NixosHostSpec, seen: NixosState) -> list[tuple[str, bool]]:
    """The verb of each step, and whether a person has to agree."""
    changes = tuple(Change(f"/{name}", path, OLD) for name, path in declare(spec).items())
    owner = Owner("home", Key.parse("NixosHost/web01"))
    made = plan(Diff(changes), Planning(spec, owner, seen, {"host": "x"}, None))
    return [(step.verb, step.consent is not None) for step in made]


@pytest.mark.parametrize(
    ("fields", "tree"),
    [
        ({}, {"running": NEW, "profile": NEW}),
        ({"mode": "test"}, {"running": NEW}),
        ({"mode": "boot"}, {"profile": NEW}),
        ({"mode": "boot", "staged": True}, {"profile": NEW, "booted": NEW}),
        ({"staged": True}, {"running": NEW, "profile": NEW, "booted": NEW}),
    ],
    ids=["switch", "test", "boot", "boot-due", "reboot-due"],
)
def test_what_is_wanted_follows_from_the_mode(fields: dict[str, Any], tree: dict[str, str]) -> None:
    assert declare(wanted(**fields)) == tree


def test_nothing_is_wanted_of_a_system_that_is_not_known() -> None:
    spec = NixosHostSpec.model_validate({"flake": FLAKE})
    assert declare(spec) == {}
    assert steps(spec, state()) == []


@pytest.mark.parametrize(
    ("fields", "seen", "expected"),
    [
        pytest.param({"present": False}, state(), [("deliver", False)], id="lacking"),
        pytest.param({}, state(), [("activate", False)], id="there"),
        pytest.param({"staged": True}, state(), [("reboot", False)], id="boots-next"),
        pytest.param({}, state(last=record()), [("activate", False)], id="ours"),
        pytest.param({}, state(running=OTHER, last=record()), [("activate", True)], id="foreign"),
        pytest.param({}, state(profile=OTHER, last=record()), [("activate", True)], id="foreign-profile"),
        pytest.param({"present": False}, state(running=OTHER, last=record()), [("deliver", True)], id="foreign-lacking"),
        pytest.param(
            {"onForeign": "revert"}, state(running=OTHER, last=record()), [("activate", False)], id="reverted"
        ),
        pytest.param({}, state(running=OTHER), [("activate", False)], id="first"),
        pytest.param(
            {}, state(last=record(NEW, Returned(Why.UNITS, 4))), [("activate", True)], id="taken-back"
        ),
        pytest.param(
            {}, state(last=record(OTHER, Returned(Why.UNITS, 4))), [("activate", False)], id="another-taken-back"
        ),
    ],
)  # fmt: skip
def test_the_next_step_and_who_has_to_agree(
    fields: dict[str, Any], seen: NixosState, expected: list[tuple[str, bool]]
) -> None:
    assert steps(wanted(**fields), seen) == expected


def test_only_a_reboot_restarts_and_what_prepares_disturbs_nothing() -> None:
    owner, diff = Owner("home", Key.parse("NixosHost/web01")), Diff((Change("/running", NEW, OLD),))

    def first(**fields: Any) -> Step:
        return plan(diff, Planning(wanted(**fields), owner, state(), {"host": "x"}, None))[0]

    found = [
        first(**fields).disruption for fields in ({}, {"mode": "boot"}, {"staged": True}, {"present": False})
    ]
    assert found == [Disruption.HOT, Disruption.NONE, Disruption.RESTART, Disruption.NONE]
    after = first(present=False).then
    assert after is not None
    assert (after.verb, after.disruption) == ("activate", Disruption.HOT)


@pytest.mark.parametrize("number", [0, 1, 7])
def test_attempts_are_counted_by_what_the_host_remembers(number: int) -> None:
    assert attempt_after(record(NEW, attempt=number), NEW, Mode.SWITCH) == number + 1
    assert attempt_after(record(NEW, attempt=number), OTHER, Mode.SWITCH) == 0
    assert attempt_after(record(NEW, attempt=number), NEW, Mode.BOOT) == 0
    assert attempt_after(None, NEW, Mode.SWITCH) == 0


def test_a_system_that_is_not_to_be_seen_is_not_known_and_never_foreign() -> None:
    seen = state(running=Unknown("/run/current-system is not there"), last=record())
    assert project(seen).unseen == ("/running",)
    assert seen.foreign == ()
    assert status(seen)["running"] == "not known: /run/current-system is not there"


@pytest.mark.parametrize(("after", "stale"), [(None, False), (1000.0, False), (500.0, True)])
def test_a_deploy_long_ago_is_a_problem_where_that_is_asked_for(after: float | None, stale: bool) -> None:  # noqa: FBT001
    found = problems(state(last=record(), stale_after=after))
    assert [one.reason for one in found] == (["Stale"] if stale else [])


def test_an_operation_is_read_back_from_its_text() -> None:
    made = Operation("activate", "ab", NEW, 12.5, (Check(tcp="h:1"), Check(command="true", timeout=9)))
    assert Operation.parse(str(made)) == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"flake": {"url": "path:/x"}},
        {"flake": {**FLAKE, "ref": "a..b"}},
        {"flake": {**FLAKE, "attribute": 'x".y'}},
        {"flake": FLAKE, "build": {"on": "cache", "caches": [{"url": "c"}]}},
        {"flake": FLAKE, "allowedUnits": ["a b"]},
        {"flake": FLAKE, "checks": [{}]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NixosHostSpec.model_validate(wrong)
