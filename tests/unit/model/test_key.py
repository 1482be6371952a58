from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.key import Key, is_namespace

NAMESPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
KIND_NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}", fullmatch=True)
KEYS = st.builds(Key, NAMESPACES, KIND_NAMES, st.text(min_size=1))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Box/a", Key("default", "Box", "a")),
        ("prod/Box/a", Key("prod", "Box", "a")),
        ("default/Box/a", Key("default", "Box", "a")),
        ("Dataset/tank/photos", Key("default", "Dataset", "tank/photos")),
        ("prod/Dataset/tank/photos", Key("prod", "Dataset", "tank/photos")),
        ("Box/Box/a", Key("default", "Box", "Box/a")),
        ("Account/anna@example.org", Key("default", "Account", "anna@example.org")),
    ],
)
def test_a_key_is_read(text: str, key: Key) -> None:
    assert Key.parse(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "Box", "Box/", "/Box/a", "prod/Box/", "prod/box/a", "box/a", "Prod_1/Box/a", "-x/Box/a", "x-/Box/a"],
)
def test_what_is_no_key_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"'{text}' is no key: write Kind/name or namespace/Kind")):
        Key.parse(text)


@given(KEYS)
def test_a_key_survives_being_shown_and_read(key: Key) -> None:
    assert Key.parse(str(key)) == key


@given(NAMESPACES, KIND_NAMES, st.text(min_size=1))
def test_a_name_without_a_namespace_is_one_of_the_namespace_at_hand(
    namespace: str, kind: str, name: str
) -> None:
    assert Key.parse(f"{kind}/{name}", namespace=namespace) == Key(namespace, kind, name)


def test_only_the_default_namespace_is_hidden() -> None:
    assert str(Key("default", "Box", "a")) == "Box/a"
    assert str(Key("prod", "Box", "a")) == "prod/Box/a"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("prod", True),
        ("1", True),
        ("a-b", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("Prod", False),
        ("a.b", False),
        ("prod\n", False),
    ],
)
def test_a_namespace_is_a_dns_label(text: str, *, good: bool) -> None:
    assert is_namespace(text) is good
