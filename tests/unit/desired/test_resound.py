"""A file that is read anew where it differs is read as if it were read as a whole, whatever was done to its text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired import resound
from setpoint.desired.node import Path
from setpoint.desired.resound import read_anew
from setpoint.desired.sound import UnusualError, read_sound
from setpoint.model.tree import Json

PATH = "zone.yaml"


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(resound, "LEAST", 3)
    yield
    resound.forget()


HEAD = "kind: Zone\nmetadata: {name: a}\ntarget: b\nspec:\n  records:\n"
ENTRIES = [
    "    w{n}: {{A: 192.0.2.{n}}}\n",
    "    w{n}:\n      A: 192.0.2.{n}\n      TXT: [a, b]\n",
    "    w{n}: goes\n      on\n\n      and on\n",
    '    "w{n}": "in\n      quotes"\n',
    "    w{n}: |+\n      kept\n\n",
    "    w{n}: >\n      folded\n    # a comment\n",
    "    w{n}:\n    - a\n    - b: {n}\n",
    "    w{n}: {{a: 1,\n  b: [2,\n      3]}}\n",
    "    w{n}:\n",
    "\n    # ünder\n    w{n}: ünder # behind\n",
]
TAILS = ["", "  ttl: 5\n", "policy: {interval: 1h}\n", "# the end", "---\n", "    last: no line end"]
PIECES = [
    " ", "    ", "\n", "x", "x: y", ":", "- ", "#", "'", '"', "|", ">", "{", "}", "[", "]", ",", "---\n", "...\n", "&a ",
    "*a", "!t ", "%", "\t", "null", "w1: 7\n", "    w1: 7\n", "    new: {A: 1}\n", "  low: 1\n", "low: 1\n", "      deep: 1\n",
    "? ", "<<", "9" * 30, "ü", "\r\n", "\u2028",
]  # fmt: skip

texts = st.builds(
    lambda kinds, tail: HEAD + "".join(ENTRIES[kind].format(n=n) for n, kind in enumerate(kinds)) + tail,
    st.lists(st.integers(0, len(ENTRIES) - 1), min_size=3, max_size=9),
    st.sampled_from(TAILS),
)


@st.composite
def edited(draw: st.DrawFn) -> list[str]:
    """A text, and what it becomes edit by edit."""
    found = [draw(texts)]
    for _ in range(draw(st.integers(1, 3))):
        text = found[-1]
        at = draw(st.integers(0, len(text)))
        if draw(st.booleans()):
            at = text.rfind("\n", 0, at) + 1
        length = draw(st.integers(0, 12))
        more = "".join(draw(st.lists(st.sampled_from(PIECES), max_size=3)))
        found.append(text[:at] + more + text[at + length :])
    return found


def paths(value: Json, above: Path = ()) -> Iterator[Path]:
    yield above
    if isinstance(value, dict):
        for name, below in value.items():
            yield from paths(below, (*above, name))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from paths(below, (*above, number))


@given(edited())
def test_what_is_read_anew_is_what_a_reading_of_the_whole_gives(versions: list[str]) -> None:
    resound.forget()
    for text in versions:
        content = text.encode()
        try:
            whole = read_sound(PATH, content)
        except UnusualError:
            with pytest.raises(UnusualError):
                read_anew(PATH, content)
            continue
        try:
            anew = read_anew(PATH, content)
        except UnusualError:
            continue  # Then the careful reader reads it.
        assert repr([one.tree for one in anew]) == repr([one.tree for one in whole])
        assert [one.origin for one in anew] == [one.origin for one in whole]
        for one, other in zip(anew, whole, strict=True):
            assert one.nulls or not other.nulls
            for path in (*paths(other.tree), ("none",), ("spec", "records", "none")):
                assert one.where(path) == other.where(path)


def records(*lines: str) -> bytes:
    return (HEAD + "".join(f"    {line}\n" for line in lines)).encode()


@pytest.mark.parametrize(
    "now",
    [
        ("a: {A: 1}", "b: {A: 7}", "c: {A: 3}", "d: {A: 4}"),
        ("a: {A: 1}", "new: {A: 7}", "b: {A: 2}", "c: {A: 3}", "d: {A: 4}"),
        ("a: {A: 1}", "c: {A: 3}", "d: {A: 4}"),
        ("a: {A: 1}", "b: {A: 2}", "c: {A: 3}", "d: {A: 4}", "e: {A: 5}"),
        ("z: {A: 0}", "a: {A: 1}", "b: {A: 2}", "c: {A: 3}", "d: {A: 4}"),
    ],
    ids=["changed", "new in the middle", "removed", "new behind", "new before"],
)
def test_what_is_as_it_was_is_the_very_same(now: tuple[str, ...]) -> None:
    (before,) = read_anew(PATH, records("a: {A: 1}", "b: {A: 2}", "c: {A: 3}", "d: {A: 4}"))
    (after,) = read_anew(PATH, records(*now))
    old, new = before.tree["spec"]["records"], after.tree["spec"]["records"]  # type: ignore[index,call-overload]
    assert list(new) == [line.partition(":")[0] for line in now]  # type: ignore[arg-type]
    kept = [name for name in new if name in old and new[name] == old[name]]  # type: ignore[union-attr,index,operator,call-overload]
    assert sum(new[name] is old[name] for name in kept) >= len(kept) - 1  # type: ignore[index,call-overload]
    assert before.tree["metadata"] is after.tree["metadata"]


def test_two_of_one_name_are_left_to_the_careful_reader() -> None:
    read_anew(PATH, records("a: {A: 1}", "b: {A: 2}", "c: {A: 3}"))
    with pytest.raises(UnusualError):
        read_anew(PATH, records("a: {A: 1}", "c: {A: 2}", "c: {A: 3}"))


def test_only_so_many_files_are_remembered() -> None:
    content = records("a: {A: 1}", "b: {A: 2}", "c: {A: 3}")
    for number in range(resound.KEPT + 3):
        read_anew(f"{number}.yaml", content)
    assert len(resound._KNOWN) == resound.KEPT
    assert "0.yaml" not in resound._KNOWN
