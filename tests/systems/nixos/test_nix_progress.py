"""How the progress of Nix is told to people."""

from __future__ import annotations

import pytest

from setpoint_nixos.nix.events import Awaiting, Building, Copying, Counted, Event, Line
from setpoint_nixos.nix.progress import progress

PATH = f"/nix/store/{'a' * 32}-nginx-1.2"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Building(f"{PATH}.drv"), "nginx-1.2 is built"),
        (Building(f"{PATH}.drv", "ssh-ng://forge"), "nginx-1.2 is built on ssh-ng://forge"),
        (Copying(PATH), "nginx-1.2 is copied"),
        (Line(f"{PATH}.drv", "compiling"), "nginx-1.2: compiling"),
        (Line(f"{PATH}.drv", "\x1b[31mred"), "nginx-1.2: \\x1b[31mred"),
        (Counted("copies", 3, 9, 0), "3 of 9 copies"),
        (Counted("copies", 0, 0, 0), ""),
        (Copying("odd"), "odd is copied"),
        (Awaiting("copying", 4), "waits for a place for copying, which 4 others have"),
    ],
    ids=[
        "built",
        "built-elsewhere",
        "copied",
        "log",
        "log-in-colour",
        "counted",
        "nothing-to-count",
        "odd",
        "waits",
    ],
)
def test_progress_is_told_in_words(event: Event, told: str) -> None:
    assert progress(event) == told
