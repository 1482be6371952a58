"""Which times may stand for which: each recorded one is one emulated one, and none overtakes another."""

from __future__ import annotations

import pytest

from tests.conformance.binding import Bindings
from tests.conformance.netbox.dialect import NETBOX

START = "2026-11-21T02:57:00.000001Z"


def at(milliseconds: float) -> str:
    """A time of the recording, or of the emulator."""
    return f"2026-11-21T02:58:{int(milliseconds) // 1000:02d}.{int(milliseconds * 1000) % 1_000_000:06d}Z"


def found(*pairs: tuple[int, str, str]) -> list[bool]:
    """Whether each pair, seen in the entry of that number, agrees with those before it."""
    bindings = Bindings(NETBOX, {"created": START})
    agreed: list[bool] = []
    for turn, recorded, emulated in pairs:
        bindings.turn_to(turn)
        agreed.append(bindings.bind("instant", recorded, emulated) is None)
    return agreed


TIMES: dict[str, tuple[list[tuple[int, str, str]], list[bool]]] = {
    "one recorded is one emulated": (
        [(1, at(1), at(5)), (2, at(1), at(5)), (3, at(1), at(6))],
        [True, True, False],
    ),
    "order holds": ([(1, at(1000), at(2000)), (2, at(2000), at(2500))], [True, True]),
    "none overtakes": ([(1, at(1000), at(2000)), (2, at(2000), at(1500))], [True, False]),
    "one request may write at once": ([(1, at(1000), at(2000)), (1, at(1100), at(2000))], [True, True]),
    "two requests do not": ([(1, at(1000), at(2000)), (2, at(1100), at(2000))], [True, False]),
    "the start stays": ([(1, START, START), (2, START, at(1))], [True, False]),
    "what was written is not of the start": ([(1, at(1000), START)], [False]),
    "a rounded time is that of its whole one": (
        [(1, at(1000.5), at(2000.5)), (1, "2026-11-21T02:58:01.000Z", "2026-11-21T02:58:02.000Z")],
        [True, True],
    ),
    "and of no other": (
        [(1, at(1000.5), at(2000.5)), (1, "2026-11-21T02:58:01.000Z", "2026-11-21T02:58:02.001Z")],
        [True, False],
    ),
}


@pytest.mark.parametrize(("pairs", "agreed"), TIMES.values(), ids=TIMES)
def test_times(pairs: list[tuple[int, str, str]], agreed: list[bool]) -> None:
    assert found(*pairs) == agreed


def test_what_a_comparison_tried_out_is_forgotten() -> None:
    bindings = Bindings(NETBOX)
    mark = bindings.mark()
    assert bindings.bind("instant", at(1), at(5)) is None
    bindings.rollback(mark)
    assert bindings.bind("instant", at(1), at(6)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('W/"2026-11-21T02:58:00.001000+00:00"', 'W/"2026-11-21T02:58:00.005000+00:00"'),
        ("since 2026-11-21T02:58:00.001000Z", "since 2026-11-21T02:58:00.005000Z"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ],
)
def test_a_request_bears_the_time_of_the_emulator(text: str, expected: str) -> None:
    bindings = Bindings(NETBOX)
    assert bindings.bind("instant", at(1), at(5)) is None
    assert bindings.translate(text) == expected
