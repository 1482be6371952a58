from __future__ import annotations

import pytest

from setpoint_netbox.content import Released
from setpoint_netbox.watch.departures import LEFT, REMEMBERED, REPLACED, remember, shrunk


def vms(*numbers: int) -> set[str]:
    return {f"virtualization.virtualmachine/{number}" for number in numbers}


@pytest.mark.parametrize(
    ("before", "after", "deleted", "believed"),
    [
        pytest.param(vms(*range(10)), vms(), vms(), False, id="nothing is left"),
        pytest.param(vms(1), vms(), vms(), False, id="the only one left"),
        pytest.param(vms(1), vms(), vms(1), True, id="the only one was deleted"),
        pytest.param(vms(*range(10)), vms(*range(4)), vms(), False, id="less than half is left"),
        pytest.param(vms(*range(10)), vms(*range(5)), vms(), True, id="half is left"),
        pytest.param(vms(*range(10)), vms(*range(4)), vms(*range(4, 10)), True, id="the others were deleted"),
        pytest.param(vms(*range(10)), vms(1, 2), vms(3, 4), False, id="some of the others were deleted"),
        pytest.param(vms(1, 2, 3), vms(1), vms(), True, id="a few"),
        pytest.param(vms(*range(10)), vms(*range(10, 30)), vms(), False, id="all became others"),
        pytest.param(vms(1), {*vms(1), "ipam.vlan/1"}, vms(), True, id="a new type"),
        pytest.param({*vms(1), "ipam.vlan/1"}, vms(1), vms(), False, id="one type is gone"),
        pytest.param(vms(), vms(1), vms(), True, id="the first"),
    ],
)
def test_what_is_believed(before: set[str], after: set[str], deleted: set[str], *, believed: bool) -> None:
    assert (shrunk(before, after, deleted) is None) is believed


def test_a_token_is_of_just_these_departures() -> None:
    first, same = shrunk(vms(1, 2), vms(), vms()), shrunk(vms(2, 1), vms(), vms())
    other = shrunk(vms(1, 3), vms(), vms())
    assert first is not None
    assert same is not None
    assert other is not None
    assert first.token == same.token != other.token


def test_what_is_there_again_is_released_no_more_unless_it_is_another_object() -> None:
    known = {"a/1": Released(LEFT, 0.0), "a/2": Released(REPLACED, 0.0), "a/3": Released(LEFT, 0.0)}
    found = remember(known, {"a/4": LEFT}, {"a/1", "a/2"}, 5.0)
    assert found == {"a/2": known["a/2"], "a/3": known["a/3"], "a/4": Released(LEFT, 5.0)}
    assert remember(known, {}, set(), REMEMBERED + 1) == {}
