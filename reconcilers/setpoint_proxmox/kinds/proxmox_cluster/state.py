"""What is seen of a cluster, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from setpoint.model.diff import Projection
from setpoint.model.kind import Looking, Problem
from setpoint.model.observation import Present
from setpoint.model.tree import Json
from setpoint_proxmox.access import Privilege, grant_command
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.survey import target_id


@dataclass(frozen=True)
class ClusterState:
    """A cluster as its survey shows it.

    Attributes:
        name: empty for a node that never joined one.
        nodes: name and whether it is online, by name.
        missing: privileges that every cluster needs and the token lacks.
        forgone: privileges that only some features need and the token lacks.
        blind: a sentence why guests may be hidden; empty when none is.
        unclear: sentences about guests that may be ours and that only a person can make clear.
        endpoint: who answered.
    """

    version: str
    name: str
    nodes: tuple[tuple[str, bool], ...]
    quorate: bool
    missing: tuple[Privilege, ...]
    forgone: tuple[Privilege, ...]
    blind: str
    unclear: tuple[str, ...]
    endpoint: str
    token: str


async def observe(_: object, looking: Looking[ProxmoxClusterSpec]) -> Present[ClusterState]:
    """A cluster is its survey; whatever could not be read at all has raised there."""
    facts: Facts = looking.survey.facts
    state = ClusterState(
        version=facts.version,
        name=facts.cluster,
        nodes=tuple(sorted(facts.nodes.items())),
        quorate=facts.quorate,
        missing=facts.missing,
        forgone=facts.forgone,
        blind=facts.blind,
        unclear=tuple(
            guest.why for guest in facts.unclear if not guest.passing and facts.nodes.get(guest.node, False)
        ),
        endpoint=facts.endpoint,
        token=facts.token,
    )
    return Present(state, {"id": target_id(facts)}, None)


def project(_: ClusterState) -> Projection:
    """Nothing is compared: the declaration says how to reach the cluster, not how it should be."""
    return Projection({})


def problems(state: ClusterState) -> tuple[Problem, ...]:
    """What keeps the cluster from serving its resources."""
    found: list[Problem] = []
    if not state.quorate:
        found.append(
            Problem("NoQuorum", "the cluster has no quorum, so nothing can be changed; bring more nodes back")
        )
    found += [Problem("NodeOffline", f"node {name} is offline") for name, online in state.nodes if not online]
    if state.blind:
        found.append(Problem("GuestsHidden", state.blind))
    if state.missing:
        found.append(Problem("MissingPrivileges", _missing(state)))
    found += [Problem("GuestUnclear", f"nothing new is made: {why}") for why in state.unclear]
    return tuple(found)


def status(state: ClusterState) -> dict[str, Json]:
    """What `status` shows."""
    return {
        "version": state.version,
        "cluster": state.name or None,
        "nodes": {name: "online" if online else "offline" for name, online in state.nodes},
        "quorate": state.quorate,
        "endpoint": state.endpoint,
        "missingPrivileges": _names(state.missing),
        "optionalPrivileges": _names(state.forgone),
    }


def _names(privileges: tuple[Privilege, ...]) -> list[Json]:
    return [f"{privilege.name} on {privilege.path}" for privilege in privileges]


def _missing(state: ClusterState) -> str:
    names = ", ".join(f"{privilege.name} on {privilege.path}" for privilege in state.missing)
    commands: dict[str, Any] = dict.fromkeys(
        grant_command(privilege.path, privilege.name, state.token) for privilege in state.missing
    )
    return (
        f"{state.token} lacks {names}; run on a node: {'; '.join(commands)}; "
        "setpoint doctor tells commands that grant no more than what is declared needs"
    )
