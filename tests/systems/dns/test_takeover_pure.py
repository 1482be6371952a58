"""Whatever a zone holds: from what is said of it nothing that is compared differs, and nothing of it would be removed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.model.key import Key
from setpoint_dns.content import RRset, Zone
from setpoint_dns.kinds.dns_zone.declared import declared_sets, divide
from setpoint_dns.kinds.dns_zone.describe import describe, identity
from setpoint_dns.kinds.dns_zone.gather import share
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.rdata import canonical, canonical_name
from setpoint_dns.server import Can
from tests.systems.dns.test_records_canonical import NAME, WRITTEN

ORIGIN = "example.org."
KEY = Key("default", "DnsZone", "example.org")
OWNERS = st.one_of(st.sampled_from(["@", "*", "*.a", "a", "a.b", "x\\.y"]), NAME)
ODD = st.sampled_from(
    [("ALIAS", "web.example.net."), ("LUA", 'A "x"'), ("TYPE65280", "\\# 1 00"), ("NULL", "\\# 0")]
)
SETS = st.tuples(OWNERS, st.one_of(WRITTEN, ODD), st.sampled_from([60, 300, 300, 3600]), st.booleans())


def rrset(owner: str, written: tuple[str, str], ttl: int, disabled: bool) -> RRset:  # noqa: FBT001  # drawn
    rtype, text = written
    value = text if rtype in {"ALIAS", "LUA", "NULL"} else canonical(rtype, text, ORIGIN)
    return RRset(canonical_name(owner, ORIGIN), rtype, ttl, (value,), disabled)


@settings(deadline=None, max_examples=200)
@given(st.lists(SETS, max_size=12))
def test_what_is_said_of_a_zone_is_what_it_is(drawn: list[tuple[str, tuple[str, str], int, bool]]) -> None:
    sets = {one.id: one for one in (rrset(*parts) for parts in drawn)}
    state = ZoneState(Zone(ORIGIN, 1, sets), {}, {}, (), Can(0))
    tree = describe(state)
    assert share({KEY: tree}, ()).problems == (), "its own declaration is valid"
    spec = complete(DnsZoneSpec.model_validate(tree), KEY)
    compared, left = divide(state.zone, spec)
    assert compared == declared_sets(spec)
    assert compared.keys() | left.keys() == sets.keys()


def test_an_id_is_the_name_with_or_without_its_final_dot() -> None:
    assert identity("Example.org") == identity("example.org.") == {"zone": "example.org."}
    assert identity("a..b") is None
