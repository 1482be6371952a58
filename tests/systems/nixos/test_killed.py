"""The whole process of the controller is killed between copy and confirm: hosts see to themselves, and the next life goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.rig.waiting import until
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.killing import process
from tests.systems.nixos.living import Life, alive, systems
from tests.systems.nixos.simhost import PROFILE, SimHost

pytestmark = pytest.mark.timeout(400)

COPIED, ACTIVATING, ADOPTED, LATE = "copied", "activating", "adopted", "late"
"""By where a host is when the controller dies, or by what comes of the system that waits to be confirmed."""
WELL = "/run/well"


def key(name: str) -> str:
    return f"NixosHost/{name}"


def well(life: Life, name: str) -> bool:
    return life.looked_at(key(name)) and life.outcome(key(name)) == "Done"


def phase(host: SimHost) -> str:
    """Where the guard of a host is."""
    told = host.run("cat /run/setpoint/status.json 2>/dev/null || echo '{}'")
    return str(json.loads(told).get("phase", ""))


def delivered(host: SimHost, system: str) -> bool:
    return host.points("/nix/var/nix/gcroots/setpoint-next") == system


def closed() -> str:
    """A window that is not open now."""
    opens = datetime.now(UTC) + timedelta(hours=6)
    return f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M} UTC"


def files(farm: Farm, **window: str) -> dict[str, str]:
    waiting = {"confirm": "5m", "checks": [{"command": f"test -e {WELL}"}]}
    more: dict[str, Any] = {
        COPIED: {"policy": {"windows": window}},
        ADOPTED: {"spec": waiting},
        LATE: {"spec": {**waiting, "confirm": "15s"}},
    }
    return farm.files(**more)


async def test_a_killed_controller_leaves_no_host_half_way_and_its_next_life_repeats_nothing(
    farm_of: Callable[..., Farm], state: Path
) -> None:
    farm = farm_of(COPIED, ACTIVATING, ADOPTED, LATE)
    hosts = farm.hosts
    before = {name: one.points(PROFILE) for name, one in hosts.items()}
    later = farm.commit(payload="later")[LATE]
    farm.build(LATE)
    hosts[LATE].receive(farm.nix, later)
    hosts[LATE].deploy(later)
    # The number before is not what ran before.
    back = f"nix-env -p {PROFILE} --switch-generation 1 && {before[LATE]}/bin/switch-to-configuration switch"
    hosts[LATE].run(back)
    wanted = farm.commit({ACTIVATING: {"slow": 20}}, payload="second")

    def said() -> str:
        return (state / "log").read_text()[-4000:]

    with process(state, files(farm, hot=closed())):
        until(lambda: delivered(hosts[COPIED], wanted[COPIED]), said, 90)
        # On a slow machine a guard may be further than that.
        until(lambda: phase(hosts[ADOPTED]) == "waiting", said, 90)
        until(lambda: phase(hosts[LATE]) in {"waiting", "returning", "returned"}, said, 90)
        until(lambda: phase(hosts[ACTIVATING]) not in {"", "checking"}, said, 90)
    assert systems(hosts[ADOPTED]) == (wanted[ADOPTED], before[ADOPTED])
    assert systems(hosts[COPIED]) == (before[COPIED], before[COPIED])
    until(lambda: phase(hosts[LATE]) == "returned", "the host went back by itself", 60)
    assert systems(hosts[LATE]) == (before[LATE], before[LATE])
    hosts[ADOPTED].run(f"touch {WELL}")
    async with alive(state, **files(farm)) as life:
        for name in (COPIED, ACTIVATING, ADOPTED):
            await life.until(partial(well, life, name))
            assert systems(hosts[name]) == (wanted[name], wanted[name])
            assert hosts[name].log()[1:] == [(verb, wanted[name]) for verb in ("check", "test", "boot")]
        await life.until(lambda: life.looked_at(key(LATE)) and bool(life.rules(key(LATE))))
        assert "nobody confirmed in time" in life.sentence(key(LATE))
        assert hosts[LATE].log().count(("test", wanted[LATE])) == 1
        steps = [
            (str(one.key), one.sentence)
            for one in life.estate.store.history(limit=10_000)
            if one.kind == "step"
        ]
        copies = [
            sentence for name, sentence in steps if name == key(COPIED) and "bring it to the host" in sentence
        ]
        assert len(copies) == 1, steps
