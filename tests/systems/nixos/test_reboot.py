"""A reboot is done when it is needed and its window is open, and that it happened is proven by the id of the boot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.hold import Rule
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import Life, alive, systems

pytestmark = pytest.mark.timeout(400)

BOOTED = "/run/booted-system"
CASES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "kernel": ({"kernel": "6.7"}, {}),
    "init": ({"initChange": "systemd 300"}, {}),
    "inhibited": ({"inhibit": True}, {}),
    "asked": ({}, {"mode": "boot"}),
}
"""By the name of a host: what its new system does, and what its spec says; each needs a reboot."""


def key(name: str) -> str:
    return f"NixosHost/{name}"


def waits(life: Life, name: str) -> bool:
    return life.looked_at(key(name)) and life.rules(key(name)) == [Rule.REBOOT_PENDING]


def well(life: Life, name: str) -> bool:
    return life.looked_at(key(name)) and life.outcome(key(name)) == "Done"


def in_hours(now: float, hours: float) -> str:
    """The hour that begins so many hours from a moment on."""
    opens = datetime.fromtimestamp(now, UTC) + timedelta(hours=hours)
    return f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M} UTC"


async def test_what_needs_a_reboot_gets_one_in_its_window_and_not_before(
    farm_of: Callable[..., Farm], state: Path
) -> None:
    farm = farm_of(*CASES, "well", "refuses")
    boots = {name: (one.boots, one.boot_id) for name, one in farm.hosts.items()}
    knobs = {name: case[0] for name, case in CASES.items()}
    wanted = farm.commit({**knobs, "refuses": {"kernel": "6.7"}}, payload="second")
    now = datetime.now(UTC).timestamp()
    policy = {"reboot": "window", "window": in_hours(now, 6)}
    more = {name: {"policy": policy, "spec": case[1]} for name, case in CASES.items()}
    others: dict[str, Any] = {name: {"policy": policy} for name in ("well", "refuses")}
    refuse(farm)
    async with alive(state, **farm.files(**more, **others)) as life:
        for name in (*CASES, "refuses"):
            await life.until(partial(waits, life, name))
            assert "it is restarted when the window opens" in life.sentence(key(name))
            assert farm.hosts[name].boots == boots[name][0]
        await life.until(partial(well, life, "well"))
        for name in ("init", "inhibited", "asked"):
            running, profile = systems(farm.hosts[name])
            assert (running != wanted[name], profile) == (True, wanted[name]), name

        life.clock.ahead += 6.5 * 3600
        for name in farm.hosts:
            await life.supervisor.resync([life.key(key(name))], "test")
        for name in CASES:
            await life.until(partial(well, life, name))
            one = farm.hosts[name]
            assert systems(one) == (wanted[name], wanted[name])
            assert one.points(BOOTED) == wanted[name]
            assert one.boots == boots[name][0] + 1
            assert one.boot_id != boots[name][1]
        await life.until(lambda: life.outcome(key("refuses")) == "Failed")
        assert "does not restart: Access denied" in life.sentence(key("refuses"))
        for name in ("well", "refuses"):
            assert (farm.hosts[name].boots, farm.hosts[name].boot_id) == boots[name]


def refuse(farm: Farm) -> None:
    """Let systemd of a host not restart it."""
    place = "/usr/local/bin/systemctl"
    refusal = 'case "$*" in *reboot*) echo Access denied >&2; exit 1;; esac'
    farm.hosts["refuses"].run(f"sed -i '2i {refusal}' {place}")
