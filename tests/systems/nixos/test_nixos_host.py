"""From a commit to a host that runs it, through the real engine; and everything that may go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from setpoint_nixos.nix.evaluate import Wanted
from setpoint_nixos.nix.flake_url import FlakeUrl
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.shop import shop
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.living import NAME, alive, host, nixos, systems
from tests.systems.nixos.nixes import call
from tests.systems.nixos.nixing import mentioned, until
from tests.systems.nixos.simhost import PROFILE, SimHost

Start = Callable[..., SimHost]
Build = Callable[..., str]


@dataclass
class Site:
    """A host that runs `before`, and the repository that it is deployed from."""

    host: SimHost
    fleet: Fleet
    nix: Nix
    before: str
    folder: Path

    def commit(self, **knobs: Any) -> str:
        """Commit a system of the host, and tell its path."""
        self.fleet.host("web01", **knobs)
        reference = self.fleet.reference("web01", self.fleet.commit())
        return call(self.nix, "nix", "eval", "--raw", f"{reference}.outPath")

    def files(self, policy: dict[str, Any] | None = None, **spec: Any) -> dict[str, str]:
        return {"host": host(self.host), "system": nixos(self.fleet.url, policy, **spec)}


@pytest.fixture
def site(
    simhost: Start, fleet: Fleet, built: Build, nix: Nix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """A host with systemd simulated, and the daemon's Nix with a store of its own."""
    for name, value in {**nix.environment, "NIX_REMOTE": nix.store}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    before = built("web01", payload="before")
    made = simhost("web01", systemd=True)
    made.receive(nix, before)
    made.deploy(before)
    made.reboot()
    state = tmp_path / "state"
    state.mkdir()
    return Site(made, fleet, nix, before, state)


async def test_a_commit_is_deployed_and_the_second_look_sends_the_probe_alone(site: Site) -> None:
    wanted = site.commit(payload="one")
    async with alive(site.folder, **site.files()) as life:
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)
        assert site.host.log()[1:] == [("check", wanted), ("test", wanted), ("boot", wanted)]
        sent = site.host.console.count("Starting session: command")
        await life.comes_to("Done")
        assert site.host.console.count("Starting session: command") == sent + 1
        newer = site.commit(payload="two")
        await life.comes_to("Done")
        assert systems(site.host) == (newer, newer)


@pytest.mark.parametrize("on", ["local", "target"])
async def test_a_derivation_that_was_collected_before_it_was_built_is_evaluated_again(
    site: Site, on: str
) -> None:
    wanted, at = site.commit(payload=f"collected, {on}"), shop()
    pinned = await at.flakes.pin(FlakeUrl.parse(f"git+{site.fleet.url}?ref=main"))
    remembered = (await at.evaluations.evaluate(Wanted(pinned, "web01"))).system
    call(site.nix, "nix-store", "--delete", remembered.drv)
    async with alive(site.folder, **site.files(build={"on": on})) as life:
        assert "is not there any more" in await life.comes_to("Failed")
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)


async def test_a_commit_ends_the_evaluation_of_the_one_before(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its package calls the function by the same name.
    monkeypatch.setattr(import_module("setpoint_nixos.kinds.nixos_host.compute"), "PATIENCE", 0.5)
    site.fleet.host("web01", burn=60_000_000)
    slow = site.fleet.commit()
    async with alive(site.folder, **site.files()) as life:
        await until(lambda: bool(mentioned(f"rev={slow}")), "it is being evaluated", 60)
        wanted = site.commit(payload="quick")
        await life.until(lambda: life.looked_at(NAME))
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)
        assert not mentioned(f"rev={slow}")


async def test_whoever_asks_for_a_look_is_answered_by_what_was_pushed_before(site: Site) -> None:
    site.commit(payload="one")
    async with alive(site.folder, **site.files()) as life:
        shop().flakes._within = 3600.0  # pyright: ignore[reportPrivateUsage]  # as with a forge asked just now
        await life.comes_to("Done")
        wanted = site.commit(payload="two")
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)


async def test_what_somebody_sets_by_hand_is_set_back_if_it_was_ours_and_asked_about_if_not(
    site: Site, built: Build
) -> None:
    wanted, foreign = site.commit(payload="one"), built("web01", payload="by hand")
    async with alive(site.folder, **site.files()) as life:
        await life.comes_to("Done")
        site.host.run(f"nix-env -p {PROFILE} --set {site.before}")
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)
        site.host.receive(site.nix, foreign)
        site.host.deploy(foreign)
        said = await life.comes_to("Held")
        assert "put there by somebody else" in said
        assert systems(site.host) == (foreign, foreign)
        await life.approve(NAME)
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)


async def test_a_foreign_system_is_replaced_at_once_where_that_is_declared(site: Site, built: Build) -> None:
    wanted, foreign = site.commit(payload="one"), built("web01", payload="by hand")
    async with alive(site.folder, **site.files(onForeign="revert")) as life:
        await life.comes_to("Done")
        site.host.receive(site.nix, foreign)
        site.host.deploy(foreign)
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)


