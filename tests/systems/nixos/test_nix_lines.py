"""Lines of what comes in pieces: each once, in their order, whatever the pieces, and none without bound."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from setpoint_nixos.nix.lines import LONGEST, Lines


@given(st.lists(st.binary(max_size=9) | st.just(b"\n")))
def test_the_pieces_make_no_difference(pieces: list[bytes]) -> None:
    heard, whole = list[str](), b"".join(pieces)
    lines = Lines(heard.append)
    for piece in pieces:
        lines.take(piece)
    lines.end()
    told = whole.decode(errors="replace").split("\n")
    assert heard == (told if told[-1] else told[:-1])


def test_a_line_without_end_is_cut_and_takes_no_memory() -> None:
    heard = list[str]()
    lines = Lines(heard.append)
    tracemalloc.start()
    for _ in range(1000):
        lines.take(b"x" * LONGEST)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    lines.take(b"\nnext\n")
    assert heard == ["x" * LONGEST, "next"]
    assert most < 10 * LONGEST
