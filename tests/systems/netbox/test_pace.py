from __future__ import annotations

from datetime import timedelta

import pytest

from setpoint.model.errors import SourceError
from setpoint.model.inventory import DoubtError
from setpoint_netbox.api.failures import DeniedError, OutageError, StrangerError, TokenError
from setpoint_netbox.watch.holes import Feed
from setpoint_netbox.watch.known import Known
from setpoint_netbox.watch.pace import APART, DEBOUNCE, LONGEST, PATIENT, due, pause, probe_due, until_next

QUARTER, POLL = timedelta(minutes=15), timedelta(seconds=15)


def known(*, read: float = 0.0, far: float | None = None) -> Known:
    return Known(Feed(0, {}), read_at=read, probed_at=read, far_at=far)


@pytest.mark.parametrize(
    ("what", "chance", "now", "expected"),
    [
        pytest.param(known(), 0.0, 899, False, id="not yet"),
        pytest.param(known(), 0.0, 900, True, id="after its interval"),
        pytest.param(known(), 1.0, 601, True, id="a third earlier by chance"),
        pytest.param(known(), 1.0, 599, False, id="and no more than that"),
        pytest.param(known(read=0, far=100), 0.0, 100 + DEBOUNCE - 1, False, id="a swarm goes on"),
        pytest.param(known(read=0, far=100), 0.0, 100 + DEBOUNCE, True, id="a swarm is over"),
        pytest.param(known(read=95, far=100), 0.0, 95 + APART - 1, False, id="everything was read just now"),
        pytest.param(known(read=95, far=100), 0.0, 95 + APART, True, id="everything was read a while ago"),
    ],
)
def test_everything_is_read(what: Known, chance: float, now: float, *, expected: bool) -> None:
    assert due(what, QUARTER, chance, now) is expected


def test_a_probe_is_half_way_between_two_readings() -> None:
    assert not probe_due(known(), QUARTER, 449)
    assert probe_due(known(), QUARTER, 450)


@pytest.mark.parametrize(
    ("what", "chance", "expected"),
    [
        (known(), 0.5, 15.0),
        (known(), 0.0, 13.5),
        (known(), 1.0, 16.5),
        (known(read=-100, far=0.0), 0.5, DEBOUNCE),
        (known(read=-1, far=0.0), 0.5, 15.0),
    ],
)
def test_the_next_poll_is_at(what: Known, chance: float, expected: float) -> None:
    assert until_next(what, POLL, chance, 0.0) == pytest.approx(expected)


@pytest.mark.parametrize("error", [TokenError("x"), DeniedError("x"), DoubtError("x", remedy="", token="t")])
def test_what_a_person_mends_is_tried_seldom(error: SourceError) -> None:
    assert pause(error, 1, 0.5) == pause(error, 90, 0.0) == PATIENT


@pytest.mark.parametrize("error", [OutageError("x"), StrangerError("x")])
def test_what_mends_itself_is_tried_soon_and_then_ever_later(error: SourceError) -> None:
    assert [pause(error, number, 1.0) for number in (1, 2, 3, 7, 5000)] == [1.0, 2.0, 4.0, LONGEST, LONGEST]
    assert pause(error, 7, 0.0) == LONGEST / 2
