"""The systems whose exchanges were recorded, by the name of their folder: how each is read, played and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conformance import load as proxmox_load
from tests.conformance.netbox import load as netbox_load
from tests.conformance.netbox.replay import Player
from tests.conformance.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conformance.model import Run, Trace


@dataclass(frozen=True, slots=True)
class System:
    """One system: its traces below a root, one trace read, and what plays traces against an emulator."""

    traces: Callable[[Path], list[Path]]
    load: Callable[[Path, Path], Trace]
    player: Callable[[Path, str], Callable[[Trace], Run]]


SYSTEMS: Mapping[str, System] = {
    "pve": System(
        traces=lambda root: proxmox_load.trace_files(root, "pve"),
        load=lambda root, path: proxmox_load.load_trace(root, "pve", path),
        player=lambda root, base_url: lambda trace: Replay(trace, base_url).run(),
    ),
    "netbox": System(
        traces=netbox_load.folders,
        load=netbox_load.load_trace,
        player=lambda root, base_url: Player(root, base_url).run,
    ),
}
