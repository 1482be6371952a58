"""Which resources and which tokens a person means."""

from __future__ import annotations

import pytest

from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.surface.bodies import ResyncBody
from setpoint.surface.select import UnknownError, choose, find_token


def declared(namespace: str, name: str, **labels: str) -> tuple[Key, Resource]:
    key = Key(namespace, "Box", name)
    return key, Resource(key, {}, Policy(), Origin("x.yaml"), "hash", labels=labels)


ESTATE = dict(
    [
        declared("default", "a", tier="web", env="prod"),
        declared("test", "a", tier="web"),
        declared("test", "b"),
    ]
)


@pytest.mark.parametrize(
    ("body", "chosen"),
    [
        ({"keys": ["Box/a"]}, ["Box/a"]),
        ({"keys": ["Box/a"], "namespace": "test"}, ["test/Box/a"]),
        ({"keys": ["test/Box/b", "Box/a"]}, ["test/Box/b", "Box/a"]),
        ({"kind": "Box"}, ["Box/a", "test/Box/a", "test/Box/b"]),
        ({"kind": "Box", "namespace": "test", "namespaced": True}, ["test/Box/a", "test/Box/b"]),
        ({"selector": "tier=web"}, ["Box/a", "test/Box/a"]),
        ({"selector": "tier=web,env=prod"}, ["Box/a"]),
        ({"selector": "tier and not env=prod"}, ["test/Box/a"]),
        ({"selector": "Box/a", "namespace": "test", "namespaced": True}, ["test/Box/a"]),
        ({"all": True, "namespace": "default", "namespaced": True}, ["Box/a"]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_body_means(body: dict[str, object], chosen: list[str]) -> None:
    assert [str(key) for key in choose(ESTATE, ResyncBody.model_validate(body))] == chosen


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        ("tier=", "'tier=' is no selector: 'tier=' lacks the label or its value; write e.g. env=prod"),
        ("toer", "nothing is called 'toer' or has a label of that name; did you mean tier"),
        ("tier=mail", "no declared resource matches that"),
    ],
    ids=["no selector", "unknown word", "nothing meant"],
)
def test_a_selector_that_means_nothing(selector: str, sentence: str) -> None:
    with pytest.raises(UnknownError) as refused:
        choose(ESTATE, ResyncBody.model_validate({"selector": selector}))
    assert str(refused.value).startswith(sentence)


WAITING = {"8c1f0a3b9d2e": "Box/a: was there", "8c1f0a3fffff": "Box/b: was there", "short": "Box/c: odd"}


@pytest.mark.parametrize(
    ("text", "token"),
    [("8c1f0a3b9d2e", "8c1f0a3b9d2e"), ("8c1f0a3b", "8c1f0a3b9d2e"), ("short", "short")],
    ids=["whole", "shortened", "shorter than what may be shortened"],
)
def test_a_token_is_found(text: str, token: str) -> None:
    assert find_token(WAITING, text) == token


@pytest.mark.parametrize(
    ("waiting", "text", "sentence"),
    [
        (WAITING, "8c1f0a3", "'8c1f0a3' may be 8c1f0a3b9d2e or 8c1f0a3fffff; write more of it"),
        (
            WAITING,
            "8c1f",
            "nothing waits for approval of '8c1f'; waiting are 8c1f0a3b9d2e (Box/a: was there); ",
        ),
        ({}, "8c1f", "nothing waits for approval of '8c1f', nor of anything else"),
    ],
    ids=["ambiguous", "too short", "nothing waits"],
)
def test_what_is_no_token_is_told(waiting: dict[str, str], text: str, sentence: str) -> None:
    with pytest.raises(UnknownError) as refused:
        find_token(waiting, text)
    assert str(refused.value).startswith(sentence)
