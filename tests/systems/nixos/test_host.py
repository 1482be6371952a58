"""The kind Host: what may be declared, how it is reached, what it shows, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.errors import RefusalError
from setpoint.model.examine import Check, Examination, Verdict
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.kind import Looking
from setpoint.model.measure import take_measures
from setpoint.model.observation import Present, Unknown
from setpoint.model.secret import Secret
from setpoint.secrets import resolve_secret
from setpoint_nixos.connect import access, connect, secrets
from setpoint_nixos.doctor import examine
from setpoint_nixos.facts.model import (
    Disk,
    Facts,
    Failed,
    Filesystem,
    Growth,
    Interface,
    Nixos,
    Os,
    Store,
)
from setpoint_nixos.kinds.host import KIND
from setpoint_nixos.kinds.host.problems import problems
from setpoint_nixos.kinds.host.spec import HostSpec, Watch
from setpoint_nixos.kinds.host.state import HostState, publish
from setpoint_nixos.kinds.host.status import status
from setpoint_nixos.reach import Reach, survey
from tests.systems.nixos.servers.sshd import OpenGate, Sshd

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQZI5ioto6X7+Ai1aDzs9UsTJKpsWAbs6xzAPmD7q3l"
PLAIN: dict[str, Any] = {"address": "web01", "key": {"env": "KEY"}, "hostKey": LINE}
JUMP: dict[str, Any] = {"address": "gate", "hostKey": LINE}


@pytest.fixture(scope="module")
def sshd() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def own() -> Generator[Sshd]:
    """For a test that breaks it."""
    with Sshd() as server:
        yield server


def declared(server: Sshd, **more: Any) -> HostSpec:
    """The spec of a host that a server is, with its key in a file."""
    return HostSpec.model_validate(
        {
            "address": "127.0.0.1",
            "port": server.port,
            "user": server.user,
            "key": {"file": str(server.root / "key")},
            "hostKey": server.host_key,
            **more,
        }
    )


def resolved(spec: HostSpec) -> Mapping[str, Secret]:
    """As the engine does before it connects."""
    return {name: resolve_secret(ref) for name, ref in secrets(spec).items()}


@asynccontextmanager
async def reaching(spec: HostSpec) -> AsyncGenerator[Reach]:
    reach = connect(spec, resolved(spec), OpenGate())
    try:
        yield reach
    finally:
        await reach.close()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"address": "root@web01"}, "no address"),
        ({"address": "web01:22"}, "no address"),
        ({"address": "-oProxyCommand=x"}, "no address"),
        ({"hostKey": "SHA256:abc"}, "no public key"),
        ({"hostKey": ""}, "no public key"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"user": "a b"}, "pattern"),
        ({"key": "secret"}, "never written"),
        ({"jump": [{**JUMP, "passphrase": {"env": "P"}}]}, "write both or neither"),
        ({"jump": [{"address": "gate"}]}, "hostKey"),
        ({"watch": {"paths": ["var"]}}, "no absolute path"),
        ({"watch": {"full": 101}}, "less than or equal to 100"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        HostSpec.model_validate({**PLAIN, **wrong})


@pytest.mark.parametrize("address", ["web01.example.org", "192.0.2.7", "2001:db8::7", "my_host"])
def test_names_and_addresses_are_taken(address: str) -> None:
    assert HostSpec.model_validate({**PLAIN, "address": address}).address == address


def test_the_comment_of_a_host_key_is_no_part_of_it() -> None:
    assert HostSpec.model_validate({**PLAIN, "hostKey": f"{LINE} root@web01\n"}).host_key == LINE


def test_a_jump_is_entered_with_the_key_of_the_host_unless_it_has_its_own() -> None:
    own = {**JUMP, "address": "second", "key": {"env": "B"}, "passphrase": {"env": "C"}}
    spec = HostSpec.model_validate({**PLAIN, "passphrase": {"env": "P"}, "jump": [JUMP, own]})
    values = {name: Secret(str(ref.env)) for name, ref in secrets(spec).items()}
    way = access(spec, values).way()
    assert [each.address for each in way] == ["gate", "second", "web01"]
    assert [each.key.reveal() for each in way] == ["KEY", "B", "KEY"]
    assert [each.passphrase and each.passphrase.reveal() for each in way] == ["P", "C", "P"]


async def test_a_host_is_known_by_its_machine_id_and_shows_what_it_is(sshd: Sshd) -> None:
    spec = declared(sshd, watch={"paths": ["/etc"]})
    async with reaching(spec) as reach:
        seen = await survey(reach, 5.0)
        looking = Looking(spec, Owner("home", Key("default", "Host", "here")), None, seen)
        found = await KIND.observe(reach, looking)
    assert seen.target_id == Path("/etc/machine-id").read_text().strip()  # noqa: ASYNC240
    assert isinstance(found, Present)
    assert found.identity == {"id": seen.target_id}
    shown = json.loads(json.dumps(status(found.state)))
    assert shown["os"].startswith("Debian")
    assert shown["paths"]["/etc"].endswith("iB")
    assert publish(found.state).host_key == spec.host_key
    measured = take_measures(KIND.measures, found.state, 0.0)
    assert measured.left_out == 0
    assert {"uptime_seconds", "memory_bytes", "filesystem_free_bytes", "info"} <= set(measured.numbers)


async def test_a_host_behind_another_is_looked_at(sshd: Sshd) -> None:
    with Sshd() as gate:
        jump = {"address": "127.0.0.1", "port": gate.port, "hostKey": gate.host_key, "user": gate.user}
        own = {**jump, "key": {"file": str(gate.root / "key")}}
        async with reaching(declared(sshd, jump=[own])) as reach:
            assert (await survey(reach, 5.0)).facts.boot_id
        assert gate.entered == 1


async def test_a_host_that_does_not_tell_which_it_is_is_refused(own: Sshd) -> None:
    own.shadow(cat='[ "$1" = /etc/machine-id ] || exec /bin/cat "$@"')
    async with reaching(declared(own)) as reach:
        with pytest.raises(RefusalError, match="does not tell which host it is") as error:
            await survey(reach, 5.0)
    assert error.value.remedy


async def checks(spec: HostSpec) -> list[Check]:
    return [check async for check in examine(Examination(spec, resolved(spec), {}))]


async def test_the_doctor_says_what_a_host_does_not_tell(sshd: Sshd) -> None:
    found = await checks(declared(sshd))
    assert (found[0].name, found[0].verdict) == ("enters", Verdict.OK)
    assert {check.verdict for check in found} <= {Verdict.OK, Verdict.WARNING}
    assert all(check.remedy for check in found if check.verdict is Verdict.WARNING)


async def test_the_doctor_says_why_nobody_gets_in(sshd: Sshd) -> None:
    [found] = await checks(declared(sshd, hostKey=LINE))
    assert (found.name, found.verdict) == ("enters", Verdict.WRONG)
    assert "host key" in found.sentence
    assert found.remedy


NIXOS = Nixos("/n", "/o", "/n", 4, 1_000.0, "26.05", ())
WELL = Facts(
    at=1e9, machine_id="m", nixos=NIXOS, units=Failed("running", ()), synced=True, ahead=0.0, reboot=False
)
DISK = Filesystem("/", "/dev/vda", "ext4", 1000, 500, 500, 10, False)
DAY = 86_400.0


def wrong(facts: Facts, **watch: Any) -> list[tuple[str, str]]:
    state = HostState(facts, Watch.model_validate(watch), LINE)
    return [(problem.reason, problem.message) for problem in problems(state)]


@pytest.mark.parametrize(
    ("change", "watch"),
    [
        ({}, {}),
        ({"filesystems": (DISK,)}, {}),
        ({"filesystems": (replace(DISK, read_only=True, place="/snap"),)}, {}),
        ({"units": Failed("degraded", ("sys-kernel-debug.mount",))}, {"units": ["sys-kernel-*.mount"]}),
        ({"synced": False, "virtual": "lxc"}, {}),
        ({"ahead": -4.0}, {}),
        ({"zfs": (Store("zfs", "tank", "", 1e9 - 30 * DAY),)}, {}),
        ({"zfs": (Store("zfs", "tank", "", None),)}, {}),
        ({"growth": (Growth("/", 1.0, 4 * DAY), Growth("/var", 9.0, None))}, {}),
        ({"disks": (Disk("/dev/sda", "", True), Disk("/dev/sdb", "", Unknown("it sleeps")))}, {}),
    ],
    ids=str,
)
def test_what_is_well_is_no_problem(change: dict[str, Any], watch: dict[str, Any]) -> None:
    assert wrong(replace(WELL, **change), **watch) == []


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        ({"zfs": (Store("zfs", "tank", "it is DEGRADED", None),)}, "StorageDegraded", "zfs tank"),
        ({"btrfs": (Store("btrfs", "/", "x is 7", None),)}, "StorageDegraded", "btrfs /"),
        ({"md": (Store("md", "md0", "it lacks 1 disk", None),)}, "StorageDegraded", "md md0"),
        ({"filesystems": (replace(DISK, read_only=True),)}, "StorageDegraded", "read-only"),
        ({"btrfs": (Store("btrfs", "/", "", 1e9 - 46 * DAY),)}, "ScrubOverdue", "2001-07-25"),
        ({"disks": (Disk("/dev/sda", "WDC", False),)}, "DiskFailing", r"/dev/sda \(WDC\)"),
        ({"units": Failed("degraded", tuple("abcdefg"))}, "UnitsFailed", "a, b, c, d, e and 2 more"),
        ({"filesystems": (replace(DISK, used=900, free=100),)}, "DiskFull", "90 % full"),
        ({"filesystems": (replace(DISK, inodes=90),)}, "DiskFull", "90 % of its inodes"),
        ({"growth": (Growth("/", 1.0, 2 * DAY), Growth("/var", 0.5, None))}, "DiskFilling", "full in 2d if .*/var"),
        ({"ahead": 6.0}, "ClockOff", "6 s ahead of ours"),
        ({"ahead": -6.0}, "ClockOff", "6 s behind ours"),
        ({"synced": False, "virtual": "kvm"}, "ClockOff", "no source of time"),
        ({"nixos": replace(NIXOS, restart=("kernel",))}, "RebootNeeded", "the kernel of an older system"),
        ({"nixos": None, "reboot": True}, "RebootNeeded", "asks for a reboot"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told(change: dict[str, Any], reason: str, told: str) -> None:
    [(found, message)] = wrong(replace(WELL, **change))
    assert found == reason
    assert re.search(told, message)


def test_what_is_not_known_is_no_problem_and_shown_as_not_known() -> None:
    empty = HostState(Facts(at=0.0), Watch(), LINE)
    assert problems(empty) == ()
    shown = status(empty)
    assert {"os", "units", "disks", "filesystems", "clock"} <= {
        name for name, value in shown.items() if str(value).startswith("not known")
    }
    assert take_measures(KIND.measures, empty, 0.0).numbers == {}
    assert publish(empty).os is None


def test_outputs_leave_out_what_is_down() -> None:
    up = Interface("eth0", "", True, "", ("192.0.2.7/24", "2001:db8::7/64"))
    down = Interface("eth1", "", False, "", ("192.0.2.8/24",))
    facts = replace(WELL, interfaces=(down, up), os=Os("nixos", "NixOS", "26.05"), architecture="aarch64")
    found = publish(HostState(facts, Watch(), LINE))
    assert found.addresses == ("192.0.2.7", "2001:db8::7")
    assert (found.ipv4, found.ipv6, found.os, found.system) == (
        "192.0.2.7",
        "2001:db8::7",
        "nixos",
        "aarch64-linux",
    )
