"""The contract of a kind and of a system. A kind is one value that names its parts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from setpoint.model.compute import Computed, Computing
from setpoint.model.diff import Diff, Projection, Treatment
from setpoint.model.examine import Check, Examination
from setpoint.model.expand import Expanded
from setpoint.model.gather import Ask, Entry, Gathering
from setpoint.model.handed import Grant, Space
from setpoint.model.identity import Identity, Owner
from setpoint.model.inventory import InventoryType
from setpoint.model.key import Key
from setpoint.model.measure import Measure
from setpoint.model.observation import Observation
from setpoint.model.plan import ActResult, Intent, OperationState, Step
from setpoint.model.reference import Name
from setpoint.model.secret import Secret, SecretRef
from setpoint.model.spec import Spec
from setpoint.model.stock import Entrance, Listing
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Pointer, Tree

P = TypeVar("P", bound=Spec)
S = TypeVar("S")

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True)
class Looking(Generic[P]):
    """What a kind is given to observe one key.

    Attributes:
        identity: the ids known so far (declared, reserved or inventoried); None when there are none.
        survey: fresh for this key: begun after the key's last act.
        routine: at the last look it was as the same declaration says, and nobody has asked for this one; so what may
            be some seconds old is good enough to see that this is still so.
        touched_alone: at the last look all was as declared, and since then the declaration alone is known to have
            changed; so where reading everything takes long, what that touches may do (`Present.partial`).
        handed: what it has handed out, by number; only for a kind with a `space`.
        since: since when this object is known, seconds since the epoch; one that is made anew is another one. 0 while it
            was not seen before.
    """

    spec: P
    owner: Owner
    identity: Identity | None
    survey: Survey[Any]
    routine: bool = False
    touched_alone: bool = False
    handed: tuple[Grant, ...] = ()
    since: float = 0.0


@dataclass(frozen=True)
class Planning(Generic[P, S]):
    """What a kind is given to plan: everything frozen, nothing to wait for.

    Attributes:
        observed: the present state; None when the object is proven absent.
        identity: as in `Looking`.
        facts: the survey's facts.
    """

    spec: P
    owner: Owner
    observed: S | None
    identity: Identity | None
    facts: Any


async def _unwritten(_notes: Mapping[str, Json]) -> None:
    """Outside of the engine there is no journal."""


def _nothing_given(name: str) -> Any:
    """Outside of the engine nobody gives anything."""
    raise KeyError(name)


@dataclass(frozen=True)
class Acting:
    """What an act is given: the step's plain arguments and the object's ids, reserved ones included.

    Attributes:
        secrets: by their place in the comparable tree, as `Kind.secrets` names them; never in the arguments.
        note: writes the notes of the intent to the journal, in place of those before; they are there once it returns.
        by: who ordered it; empty where the declaration alone is the reason.
        key: the secret that `Kind.keys` names so. Raises RefusalError when it cannot be read.
        way: the client of the other target that `Kind.ways` names so. Raises TargetError when none can be made.
    """

    owner: Owner
    identity: Identity
    arguments: Mapping[str, Json]
    secrets: Mapping[Pointer, Secret] = field(default_factory=dict[Pointer, Secret])
    note: Callable[[Mapping[str, Json]], Awaitable[None]] = _unwritten
    key: Callable[[str], Secret] = _nothing_given
    way: Callable[[str], Any] = _nothing_given
    by: str = ""


def _two(_spec: Any, _scope: str) -> int:
    return 2


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with an object although it is as declared."""

    reason: str
    message: str


