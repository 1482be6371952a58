from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from setpoint.model.policy import Drift, Policy, Reboot


def test_an_empty_policy_enforces_and_never_restarts() -> None:
    policy = Policy()
    assert (policy.drift, policy.reboot, policy.ignore) == (Drift.ENFORCE, Reboot.NEVER, ())
    assert policy.interval == timedelta(minutes=10)
    assert policy.model_fields_set == set()


@pytest.mark.parametrize("written", ["10s", "1h", "365d"])
def test_an_interval_within_its_bounds_is_taken(written: str) -> None:
    policy = Policy.model_validate({"interval": written})
    assert policy.model_dump(mode="json", exclude_unset=True) == {"interval": written}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"interval": "9s"}, "at least 10s"),
        ({"interval": "0s"}, "at least 10s"),
        ({"interval": "366d"}, "at most 365d"),
        ({"ignore": ["description"]}, "'description' is no pointer; begin with a slash"),
        ({"ignore": ["/ok", ""]}, "'' is no pointer"),
        ({"ignore": ["/"]}, "'/' is no pointer"),
        ({"drift": "never"}, "'enforce', 'warn' or 'off'"),
        ({"reboot": "always"}, "'never'"),
        ({"unknown": 1}, "Extra inputs"),
    ],
    ids=str,
)
def test_a_policy_that_cannot_be_is_refused(written: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Policy.model_validate(written)


def test_pointers_are_kept_in_the_order_in_which_they_were_written() -> None:
    assert Policy.model_validate({"ignore": ["/b", "/a/*/c"]}).ignore == ("/b", "/a/*/c")
