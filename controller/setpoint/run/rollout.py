"""What a member sees of its group, what its change leaves in the inventory, and who is woken when a turn is over."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from setpoint.decide.holds.rollout import changes, delaying, unproven
from setpoint.model.hold import Rule
from setpoint.model.outcome import Held
from setpoint.model.plan import Step
from setpoint.model.resource import Resource
from setpoint.model.rollout import Group, Peer
from setpoint.run.desk import Desk, Pass, Report
from setpoint.run.estate import Estate, is_ready
from setpoint.run.wake import wake
from setpoint.store.records import Item, Status

SOON = 1.0
"""Seconds after which a canary is looked at for the others."""


def group_of(estate: Estate, now: Pass) -> Group | None:
    """The group of the resource as it is at this moment; None for one that takes no turns, or of which no change is known yet.

    It reads memory alone, and what it reads is replaced and never changed, so that the store's thread may ask, too.
    """
    policy, key = now.resource.policy.rollout, now.owner.key
    if policy is None or now.found is None:
        return None
    members = estate.turns.members(estate.resources, key.namespace, policy.group)
    limits = [one.policy.rollout.limit(len(members)) for one in members if one.policy.rollout is not None]
    own = estate.store.item(key)
    return Group(
        name=policy.group,
        limit=min(limits, default=1),
        peers=tuple(_peer(estate, one) for one in members if one.key != key),
        canary=policy.canary,
        changing=own.changing if own is not None else 0.0,
        wanted_at=estate.turns.wanted(key, _wish(now), estate.ports.now()),
    )


def begun(now: Pass, step: Step, item: Item | None, moment: float) -> Item | None:
    """The inventory's row of a member from the beginning of a step on; None when that is nothing to its group."""
    if item is None or now.resource.policy.rollout is None or now.observation is None:
        return None
    if item.changing or not changes(now.observation, step):
        return None
    return replace(item, changing=moment)


async def foresee_turn(desk: Desk, now: Pass, steps: list[Step]) -> None:
    """In the copy of a preview, let a member be under change whose steps would be taken."""
    stored = desk.store.item(now.owner.key)
    for step in steps:
        item = begun(now, step, stored, desk.ports.now())
        if item is not None:
            await desk.calls.call(desk.store.save_item, item)
            return


def pass_turn(estate: Estate, report: Report, status: Status) -> None:
    """After a pass: a member that has to wait is woken by those for whom it waits, and canaries look at what came up."""
    key = report.learned.owner.key
    if is_ready(status):
        estate.turns.settled(key)
    outcome = report.outcome
    if not isinstance(outcome, Held) or all(hold.rule is not Rule.ROLLOUT for hold in outcome.holds):
        return
    group = group_of(estate, report.learned)
    if group is None:
        return
    for peer in delaying(group):
        estate.waiting.setdefault(peer.key, set()).add(key)
    for peer in unproven(group):
        # Its look is to be later than the wish by any clock, or the two would wake each other within one moment.
        wake(estate, peer.key, delay=SOON)


def _peer(estate: Estate, member: Resource) -> Peer:
    item, status = estate.store.item(member.key), estate.store.status(member.key)
    return Peer(
        key=member.key,
        canary=member.policy.rollout is not None and member.policy.rollout.canary,
        changing=item.changing if item is not None else 0.0,
        ready=estate.ready(member.key),
        looked_at=status.reconciled_at if status is not None else 0.0,
        generation=member.spec_hash,
    )


def _wish(now: Pass) -> str:
    """Tells what differs now from what differed before."""
    assert now.found is not None  # noqa: S101  # the caller
    text = repr([(change.path, change.desired) for change in now.found.changes])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
