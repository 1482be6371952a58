"""Every way in which an activation ends, as the daemon tells it: all at once, each on a host of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.hold import Rule
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import Life, alive, systems

pytestmark = pytest.mark.timeout(400)

LOCK = (
    "mkdir -p /run/nixos; setsid flock /run/nixos/switch-to-configuration.lock sh -c "
    "'until [ -e /run/let-go ]; do sleep 0.1; done' </dev/null >/dev/null 2>&1 & sleep 0.3"
)
UNITS = ["nginx.service"]


@dataclass(frozen=True)
class Case:
    """What a new system does on a host, and what becomes of it.

    Attributes:
        rule: what holds it in the end; None when it is in sync.
        said: part of what is told at some time.
        runs: whether it runs in the end.
        boots: whether it boots in the end.
    """

    knobs: Mapping[str, Any]
    rule: Rule | None
    said: str
    runs: bool
    boots: bool
    spec: Mapping[str, Any] = field(default_factory=dict[str, Any])


CASES: Mapping[str, Case] = {
    "rc0": Case({}, None, "in sync", runs=True, boots=True),
    "rc1-inhibited": Case(
        {"inhibit": True}, Rule.REBOOT_PENDING, "takes effect after a restart", runs=False, boots=True
    ),
    "rc1-inhibited-test": Case(
        {"inhibit": True}, Rule.CONSENT, "its own checks refuse it (exit code 1)", runs=False, boots=False,
        spec={"mode": "test"},
    ),
    "rc1-boot-loader": Case(
        {"failBoot": True}, Rule.CONSENT, "the boot loader could not be written (exit code 1)", runs=False, boots=False
    ),
    "rc2": Case({"failActivate": True}, Rule.CONSENT, "its activation failed (exit code 2)", runs=False, boots=False),
    "rc4": Case({"failUnits": UNITS}, Rule.CONSENT, "units failed (exit code 4)", runs=False, boots=False),
    "rc4-allowed": Case(
        {"failUnits": UNITS}, None, "in sync", runs=True, boots=True, spec={"allowedUnits": UNITS}
    ),
    "rc100": Case(
        {"initChange": "systemd 300"}, Rule.REBOOT_PENDING, "takes effect after a restart", runs=False, boots=True
    ),
    "rc101": Case({"dies": 101}, Rule.CONSENT, "its activation failed (exit code 101)", runs=False, boots=False),
    "hung": Case(
        {"slow": 60}, Rule.CONSENT, "its activation did not end in time", runs=False, boots=False,
        spec={"activate": "3s"},
    ),
    "busy": Case({}, None, "another switch is at work on the host", runs=True, boots=True),
}  # fmt: skip


def told(life: Life, name: str) -> list[str]:
    """All that was said of a system, first to last."""
    events = life.estate.store.history(limit=10_000)
    return [event.sentence for event in reversed(events) if str(event.key) == f"NixosHost/{name}"]


def ends(life: Life, name: str, rule: Rule | None) -> bool:
    key = f"NixosHost/{name}"
    if not life.looked_at(key):
        return False
    return life.rules(key) == [rule] if rule else life.outcome(key) == "Done"


async def test_every_exit_code_comes_to_what_it_means_and_none_disturbs_another(
    farm_of: Callable[..., Farm], state: Path
) -> None:
    farm = farm_of(*CASES)
    before = {name: systems(one) for name, one in farm.hosts.items()}
    wanted = farm.commit({name: case.knobs for name, case in CASES.items()}, payload="second")
    farm.hosts["busy"].run(LOCK)
    async with alive(
        state, **farm.files(**{name: {"spec": case.spec} for name, case in CASES.items()})
    ) as life:
        await life.until(lambda: any(CASES["busy"].said in said for said in told(life, "busy")))
        farm.hosts["busy"].run("touch /run/let-go")
        for name, case in CASES.items():
            await life.until(partial(ends, life, name, case.rule))
        unsaid = {
            name for name, case in CASES.items() if not any(case.said in one for one in told(life, name))
        }
        assert unsaid == set()
        for name, case in CASES.items():
            runs, boots = (
                (before[name][n], wanted[name])[new] for n, new in enumerate((case.runs, case.boots))
            )
            assert systems(farm.hosts[name]) == (runs, boots), name
        for name, one in farm.hosts.items():
            assert one.log().count(("test", wanted[name])) <= 1
