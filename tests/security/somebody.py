"""Another user of this host, as a real process that asks the daemon: what the kernel says of it is not up to it.

Root becomes that user. Who is not root cannot, and stays who he is at a door whose owner is somebody else: the kernel tells
the daemon's side of either the same way.
"""

from __future__ import annotations

import asyncio
import grp
import json
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint.settings_roles import RoleSettings
from setpoint.surface.roles import Door

ROOT = os.getuid() == 0
UID = 54_321 if ROOT else os.getuid()
GROUP = next(group for group in grp.getgrall() if group.gr_gid)
OWNER = os.getuid() if ROOT else 2_147_000_002

_SCRIPT = """
import json, os, sys
from pathlib import Path
from setpoint.cli.client import Client, RefusedError
from setpoint.model.errors import SetpointError
told = json.loads(sys.argv[1])
if told["become"]:
    os.setgroups(told["groups"]); os.setgid(told["uid"]); os.setuid(told["uid"])
client = Client(Path(told["path"]))
for method, route, body in told["calls"]:
    try:
        answer = client.get(route) if method == "GET" else client.post(route, body)
        print(json.dumps([200, answer]))
    except RefusedError as error:
        print(json.dumps([error.status, str(error)]))
    except SetpointError as error:
        print(json.dumps([0, str(error)]))
"""


def name() -> str:
    """How the daemon calls that user."""
    try:
        return pwd.getpwuid(UID).pw_name
    except KeyError:
        return f"uid {UID}"


def named(role: str) -> RoleSettings:
    """Settings that give that user a role: by a group where that can be had, else by name."""
    return RoleSettings.model_validate({role: (GROUP.gr_name if ROOT else f"user:{name()}",)})


def door(roles: RoleSettings | None, group: int = 2_147_000_003) -> Door:
    return Door(OWNER, group, roles)


@dataclass(frozen=True)
class Somebody:
    """Asks at `path`, and claims to be root wherever a claim can be made."""

    path: Path

    async def asks(self, *calls: tuple[str, str, dict[str, Any] | None]) -> list[tuple[int, Any]]:
        """The status and the answer of each call; 0 for no answer."""
        told = {"path": str(self.path), "calls": calls, "become": ROOT, "uid": UID, "groups": [GROUP.gr_gid]}
        claims = {"USER": "root", "LOGNAME": "root", "SUDO_USER": "root"}
        ended = await asyncio.to_thread(
            subprocess.run,
            (sys.executable, "-c", _SCRIPT, json.dumps(told)),
            capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **claims},
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return [tuple(json.loads(line)) for line in ended.stdout.splitlines()]
