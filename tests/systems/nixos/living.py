"""The real daemon over a simulated host: real git, Nix, sshd and guard, in real time."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from setpoint.model.kind import Kind
from setpoint_nixos.kinds.host import KIND as HOST
from setpoint_nixos.kinds.nixos_host import KIND as NIXOS_HOST
from setpoint_nixos.shop import shop
from tests.rig import living
from tests.rig.living import Life, manifest
from tests.systems.nixos.simhost import PROFILE, RUNNING, SimHost

NAME: Final = "NixosHost/web01"
PATIENCE: Final = 90.0
"""Deploys take their time."""
KINDS: Final[Mapping[str, Kind[Any, Any]]] = {"Host": HOST, "NixosHost": NIXOS_HOST}


def host(simulated: SimHost, **spec: Any) -> str:
    """The manifest of a Host."""
    access = {
        "address": simulated.address,
        "port": simulated.port,
        "hostKey": simulated.host_key,
        "key": {"file": str(simulated.root / "key")},
    }
    return manifest("Host", simulated.name, {**access, **spec})


def nixos(url: str, policy: Mapping[str, Any] | None = None, *, name: str = "web01", **spec: Any) -> str:
    """The manifest of a NixosHost."""
    return manifest(
        "NixosHost",
        name,
        {"flake": {"url": f"git+{url}", "ref": "main"}, **spec},
        policy=policy or {},
        target=name,
    )


def systems(simulated: SimHost) -> tuple[str, str]:
    """What runs, and what boots."""
    return simulated.points(RUNNING), simulated.points(PROFILE)


@asynccontextmanager
async def alive(folder: Path, **files: str) -> AsyncGenerator[Life]:
    """One life of the daemon on a state directory; a second one is a restart."""
    shop().flakes._within = 0.0  # pyright: ignore[reportPrivateUsage]  # a commit is seen at once
    async with living.alive(folder, files, NAME, KINDS, PATIENCE) as life:
        yield life


async def _live_on(folder: Path) -> None:
    files: dict[str, str] = json.loads((folder / "files.json").read_text())
    async with alive(folder, **files):
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A process of its own, to be killed: a life on a folder with declarations in `files.json`.
    asyncio.run(_live_on(Path(sys.argv[1])))