async def test_what_was_taken_back_is_not_tried_again_until_it_is_another_or_somebody_agrees(
    site: Site,
) -> None:
    bad = site.commit(payload="bad", failUnits=["nginx.service"])
    async with alive(site.folder, **site.files()) as life:
        said = await life.comes_to("Failed")
        assert "units failed (exit code 4)" in said
        assert "nginx.service" in said
        assert systems(site.host) == (site.before, site.before)
        await life.comes_to("Held")
        tried = site.host.log().count(("test", bad))
        await life.comes_to("Held")
        assert site.host.log().count(("test", bad)) == tried == 1
        site.fleet.host("other")
        site.fleet.commit()
        await life.comes_to("Held")
        assert site.host.log().count(("test", bad)) == 1
        good = site.commit(payload="good")
        await life.comes_to("Done")
        assert systems(site.host) == (good, good)


async def test_a_system_that_cuts_the_link_gives_way_to_the_one_that_was_recorded(
    site: Site, built: Build
) -> None:
    later = built("web01", payload="later")
    site.host.receive(site.nix, later)
    site.host.deploy(later)
    site.host.run(
        f"nix-env -p {PROFILE} --switch-generation 1 && {site.before}/bin/switch-to-configuration switch"
    )
    site.commit(payload="bad", breakNet=True)
    async with alive(site.folder, **site.files(confirm="5s")) as life:
        await life.comes_to("Failed")
        assert "nobody confirmed in time" in life.sentence(NAME)
        assert systems(site.host) == (site.before, site.before)


async def test_a_daemon_that_is_restarted_while_a_system_waits_confirms_it(site: Site) -> None:
    wanted = site.commit(payload="one")
    files = site.files(confirm="60s", checks=[{"command": "test -e /run/well"}])
    async with alive(site.folder, **files) as life:
        await life.until(lambda: "not well yet" in life.sentence(NAME) if life.looked_at(NAME) else False)
    assert systems(site.host) == (wanted, site.before)
    site.host.run("touch /run/well")
    async with alive(site.folder, **files) as life:
        await life.comes_to("Done")
    assert systems(site.host) == (wanted, wanted)
    assert site.host.log().count(("test", wanted)) == 1


async def test_a_system_whose_checks_fail_gives_way(site: Site) -> None:
    site.commit(payload="one")
    async with alive(site.folder, **site.files(confirm="3s", checks=[{"tcp": "127.0.0.1:1"}])) as life:
        assert "nobody confirmed in time" in await life.comes_to("Failed")
        assert systems(site.host) == (site.before, site.before)


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        pytest.param({"throw": "no root file system"}, "no root file system", id="evaluation"),
        pytest.param({"buildFail": "no such header"}, "no such header", id="build"),
    ],
)
async def test_what_cannot_be_made_leaves_what_runs(site: Site, knobs: dict[str, Any], said: str) -> None:
    site.fleet.host("web01", **knobs)
    site.fleet.commit()
    async with alive(site.folder, **site.files()) as life:
        assert said in await life.comes_to("Failed")
        assert systems(site.host) == (site.before, site.before)
        assert len(site.host.log()) == 1


async def test_a_kernel_comes_into_force_by_a_reboot_that_the_policy_allows(site: Site) -> None:
    wanted = site.commit(payload="one", kernel="6.7")
    async with alive(site.folder, **site.files()) as life:
        await life.comes_to("Held")
        assert life.rules(NAME) == ["RebootPending"]
        assert systems(site.host) == (wanted, wanted)
        assert site.host.boots == 2
    async with alive(site.folder, **site.files(policy={"reboot": "whenNeeded"})) as life:
        await life.until(lambda: site.host.boots == 3)
        await life.until(lambda: life.outcome(NAME) == "Done")
        assert site.host.points("/run/booted-system") == wanted
        assert site.host.boots == 3


async def test_what_a_switch_inhibitor_refuses_boots_next(site: Site) -> None:
    wanted = site.commit(payload="one", inhibit=True)
    async with alive(site.folder, **site.files()) as life:
        await life.comes_to("Held")
        assert life.rules(NAME) == ["RebootPending"]
        assert systems(site.host) == (site.before, wanted)


async def test_a_host_that_shows_another_key_is_given_nothing_until_that_is_declared(site: Site) -> None:
    wanted = site.commit(payload="one")
    files = site.files()
    site.host.rekey()
    site.host.reboot()
    async with alive(site.folder, **files) as life:
        await life.until(lambda: life.looked_at(NAME))
        assert life.outcome(NAME) == "Blocked"
        assert life.sentence("Host/web01").count("SHA256:") == 2
        assert "Accepted publickey" not in site.host.console
        assert systems(site.host) == (site.before, site.before)
        await life.submit(**site.files())
        await life.until(lambda: life.outcome(NAME) == "Done")
        assert systems(site.host) == (wanted, wanted)


async def test_a_host_that_builds_itself_gets_no_copy_from_here(site: Site) -> None:
    wanted = site.commit(payload="built there")
    async with alive(site.folder, **site.files(build={"on": "target"})) as life:
        await life.comes_to("Done")
        assert systems(site.host) == (wanted, wanted)
        assert call(site.nix, "nix", "path-info", wanted, check=False) == ""
