"""What has expired counts as declared no more, unless something else still needs it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from setpoint.desired.expiry import next_expiry, unexpired
from tests.unit.desired.estate import BOX, compiled, lines

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp()


def thing(name: str, expires: str = "", near: str = "") -> str:
    policy = f"policy: {{deletion: delete, expires: {expires}}}\n" if expires else ""
    spec = f", near: {near}" if near else ""
    return f"kind: Thing\nmetadata: {{name: {name}}}\n{policy}spec: {{image: i{spec}}}\n"


@pytest.mark.parametrize(
    ("expires", "stays"),
    [
        pytest.param("2027-01-31", False, id="a day from its first hour on"),
        pytest.param("2027-02-01", True, id="the next day"),
        pytest.param("2027-01-31T11:59:59Z", False, id="a second ago"),
        pytest.param("2027-01-31T12:00:00Z", False, id="now"),
        pytest.param("2027-01-31T12:00:01Z", True, id="in a second"),
        pytest.param("2027-01-31T12:30+01:00", False, id="in another zone, half an hour ago"),
    ],
)
def test_it_is_there_until_its_moment(expires: str, *, stays: bool) -> None:
    found = unexpired(compiled({"a.yaml": thing("a", expires), "z.yaml": BOX}), NOON)
    assert [str(key) for key in found.resources] == (["Box/main", "Thing/a"] if stays else ["Box/main"])
    assert not found.broken


def test_what_needs_it_stays_as_it_was_and_says_why() -> None:
    files = {
        "a.yaml": thing("a", "2027-01-01"),
        "b.yaml": thing("b", near="a"),
        "c.yaml": thing("c", near="b"),
        "z.yaml": BOX,
    }
    found = unexpired(compiled(files), NOON)
    assert [str(key) for key in found.resources] == ["Box/main"]
    assert {str(key): problem.what for key, problem in found.suspended.items()} == {
        "Thing/b": "needs Thing/a, which has expired",
        "Thing/c": "needs Thing/b",
    }
    assert {str(key) for key in found.broken} == {"Thing/b", "Thing/c"}


def test_the_next_moment_is_told_and_those_that_are_past_are_not() -> None:
    files = {f"{name}.yaml": thing(name, f"2027-0{n}-01") for n, name in ((1, "a"), (3, "c"), (2, "b"))}
    resources = compiled({**files, "z.yaml": BOX}).resources.values()
    assert next_expiry(resources, NOON) == datetime(2027, 2, 1, tzinfo=UTC).timestamp()
    assert next_expiry([], NOON) is None


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        pytest.param(
            "expires: 2027-01-01", "expires needs a word on what becomes of the object", id="no word"
        ),
        pytest.param(
            "deletion: delete, expires: soon", "'soon' is no moment; write 2027-01-31", id="no moment"
        ),
        pytest.param(
            "deletion: delete, expires: '2027-01-31T18:00'",
            "'2027-01-31T18:00' lacks its time zone",
            id="no time zone",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(policy: str, what: str) -> None:
    text = f"kind: Thing\nmetadata: {{name: a}}\npolicy: {{{policy}}}\nspec: {{image: i}}\n"
    (line,) = lines(compiled({"a.yaml": text, "z.yaml": BOX}))
    assert line.startswith("a.yaml:3:")
    assert what in line
