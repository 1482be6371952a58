"""The real daemon (supervisor, lanes, workers, store in a file) over real DNS servers, in real time.

async with alive(tmp_path, {"a.yaml": server(pdns), "z.yaml": zone(records={"www": {"A": "192.0.2.1"}})}) as life:
    await life.settle()
    assert life.outcome() == "Done"
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from tests.rig import living
from tests.rig.living import Life, manifest
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.program import SECRET, Program

ZONE = "example.test"
NAME = f"DnsZone/{ZONE}"
NAMESERVERS = ["ns1.example.net.", "ns2.example.net."]


def secret(folder: Path, text: str) -> dict[str, str]:
    """A reference to a file with this secret."""
    place = folder / f"secret-{len(list(folder.glob('secret-*')))}"
    place.write_text(text)
    place.chmod(0o600)
    return {"file": str(place)}


def powerdns(pdns: Pdns, folder: Path, *, url: str = "", key: str = API_KEY, **spec: Any) -> str:
    access = {"endpoint": url or pdns.url, "key": secret(folder, key)}
    return manifest("DnsServer", "ns1", {"powerdns": access, **spec})


def rfc2136(
    server: Program,
    folder: Path,
    *,
    name: str = "ns1",
    key: str = "setpoint",
    port: int = 0,
    text: str = SECRET,
    **spec: Any,
) -> str:
    tsig = {"name": key, "secret": secret(folder, text)}
    access = {"endpoint": f"127.0.0.1:{port or server.port}", "key": tsig}
    return manifest("DnsServer", name, {"rfc2136": access, **spec})


def zone(
    records: Mapping[str, Any] | None = None,
    *,
    name: str = ZONE,
    target: str = "ns1",
    policy: Mapping[str, Any] | None = None,
    **spec: Any,
) -> str:
    """The manifest of `example.test` with nameservers, unless they are None."""
    spec = {"nameservers": NAMESERVERS, **spec, "records": records or {}}
    given = {field: value for field, value in spec.items() if value is not None}
    return manifest("DnsZone", name, given, policy=policy or {}, target=target)


def alive(folder: Path, files: Mapping[str, str]) -> AbstractAsyncContextManager[Life]:
    """One life of the daemon on a state directory; a second one is a restart."""
    return living.alive(folder, files, NAME)


async def _live_on(folder: Path) -> None:
    files: dict[str, str] = json.loads((folder / "files.json").read_text())
    async with alive(folder, files):
        await asyncio.Event().wait()


if (
    __name__ == "__main__"
):  # A process of its own, to be killed: a life on a folder with declarations in `files.json`.
    asyncio.run(_live_on(Path(sys.argv[1])))
