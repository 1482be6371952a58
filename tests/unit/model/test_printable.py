"""What others wrote steers no terminal, and does not fill it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.printable import brief, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe ✓", "größe ✓"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("a\u202eb", "a\\u202eb"),
        ("\0", "\\x00"),
    ],
)
def test_signs_that_steer_a_terminal_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(), st.integers(10, 40))
def test_it_is_printable_and_short_whatever_it_is(text: str, longest: int) -> None:
    shown = brief(text, longest)
    assert shown.isprintable()
    assert len(shown) <= 10 * longest


def test_the_middle_gives_way() -> None:
    assert brief(f"'{'x' * 900}' is no name", 40) == f"'{'x' * 19}…xxxxxxx' is no name"
