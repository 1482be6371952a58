"""Whatever is remembered comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.model.diff import MISSING, Change
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.plan import Intent
from setpoint.model.policy import Drift, Policy
from setpoint.model.resource import Resource
from setpoint.store.codec import (
    encode,
    event_from,
    intent_from,
    item_from,
    key_from,
    key_text,
    resource_from,
    status_from,
)
from setpoint.store.records import Event, Item, Status
from tests.unit.store import values

CODECS = [
    pytest.param(Status, values.statuses, status_from, id="status"),
    pytest.param(Item, values.items, item_from, id="item"),
    pytest.param(Event, values.events, event_from, id="event"),
    pytest.param(Intent, values.intents, intent_from, id="intent"),
    pytest.param(Resource, values.resources, resource_from, id="resource"),
]


@pytest.mark.parametrize(("_value", "strategy", "decode"), CODECS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_it_comes_back_as_it_was(
    data: st.DataObject, _value: type[Any], strategy: st.SearchStrategy[Any], decode: Callable[[str], Any]
) -> None:
    value = data.draw(strategy)
    assert decode(encode(value)) == value


@pytest.mark.parametrize(("value", "strategy", "decode"), CODECS)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_every_field_is_written(
    data: st.DataObject, value: type[Any], strategy: st.SearchStrategy[Any], decode: Callable[[str], Any]
) -> None:
    assert set(json.loads(encode(data.draw(strategy)))) == values.names_of(value)


def test_any_mapping_is_as_good_as_a_dict() -> None:
    labels = MappingProxyType({"env": "prod"})
    resource = Resource(values.WEB, {}, Policy(), Origin("a.yaml", 1, 1), "h", labels=labels)
    assert resource_from(encode(resource)).labels == labels


def test_the_places_of_single_values_are_not_kept() -> None:
    origins = {"/cores": Origin("a.yaml", 2, 3)}
    stored = encode(Resource(values.WEB, {}, Policy(), Origin("a.yaml", 1, 1), "h", origins=origins))
    assert "origins" not in json.loads(stored)
    assert resource_from(stored).origins == {}


def test_a_document_of_a_former_version_that_has_places_can_be_read() -> None:
    stored = json.loads(encode(Resource(values.WEB, {}, Policy(), Origin("a.yaml", 1, 1), "h")))
    stored["origins"] = {"/cores": {"path": "a.yaml", "line": 2, "column": 3, "source": "git"}}
    assert resource_from(json.dumps(stored)).key == values.WEB


@given(key=values.keys)
def test_a_key_comes_back_as_it_was(key: Key) -> None:
    assert key_from(key_text(key)) == key


@pytest.mark.parametrize("observed", ["missing", MISSING, None], ids=["the text", "missing", "null"])
def test_what_is_missing_is_told_from_a_text_and_from_null(observed: Any) -> None:
    stored = encode(values.status(changes=(Change("/a", 1, observed),)))
    assert status_from(stored).changes[0].observed is observed or observed == "missing"
    assert type(status_from(stored).changes[0].observed) is type(observed)


def test_what_a_person_did_not_write_in_the_policy_stays_unwritten() -> None:
    policy = Policy(drift=Drift.WARN)
    resource = Resource(values.WEB, {}, policy, Origin("a.yaml", 1, 1), "h")
    assert resource_from(encode(resource)).policy.model_fields_set == {"drift"}


@pytest.mark.parametrize("number", [0, 1, -1, 2**63, 10**30, 1.0, 0.1, 1e300, True, False], ids=repr)
def test_numbers_keep_their_type_and_value(number: Any) -> None:
    detail = status_from(encode(values.status(detail={"n": number}))).detail
    assert detail is not None
    assert (type(detail["n"]), detail["n"]) == (type(number), number)
