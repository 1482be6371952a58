"""`setpoint hosts` and `setpoint deploy`, typed beside a daemon or without one, over simulated hosts with real Nix and sshd."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from setpoint.store.lock import StateLock
from setpoint.surface.socket import serve_socket
from tests.rig.admin import Said
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import Life, alive, systems
from tests.systems.nixos.simhost import SimHost

pytestmark = pytest.mark.timeout(600)
SETTINGS = "estate: home\nsource: {directory: {path: estate}}\nstate: state\n"
_LATER = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
CLOSED = {"windows": {"hot": f"{_LATER} 03:00-03:01 UTC"}}


@dataclass(frozen=True)
class Desk:
    """Somebody who types, and the hosts that they type about."""

    folder: Path
    farm: Farm

    async def type(self, *words: str) -> Said:
        """What a command says; its settings and its Nix are those of the tests."""
        command = (sys.executable, "-m", "setpoint", *words, "--config", str(self.folder / "setpoint.yaml"))
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    def write(self, files: dict[str, str]) -> str:
        """Declare this in a folder."""
        place = self.folder / "estate"
        place.mkdir(exist_ok=True)
        for name, text in files.items():
            (place / f"{name}.yaml").write_text(text)
        return str(place)

    @asynccontextmanager
    async def daemon(self, files: dict[str, str]) -> AsyncGenerator[Life]:
        """A daemon that can be asked, with these declarations."""
        state = self.folder / "state"
        async with (
            alive(state, **files) as life,
            serve_socket(state / "setpoint.sock", life.supervisor, None),
        ):
            yield life

    def host(self, name: str) -> SimHost:
        return self.farm.hosts[name]

    def only(self, name: str, policy: dict[str, Any] | None = None) -> dict[str, str]:
        """The manifests of one host alone, which is looked at once a day."""
        shared = {"interval": "1d", **(policy or {})}
        files = self.farm.files(**{name: {"policy": shared}})
        return {place: text for place, text in files.items() if place.endswith(name)}


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm]) -> Farm:
    return farm_of("web01", "web02")


@pytest.fixture
def desk(state: Path, farm: Farm) -> Desk:
    (state.parent / "setpoint.yaml").write_text(SETTINGS)
    return Desk(state.parent, farm)


def labelled(policy: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Manifests' parts of both hosts, of which one is a canary."""
    shared = {"policy": policy or {}, "spec": spec}
    return {
        "web01": {**shared, "labels": {"web": "", "canary": ""}},
        "web02": {**shared, "labels": {"web": ""}},
    }


async def in_sync(life: Life, *names: str) -> None:
    await life.until(lambda: all(life.looked_at(f"NixosHost/{n}") for n in names))
    await life.until(lambda: all(life.outcome(f"NixosHost/{n}") == "Done" for n in names))


async def test_hosts_are_told_in_a_table_and_one_in_full(desk: Desk) -> None:
    desk.farm.commit(payload="table")
    async with desk.daemon(desk.farm.files(**labelled())) as life:
        await in_sync(life, "web01", "web02")
        said = await desk.type("hosts")
        head, *lines = said.out.splitlines()
        assert head.split() == [
            "HOST",
            "SYSTEM",
            "KERNEL",
            "UP",
            "DEPLOYED",
            "DISK",
            "FAILED",
            "SEEN",
            "WHAT",
        ]
        assert [line.split()[0] for line in lines] == ["web01", "web02"]
        one = (await desk.type("hosts", "web01", "-o", "json")).told["hosts"]
        assert [row["name"] for row in one] == ["web01"]
        assert one[0]["reachable"]
        assert one[0]["deployedAt"]
        assert one[0]["systems"][0]["key"] == "NixosHost/web01"
        full = (await desk.type("hosts", "web02")).out
        assert "NixosHost/web02, declared at" in full
        assert "  running: /nix/store/" in full
        unknown = await desk.type("hosts", "web09")
        assert (unknown.code, unknown.out) == (1, "")
        assert "web09" in unknown.err


async def test_a_deploy_is_asked_of_the_daemon_and_its_overrides_hold_for_this_time_only(desk: Desk) -> None:
    desk.farm.commit(payload="before-order")
    async with desk.daemon(desk.farm.files(**labelled({"interval": "1d"}))) as life:
        await in_sync(life, "web01", "web02")
        wanted = desk.farm.commit(payload="ordered")
        said = await desk.type("deploy", "canary", "--build-on", "target", "--mode", "boot")
        assert (said.code, said.out.splitlines()[-1]) == (2, "1 host: 1 not there yet"), said
        assert "deliver goes on" in said.err or "build" in said.err
        before = desk.host("web01").points("/run/current-system")
        assert systems(desk.host("web01")) == (before, wanted["web01"])
        assert before != wanted["web01"]
        await life.comes_to("Held", "NixosHost/web01")
        assert systems(desk.host("web01")) == (before, wanted["web01"])
        assert "mode" not in life.estate.resources[life.key("NixosHost/web01")].spec
        history = json.loads((await desk.type("history", "NixosHost/web01", "-o", "json")).out)["events"]
        (told,) = [one["sentence"] for one in history if one["kind"] == "ordered"]
        assert told == "ordered now, for this time with build.on: target, mode: boot"
        said = await desk.type("deploy", "web and not canary")
        assert (said.code, said.out.splitlines()[-1]) == (0, "1 host: 1 in sync"), said
        assert systems(desk.host("web02")) == (wanted["web02"], wanted["web02"])


