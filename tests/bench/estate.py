"""A folder with everything that a daemon of the bench needs: settings, declarations, and the systems it finds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setpoint_lab.rehearsal_folder import free_port
from tests.bench import canned, null

REPOSITORY = Path(__file__).parents[2]
_POINTS = """[setpoint.systems]
null = tests.bench.null:SYSTEM
proxmox = tests.bench.canned:SYSTEM
"""
"""In the place of what is installed: the null system, and the kinds of Proxmox over replies from memory."""

SECRETS = {"BENCH_TOKEN": "x"}
"""What the canned cluster's manifest names."""


@dataclass(frozen=True)
class Folder:
    """One estate of the bench.

    Attributes:
        secrets: environment variables that its declarations name.
    """

    root: Path
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def settings(self) -> Path:
        return self.root / "setpoint.yaml"

    @property
    def declarations(self) -> Path:
        return self.root / "estate"

    @property
    def environment(self) -> dict[str, str]:
        """In which a process finds the systems of the bench, which hide the installed ones, and bytecode, as if installed."""
        paths = [
            self.root / "site",
            *(REPOSITORY / name for name in ("", "controller", "reconcilers", "lab")),
        ]
        found = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "SETPOINT_CONFIG": str(self.settings)}
        here = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**here, **found, **self.secrets}


def prepare(
    root: Path,
    manifests: Iterable[tuple[str, str]],
    *,
    systems: bool = True,
    points: str = _POINTS,
    secrets: Mapping[str, str] = SECRETS,
    **settings: Any,
) -> Folder:
    """A folder with these declarations, one file each.

    Args:
        root: where it is made.
        manifests: path and text of each.
        secrets: environment variables that they name.
        systems: whether the systems of the bench hide the installed ones.
        points: which those are.
        settings: what differs in the settings.
    """
    folder = Folder(root, secrets)
    folder.declarations.mkdir(parents=True)
    if systems:
        info = root / "site" / "setpoint-0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: setpoint\nVersion: 0\n")
        (info / "entry_points.txt").write_text(points)
    for path, text in manifests:
        place = folder.declarations / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    told: dict[str, Any] = {
        "estate": null.ESTATE,
        "source": {"directory": {"path": "estate"}},
        "state": "state",
    }
    told["metrics"] = {"listen": f"127.0.0.1:{free_port(0)}"}
    folder.settings.write_text(json.dumps({**told, "log": {"format": "json"}, **settings}))
    return folder


def things(count: int) -> Iterator[tuple[str, str]]:
    """A void and `count` things."""
    yield "void.yaml", manifest("Void", "v", {"count": count})
    for number in range(count):
        name = null.name(number)
        spec = {"number": number, "size": number % 7, "colour": "red", "labels": ["a", "b"]}
        yield f"{number % 100:02}/{name}.yaml", manifest("Thing", name, spec)


def machines(count: int) -> Iterator[tuple[str, str]]:
    """A cluster and its `count` VMs."""
    yield "lab.yaml", manifest("ProxmoxCluster", "lab", canned.cluster_spec(count))
    for number in range(count):
        name = canned.name(number)
        yield f"{number % 100:02}/{name}.yaml", manifest("VirtualMachine", name, canned.spec(number))


KINDS: Mapping[str, Callable[[int], Iterator[tuple[str, str]]]] = {"null": things, "vm": machines}
"""What can be declared, a number of each."""


def manifest(kind: str, name: str, spec: Mapping[str, Any], interval: str = "24h") -> str:
    """A manifest in block style, as people write it; looked at once a day, so that no poll falls into a round."""
    lines = [f"kind: {kind}", "metadata:", f"  name: {name}", "policy:", f"  interval: {interval}", "spec:"]
    return "\n".join([*lines, *_block(spec, 2)]) + "\n"


def _block(tree: Mapping[str, Any], indent: int) -> Iterator[str]:
    pad = " " * indent
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{pad}{name}:"
            yield from _block(value, indent + 2)
        elif isinstance(value, list):
            yield f"{pad}{name}:"
            yield from (f"{pad}  - {json.dumps(one)}" for one in value)
        else:
            yield f"{pad}{name}: {value if isinstance(value, str) else json.dumps(value)}"
