from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.week import DAYS
from setpoint.model.window import Window

MOMENTS = st.floats(1_700_000_000, 1_900_000_000)
WINDOWS = st.builds(
    lambda days, opens, closes, zone: f"{','.join(sorted(days))} {opens}-{closes} {zone}",
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.sampled_from(["00:00", "02:30", "22:15"]),
    st.sampled_from(["01:00", "02:45", "23:59"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
).map(Window.parse)


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("window", "moment", "is_open"),
    [
        pytest.param("sat,sun 02:00-05:00 Europe/Berlin", "2026-11-21 03:00", True, id="inside"),
        pytest.param("sat,sun 02:00-05:00 Europe/Berlin", "2026-11-21 05:00", False, id="its end is outside"),
        pytest.param("sat,sun 02:00-05:00 Europe/Berlin", "2026-11-20 03:00", False, id="another day"),
        pytest.param("fri 22:00-04:00 Europe/Berlin", "2026-11-21 03:59", True, id="past midnight"),
        pytest.param(
            "sat 22:00-04:00 Europe/Berlin", "2026-11-21 03:59", False, id="belongs to the day it opens"
        ),
        pytest.param("02:00-05:00", "2026-11-21 03:30", True, id="UTC and every day when left out"),
        pytest.param("02:00-05:00", "2026-11-21 02:30", False, id="UTC is not local"),
        pytest.param("fri..mon 02:00-05:00 Europe/Berlin", "2026-11-22 03:00", True, id="a row of days"),
        pytest.param(
            "sun 02:00-03:00 Europe/Berlin", "2026-10-25 02:30", True, id="the hour that comes twice"
        ),
    ],
)
def test_a_window_is_open_in_its_hours(window: str, moment: str, is_open: bool) -> None:  # noqa: FBT001  # a table
    assert Window.parse(window).is_open(at(moment)) is is_open


@given(WINDOWS, MOMENTS)
def test_it_is_open_when_it_opens_and_that_is_ahead(window: Window, moment: float) -> None:
    opening = window.next_opening(moment)
    assert opening > moment
    assert opening - moment <= 8 * 86400
    assert window.is_open(opening)


@given(WINDOWS)
def test_what_it_says_is_read_again(window: Window) -> None:
    assert Window.parse(str(window)) == window


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nights", "'nights' is no window"),
        ("sat 2:00-5:00", "is no window"),
        ("sat 25:00-26:00", "no time of the day"),
        ("sat 02:00-02:00", "opens and closes at the same time"),
        ("caturday 02:00-05:00", "'caturday' is no day"),
        ("sat 02:00-05:00 Mars/Olympus", "'Mars/Olympus' is no time zone"),
        ("sat 02:00-05:00 ../../etc/passwd", "is no time zone"),
    ],
)
def test_what_is_no_window_is_refused_with_what_would_be(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace(".", r"\.")):
        Window.parse(text)
