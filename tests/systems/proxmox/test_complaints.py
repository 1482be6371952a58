"""What people complain about in other tools, number by number: here it converges, and then rests.

The numbers are of public trackers: bpg and Telmate are the two Terraform providers, danitso the first one's forebear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.load import reference
from tests.systems.proxmox.complaints import Complaint, Scene, live
from tests.systems.proxmox.complaints_living import LIVING
from tests.systems.proxmox.complaints_making import MAKING
from tests.systems.proxmox.complaints_values import DIFFERENCES, VALUES
from tests.systems.proxmox.drive import Lab

COMPLAINTS = [*VALUES, *MAKING, *LIVING]

ELSEWHERE = {
    "ProxLB#8": "asks for running guests to be spread anew; a node is chosen when a guest is made, or has to leave",
    "ProxLB#24": "asks for running guests to be spread anew; a node is chosen when a guest is made, or has to leave",
}
"""The numbers that no kind of ours answers, and why."""

KNOWN = reference() / "proxmox-peers.md"
_NUMBER = re.compile(r"([\w.-]+/)?([A-Za-z][\w.-]*)?#(\d+)")


@pytest.mark.parametrize("complaint", COMPLAINTS, ids=[one.number for one in COMPLAINTS])
def test_it_comes_true_and_then_nothing_is_left_to_do(
    complaint: Complaint, emulator: str, tmp_path: Path
) -> None:
    live(complaint, Lab(emulator), tmp_path)


async def somebody_changes_it(scene: Scene) -> None:
    """Not noticed yet when the second plan is made."""
    scene.by_hand(tags="setpoint")


async def somebody_restarts_it(scene: Scene) -> None:
    scene.lab.api("POST", f"{scene.path()}/status/reboot")


@pytest.mark.parametrize("story", [somebody_changes_it, somebody_restarts_it])
def test_what_is_left_to_do_or_restarts_is_found(story: object, emulator: str, tmp_path: Path) -> None:
    restless = replace(DIFFERENCES[0], story=story)  # type: ignore[arg-type]  # both are stories
    with pytest.raises(AssertionError):
        live(restless, Lab(emulator), tmp_path)


def test_every_number_stands_once() -> None:
    numbers = Counter([*(one.number for one in COMPLAINTS), *ELSEWHERE])
    assert [number for number, count in numbers.items() if count > 1] == []


def _numbers(text: str) -> Iterator[str]:
    """The numbers of a text; one that names no tracker is of the one before it."""
    tracker = ""
    for _, name, number in _NUMBER.findall(text):
        tracker = name or tracker
        yield f"{tracker.removeprefix('hashicorp/')}#{number}"


@pytest.mark.conformance
@pytest.mark.skipif(not KNOWN.exists(), reason=f"no list of complaints at {KNOWN}; set SETPOINT_REFERENCE")
def test_every_number_that_is_known_has_its_row_or_a_reason() -> None:
    section = KNOWN.read_text("utf-8").partition("\n## 2.")[2].partition("\n## ")[0]
    known = set(_numbers(section))
    assert len(known) > 80
    assert known ^ {*(one.number for one in COMPLAINTS), *ELSEWHERE} == set()
