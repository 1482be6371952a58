"""Hosts under the real daemon: what a look costs, and how it goes on when a host is down, changed or another one."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.living import Life, alive, manifest
from tests.systems.nixos.servers.sshd import Sshd

NAME = "Host/web01"


@pytest.fixture
def sshd() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


def host(server: Sshd, **more: Any) -> dict[str, str]:
    """The one file that declares a server."""
    spec = {
        "address": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "key": {"file": str(server.root / "key")},
        "hostKey": server.host_key,
        **more,
    }
    return {"web01": manifest("Host", "web01", spec)}


def commands(server: Sshd) -> int:
    return server.log.count("Starting session")


async def look(life: Life) -> str:
    await life.look_again(NAME)
    await life.settle()
    return life.outcome(NAME)


async def test_a_second_look_is_one_command_over_the_connection_that_is_there(
    sshd: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, host(sshd), NAME) as life:
        await life.settle()
        assert life.outcome(NAME) == "Done"
        before = commands(sshd)
        assert await look(life) == "Done"
        assert commands(sshd) - before == 1
    assert sshd.entered == 1


async def test_a_host_that_is_down_is_not_known_and_comes_back_by_itself(sshd: Sshd, tmp_path: Path) -> None:
    files = host(sshd)
    sshd.stop()
    async with alive(tmp_path, files, NAME) as life:
        await life.until(lambda: life.estate.store.status(life.key(NAME)) is not None)
        assert life.outcome(NAME) != "Done"
        assert "Connection refused" in life.sentence(NAME)
        sshd.start()
        await life.until(lambda: life.outcome(NAME) == "Done")


async def test_a_changed_host_key_is_told_and_nothing_is_sent(sshd: Sshd, tmp_path: Path) -> None:
    files = host(sshd)
    async with alive(tmp_path, files, NAME) as life:
        await life.settle()
        sshd.rekey()
        before = commands(sshd)
        await life.look_again(NAME)
        assert life.outcome(NAME) != "Done"
        assert life.sentence(NAME).count("SHA256:") == 2
        assert commands(sshd) == before
        await life.declare(**host(sshd))
        assert life.outcome(NAME) == "Done"


async def test_a_clone_with_the_same_host_key_is_held(sshd: Sshd, tmp_path: Path) -> None:
    async with alive(tmp_path, host(sshd), NAME) as life:
        await life.settle()
        clone = "0123456789abcdef0123456789abcdef"
        sshd.shadow(cat=f'[ "$1" = /etc/machine-id ] && echo {clone} || exec /bin/cat "$@"')
        assert await look(life) != "Done"
        assert life.rules(NAME)
        assert clone in life.sentence(NAME)
        await life.approve(NAME)
        assert life.outcome(NAME) == "Done"


async def test_what_is_wrong_with_a_host_is_a_condition(sshd: Sshd, tmp_path: Path) -> None:
    sshd.shadow(
        systemctl="case $1 in show) printf 'SystemState=degraded\\nNFailedUnits=1\\n';; "
        "list-units) [ \"$2\" = --all ] || echo 'nginx.service loaded failed failed Web';; esac"
    )
    async with alive(tmp_path, host(sshd), NAME) as life:
        await life.settle()
        assert "UnitsFailed" in life.reasons(NAME)
        await life.declare(**host(sshd, watch={"units": ["nginx.*"]}))
        assert "UnitsFailed" not in life.reasons(NAME)