async def test_what_was_ordered_to_be_tried_is_kept_by_nobody_but_a_person(desk: Desk) -> None:
    booting = desk.farm.commit(payload="to-boot")["web02"]
    async with desk.daemon(desk.only("web02")) as life:
        await in_sync(life, "web02")
        tried = desk.farm.commit(payload="to-try")["web02"]
        said = await desk.type("deploy", "web02", "--mode", "test")
        assert (said.code, systems(desk.host("web02"))) == (0, (tried, booting)), said
        assert "it would be kept" in await life.comes_to("Held", "NixosHost/web02")
        assert systems(desk.host("web02")) == (tried, booting)
        said = await desk.type("deploy", "web02", "--now")
        assert (said.code, systems(desk.host("web02"))) == (0, (tried, tried)), said


async def test_what_was_taken_back_is_tried_again_by_an_order_at_once_and_by_no_other(desk: Desk) -> None:
    desk.farm.commit(payload="good-one")
    async with desk.daemon(desk.only("web01")) as life:
        await in_sync(life, "web01")
        bad = desk.farm.commit({"web01": {"failUnits": ["nginx.service"]}}, payload="bad-one")["web01"]

        def tries() -> int:
            return desk.host("web01").log().count(("test", bad))

        said = await desk.type("deploy", "web01")
        assert (said.code, tries()) == (1, 1), said
        assert "units failed" in said.out
        said = await desk.type("deploy", "web01")
        assert (said.code, tries()) == (3, 1), said
        said = await desk.type("deploy", "web01", "--now")
        assert (said.code, tries()) == (1, 2), said
        await life.comes_to("Held", "NixosHost/web01")
        assert tries() == 2
        desk.farm.commit(payload="good-again")
        assert (await desk.type("deploy", "web01")).code == 0


async def test_a_window_is_waited_for_unless_somebody_orders_otherwise_and_a_dry_run_does_nothing(
    desk: Desk,
) -> None:
    desk.farm.commit(payload="in-hours")
    async with desk.daemon(desk.only("web01")) as life:
        await in_sync(life, "web01")
    wanted = desk.farm.commit(payload="after-hours")["web01"]
    files = desk.only("web01", CLOSED)
    estate = desk.write(files)
    async with desk.daemon(files):
        before = systems(desk.host("web01"))
        said = await desk.type("deploy", "web01", "--dry-run", "--now", "--mode", "test", "--source", estate)
        assert said.code == 2, said
        assert said.out.splitlines()[:2] == [
            "For this time: mode test",
            "For this time: no window and no turn is waited for",
        ]
        assert systems(desk.host("web01")) == before
        said = await desk.type("deploy", "web01")
        assert said.code == 2, said
        assert "its window is closed" in said.out
        assert systems(desk.host("web01")) == before
        said = await desk.type("deploy", "web01", "--now")
        assert said.code == 0, said
        assert systems(desk.host("web01")) == (wanted, wanted)


async def test_without_a_daemon_only_the_chosen_hosts_are_deployed_and_a_daemon_is_not_passed_by(
    desk: Desk,
) -> None:
    wanted = desk.farm.commit(payload="alone")
    estate = desk.write(desk.farm.files(**labelled()))
    before = systems(desk.host("web02"))
    said = await desk.type("deploy", "web01", "--source", estate)
    assert (said.code, said.out.splitlines()[-1]) == (0, "1 host: 1 in sync"), said
    assert systems(desk.host("web01")) == (wanted["web01"], wanted["web01"])
    assert systems(desk.host("web02")) == before
    assert not (desk.folder / "state/setpoint.db").exists()
    with StateLock(desk.folder / "state"):
        said = await desk.type("deploy", "web02", "--source", estate)
    assert said.code == 1
    assert "leave out --source" in said.err
    assert systems(desk.host("web02")) == before
    said = await desk.type("deploy", "web02")
    assert said.code == 1
    assert "without a daemon: setpoint deploy ... --source DIR" in said.err


async def test_a_host_that_is_away_is_told_and_keeps_nobody_else(desk: Desk) -> None:
    desk.farm.commit(payload="both")
    files = desk.farm.files(**labelled({"interval": "1d"}))
    away = json.loads(files["host-web02"])
    away["spec"]["port"] = 1
    async with desk.daemon({**files, "host-web02": json.dumps(away)}) as life:
        await in_sync(life, "web01")
        wanted = desk.farm.commit(payload="one-of-both")["web01"]
        said = await desk.type("deploy", "--all", "-o", "json")
        assert said.code == 1, said
        ended = {one["key"]: one["exitCode"] for one in said.told["hosts"]}
        assert ended == {"NixosHost/web01": 0, "NixosHost/web02": 1}
        assert systems(desk.host("web01")) == (wanted, wanted)