class Gate(Protocol):
    """What every call to a target goes through: budgets of calls, and breakers, per scope."""

    def using(
        self, *scopes: str, writes: bool = False, elsewhere: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Pass with a call that uses `scopes`; the target as a whole is one of them, unless the call goes elsewhere.

        A TransportError that leaves the block counts against the scope that it names, or the whole target. What is
        heard from elsewhere says nothing of the target: neither that it is down nor that it is back.

        Raises:
            DownError: a breaker is open, so the call must not be tried.
        """
        ...


@dataclass(frozen=True)
class TargetPort(Generic[P]):
    """How a target is reached; only on kinds that hold others.

    Attributes:
        connect: makes a client from the spec, which passes the gate with every call; performs no call to the target.
        survey: the shared bulk observation. Raises TargetError only when nothing at all could be read.
        poll: the state of a long operation by its id.
        find: the id of the operation that a step with this intent left running, if any.
        close: gives the client's threads and sockets back.
        secrets: the references in a spec that `connect` needs resolved, by name.
        budget: how many operations may use a scope side by side, from the spec and the scope's name.
        examine: every check of the target for `doctor`, also after one that failed; it raises nothing and writes
            nothing. None when a survey tells enough.
        listing: pure; what the facts of a survey list of all that kinds with `describe` can declare. None when it
            cannot be told.
    """

    connect: Callable[[P, Mapping[str, Secret], Gate], Any]
    survey: Callable[[Any, float], Awaitable[Survey[Any]]]
    poll: Callable[[Any, str], Awaitable[OperationState]]
    find: Callable[[Any, Intent], Awaitable[str | None]]
    close: Callable[[Any], Awaitable[None]]
    secrets: Callable[[P], Mapping[str, SecretRef]]
    budget: Callable[[P, str], int] = _two
    examine: Callable[[Examination[P]], AsyncIterator[Check]] | None = None
    listing: Callable[[Any], Listing] | None = None


def _complete(_owner: Owner, _state: Any) -> Step | None:
    return None


def _no_problems(_: Any) -> tuple[Problem, ...]:
    return ()


def _all_told(_: Any) -> tuple[str, ...]:
    return ()


def _undated(_: Any) -> float | None:
    return None


def _no_status(_: Any) -> Mapping[str, Json]:
    return {}


def _no_secrets(_: Any) -> Mapping[Pointer, SecretRef]:
    return {}


def _no_keys(_: Any) -> Mapping[str, SecretRef]:
    return {}


def _no_ways(_: Any) -> tuple[Name, ...]:
    return ()


def _nothing_exclusive(_: Any) -> tuple[Pointer, ...]:
    return ()


def _no_text(_: Any) -> str:
    return ""


def _unnamed(_: Key) -> Identity | None:
    return None


def _no_identity(_: str) -> Identity | None:
    return None


class Outputs(Spec):
    """What a kind publishes for others to use: every field typed and described, None while it is not known."""


def _no_outputs(_: Any) -> Outputs:
    return Outputs()


@dataclass(frozen=True)
class Kind(Generic[P, S]):
    """One kind of resource.

    Attributes:
        declare: the comparable tree of what the person wrote, normalised; nothing that was not written.
        project: the comparable tree of what is seen, normalised the same way.
        treatments: pattern of pointers (`/nics/*/mac`) to how they are compared.
        exclusive: the mappings in the comparable tree of which every member belongs to us, by the spec: one that is seen
            and not declared is to be removed, but for what `policy.ignore` names. What else is to stay beside them,
            `project` leaves out.
        identify: ids that the declaration itself fixes; None when it fixes none.
        named: ids that a new object gets from the name of its resource; None when it gets none.
        named_for_good: what `named` gives is as good as declared: under another name it is another object.
        object_id: the text of an identity that goes into the mark.
        observe: reads one key.
        plan: pure and deterministic; steps in the order in which they must happen.
        acts: one async function per verb.
        hosted_by: the kind of its target; None when it is a target itself or needs none.
        port: how to reach it, when it is a target.
        mark: the step that makes our mark on a present object complete, e.g. after somebody wiped it or after the
            declaration was renamed; None when it is complete.
        lasting: names of identity fields that no other object ever gets, e.g. a uuid. By them an object that lost
            its mark is known again; without any it is not.
        remove: pure; the steps that take a present object away, in their order: what stops or detaches it, and last what
            destroys it, all of them with Disruption.DESTROY. It destroys nothing that does not bear the owner's mark.
            None for a kind whose objects are never deleted.
        stateful: losing it loses data; creating it again needs approval.
        names_only: what it refers to only has to be there and not in sync, because it does no more than name it.
        overridable: the places in the spec that a person may set otherwise for one time.
        problems: what is wrong although nothing differs.
        measures: the numbers of what is seen that Prometheus gets.
        renewed: when what is seen was last brought into force, seconds since the epoch, where that being long ago is worth
            telling (`status --max-age`); None where it is not, or not known.
        status: what `status` shows besides the conditions.
        compute: makes absolute what a spec says relative to its target, and reads what that takes beyond the survey; a
            routine look at a spec without anything relative costs no call. None for a kind without such values.
        secrets: the secrets in a spec, by their place in the comparable tree; the engine declares there the keyed
            fingerprint of each value, and treats it as WRITE_ONLY.
        keys: the secrets that its acts work with and that are no part of the object, by name: a new value changes nothing.
        ways: the other targets that its acts go to, as the spec names them. Nobody waits for one before an act goes there.
        space: what it hands out to fields of others; None for a kind that hands out nothing.
        asks: pure; what it contributes to aggregates, from its key and its spec as declared. None for a kind that
            contributes nothing.
        expand: pure; the resources that a declaration makes beside its own, from its key and its merged spec, which may
            not be valid yet. None for a kind whose declarations make nothing else.
        gathers: how it takes what others contribute; None for a kind to which nobody does.
        entry: pure; the part of an object that the field at this place of this spec stands in, where that part can wait
            alone for what it takes from others; the last argument is what is seen, None without an object. What is waited for
            is then left as it is, the object is made without it, and an item of which its giver says that there is nothing
            is left out. None for a kind without such parts.
        outputs: the model of what it publishes.
        publish: the outputs of what is seen.
        machine: the UUID in the firmware of what is seen, by which an operating system on it knows where it runs;
            empty when it is no machine.
        identity: the identity that `object_id` gives as this text; None when it is the text of none. Only with
            `describe`.
        title: the name that people gave what is seen; empty when it has none.
        describe: the spec, as a person would write it, from which what is seen does not differ; the way in for
            objects made by hand.
        untold: what `describe` leaves out of what is set, each in a word; it stays as it is.
    """

    name: str
    summary: str
    spec: type[P]
    declare: Callable[[P], Tree]
    project: Callable[[S], Projection]
    observe: Callable[[Any, Looking[P]], Awaitable[Observation[S]]]
    plan: Callable[[Diff, Planning[P, S]], tuple[Step, ...]]
    identify: Callable[[P], Identity | None]
    object_id: Callable[[Identity], str]
    acts: Mapping[str, Callable[[Any, Acting], Awaitable[ActResult]]] = field(
        default_factory=dict[str, "Callable[[Any, Acting], Awaitable[ActResult]]"]
    )
    treatments: Mapping[Pointer, Treatment] = field(default_factory=dict[Pointer, Treatment])
    exclusive: Callable[[P], tuple[Pointer, ...]] = _nothing_exclusive
    names: re.Pattern[str] = NAME
    hosted_by: str | None = None
    named: Callable[[Key], Identity | None] = _unnamed
    named_for_good: bool = False
    port: TargetPort[P] | None = None
    mark: Callable[[Owner, S], Step | None] = _complete
    lasting: tuple[str, ...] = ()
    remove: Callable[[Owner, S, Any], tuple[Step, ...]] | None = None
    stateful: bool = False
    names_only: bool = False
    overridable: tuple[Pointer, ...] = ()
    problems: Callable[[S], tuple[Problem, ...]] = _no_problems
    measures: tuple[Measure[S], ...] = ()
    renewed: Callable[[S], float | None] = _undated
    status: Callable[[S], Mapping[str, Json]] = _no_status
    compute: Callable[[Any, Computing[P, S]], Awaitable[Computed[P]]] | None = None
    secrets: Callable[[P], Mapping[Pointer, SecretRef]] = _no_secrets
    keys: Callable[[P], Mapping[str, SecretRef]] = _no_keys
    ways: Callable[[P], tuple[Name, ...]] = _no_ways
    space: Callable[[P], Space] | None = None
    asks: Callable[[Key, P], tuple[Ask, ...]] | None = None
    expand: Callable[[Key, Tree], tuple[Expanded, ...]] | None = None
    gathers: Gathering | None = None
    entry: Callable[[Tree, Pointer, S | None], Entry] | None = None
    outputs: type[Outputs] = Outputs
    publish: Callable[[S], Outputs] = _no_outputs
    machine: Callable[[S], str] = _no_text
    identity: Callable[[str], Identity | None] = _no_identity
    title: Callable[[S], str] = _no_text
    describe: Callable[[S], Tree] | None = None
    untold: Callable[[S], tuple[str, ...]] = _all_told
    examples: tuple[str, ...] = ()


def _unbounded(_: Mapping[str, int]) -> None:
    """It does no work of its own here."""


@dataclass(frozen=True)
class System:
    """One package of kinds, found by the entry point group `setpoint.systems`.

    Attributes:
        skeleton: the files of a first estate, by their path below the folder of the declarations; valid together.
        entrances: how an estate that is there already is taken over, by the word after `setpoint init --from`.
        work: the sorts of work that it does on this machine, and how much of each goes on at once unless settings say more.
        apportion: takes how much of each sort goes on at once, before any of it begins.
        inventory: where it lets people declare things outside of the repository; None when it does not.
        lends: what it tells the inventories of other systems about its own kinds, by the name of the system that reads it.
    """

    name: str
    kinds: tuple[Kind[Any, Any], ...]
    skeleton: Callable[[], Mapping[str, str]] = dict[str, str]
    entrances: Mapping[str, Entrance] = field(default_factory=dict[str, Entrance])
    work: Mapping[str, int] = field(default_factory=dict[str, int])
    apportion: Callable[[Mapping[str, int]], None] = _unbounded
    inventory: InventoryType | None = None
    lends: Mapping[str, Callable[[], str]] = field(default_factory=dict[str, "Callable[[], str]"])
