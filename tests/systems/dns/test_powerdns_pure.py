"""What PowerdnsServer decides without a server: serials, the size of calls, accounts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.errors import RefusalError
from setpoint_dns.powerdns.batches import parts, patch
from setpoint_dns.powerdns.forms import zone_id
from setpoint_dns.powerdns.limits import read_limits
from setpoint_dns.powerdns.serials import SELF_RAISING, SILENT, Rule, is_newer

SERIALS = st.integers(0, 2**32 - 1)
WAYS = st.sampled_from(sorted(SELF_RAISING | SILENT | {"BOGUS"}))


@given(SERIALS, SERIALS)
def test_of_two_serials_at_most_one_is_newer(one: int, other: int) -> None:
    assert not (is_newer(one, other) and is_newer(other, one))
    assert not is_newer(one, one)
    assert is_newer((one + 1) % 2**32, one)


@given(SERIALS, SERIALS, WAYS)
def test_an_soa_is_never_written_with_an_older_serial(live: int, wanted: int, how: str) -> None:
    rule = Rule(live, how)
    fields = rule.soa(f"ns1.test. hostmaster.test. {wanted} 1 2 3 4").split()
    written = int(fields.pop(2))
    assert fields == ["ns1.test.", "hostmaster.test.", "1", "2", "3", "4"]
    assert written == live if rule.raises and not is_newer(wanted, live) else is_newer(written, live)
    assert not is_newer(wanted, written)


@given(SERIALS, st.floats(0, 2**33))
def test_only_the_time_as_serial_can_lower_one(live: int, now: float) -> None:
    assert Rule(live, "EPOCH").lowers_at(now) is (live >= int(now))
    assert not any(Rule(live, how).lowers_at(now) for how in (SELF_RAISING | SILENT) - {"EPOCH"})


CHANGES = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ABC")), unique=True).map(
    lambda found: [
        {"name": f"{name}.test.", "type": rtype, "text": "x" * 500} for name, rtype in sorted(found)
    ]
)


@given(CHANGES, st.integers(6_000, 12_000))
def test_a_cut_batch_says_the_same_and_keeps_a_name_together(
    changes: list[dict[str, str]], most: int
) -> None:
    bodies = [patch(part) for part in parts(changes, most)]
    read = [json.loads(body)["rrsets"] for body in bodies]
    assert [change for part in read for change in part] == changes
    assert all(len(body) < most for body in bodies)
    names = [{change["name"] for change in part} for part in read]
    assert sum(map(len, names)) == len(set().union(*names))


def test_a_name_that_fits_into_no_call_is_refused() -> None:
    with pytest.raises(RefusalError, match="raise webserver-max-bodysize"):
        parts([{"name": "a.test.", "text": "x" * 5_000}], 6_000)


@pytest.mark.parametrize(
    ("zone", "found"),
    [("example.org.", "example.org."), (".", "=2E"), ("0/26.2.0.192.in-addr.arpa.", "0=2F26.2.0.192.in-addr.arpa."),
     ("_tcp.example.org.", "=5Ftcp.example.org.")],
)  # fmt: skip
def test_a_zone_is_named_in_a_path_as_the_server_does(zone: str, found: str) -> None:
    assert zone_id(zone) == found


@pytest.mark.parametrize(
    ("parameters", "fine"),
    [("", True), ("1 0 0 -", True), ("1 1 100 aabb", True), ("1 0 101 -", False), ("2 0 0 -", False),
     ("1 0 0 abc", False), ("1 0 0", False), ("bogus", False)],
)  # fmt: skip
def test_parameters_of_nsec3_are_judged_before_the_server_does(parameters: str, *, fine: bool) -> None:
    limits = read_limits({})
    if fine:
        limits.check_nsec3(parameters)
        return
    with pytest.raises(RefusalError, match="no parameters of NSEC3"):
        limits.check_nsec3(parameters)
