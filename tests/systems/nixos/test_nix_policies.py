"""Each policy as the commands that it comes to: what is run where, over whose store, and with which key."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from setpoint_nixos.nix.build import (
    Call,
    Distributed,
    FromCache,
    Local,
    Machine,
    OnBuilder,
    OnTarget,
    Order,
    Policy,
    building,
    delivering,
)
from setpoint_nixos.nix.cache import Cache
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.workshop import Work

HASH = "0123456789abcdfghijklmnpqrsvwxyz"
DRV, OUT = f"/nix/store/{HASH}-web.drv", f"/nix/store/{HASH}-web"
ORDER = Order(
    System(DRV, OUT, "x86_64-linux"), "web01", "/state/roots/web01",
    {"web01": "unix:///t/0", "forge": "unix:///t/1"}, {"web01": "/roots", "forge": "/forge"},
)  # fmt: skip
MACHINE = Machine(
    "ssh-ng://nix@forge", ("x86_64-linux", "i686-linux"), "ssh-ed25519 AAAA forge", jobs=4, features=("kvm",)
)
CACHE = Cache("https://c.test", "c-1:KEY")


def brief(call: Call) -> str:
    """Where it is run, the words of the command that tell what it does, and what it reaches."""
    words = [word for word in call.command if word in {"--realise", "copy", "--derivation", "sign"}]
    paths = [word for word in call.command if word in {DRV, OUT}]
    reached = f" by {','.join(call.reaches)}" if call.reaches else ""
    key = " with the key" if call.signs else ""
    return (
        f"{call.where or 'here'}: {' '.join((*words, *(p.rpartition('-')[2] for p in paths)))}{reached}{key}"
    )


@pytest.mark.parametrize(
    ("policy", "build", "deliver"),
    [
        pytest.param(
            Local(),
            ["here: --realise web.drv"],
            ["here: copy web by web01", "web01: --realise web"],
            id="local",
        ),
        pytest.param(
            OnTarget(),
            ["here: copy --derivation web.drv by web01", "web01: --realise web.drv"],
            ["web01: --realise web"],
            id="target",
        ),
        pytest.param(
            OnBuilder("forge"),
            ["here: copy --derivation web.drv by forge", "forge: --realise web.drv"],
            ["here: copy web by forge,web01", "web01: --realise web"],
            id="builder",
        ),
        pytest.param(
            Distributed((MACHINE,)),
            ["here: --realise web.drv"],
            ["here: copy web by web01", "web01: --realise web"],
            id="distributed",
        ),
        pytest.param(FromCache((CACHE,)), [], ["web01: --realise web"], id="cache"),
        pytest.param(
            FromCache((CACHE,), CACHE),
            ["here: --realise web.drv"],
            ["here: copy web with the key", "web01: --realise web"],
            id="published",
        ),
    ],
)
def test_each_policy_says_what_is_done_where(policy: Policy, build: list[str], deliver: list[str]) -> None:
    assert [brief(call) for call in building(policy, ORDER)] == build
    assert [brief(call) for call in delivering(policy, ORDER)] == deliver
    built = [call.work for call in building(policy, ORDER) if "--realise" in call.command]
    assert set(built) <= {Work.BUILDING}
    assert {call.work for call in delivering(policy, ORDER)} == {Work.COPYING}


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        pytest.param(Local(), "here: sign web with the key", id="local"),
        pytest.param(OnBuilder("forge"), "here: sign web by forge with the key", id="builder"),
        pytest.param(OnTarget(), "web01: --realise web", id="target-trusts-itself"),
    ],
)
def test_a_key_signs_where_it_was_built(policy: Policy, first: str) -> None:
    assert brief(delivering(policy, replace(ORDER, signed=True))[0]) == first


def test_a_machine_is_told_with_the_one_key_that_it_may_show() -> None:
    key = base64.b64encode(b"ssh-ed25519 AAAA").decode()
    assert MACHINE.line() == f"ssh-ng://nix@forge x86_64-linux,i686-linux - 4 1 kvm - {key}"
    (call,) = building(Distributed((MACHINE, replace(MACHINE, store="ssh-ng://two"))), ORDER)
    assert " ; ssh-ng://two" in call.command[call.command.index("builders") + 1]
    assert call.command[call.command.index("max-jobs") + 1] == "0"


def test_a_machine_behind_a_bridge_is_told_without_a_key_and_reached() -> None:
    bridged = Machine("ssh-ng://forge", ("x86_64-linux",), way="forge")
    assert bridged.line() == "ssh-ng://forge x86_64-linux - 1 1 - - -"
    (call,) = building(Distributed((bridged, MACHINE, bridged)), ORDER)
    assert call.reaches == ("forge",)


def test_links_keep_paths_where_the_user_may_make_them() -> None:
    (_, at_target) = building(OnTarget(), ORDER)
    (_, at_builder) = building(OnBuilder("forge"), ORDER)
    assert at_target.command[3:5] == ("--add-root", "/roots/setpoint-next")
    assert at_builder.command[3:5] == ("--add-root", "/forge/setpoint-next-for-web01")


def test_the_keys_of_caches_are_added_to_those_that_a_host_trusts() -> None:
    (call,) = delivering(FromCache((CACHE, Cache("http://d.test"))), ORDER)
    told = call.command
    assert told[told.index("substituters") + 1] == "https://c.test http://d.test"
    assert told[told.index("extra-trusted-public-keys") + 1] == "c-1:KEY"
