"""Property strings keep every option, and come out in the order in which Proxmox prints them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_proxmox.propstring import is_true, parse, render

KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
VALUES = st.text(
    st.characters(exclude_characters=",", exclude_categories=["C", "Z"]), min_size=1, max_size=12
)


@pytest.mark.parametrize(
    ("text", "default", "options"),
    [
        pytest.param("local-zfs:vm-1-disk-0", "file", {"file": "local-zfs:vm-1-disk-0"}, id="bare"),
        pytest.param("a:b,size=1G,ssd=1", "file", {"file": "a:b", "size": "1G", "ssd": "1"}, id="options"),
        pytest.param("size=1G,file=a:b", "file", {"size": "1G", "file": "a:b"}, id="default named"),
        pytest.param(
            "virtio=BC:24:11:00:00:01,trunks=20;10",
            "model",
            {"virtio": "BC:24:11:00:00:01", "trunks": "20;10"},
            id="semicolon",
        ),
        pytest.param(
            "base64=1,serial=ZHM9bm8=", "", {"base64": "1", "serial": "ZHM9bm8="}, id="equals in value"
        ),
    ],
)
def test_options_are_read(text: str, default: str, options: dict[str, str]) -> None:
    assert parse(text, default) == options


@pytest.mark.parametrize("text", ["", "a,,b=1", "a=1,bare", "a=1,a=2", "=1", "a="])
def test_a_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"'"):
        parse(text, "file")


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6), st.sampled_from(["", "file"]))
def test_what_is_rendered_is_read_back(options: dict[str, str], default: str) -> None:
    assert parse(render(options, default), default) == options


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6))
def test_the_order_is_canonical(options: dict[str, str]) -> None:
    shuffled = dict(reversed(options.items()))

    assert render(options, "file", first=("bridge",)) == render(shuffled, "file", first=("bridge",))


def test_the_default_stands_first_and_bare() -> None:
    assert render({"size": "1G", "discard": "on", "file": "a:b"}, "file") == "a:b,discard=on,size=1G"


def test_a_value_that_cannot_be_said_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        render({"file": "a,b"}, "file")


@pytest.mark.parametrize(
    ("value", "truth"), [("1", True), ("on", True), ("Yes", True), ("0", False), ("off", False)]
)
def test_truth_inside_a_property_string(value: str, *, truth: bool) -> None:
    assert is_true(value) is truth
