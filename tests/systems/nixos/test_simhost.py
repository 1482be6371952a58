"""What the tests of NixOS hosts stand on: systems built by real Nix, and hosts that are switched, cut off and restarted."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setpoint_nixos.nix.run import Nix
from setpoint_nixos.ssh.session import Session
from tests.rig.waiting import until
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import call
from tests.systems.nixos.servers.sshd import SHORT, OpenGate
from tests.systems.nixos.simhost import PROFILE, RUNNING, SimHost

Start = Callable[..., SimHost]
Build = Callable[..., str]
VERB = "bin/switch-to-configuration"


def status(host: SimHost, command: str) -> int:
    return int(host.run(f"{command} >/dev/null 2>&1; echo $?"))


def test_a_commit_that_changes_no_host_leaves_its_system_as_it_is(nix: Nix, fleet: Fleet) -> None:
    fleet.host("web01", payload="one")
    first = fleet.reference("web01", fleet.commit())
    fleet.host("other", payload="two")
    second = fleet.reference("web01", fleet.commit())
    assert first != second
    assert call(nix, "nix", "path-info", "--derivation", first) == call(
        nix, "nix", "path-info", "--derivation", second
    )


def test_a_stamped_system_changes_with_every_commit(built: Build) -> None:
    assert built("web01", stamp=True) != built("web01", stamp=True)


def test_a_flake_may_be_in_a_folder_of_its_repository(nix: Nix, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path / "fleet", directory="hosts", branch="live")
    fleet.host("web01")
    assert call(nix, "nix", "path-info", "--derivation", fleet.reference("web01", fleet.commit()))


def test_one_host_that_throws_leaves_the_others(nix: Nix, fleet: Fleet) -> None:
    fleet.host("bad", throw="no root file system")
    fleet.host("good")
    revision = fleet.commit()
    assert not call(nix, "nix", "path-info", "--derivation", fleet.reference("bad", revision), check=False)
    assert call(nix, "nix", "path-info", "--derivation", fleet.reference("good", revision))


def test_a_system_that_does_not_build_says_why(built: Build) -> None:
    with pytest.raises(AssertionError, match="no such header"):
        built("web01", buildFail="no such header")


def test_a_host_is_switched_and_comes_back_with_what_it_was_told_to_boot(
    simhost: Start, built: Build, nix: Nix
) -> None:
    host, one, two = simhost("web01"), built("web01"), built("web01", payload="two")
    host.receive(nix, one, two)
    host.deploy(one)
    assert host.points(RUNNING) == host.points(PROFILE) == one
    host.run(f"{two}/{VERB} test")
    assert (host.points(RUNNING), host.points(PROFILE)) == (two, one)
    host.reboot()
    assert host.points(RUNNING) == host.points("/run/booted-system") == one
    host.deploy(two, "boot")
    assert host.points(RUNNING) == one
    host.reboot()
    assert host.points(RUNNING) == two
    assert host.log() == [("switch", one), ("test", two), ("boot", two)]


@pytest.mark.parametrize(
    ("knobs", "verb", "ends"),
    [
        pytest.param({}, "switch", (0, True), id="well"),
        pytest.param({}, "dry-activate", (0, False), id="dry"),
        pytest.param({}, "swich", (1, False), id="unknown-verb"),
        pytest.param({"failUnits": ["a.service", "b.service"]}, "switch", (4, True), id="units"),
        pytest.param({"failActivate": True}, "switch", (2, True), id="activation"),
        pytest.param({"inhibit": True}, "check", (1, False), id="inhibited-check"),
        pytest.param({"inhibit": True}, "switch", (1, False), id="inhibited-switch"),
        pytest.param({"inhibit": True}, "boot", (0, False), id="inhibited-boot"),
        pytest.param({"initChange": "systemd 300"}, "test", (100, False), id="init"),
        pytest.param({"failBoot": True}, "boot", (1, False), id="boot-loader"),
    ],
)
def test_a_switch_ends_as_that_of_nixos_does(
    simhost: Start, built: Build, nix: Nix, knobs: dict[str, Any], verb: str, ends: tuple[int, bool]
) -> None:
    host, before, after = simhost("web01"), built("web01"), built("web01", payload="two", **knobs)
    host.receive(nix, before, after)
    host.deploy(before)
    code = status(host, f"{after}/{VERB} {verb}")
    assert (code, host.points(RUNNING) == after) == ends
    assert host.points(RUNNING) in {before, after}


def test_a_system_may_fail_on_the_way_back_only(simhost: Start, built: Build, nix: Nix) -> None:
    host, system = simhost("web01"), built("web01", failReturn=True)
    host.receive(nix, system)
    assert [status(host, f"{system}/{VERB} test") for _ in range(2)] == [0, 2]


def test_failed_units_are_told_where_systemd_is_simulated(simhost: Start, built: Build, nix: Nix) -> None:
    host, system = simhost("web01", systemd=True), built("web01", failUnits=["nginx.service"])
    host.receive(nix, system)
    assert host.run("systemctl is-system-running") == "running\n"
    host.run(f"{system}/{VERB} test || :")
    assert host.run("systemctl is-system-running || :") == "degraded\n"
    assert host.run("systemctl --failed --plain --no-legend").split()[0] == "nginx.service"
    assert host.run("systemctl is-active nginx.service || :") == "failed\n"


def test_a_host_reboots_by_itself_with_another_boot_id(simhost: Start) -> None:
    host = simhost("web01", systemd=True)
    before = host.run("cat /proc/sys/kernel/random/boot_id").strip()
    assert before == host.boot_id
    host.run("systemctl reboot")
    until(lambda: host.boots == 2 and host.running, "it is there again")
    assert host.run("cat /proc/sys/kernel/random/boot_id").strip() not in {before, ""}


async def test_what_is_asked_over_a_cut_wire_arrives_when_it_is_mended(simhost: Start) -> None:
    host = simhost("web01", users=("deploy",))
    session = Session(host.entrance("deploy"), OpenGate(), SHORT)
    try:
        assert (await session.run("id -un", timeout=5)).out == b"deploy\n"
        host.cut()
        asked = asyncio.create_task(session.run("hostname", timeout=20))
        assert not (await asyncio.wait({asked}, timeout=0.3))[0]
        host.mend()
        assert (await asked).out == b"web01\n"
    finally:
        await session.close()


async def test_a_system_may_cut_the_wire_and_another_mend_it(simhost: Start, built: Build, nix: Nix) -> None:
    host, good, bad = simhost("web01"), built("web01"), built("web01", breakNet=True)
    host.receive(nix, good, bad)
    session = Session(host.entrance(), OpenGate(), SHORT)
    try:
        await session.run("true", timeout=5)
        host.run(f"{bad}/{VERB} test")
        asked = asyncio.create_task(session.run("hostname", timeout=20))
        assert not (await asyncio.wait({asked}, timeout=0.3))[0]
        host.run(f"{good}/{VERB} test")
        assert (await asked).out == b"web01\n"
    finally:
        await session.close()


def test_nothing_is_left_of_a_host_after_a_failure() -> None:
    host = SimHost("web01", daemon=True)
    with pytest.raises(AssertionError, match="broken"), host:
        host.run("setsid sleep 1234.5 </dev/null >/dev/null 2>&1 & echo broken >&2; exit 1")
    assert not host.root.exists()
    assert "1234.5" not in subprocess.run(("ps", "ax"), capture_output=True, text=True, check=True).stdout


def test_two_hosts_have_nothing_in_common(simhost: Start) -> None:
    one, two = simhost("one"), simhost("two")
    one.run("echo x >/var/lib/x; echo y >/nix/y")
    assert two.run("ls /var/lib/x /nix/y 2>/dev/null || :") == ""
    assert one.boot_id != two.boot_id
