"""The steps to the wanted system: bring it, activate it, reboot for it. Pure; each is seen to be needed by the look before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from setpoint.model.diff import MISSING, Change, Diff, Missing
from setpoint.model.kind import Planning
from setpoint.model.plan import Consent, Disruption, Step
from setpoint.model.tree import Json, Tree
from setpoint_nixos.deploying import ACTIVATE, DELIVER, REBOOT
from setpoint_nixos.guard.order import Mode, Order, token_of
from setpoint_nixos.guard.saying import ended_badly
from setpoint_nixos.guard.state import Kept, Record
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec, OnForeign, Resolved
from setpoint_nixos.kinds.nixos_host.state import NixosState

SCOPES: Final = ("system",)
_ATTEMPTS: Final = 1000


def declare(spec: NixosHostSpec) -> Tree:
    """The systems that are wanted; nothing before it is known which that is."""
    if not isinstance(spec, Resolved):
        return {}
    match spec.mode:
        case Mode.SWITCH:
            wanted = ["running", "profile"]
        case Mode.BOOT:
            wanted = ["profile"]
        case Mode.TEST:
            wanted = ["running"]
    if spec.staged:
        wanted.append("booted")
    return dict.fromkeys(wanted, spec.system)


def plan(found: Diff, planning: Planning[NixosHostSpec, NixosState]) -> tuple[Step, ...]:
    """The next step, and what follows from it."""
    spec, state = planning.spec, planning.observed
    assert state is not None  # noqa: S101  # a host that is not there cannot be looked at
    if not isinstance(spec, Resolved):
        return ()
    if spec.staged:
        return (_reboot(spec, state, found.changes),)
    activate = _activate(spec, state, found.changes, planning.owner.estate)
    return (replace(activate, details=packages(spec)),) if spec.present else (_deliver(spec, activate),)


def attempt_after(record: Record | None, system: str, mode: Mode) -> int:
    """The number of the next activation; counted by what the host remembers, so that everybody counts alike."""
    if record is None or record.system != system or record.mode is not mode:
        return 0
    numbers = (number for number in range(_ATTEMPTS) if token_of(system, mode, number) == record.token)
    return next(numbers, -1) + 1


def _activate(spec: Resolved, state: NixosState, changes: tuple[Change, ...], estate: str) -> Step:
    attempt = attempt_after(state.record, spec.system, spec.mode)
    checks: list[Json] = [
        each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in spec.checks
    ]
    arguments: dict[str, Json] = {
        "system": spec.system,
        "mode": spec.mode.value,
        "attempt": attempt,
        "confirm": spec.confirm.total_seconds(),
        "activate": spec.activate.total_seconds(),
        "revision": spec.revision,
        "units": list(spec.allowed_units),
        "checks": checks,
        "token": Order(spec.system, spec.mode, attempt).token,
    }
    return Step(
        ACTIVATE,
        f"{spec.mode} to {_short(spec.system)} of revision {spec.revision[:12]}",
        changes,
        Disruption.NONE if spec.mode is Mode.BOOT else Disruption.HOT,
        arguments,
        scopes=SCOPES,
        consent=_consent(spec, state, estate),
    )


def _deliver(spec: Resolved, activate: Step) -> Step:
    arguments: dict[str, Json] = {
        "system": spec.system,
        "drv": spec.drv,
        "platform": spec.platform,
        "build": spec.build.model_dump(mode="json", by_alias=True),
    }
    return Step(
        DELIVER,
        f"build {_short(spec.system)} of revision {spec.revision[:12]} and bring it to the host",
        activate.changes,
        arguments=arguments,
        scopes=SCOPES,
        then=activate,
        consent=activate.consent,
        details=packages(spec),
    )


def packages(spec: Resolved) -> tuple[Change, ...]:
    """The packages that change, as people read them."""

    def text(versions: tuple[str, ...]) -> Json | Missing:
        return ", ".join(version or "without version" for version in versions) if versions else MISSING

    return tuple(
        Change(f"/packages/{row.name}", text(row.after), text(row.before), note=row.grown)
        for row in spec.packages or ()
    )


def _reboot(spec: Resolved, state: NixosState, changes: tuple[Change, ...]) -> Step:
    return Step(
        REBOOT,
        f"reboot into {_short(spec.system)}",
        changes,
        Disruption.RESTART,
        {"boot": state.boot},
        scopes=SCOPES,
    )


def _consent(spec: Resolved, state: NixosState, estate: str) -> Consent | None:
    """What a person has to agree to: to try again what is bad, to keep what was a test, to replace what others put there."""
    why: list[str] = []
    subject: dict[str, Json] = {"system": spec.system}
    record = state.record
    if record is not None and record.system == spec.system and record.rejected:
        why.append(f"{ended_badly(record)}; the same would be tried again")
        subject["again"] = record.token
    if record is not None and _is_tried(record, spec, estate):
        why.append(
            f"{_short(spec.system)} was ordered to be tried until the next boot ({record.by}); it would be kept"
        )
        subject["kept"] = record.token
    others = [one for one in state.foreign if one != spec.system]
    if others and spec.on_foreign is OnForeign.REPORT:
        names = " and ".join(map(_short, others))
        why.append(f"{names} was put there by somebody else since the last deploy, and would be replaced")
        subject["foreign"] = list(others)
    return Consent("; ".join(why), subject, again="foreign" not in subject) if why else None


def _is_tried(record: Record, spec: Resolved, estate: str) -> bool:
    """Whether somebody ordered just this system for a test, and not the declaration."""
    tried = record.mode is Mode.TEST and record.system == spec.system and isinstance(record.phase, Kept)
    return tried and spec.mode is not Mode.TEST and record.by.startswith(f"{estate}:")


def _short(system: str) -> str:
    """Enough of a store path to tell it from others."""
    return system.removeprefix("/nix/store/")[:8]
