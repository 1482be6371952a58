"""The numbers of a host's systems for Prometheus: when it was deployed, and in which ways it has drifted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.measure import Measure, Unit, only
from setpoint.model.observation import Unknown
from setpoint_nixos.guard.state import Interrupted, Kept, Staged
from setpoint_nixos.kinds.nixos_host.state import NixosState, deployed


def _drift(state: NixosState) -> Mapping[tuple[str, ...], float]:
    """Each kind of drift that can be told: 1 where it is there."""
    told = {
        "running": _runs_another(state),
        "profile": _boots_another(state),
        "reboot": _waits_for_a_boot(state),
        "foreign": bool(state.foreign),
    }
    return {(kind,): float(value) for kind, value in told.items() if value is not None}


def _runs_another(state: NixosState) -> bool | None:
    """Whether it runs something else than the last deploy left there."""
    record, running = state.record, state.nixos.running
    if record is None or isinstance(running, Unknown):
        return None
    match record.phase:
        case Kept():
            return running != record.system
        case Staged() | Interrupted():
            return running not in {record.system, record.previous}
        case _:
            return running != record.previous


def _boots_another(state: NixosState) -> bool | None:
    running, profile = state.nixos.running, state.nixos.profile
    return None if isinstance(running, Unknown) or isinstance(profile, Unknown) else running != profile


def _waits_for_a_boot(state: NixosState) -> bool | None:
    record, restart = state.record, state.nixos.restart
    if record is not None and isinstance(record.phase, Staged) and state.nixos.running != record.system:
        return True
    return None if isinstance(restart, Unknown) else bool(restart)


def _taken_back(state: NixosState) -> Mapping[tuple[str, ...], float]:
    return only(None if state.record is None else float(state.record.rejected))


MEASURES: Final[tuple[Measure[NixosState], ...]] = (
    Measure("deployed", Unit.MOMENT, "When the last deploy came into force.", lambda state: only(deployed(state))),
    Measure("stale_after", Unit.SECONDS, "After which a deploy is long ago, where that is declared.", lambda state: only(state.stale_after)),
    Measure("drift", Unit.NONE, "Whether it runs another system than was deployed last (running), boots another than it runs (profile), waits for a boot (reboot), or has one from elsewhere (foreign).", _drift, ("drift",)),
    Measure("taken_back", Unit.NONE, "Whether the last deploy was refused or taken back.", _taken_back),
)  # fmt: skip
