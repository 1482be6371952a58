"""Any value that the store takes, for property tests; and one of each with every field set."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.plan import Intent
from setpoint.model.policy import Drift, Policy
from setpoint.model.resource import Resource
from setpoint.store.records import Event, EventKind, Item, Layer, Status

WEB = Key("default", "VirtualMachine", "web01")
MAIL = Key("site-a", "Mailbox", "anna@example.org/ünïcode")
HOME = Key("default", "Cluster", "home")
OTHER = Key("default", "Cluster", "other")

anything = st.characters(exclude_categories=())
texts = st.text(anything, max_size=8)
stored_texts = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, trees, max_size=3)
times = st.floats(min_value=0, max_value=4e9)
keys = st.builds(
    Key,
    st.from_regex(r"[a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"[A-Z][A-Za-z0-9]{0,5}", fullmatch=True),
    st.text(min_size=1, max_size=8),
)
changes = st.builds(
    Change, texts, trees | st.just(MISSING), trees | st.sampled_from(["missing", MISSING]), st.sampled_from(Cause),
    st.booleans(), st.booleans(),
)  # fmt: skip
holds = st.builds(Hold, st.sampled_from(Rule), texts, texts, texts)
conditions = st.builds(
    Condition, st.sampled_from(ConditionType), st.sampled_from(Truth), texts, texts, times, texts
)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


statuses = st.builds(
    Status, keys, texts, texts, texts, texts, some(conditions), times, some(changes), some(holds),
    st.booleans(), st.integers(0, 99), st.integers(0, 99), st.none() | times, st.none() | times,
    st.none() | objects,
)  # fmt: skip
items = st.builds(
    Item, keys, keys, st.dictionaries(texts, scalars), st.none() | objects, times, st.booleans()
)
events = st.builds(
    Event, times, st.sampled_from(EventKind), texts, st.none() | keys, texts, texts, texts, some(changes)
)
intents = st.builds(
    Intent,
    texts,
    st.dictionaries(texts, scalars),
    objects,
    times,
    st.lists(texts, max_size=2).map(tuple),
    texts,
)
freezes = st.builds(
    Freeze, st.sampled_from(Scope), st.sampled_from(["", "Box/a"]), stored_texts, stored_texts, times, times
)
origins = st.builds(Origin, texts, st.integers(0, 99), st.integers(0, 99), texts)
policies = st.builds(
    lambda drift, seconds: Policy.model_validate({**drift, **seconds}),
    st.just({}) | st.sampled_from(Drift).map(lambda drift: {"drift": drift}),
    st.just({}) | st.integers(10, 10**6).map(lambda seconds: {"interval": timedelta(seconds=seconds)}),
)
_of_a_resource = (
    keys, objects, policies, origins, texts, st.none() | keys, some(keys),
    st.dictionaries(texts, texts, max_size=2), st.none() | keys, st.dictionaries(texts, origins, max_size=2),
    some(texts),
)  # fmt: skip
resources = st.builds(Resource, *_of_a_resource, own=st.none() | st.builds(Resource, *_of_a_resource))
layers = st.builds(
    Layer, stored_texts, stored_texts, times, st.dictionaries(stored_texts, st.binary(max_size=9), max_size=3)
)


def status(key: Key = WEB, **changed: Any) -> Status:
    told = {
        "key": key, "spec_hash": "h1", "version": "c1", "outcome": "Done", "sentence": "in sync",
        "conditions": (), "reconciled_at": 100.0,
    }  # fmt: skip
    return Status(**{**told, **changed})


def names_of(value: type[Any]) -> set[str]:
    return {field.name for field in fields(value) if field.compare}
