"""The guard on a real host over real SSH: every way in which an activation ends, and everything that may be cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from setpoint.model.errors import BusyError, TargetError
from setpoint_nixos.guard import hand
from setpoint_nixos.guard.order import Mode
from setpoint_nixos.guard.state import (
    Interrupted,
    Kept,
    Left,
    Phase,
    Refused,
    Returned,
    Staged,
    Stuck,
    Waiting,
    Why,
)
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.ssh.link import Patience
from setpoint_nixos.ssh.session import Session
from tests.rig.waiting import until
from tests.systems.nixos.guarding import Guarded
from tests.systems.nixos.servers.sshd import SHORT, OpenGate
from tests.systems.nixos.simhost import PROFILE, RUNNING, SimHost

Start = Callable[..., SimHost]
Build = Callable[..., str]
Guard = Callable[..., Guarded]


@pytest.fixture
async def guarded(simhost: Start, built: Build, nix: Nix) -> AsyncGenerator[Guard]:
    """Makes a host that runs `before` and has the systems that are named: `guarded(after, systemd=True)`."""
    async with AsyncExitStack() as stack:

        def make(*systems: str, before: str = "", users: tuple[str, ...] = (), **options: Any) -> Guarded:
            host = simhost("web01", users=users, **options)
            first = before or built("web01")
            host.receive(nix, first, *systems)
            host.deploy(first)
            session = Session(host.entrance(), OpenGate(), SHORT)
            stack.push_async_callback(session.close)
            return Guarded(host, session, first)

        yield make


@pytest.mark.parametrize("systemd", [False, True], ids=["setsid", "transient-unit"])
async def test_a_confirmed_system_runs_and_boots(guarded: Guard, built: Build, systemd: bool) -> None:  # noqa: FBT001
    after = built("web01", payload="two")
    site = guarded(after, systemd=systemd)
    assert await site.deployed(after) == Kept()
    assert (site.running, site.profile) == (after, after)
    assert site.host.log()[1:] == [("check", after), ("test", after), ("boot", after)]
    site.host.reboot()
    assert site.running == after
    left = site.host.run("ls /run/setpoint /nix/var/nix/gcroots; pgrep -f guard- || :")
    assert "guard-" not in left
    assert "setpoint-next" not in left


async def test_the_record_tells_who_deployed_what_and_when(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    await site.deployed(after)
    kept = json.loads(site.host.run("cat /var/lib/setpoint/record.json"))
    assert (kept["revision"], kept["by"], kept["system"]) == ("0123abc", "test", after)
    assert (kept["previous"], kept["profile"]) == (site.before, site.before)
    assert kept["began"] <= kept["ended"]
    site.host.reboot()
    record = (await site.state()).record
    assert record is not None
    assert record.phase == Kept()


async def test_a_system_that_nobody_confirms_gives_way_to_what_ran_before_and_not_to_the_number_before(
    guarded: Guard, built: Build
) -> None:
    ran, other, after = built("web01", payload="ran"), built("web01"), built("web01", payload="two")
    site = guarded(other, after, before=ran)
    site.host.deploy(other)
    site.host.run(f"nix-env -p {PROFILE} --switch-generation 1 && {ran}/bin/switch-to-configuration switch")
    await site.start(after, confirm=1)
    assert await site.ends() == Returned(Why.UNCONFIRMED)
    assert (site.running, site.profile) == (ran, ran)
    assert site.host.run(f"ls -d {PROFILE}-*-link | wc -l").strip() == "2"


async def test_a_system_that_cuts_the_link_gives_way_and_the_attempt_to_come_in_meanwhile_confirms_nothing(
    guarded: Guard, built: Build
) -> None:
    after = built("web01", payload="two", breakNet=True)
    site = guarded(after)
    token = await site.start(after, confirm=3)
    until((site.host.root / "wire/link-down").exists, "the link is down")
    # Begun now, it comes through when the host has returned.
    fresh = Session(site.host.entrance(), OpenGate(), Patience(connect=60, answer=60, keepalive=60))
    try:
        assert not await hand.confirm(fresh, token, after)
    finally:
        await fresh.close()
    assert await site.ends() == Returned(Why.UNCONFIRMED)
    assert site.running == site.before


async def test_a_confirmation_of_something_else_confirms_nothing(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    token = await site.start(after, confirm=4)
    await site.waits()
    assert not await site.confirm(token, site.before)
    place = f"/run/setpoint/confirm-{token}"
    for word in (f"{token} {site.before}", f"{'0' * 32} {after}", "", "*"):
        site.host.run(f"echo '{word}' >{place}")
        until(lambda: not site.host.path(place).exists(), "the guard has read it")
    phase = await site.phase()
    assert isinstance(phase, Waiting)
    assert phase.wrong == 4
    assert await site.ends() == Returned(Why.UNCONFIRMED)


async def test_a_system_that_is_not_well_gives_way_at_once(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    token = await site.start(after)
    await site.waits()
    await hand.abandon(site.session, token)
    assert await site.ends() == Returned(Why.UNHEALTHY)
    assert (site.running, site.profile) == (site.before, site.before)


@pytest.mark.parametrize(
    ("knobs", "mode", "phase", "then"),
    [
        pytest.param({"failUnits": ["nginx.service"]}, Mode.SWITCH, Returned(Why.UNITS, 4), (0, 0), id="rc4"),
        pytest.param({"failActivate": True}, Mode.SWITCH, Returned(Why.ACTIVATION, 2), (0, 0), id="rc2"),
        pytest.param({"inhibit": True}, Mode.SWITCH, Staged(Why.INHIBITED), (0, 1), id="inhibited"),
        pytest.param({"inhibit": True}, Mode.TEST, Refused(Why.CHECK, 1), (0, 0), id="inhibited-test"),
        pytest.param({"initChange": "systemd 300"}, Mode.SWITCH, Staged(Why.INIT), (0, 1), id="rc100"),
        pytest.param(
            {"initChange": "systemd 300"}, Mode.TEST, Refused(Why.INIT, 100), (0, 0), id="rc100-test"
        ),
        pytest.param({}, Mode.BOOT, Staged(Why.ASKED), (0, 1), id="boot"),
        pytest.param({"failBoot": True}, Mode.BOOT, Refused(Why.BOOT_LOADER, 1), (0, 0), id="boot-loader"),
        pytest.param({"slow": 60}, Mode.SWITCH, Returned(Why.HUNG, 124), (0, 0), id="hung"),
    ],
)
async def test_an_activation_that_does_not_end_well_ends_as_it_should(
    guarded: Guard,
    built: Build,
    knobs: dict[str, Any],
    mode: Mode,
    phase: Phase,
    then: tuple[int, int],
) -> None:
    runs, boots = then
    after = built("web01", payload="two", **knobs)
    site = guarded(after, systemd=True)
    await site.start(after, mode=mode, activate=2 if "slow" in knobs else 30)
    assert await site.ends() == phase
    systems = (site.before, after)
    assert (site.running, site.profile) == (systems[runs], systems[boots])
    site.host.reboot()
    assert site.running == systems[boots]


async def test_a_test_is_over_with_the_next_boot(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    assert await site.deployed(after, mode=Mode.TEST) == Kept()
    assert (site.running, site.profile) == (after, site.before)
    site.host.reboot()
    assert site.running == site.before


async def test_a_boot_loader_that_cannot_be_written_undoes_it_all(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two", failBoot=True)
    site = guarded(after)
    assert await site.deployed(after) == Returned(Why.BOOT_LOADER, 1)
    assert (site.running, site.profile) == (site.before, site.before)


async def test_units_that_may_fail_or_had_failed_before_are_no_reason_to_return(
    guarded: Guard, built: Build
) -> None:
    after = built("web01", payload="two", failUnits=["old.service", "sys-kernel-debug.mount"])
    site = guarded(after, systemd=True)
    site.host.run("echo old.service >/run/simhost/failed-units")
    token = await site.start(after, allowed=("sys-kernel-debug.mount",))
    await site.waits()
    assert await site.confirm(token, after)
    assert await site.ends() == Kept(4)


async def test_where_failed_units_cannot_be_told_apart_none_may_fail(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two", failUnits=["allowed.service"])
    site = guarded(after)
    await site.start(after, allowed=("allowed.service",))
    assert await site.ends() == Returned(Why.UNITS, 4)


async def test_a_return_that_fails_is_tried_twice_and_told(guarded: Guard, built: Build) -> None:
    before, after = built("web01", failReturn=True), built("web01", payload="two")
    site = guarded(after, before=before)
    site.host.run(f"{before}/bin/switch-to-configuration test")
    await site.start(after, confirm=1)
    assert await site.ends() == Stuck(Why.UNCONFIRMED, 2)
    assert site.running == after
    assert site.host.log()[-2:] == [("test", before)] * 2


async def test_a_guard_that_is_killed_is_followed_by_one_that_returns(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    token = await site.start(after)
    await site.waits()
    site.host.run(f"pkill -KILL -f '^/bin/sh [/]run/setpoint/guard-{token} run'")
    assert await site.ends() == Returned(Why.KILLED, 137)
    assert site.running == site.before


async def test_a_guard_of_which_all_is_killed_is_seen_to_be_gone_and_another_attempt_is_made(
    guarded: Guard, built: Build
) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    token = await site.start(after)
    await site.waits()
    site.host.run(f"pkill -KILL -f '[/]run/setpoint/guard-{token}'")
    assert await site.ends() == Interrupted("waiting")
    assert (site.running, site.profile) == (after, site.before)
    # Nothing is to be gone back to but what was recorded then.
    second = await site.start(after, attempt=1, confirm=1)
    assert second != token
    assert await site.ends() == Returned(Why.UNCONFIRMED)
    assert site.running == site.before


async def test_a_host_that_restarts_while_it_waits_comes_back_with_what_it_had(
    guarded: Guard, built: Build
) -> None:
    after = built("web01", payload="two", kernel="6.7")
    site = guarded(after)
    token = await site.start(after)
    await site.waits()
    site.host.reboot()
    assert await site.phase() == Interrupted("waiting")
    assert (site.running, site.profile) == (site.before, site.before)
    assert not await site.confirm(token, after)


async def test_the_same_order_is_carried_out_once_whoever_repeats_it(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    tokens = await asyncio.gather(*(site.start(after) for _ in range(4)))
    assert len(set(tokens)) == 1
    await site.waits()
    assert await site.start(after) == tokens[0]
    assert await site.confirm(tokens[0], after)
    assert await site.ends() == Kept()
    site.host.reboot()
    await site.start(after)
    assert site.host.log().count(("test", after)) == 1


async def test_two_controllers_do_not_deploy_at_once(guarded: Guard, built: Build) -> None:
    one, two = built("web01", payload="one"), built("web01", payload="two")
    site = guarded(one, two)
    token = await site.start(one)
    await site.waits()
    with pytest.raises(BusyError, match="another deploy is at work"):
        await site.start(two)
    assert await site.confirm(token, one)
    assert await site.ends() == Kept()
    assert await site.deployed(two) == Kept()


async def test_the_lock_of_a_switch_by_hand_is_respected(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    site.host.run(
        "mkdir -p /run/nixos; setsid flock /run/nixos/switch-to-configuration.lock sleep 30 </dev/null >/dev/null 2>&1 &"
        " sleep 0.2"
    )
    await site.start(after)
    assert await site.ends() == Refused(Why.BUSY, 1)
    assert site.running == site.before


async def test_a_switch_by_hand_while_the_guard_waits_is_left_as_it_is(guarded: Guard, built: Build) -> None:
    after, other = built("web01", payload="two"), built("web01", payload="other")
    site = guarded(after, other)
    await site.start(after, confirm=2)
    await site.waits()
    site.host.deploy(other)
    assert await site.ends() == Left()
    assert (site.running, site.profile) == (other, other)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        pytest.param("mount -t tmpfs -o size=4k full /var/lib/setpoint; head -c 4096 /dev/zero >/var/lib/setpoint/x",
                     Why.FULL, id="full"),
        pytest.param("true", Why.ABSENT, id="no-such-system"),
    ],
)  # fmt: skip
async def test_nothing_is_begun_that_cannot_be_undone(
    guarded: Guard, built: Build, harm: str, why: Why
) -> None:
    site = guarded()
    after = built("web01", payload="not sent")
    site.host.run(f"mkdir -p /var/lib/setpoint; {harm}")
    await site.start(after)
    assert await site.ends() == Refused(why)
    assert site.running == site.before
    assert [verb for verb, _ in site.host.log()] == ["switch"]


async def test_a_disk_that_fills_up_later_stops_no_return(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    site.host.run("mkdir -p /var/lib/setpoint; mount -t tmpfs -o size=64k full /var/lib/setpoint")
    await site.start(after, confirm=2)
    await site.waits()
    site.host.run("head -c 99999 /dev/zero >/var/lib/setpoint/x || :")
    assert await site.ends() == Returned(Why.UNCONFIRMED)
    assert site.running == site.before


async def test_a_host_that_runs_nothing_it_could_return_to_is_left_alone(
    simhost: Start, built: Build, nix: Nix
) -> None:
    host, system = simhost("web01"), built("web01")
    host.receive(nix, system)
    session = Session(host.entrance(), OpenGate(), SHORT)
    try:
        site = Guarded(host, session, "")
        await site.start(system)
        assert await site.ends() == Refused(Why.NOTHING)
    finally:
        await session.close()


async def test_a_container_that_does_not_tell_what_runs_returns_to_what_it_booted(
    guarded: Guard, built: Build
) -> None:
    after = built("web01", payload="two")
    site = guarded(after)
    site.host.run(f"rm {RUNNING}")
    await site.start(after, confirm=1)
    assert await site.ends() == Returned(Why.UNCONFIRMED)
    assert site.running == site.before


async def test_a_host_without_a_record_has_none(guarded: Guard) -> None:
    site = guarded()
    state = await site.state()
    assert state.record is None
    assert (state.running, state.boot) == (site.before, site.host.boot_id)


async def test_a_user_without_sudo_is_told_what_is_missing(guarded: Guard, built: Build) -> None:
    after = built("web01", payload="two")
    site = guarded(after, users=("deploy",))
    session = Session(site.host.entrance("deploy"), OpenGate(), SHORT)
    try:
        site.session = session
        with pytest.raises(TargetError, match="sudo"):
            await site.start(after)
    finally:
        await session.close()
