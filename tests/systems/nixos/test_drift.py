"""What people change by hand on a host is seen as what it is, and mended, asked about or told; each on a host of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from setpoint.model.hold import Rule
from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import Life, alive, systems
from tests.systems.nixos.nixes import call
from tests.systems.nixos.simhost import PROFILE, SimHost

pytestmark = pytest.mark.timeout(400)

NAMES = ("running", "profile", "booted", "foreign", "warned")
BOOTED = "/run/booted-system"


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm]) -> Farm:
    return farm_of(*NAMES)


def key(name: str) -> str:
    return f"NixosHost/{name}"


def held(life: Life, name: str, rule: Rule) -> bool:
    return life.rules(key(name)) == [rule]


def well(life: Life, name: str) -> bool:
    return life.looked_at(key(name)) and life.outcome(key(name)) == "Done"


async def look(life: Life, *names: str) -> None:
    """Look at the hosts, and then at their systems."""
    for kind in ("Host", "NixosHost"):
        for name in names:
            await life.look_again(f"{kind}/{name}")


def choose_at_boot(host: SimHost, system: str) -> None:
    """As in the menu of the boot loader."""
    host.run(f"echo {system} >/boot/default")
    host.reboot()


async def test_each_kind_of_drift_is_known_and_treated_as_declared(farm: Farm, nix: Nix, state: Path) -> None:
    before = {name: one.points(PROFILE) for name, one in farm.hosts.items()}
    wanted = farm.commit({"booted": {"kernel": "6.7"}}, payload="second")
    more = {"booted": {"policy": {"reboot": "whenNeeded"}}}
    async with alive(state, **farm.files(**more)) as life:
        for name in NAMES:
            await life.until(partial(well, life, name))
        await life.declare(**farm.files(**more, warned={"policy": {"drift": "warn"}}))
        hosts = farm.hosts
        hosts["running"].run(f"{before['running']}/bin/switch-to-configuration test")
        for name in ("profile", "warned"):
            hosts[name].run(f"nix-env -p {PROFILE} --set {before[name]}")
        choose_at_boot(hosts["booted"], before["booted"])
        farm.fleet.host("foreign", payload="by hand")
        # It is built from no branch that is followed.
        reference = farm.fleet.reference("foreign", farm.fleet.commit())
        foreign = call(
            nix, "nix-store", "--realise", call(nix, "nix", "path-info", "--derivation", reference)
        )
        farm.commit({"booted": {"kernel": "6.7"}}, payload="second")
        hosts["foreign"].receive(nix, foreign)
        hosts["foreign"].deploy(foreign)

        await look(life, *NAMES)
        await life.until(partial(held, life, "foreign", Rule.CONSENT))
        assert "put there by somebody else" in life.sentence(key("foreign"))
        await life.until(partial(held, life, "warned", Rule.DRIFT_WARN))
        assert "profile" in life.sentence(key("warned"))
        for name in ("running", "profile", "booted"):
            await life.until(partial(well, life, name))
            assert systems(hosts[name]) == (wanted[name], wanted[name])
        assert hosts["booted"].points(BOOTED) == wanted["booted"]
        assert systems(hosts["foreign"]) == (foreign, foreign)
        assert systems(hosts["warned"]) == (wanted["warned"], before["warned"])

        await life.approve(key("foreign"))
        await life.until(partial(well, life, "foreign"))
        assert systems(hosts["foreign"]) == (wanted["foreign"], wanted["foreign"])
