"""Finds a guest where the cluster says that it is, never where the declaration says, and reads what both types have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import records, text, whole
from setpoint_proxmox.cluster import Beside, Cluster
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.failures import GoneError, TakenError
from setpoint_proxmox.guest.beside import keeper, power
from setpoint_proxmox.guest.placement_spec import Placement
from setpoint_proxmox.guest.state import Config, GuestState, Snapshot
from setpoint_proxmox.guest.words import Words
from setpoint_proxmox.unfinished import LOCKS, look

S = TypeVar("S", bound=GuestState)


@dataclass(frozen=True)
class Read:
    """A configuration that was read.

    Attributes:
        current: what is in force.
        coming: what is in force after the next start.
        digest: of the file that holds both.
    """

    current: Config
    coming: Config
    digest: str


async def find(
    cluster: Cluster,
    looking: Looking[Any],
    made: type[S],
    read: Callable[[Guest], Awaitable[Observation[S]]],
) -> Observation[S]:
    """Look at the guest of the vmid that is ours by declaration, inventory, mark or reservation.

    `made` is what is seen of a guest; `read` reads one of our type, one of the other type is not read.
    """
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    if looking.identity is None:
        return _without_id(looking, survey)
    vmid = int(str(looking.identity["vmid"]))
    guest = survey.facts.guests.get(vmid)
    if guest is None:
        return await _unlisted(cluster, vmid, survey.facts)
    return await _listed(guest, survey.facts, made, read)


async def _listed(
    guest: Guest,
    facts: Facts,
    made: type[S],
    read: Callable[[Guest], Awaitable[Observation[S]]],
) -> Observation[S]:
    words = made.words
    if not facts.nodes.get(guest.node, False):
        why = f"{words.noun} {guest.vmid} is on node {guest.node}, which is offline"
        return Unknown(why, of_target=True)
    if guest.kind != words.path:
        return Present(made(guest.vmid, guest.node, guest.kind), {"vmid": guest.vmid}, None)
    try:
        return await read(guest)
    except GoneError:
        return Unknown(
            f"{words.noun} {guest.vmid} left node {guest.node} while it was looked at", passing=True
        )


def _without_id(looking: Looking[Any], survey: Survey[Facts]) -> Absent | Unknown:
    if survey.complete:
        return Absent(f"no guest of {survey.target_id} bears the mark of {looking.owner.key}")
    facts = survey.facts
    reasons = dict.fromkeys([facts.blind] if facts.blind else [guest.why for guest in facts.unclear])
    why = f"whether {looking.owner.key} exists cannot be told: {'; '.join(reasons)}"
    passing = not facts.blind and all(guest.passing for guest in facts.unclear)
    return Unknown(why, of_target=not passing, passing=passing)


async def _unlisted(cluster: Cluster, vmid: int, facts: Facts) -> Absent | Unknown:
    """The list shows no such guest; only the id being free proves that there is none."""
    if facts.blind:
        return Unknown(facts.blind, of_target=True)
    try:
        await cluster.api.get("cluster", "nextid", vmid=vmid)
    except TakenError:
        return Unknown(f"vmid {vmid} is taken, but the cluster's list does not show by whom")
    return Absent(f"vmid {vmid} is free")


async def read_config(cluster: Cluster, guest: Guest, words: Words) -> Read | Unknown:
    """The configuration in force and the one after the next start, from one read that shows both.

    Unknown while the guest is just being made.

    Raises:
        TargetError: GoneError when the guest is not on that node any more.
    """
    rows = records(await cluster.api.get("nodes", guest.node, words.path, guest.vmid, "pending"))
    options = [(text(row, "key"), row) for row in rows if row.get("key") != "digest"]
    current = {key: _scalar(key, row["value"]) for key, row in options if "value" in row}
    coming = {
        key: _scalar(key, row["pending"] if "pending" in row else row["value"])
        for key, row in options
        if not row.get("delete") and ("pending" in row or "value" in row)
    }
    lock = str(current.get("lock") or "")
    if lock in LOCKS:
        unfinished = await look(cluster, guest, lock)
        return Unknown(f"{words.noun} {unfinished.why}", passing=unfinished.passing)
    digest = next((str(row.get("value")) for row in rows if row.get("key") == "digest"), "")
    return Read(current, coming, digest)


def seen(made: type[S], guest: Guest, found: Read, beside: Beside, placement: Placement | None) -> S:
    """What was read of a guest whatever its type."""
    return made(
        vmid=guest.vmid,
        node=guest.node,
        power=power(beside),
        keeper=keeper(beside),
        current=found.current,
        coming=found.coming,
        digest=found.digest,
        pool=guest.pool,
        template=found.current.get("template") == 1,
        snapshots=snapshots(beside.snapshots),
        allowed=_allowed(guest.node, placement),
    )


def _allowed(node: str, placement: Placement | None) -> tuple[str, ...]:
    if placement is None:
        return ()
    return placement.nodes if placement.allows(node) else (node,)


def present(state: S, identity: Callable[[S], Mapping[str, Scalar]]) -> Present[S]:
    """The guest with its ids and the mark that it bears.

    Raises:
        RefusalError: its configuration cannot be read.
    """
    try:
        return Present(state, identity(state), state.mark)
    except ValueError as error:
        raise RefusalError(
            f"the configuration of {state} cannot be read: {error}",
            remedy=f"see {state.words.tool} config {state.vmid} on {state.node}",
        ) from error


def snapshots(rows: Iterable[Mapping[str, Json]]) -> tuple[Snapshot, ...]:
    """The snapshots by their times; the list's `current` is none."""
    found = [
        Snapshot(
            name=text(row, "name"),
            time=whole(row.get("snaptime")),
            description=str(row.get("description") or "").rstrip(),
            parent=str(row.get("parent") or ""),
            ram=row.get("vmstate") == 1,
        )
        for row in rows
        if row.get("name") != "current"
    ]
    return tuple(sorted(found, key=lambda snapshot: (snapshot.time, snapshot.name)))


def _scalar(key: str, value: Json) -> Scalar:
    if isinstance(value, list | dict):
        raise RefusalError(f"Proxmox gave option '{key}' as a {type(value).__name__}")
    return value
