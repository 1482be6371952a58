"""Each mutation takes one rule of safety away from the product; the storm must notice, or it proves nothing."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import pytest

from setpoint.model.observation import Absent, Unknown
from setpoint.run import pipeline

Patch = pytest.MonkeyPatch
Mutation = Callable[[Patch], None]
# By their paths: packages show functions under the names of some of these modules.
act = importlib.import_module("setpoint.run.act")
holds = importlib.import_module("setpoint.decide.holds")
mishap = importlib.import_module("setpoint.run.mishap")
observing = importlib.import_module("setpoint.run.observe")
recall = importlib.import_module("setpoint.run.recall")
surveying = importlib.import_module("setpoint.run.survey")
declaring = importlib.import_module("setpoint.run.declare")
gathering = importlib.import_module("setpoint.desired.gather")
journal = importlib.import_module("setpoint.store.journal")
deletion = importlib.import_module("setpoint.decide.deletion")
wiping = importlib.import_module("setpoint.run.wipe")
limits = importlib.import_module("setpoint.decide.deletion.limit")
departing = importlib.import_module("setpoint.run.depart")
identity = importlib.import_module("setpoint.model.identity")


def _without(rule: str) -> Mutation:
    """A hold rule that holds nothing."""

    assert rule in {one.__name__ for one in holds.RULES}

    def apply(patch: Patch) -> None:
        former = act.judge

        def judge(looked: Any, steps: Any, rules: Any = holds.RULES) -> Any:
            return former(looked, steps, tuple(one for one in rules if one.__name__ != rule))

        patch.setattr(act, "judge", judge)
        left = tuple(one for one in deletion.STEP_RULES if one.__name__ != rule)
        patch.setattr(deletion, "STEP_RULES", left)

    return apply


def exists_ignored(patch: Patch) -> None:
    """What bears no mark of ours, or another's, is taken for ours."""
    patch.setattr(observing, "exists", lambda looked: None)


def copied_marks_believed(patch: Patch) -> None:
    """A mark counts although it names another object."""

    def owns(owner: Any, mark: Any, _object_id: str) -> bool:
        return mark is not None and mark.key in (owner.key, owner.formerly) and mark.estate == owner.estate

    patch.setattr(identity.Owner, "owns", owns)


def old_surveys_believed(patch: Patch) -> None:
    """One survey is good for ever."""
    patch.setattr(surveying.Surveyor, "_recent", lambda self, moment: self._latest)


def doubt_forgotten(patch: Patch) -> None:
    """A write whose answer was lost is taken for one that was not executed."""
    patch.setattr(act, "unsettled", lambda desk, intent: None)


def lost_operations_not_searched(patch: Patch) -> None:
    """What a lost answer left is neither searched for nor waited for."""

    async def resume(desk: Any, now: Any) -> Any:
        return now

    stages = tuple(resume if stage is recall.resume else stage for stage in pipeline.RECONCILE)
    patch.setattr(pipeline.run, "__defaults__", (stages,))
    doubt_forgotten(patch)


def intent_not_journalled(patch: Patch) -> None:
    """The effect comes without a word in the journal before."""
    patch.setattr(journal.Journal, "open_intent", lambda self, *_: None)


def unknown_taken_as_absent(patch: Patch) -> None:
    """What cannot be seen counts as gone."""
    from setpoint_proxmox.kinds import container, virtual_machine

    def blind(former: Any) -> Any:
        async def observe(client: Any, looking: Any) -> Any:
            seen = await former(client, looking)
            return Absent(seen.why) if isinstance(seen, Unknown) else seen

        return observe

    for kind in (virtual_machine.KIND, container.KIND):
        _kind(patch, kind.name, observe=blind(kind.observe))


def identity_of_target_ignored(patch: Patch) -> None:
    """Whoever answers is the cluster that we know."""
    former = observing.survey

    async def survey(desk: Any, now: Any) -> Any:
        seen = await former(desk, now)
        if isinstance(seen, observing.Held):
            return now.learn(survey=desk.lane.latest)
        return seen

    stages = tuple(survey if stage is former else stage for stage in pipeline.RECONCILE)
    patch.setattr(pipeline.run, "__defaults__", (stages,))


def window_always_open(patch: Patch) -> None:
    """It is always the hour for a restart."""
    from setpoint.model.window import Window

    patch.setattr(Window, "is_open", lambda self, moment: True)


def steps_in_a_row(patch: Patch) -> None:
    """Every step of a plan is taken in one pass, without a look between."""
    former = act._take

    async def take(desk: Any, now: Any, free: Any) -> Any:
        outcome: Any = None
        for planned in now.planned:
            if not planned.holds:
                outcome = await former(desk, now, planned.step)
        return outcome

    patch.setattr(act, "_take", take)


def empty_sets_believed(patch: Patch) -> None:
    """A broken manifest is a resource that is declared no more."""
    retained = importlib.import_module("setpoint.desired.changes").Retained
    patch.setattr(gathering, "retain", lambda former, compiled: retained(compiled.resources, frozenset()))


def renames_forgotten(patch: Patch) -> None:
    """`metadata.formerly` moves nothing."""
    patch.setattr(declaring, "renamed", lambda resources, news: {})
    former = identity.Owner.owns
    patch.setattr(
        identity.Owner,
        "owns",
        lambda self, mark, object_id: former(dataclasses.replace(self, formerly=None), mark, object_id),
    )


