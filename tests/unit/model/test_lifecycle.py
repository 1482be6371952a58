from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.lifecycle import Moments
from setpoint.model.policy import Policy

SUNDAY = {"rebuildEvery": "14d", "at": "Sun 04:00"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Sun 04:00", "sun 04:00 UTC", id="a day"),
        pytest.param("mon..wed,sat 23:59 Europe/Berlin", "mon,tue,wed,sat 23:59 Europe/Berlin", id="days"),
        pytest.param(" 00:00 ", "mon,tue,wed,thu,fri,sat,sun 00:00 UTC", id="every day"),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, shown: str) -> None:
    assert str(Moments.parse(text)) == shown
    assert Moments.parse(shown) == Moments.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("sunday 4am", "no moment of the week", id="another form"),
        pytest.param("Sun 25:00", "no time of the day", id="an hour that is none"),
        pytest.param("Sonntag 04:00", "no day", id="another language"),
        pytest.param("Sun 04:00 Berlin", "no time zone", id="a city"),
        pytest.param("Sun 02:00-05:00", "no moment of the week", id="a window"),
    ],
)
def test_what_names_no_moment_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Moments.parse(text)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        pytest.param({"lifecycle": {"at": "Sun 04:00"}}, "rebuildEvery", id="no age"),
        pytest.param({"lifecycle": {"rebuildEvery": "14d"}}, "at", id="no moment"),
        pytest.param({"lifecycle": {**SUNDAY, "rebuildEvery": "12h"}}, "at least 1d", id="too often"),
        pytest.param({"lifecycle": {**SUNDAY, "rebuildEvery": "4000d"}}, "at most 3650d", id="never"),
        pytest.param({"lifecycle": {**SUNDAY, "when": 1}}, "when", id="an unknown field"),
        pytest.param({"lifecycle": SUNDAY, "manage": "noDelete"}, "manage: full", id="what may not be destroyed"),
        pytest.param({"lifecycle": SUNDAY, "manage": "observe"}, "manage: full", id="what is only looked at"),
        pytest.param({"lifecycle": SUNDAY, "window": "mon 02:00-05:00"}, "waits for mon", id="outside of its window"),
        pytest.param({"lifecycle": {**SUNDAY, "at": "04:00"}, "window": "sun 02:00-05:00"}, "waits for sun", id="mostly outside of its window"),
        pytest.param({"lifecycle": SUNDAY, "windows": {"recreate": "sun 05:00-06:00"}}, "waits for sun", id="outside of its own hours"),
    ],
)  # fmt: skip
def test_a_lifecycle_that_cannot_be_is_refused(policy: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Policy.model_validate(policy)


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"lifecycle": SUNDAY}, id="alone"),
        pytest.param({"lifecycle": SUNDAY, "window": "sun 04:00-05:00"}, id="as its window opens"),
        pytest.param({"lifecycle": SUNDAY, "window": "mon 02:00-05:00", "windows": {"recreate": "sun 02:00-05:00"}}, id="with hours of their own"),
    ],
)  # fmt: skip
def test_a_policy_says_the_same_after_it_was_stored(policy: dict[str, Any]) -> None:
    read = Policy.model_validate(policy)
    assert Policy.model_validate(read.model_dump(mode="json", exclude_unset=True)) == read
