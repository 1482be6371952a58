"""Looks at the nodes when a guest with a placement is made, or is where it may not be; `placement` decides by that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from setpoint.model.compute import Computed, Computing
from setpoint.model.plan import Obstacle
from setpoint.model.resource import Resource
from setpoint_proxmox.cluster import Claim, Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.check import bridges_of
from setpoint_proxmox.guest.ha import asked
from setpoint_proxmox.guest.placement import Candidate, Chosen, Nowhere, Wish, choose
from setpoint_proxmox.guest.placement_spec import Company, Placed, Placement
from setpoint_proxmox.guest.size_base import whereabouts
from setpoint_proxmox.guest.spec import GuestSpec
from setpoint_proxmox.guest.state import GuestState, is_nic_slot, volumes
from setpoint_proxmox.guest.syntax import storage_of

P = TypeVar("P", bound=GuestSpec)
S = TypeVar("S", bound=GuestState)

Compute = Callable[[Cluster, Computing[P, S]], Awaitable[Computed[P]]]

CLAIM_SECONDS = 120.0
"""How long a node is counted as promised to a guest that does not come."""


@dataclass(frozen=True)
class Needs(Generic[P, S]):
    """What the guests of a kind need of a node.

    Attributes:
        storages: that a new one is made on or from.
        bridges: that a new one is connected to.
        barred: why a new one cannot be made on a node for another reason; empty when it can.
        tied: why one that is there cannot go to a node although that has all that it needs.
    """

    storages: Callable[[P], frozenset[str]]
    bridges: Callable[[P], frozenset[str]]
    barred: Callable[[P, str, Facts], str]
    tied: Callable[[Cluster, S, str], Awaitable[Obstacle | None]]


def placer(needs: Needs[P, S], sized: Compute[P, S]) -> Compute[P, S]:
    """What finds the node of a guest whose declaration leaves it open, and then its sizes.

    A guest that is where it may be stays there, and nothing is read for it.
    """

    async def compute(cluster: Cluster, computing: Computing[P, S]) -> Computed[P]:
        spec, seen = computing.spec, computing.observed
        if spec.placement is None:
            return await sized(cluster, computing)
        if seen is None:
            return await _made(cluster, computing, needs, sized)
        if spec.placement.allows(seen.node):
            cluster.asked.pop(seen.vmid, None)
        elif not (seen.foreign or seen.lock):
            placed = await _moved(cluster, computing, seen, spec.placement, needs)
            spec = spec.model_copy(update={"placement": placed})
        # Whatever is planned for one that is wiped meets it where it is.
        return await sized(cluster, replace(computing, spec=spec.model_copy(update={"node": seen.node})))

    return compute


async def _made(
    cluster: Cluster, computing: Computing[P, S], needs: Needs[P, S], sized: Compute[P, S]
) -> Computed[P]:
    spec, facts = computing.spec, computing.survey.facts
    assert spec.placement is not None  # noqa: S101  # the caller looked
    wish = Wish(spec.placement, needs.storages(spec), needs.bridges(spec))
    found = await _choose(cluster, computing, wish, lambda node: needs.barred(spec, node, facts))
    if isinstance(found, Nowhere):
        return Computed(spec, lacking={"/placement": _unplaced(found, f"{computing.owner.key}")})
    _claim(cluster, computing, found.node, getattr(spec, "memory", 0))
    made = await sized(cluster, replace(computing, spec=spec.model_copy(update={"node": found.node})))
    _claim(cluster, computing, found.node, getattr(made.spec, "memory", 0))
    return replace(made, notes={"/placement": found.why, **made.notes})


async def _moved(
    cluster: Cluster, computing: Computing[P, S], guest: S, placement: Placement, needs: Needs[P, S]
) -> Placed:
    facts: Facts = computing.survey.facts
    listed = facts.guests.get(guest.vmid)
    waits = asked(cluster, guest, computing.survey.begun) if listed is not None and listed.ha else None
    if waits is not None:
        return Placed(**dict(placement), obstacle=waits)
    bridges = frozenset(_bridges(guest))
    used = frozenset(storage for _, volume in volumes(guest.current) if (storage := storage_of(volume)))
    wish = Wish(placement, used, bridges, here=guest.node)
    found = await _choose(cluster, computing, wish, lambda _: "")
    if isinstance(found, Nowhere):
        return Placed(**dict(placement), obstacle=_unplaced(found, f"{guest} is on {guest.node}, and"))
    obstacle = await needs.tied(cluster, guest, found.node)
    if obstacle is None:
        _claim(cluster, computing, found.node, (listed.memory if listed is not None else None) or 0)
    return Placed(**dict(placement), to=found.node, why=found.why, obstacle=obstacle)


def _unplaced(found: Nowhere, what: str) -> Obstacle:
    sentence = f"{what} fits on no node that its placement allows: {found or 'there is none'}"
    return Obstacle(
        sentence, "allow others in spec.placement, or give one of them what it lacks", passing=found.passing
    )


async def _choose(
    cluster: Cluster, computing: Computing[Any, Any], wish: Wish, barred: Callable[[str], str]
) -> Chosen | Nowhere:
    """The best node; the bridges of one are read when all else speaks for it."""
    bridges: dict[str, frozenset[str]] = {}
    while True:
        found = choose(wish, _candidates(cluster, computing, wish, bridges, barred))
        if isinstance(found, Nowhere) or not wish.bridges or found.node in bridges:
            return found
        bridges[found.node] = await bridges_of(cluster, found.node)


def _candidates(
    cluster: Cluster,
    computing: Computing[Any, Any],
    wish: Wish,
    bridges: Mapping[str, frozenset[str]],
    barred: Callable[[str], str],
) -> Iterator[Candidate]:
    facts: Facts = computing.survey.facts
    own = computing.observed.vmid if computing.observed is not None else None
    promised = dict.fromkeys(facts.nodes, 0)
    for guest in facts.guests.values():
        if not guest.template and guest.vmid != own:
            promised[guest.node] = promised.get(guest.node, 0) + (guest.memory or 0)
    for claim in _claims(cluster, computing):
        promised[claim.node] = promised.get(claim.node, 0) + claim.memory
    apart = _company(cluster, computing, wish.placement.spread)
    beside = _company(cluster, computing, wish.placement.near)
    for node, online in facts.nodes.items():
        capacity = facts.capacity.get(node)
        yield Candidate(
            name=node,
            online=online,
            capacity=capacity.memory if capacity is not None else None,
            promised=promised[node],
            storages=frozenset(one for one in wish.storages if node in facts.active.get(one, {node})),
            bridges=bridges.get(node),
            apart=apart.count(node),
            beside=beside.count(node),
            barred=barred(node),
        )


def _company(cluster: Cluster, computing: Computing[Any, Any], company: Company | None) -> list[str]:
    """The node of every other guest that is meant."""
    if company is None:
        return []
    own = computing.owner.key
    others = [
        resource
        for resource in computing.peers()
        if resource.key.namespace == own.namespace
        and resource.key != own
        and company.labels.items() <= resource.labels.items()
    ]
    return [node for resource in others if (node := _node_of(cluster, computing, resource))]


def _node_of(cluster: Cluster, computing: Computing[Any, Any], resource: Resource) -> str:
    _, node = whereabouts(resource, computing.owner, computing.survey)
    claim = cluster.claims.get(resource.key)
    return claim.node if claim is not None and not node else node


def _claim(cluster: Cluster, computing: Computing[Any, Any], node: str, memory: object) -> None:
    size = memory if isinstance(memory, int) else 0
    cluster.claims[computing.owner.key] = Claim(node, size, computing.survey.begun + CLAIM_SECONDS)


def _claims(cluster: Cluster, computing: Computing[Any, Any]) -> Iterator[Claim]:
    """What others were promised and the list does not show yet; what it shows, or what is old, is forgotten."""
    survey = computing.survey
    for key, claim in tuple(cluster.claims.items()):
        seen = (survey.facts.guests.get(int(str(one["vmid"]))) for _, one in survey.by_key.get(key, ()))
        there = any(guest is not None and guest.node == claim.node and guest.memory for guest in seen)
        if there or claim.until < survey.begun:
            del cluster.claims[key]
        elif key != computing.owner.key:
            yield claim


def _bridges(guest: GuestState) -> Iterator[str]:
    for option, text in guest.current.items():
        if is_nic_slot(option):
            bridge = guest.nic.split(str(text)).get("bridge")
            if bridge:
                yield bridge
