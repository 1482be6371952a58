"""What is seen of the systems of a host. It is read from the survey; only a deploy that somebody left there is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from setpoint.model.diff import Projection
from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking, Problem
from setpoint.model.observation import Observation, Present, Unknown
from setpoint.model.quantity import format_duration
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_nixos.facts.model import Facts, Known, Nixos
from setpoint_nixos.guard import hand
from setpoint_nixos.guard.saying import ended_badly
from setpoint_nixos.guard.state import Kept, Record, Staged, Stuck, Underway, parse_record
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec
from setpoint_nixos.reach import Reach


@dataclass(frozen=True)
class NixosState:
    """The systems of a host.

    Attributes:
        at: when it was looked at, seconds since the epoch.
        boot: the id of the boot.
        record: of the last deploy; None when there was none.
        stale_after: seconds after which a deploy is long ago; None for never.
    """

    at: float
    boot: str
    nixos: Nixos
    record: Record | None
    stale_after: float | None = None

    @property
    def known(self) -> frozenset[str]:
        """The systems that a deploy of ours put there or found there."""
        return frozenset() if self.record is None else frozenset({self.record.system, self.record.previous})

    @property
    def foreign(self) -> tuple[str, ...]:
        """The systems that somebody else put there since our last deploy."""
        seen = (self.nixos.running, self.nixos.profile)
        found = [one for one in seen if isinstance(one, str) and one not in self.known]
        return tuple(dict.fromkeys(found)) if self.record is not None else ()


async def observe(reach: Reach, looking: Looking[NixosHostSpec]) -> Observation[NixosState]:
    """Read it from the survey.

    Raises:
        TargetError: it is no NixOS, or what it remembers cannot be read.
    """
    facts: Facts = looking.survey.facts
    if facts.nixos is None:
        raise RefusalError(
            f"{reach.session.access} does not run NixOS", remedy="install it, or declare its Host alone"
        )
    if isinstance(facts.nixos, Unknown):
        return facts.nixos
    record = await _record(reach, facts)
    if isinstance(record, Unknown):
        return record
    stale = looking.spec.stale_after
    boot = "" if isinstance(facts.boot_id, Unknown) else facts.boot_id
    after = None if stale is None else stale.total_seconds()
    host = looking.survey.target_id
    state = NixosState(facts.at, boot, facts.nixos, record, after)
    return Present(state, {"host": host}, looking.owner.mark(host))


async def _record(reach: Reach, facts: Facts) -> Known[Record | None]:
    """The record, of which it is not known whether its guard is still there: that is asked when it matters."""
    text = facts.deploying if facts.deploying is not None else facts.record
    if text is None or isinstance(text, Unknown):
        return text
    if isinstance(facts.boot_id, Unknown) or isinstance(facts.uptime, Unknown):
        return Unknown("the host does not tell which boot it is in")
    try:
        record = parse_record(text, boot=facts.boot_id, uptime=int(facts.uptime), alive=True)
    except ValueError as error:
        raise RefusalError(
            f"{reach.session.access} cannot tell of its last deploy: {error}",
            remedy="see /var/lib/setpoint/record.json and /run/setpoint/status.json there",
        ) from error
    if not isinstance(record.phase, Underway):
        return record
    again = (await hand.look(reach.session)).record
    if again is not None and isinstance(again.phase, Underway):
        return Unknown("another deploy is at work on the host", passing=True)
    return again


def project(state: NixosState) -> Projection:
    """The three systems, as far as they are known."""
    seen = {"running": state.nixos.running, "profile": state.nixos.profile, "booted": state.nixos.booted}
    tree: Tree = {name: path for name, path in seen.items() if isinstance(path, str)}
    unseen: list[Pointer] = [f"/{name}" for name, path in seen.items() if isinstance(path, Unknown)]
    return Projection(tree, unseen=tuple(unseen))


def deployed(state: NixosState) -> float | None:
    """When the last deploy ended that came into force, seconds since the epoch; of one from elsewhere its generation tells."""
    record = state.record
    if record is not None and record.ended and isinstance(record.phase, Kept | Staged):
        return record.ended
    return None if isinstance(state.nixos.made, Unknown) else float(state.nixos.made)


def problems(state: NixosState) -> tuple[Problem, ...]:
    """A deploy long ago, and a host that could not go back."""
    found: list[Problem] = []
    record = state.record
    if record is not None and isinstance(record.phase, Stuck):
        found.append(Problem("ReturnFailed", ended_badly(record)))
    at = deployed(state)
    if state.stale_after is not None and at is not None:
        since = state.at - at
        if since > state.stale_after:
            found.append(
                Problem(
                    "Stale",
                    f"the last deploy was {format_duration(timedelta(seconds=int(since)))} ago; deploy it",
                )
            )
    return tuple(found)


def status(state: NixosState) -> dict[str, Json]:
    """The systems, and the last deploy."""
    record = state.record
    told: dict[str, Json] = {
        name: f"not known: {path.why}" if isinstance(path, Unknown) else path
        for name, path in (
            ("running", state.nixos.running),
            ("profile", state.nixos.profile),
            ("booted", state.nixos.booted),
        )
    }
    if state.foreign:
        told["foreign"] = list(state.foreign)
    if record is None:
        return told
    when = datetime.fromtimestamp(record.ended or record.began, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {**told, "deployed": when, "revision": record.revision, "by": record.by, "result": _result(record)}


def _result(record: Record) -> str:
    match record.phase:
        case Kept():
            return "runs"
        case Staged():
            return "boots next"
        case _:
            return ended_badly(record)