def deletion_unlimited(patch: Patch) -> None:
    """Any number of deletions goes at once."""
    patch.setattr(limits, "allowance", lambda inventory: 1000)


def everything_deleted(patch: Patch) -> None:
    """Whatever leaves the declarations is deleted."""
    patch.setattr(departing, "deletes", lambda policy, *, removable, stateful: True)


def no_grace(patch: Patch) -> None:
    """What was stopped is destroyed at once."""
    patch.setattr(deletion, "grace", lambda *_: None)


def marks_not_asked_before_deletion(patch: Patch) -> None:
    """What is there under the id is what left."""
    patch.setattr(importlib.import_module("setpoint.run.deletion"), "owned", lambda *_: None)
    former = importlib.import_module("setpoint_proxmox.guest.remove")
    patch.setattr(former, "obstacle", lambda owner, vm: None)


def undelete_ignored(patch: Patch) -> None:
    """A deletion that was taken back goes on."""
    tombstone = importlib.import_module("setpoint.model.tombstone")
    patch.setattr(tombstone.Tombstone, "active", property(lambda self: self.phase != tombstone.Phase.GONE))
    patch.setattr(
        importlib.import_module("setpoint.store.tombstones").Tombstones,
        "begin_removal",
        lambda self, key, phase: self.tombstone(key),
    )


def rebuilt_at_any_time(patch: Patch) -> None:
    """What has a lifecycle is made anew as soon as it is old enough."""
    former = wiping.due

    def due(declared: Any, age: Any, now: float, *, stopped: bool) -> Any:
        grown = age.since and now - age.since > declared.rebuild_every.total_seconds()
        return now if grown else former(declared, age, now, stopped=stopped)

    patch.setattr(wiping, "due", due)


def rebuilt_young(patch: Patch) -> None:
    """What has a lifecycle is made anew at its moments, however young it is."""
    former = wiping.due
    patch.setattr(
        wiping,
        "due",
        lambda declared, age, now, *, stopped: former(
            declared, dataclasses.replace(age, since=1.0), now, stopped=stopped
        ),
    )


def rebuilt_in_doubt(patch: Patch) -> None:
    """What has a lifecycle is made anew although the declarations have a mistake."""
    patch.setattr(wiping, "unsure", lambda told, so: None)


def one_wipe_for_all_losses(patch: Patch) -> None:
    """Once wiped, an object may be lost without a word."""
    former = wiping.see

    def see(age: Any, now: float) -> Any:
        return dataclasses.replace(former(age, now), wiped=age.wiped)

    patch.setattr(wiping, "see", see)


def applies_believed(patch: Patch) -> None:
    """Once the task that applies the networks has ended well, every node has followed."""
    from setpoint_proxmox.kinds.network.state import AVAILABLE, Standing

    async def standings(_cluster: Any, nodes: Any, _zone: str) -> dict[str, Standing]:
        return {name: Standing(AVAILABLE) for name in nodes}

    for name in ("applied", "observe"):
        module = importlib.import_module(f"setpoint_proxmox.kinds.network.{name}")
        patch.setattr(module, "standings", standings)


def staged_by_anybody(patch: Patch) -> None:
    """Whatever is staged of the networks is ours."""
    staged = importlib.import_module("setpoint_proxmox.kinds.network.staged")
    patch.setattr(staged._Ours, "foreign", lambda self, subnets: iter(()))
    observe = importlib.import_module("setpoint_proxmox.kinds.network.observe")
    patch.setattr(observe, "foreign", lambda sdn, zone: ())


def _kind(patch: Patch, name: str, **parts: Any) -> None:
    """Replace parts of a kind as the simulation uses it."""
    from tests.simulation import simulation

    simulation.prepare()
    kind = simulation.KINDS[name]
    patch.setitem(simulation.KINDS, name, dataclasses.replace(kind, **parts))


MUTATIONS: dict[str, Mutation] = {
    "a lost VM is made again": _without("recreate"),
    "the policy of restarts is not asked": _without("reboot"),
    "a freeze is ignored": _without("frozen"),
    "a pause is ignored": _without("paused"),
    "the window is always open": window_always_open,
    "a stranger's object is ours": exists_ignored,
    "a copied mark is believed": copied_marks_believed,
    "an old survey is believed": old_surveys_believed,
    "a doubtful write is repeated": doubt_forgotten,
    "a lost operation is not searched": lost_operations_not_searched,
    "no intent is journalled": intent_not_journalled,
    "unknown is absent": unknown_taken_as_absent,
    "any cluster is ours": identity_of_target_ignored,
    "many steps per pass": steps_in_a_row,
    "broken is gone": empty_sets_believed,
    "renames are forgotten": renames_forgotten,
    "deletions have no limit": deletion_unlimited,
    "everything is deleted": everything_deleted,
    "there is no grace": no_grace,
    "marks are not asked before deletion": marks_not_asked_before_deletion,
    "undelete is ignored": undelete_ignored,
    "any number is restarted": _without("blast_radius"),
    "policy.manage is ignored": _without("manage"),
    "rebuilds come at any time": rebuilt_at_any_time,
    "rebuilds take the young": rebuilt_young,
    "rebuilds ignore mistakes": rebuilt_in_doubt,
    "an apply of networks is believed": applies_believed,
    "whoever staged networks, it is ours": staged_by_anybody,
    "a wipe approves every loss": one_wipe_for_all_losses,
}
