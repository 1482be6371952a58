"""Members of a group take turns: canaries first, and only so many under change, or not well since, at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Absent, Present
from setpoint.model.plan import Disruption, Step
from setpoint.model.rollout import Group, Peer


def rollout(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that changes what runs until it is its turn; what was begun goes on, for that may mend it."""
    group = looked.group
    if group is None or group.changing or looked.at_once or not changes(looked.observation, step):
        return None
    if not group.canary:
        hold = _canaries(looked, group)
        if hold is not None:
            return hold
    return _turns(looked, group)


def changes(seen: Present[object] | Absent, step: Step) -> bool:
    """Whether a step changes what is there: what is made, or only prepared, takes nothing away."""
    return isinstance(seen, Present) and step.disruption >= Disruption.HOT


def delaying(group: Group) -> tuple[Peer, ...]:
    """Those for whom a member may have to wait; canaries do not wait for each other, or each would wake the other for ever."""
    return tuple(
        peer
        for peer in group.peers
        if peer.changing or (not group.canary and peer.canary and not _proven(peer, group))
    )


def unproven(group: Group) -> tuple[Peer, ...]:
    """Canaries that are well as far as is known, and were not looked at since the change came up."""
    return tuple(
        peer for peer in group.peers if peer.canary and peer.ready and peer.looked_at <= group.wanted_at
    )


def turn_token(group: str, peer: Peer) -> str:
    """Names the change of a peer that the others need not wait for."""
    return _digest(group, str(peer.key), peer.changing)


def canary_token(group: str, peer: Peer, now: float) -> str:
    """Names the canary, its declaration and the day for which the others need not wait for it."""
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    return _digest(group, str(peer.key), peer.generation, day)


def _canaries(looked: Looked, group: Group) -> Hold | None:
    open_ones = [peer for peer in group.peers if peer.canary and not _proven(peer, group)]
    waits = [one for one in open_ones if not looked.approved(canary_token(group.name, one, looked.now))]
    if not waits:
        return None
    first = min(waits, key=attrgetter("ready", "key"))
    if first.ready:
        why = f"the canary {first.key} of the group {group.name} was not looked at since this change came up"
        return Hold(Rule.ROLLOUT, why, "it is looked at now, and this goes on when it is well", passing=True)
    token = canary_token(group.name, first, looked.now)
    release = (
        f"it goes on when that is well: see setpoint status {first.key}; to let the others go on without it for this day "
        f"(UTC): setpoint approve {token}"
    )
    why = f"the canary {first.key} of the group {group.name} is not in sync with its declaration"
    return Hold(Rule.ROLLOUT, why, release, token=token, passing=True)


def _turns(looked: Looked, group: Group) -> Hold | None:
    out = [
        peer for peer in group.peers if peer.changing and not looked.approved(turn_token(group.name, peer))
    ]
    if len(out) < group.limit:
        return None
    first = min(out, key=attrgetter("changing", "key"))
    token = turn_token(group.name, first)
    why = (
        f"{group.limit} of the {len(group.peers) + 1} of the group {group.name} may be under change at once, and it is "
        f"{_listed(out)}"
    )
    release = (
        f"it goes on when that is in sync again: see setpoint status {first.key}; to go on without waiting for it: "
        f"setpoint approve {token}"
    )
    return Hold(Rule.ROLLOUT, why, release, token=token, passing=True)


def _proven(peer: Peer, group: Group) -> bool:
    """Whether a canary has taken what is declared, as seen since this change came up."""
    return peer.ready and peer.looked_at > group.wanted_at


def _listed(peers: Iterable[Peer]) -> str:
    return ", ".join(str(peer.key) for peer in sorted(peers, key=attrgetter("changing", "key")))


def _digest(*parts: str | float) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
