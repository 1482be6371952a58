"""A change of few records is written without reading the whole zone before, and the zone is read in full behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import dns.message
import dns.rdatatype
import pytest

from setpoint_dns.kinds.dns_zone.observe import FEW
from tests.rig.living import Life
from tests.systems.dns.living import ZONE, alive, powerdns, rfc2136, zone
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.servers.proxy import How, Proxy, dns_update
from tests.systems.dns.ways import TAKEN

MANY = {f"h{number}": {"A": f"192.0.2.{number}"} for number in range(10, 60)}
CHANGED = {**MANY, "h10": {"A": "198.51.100.1"}}
PATH = f"/api/v1/servers/localhost/zones/{ZONE}."


def looks(proxy: Proxy) -> list[str]:
    """What was asked of the records, one after the other: `part` for a set that is to change, `all`, or `write`."""
    meanings = {f"GET {PATH}?rrset_name=h": "part", f"GET {PATH} ": "all", f"PATCH {PATH}": "write"}
    starts = [start.decode(errors="replace") for start in proxy.requests]
    return [told for start in starts for begins, told in meanings.items() if start.startswith(begins)]


@pytest.fixture
def proxy(pdns: Pdns, proxied: Callable[[int], Proxy]) -> Proxy:
    return proxied(pdns.api_port)


@asynccontextmanager
async def living(pdns: Pdns, proxy: Proxy, folder: Path) -> AsyncGenerator[Life]:
    """A daemon that has just seen that all is as declared; what it asked until then is forgotten."""
    files = {"server": powerdns(pdns, folder, url=proxy.url), "zone": zone(MANY)}
    async with alive(folder, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        proxy.requests.clear()
        yield life


def by_hand(pdns: Pdns, name: str, content: str) -> None:
    """Change a record in the database, which raises no serial."""
    with closing(sqlite3.connect(pdns.database)) as database, database:
        changed = database.execute(
            "UPDATE records SET content = ? WHERE name = ?", (content, f"{name}.{ZONE}")
        )
    assert changed.rowcount == 1


async def test_all_is_read_only_behind_the_write(pdns: Pdns, proxy: Proxy, tmp_path: Path) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        await life.declare(zone=zone({**CHANGED, "hnew": {"AAAA": "2001:db8::1"}}))
        assert life.outcome() == "Done"
        assert looks(proxy) == ["part", "part", "write", "all"]
        assert pdns.values(f"h10.{ZONE}", "A") == ["198.51.100.1"]
        assert pdns.values(f"hnew.{ZONE}", "AAAA") == ["2001:db8::1"]


async def test_a_removed_record_is_looked_at_as_well(pdns: Pdns, proxy: Proxy, tmp_path: Path) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        left = {name: types for name, types in MANY.items() if name != "h59"}
        await life.declare(zone=zone(left))
        assert (life.outcome(), looks(proxy)) == ("Done", ["part", "write", "all"])
        assert pdns.values(f"h59.{ZONE}", "A") == []


async def test_what_else_was_changed_without_the_serial_is_set_right_at_once(
    pdns: Pdns, proxy: Proxy, tmp_path: Path
) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        by_hand(pdns, "h20", "203.0.113.20")
        await life.declare(zone=zone(CHANGED))
        assert life.outcome() == "Done"
        assert looks(proxy) == ["part", "write", "all", "write", "all"]
        assert pdns.values(f"h20.{ZONE}", "A") == ["192.0.2.20"]


async def test_a_record_that_is_another_one_by_now_has_all_read_first(
    pdns: Pdns, proxy: Proxy, tmp_path: Path
) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        by_hand(pdns, "h10", "203.0.113.10")
        await life.declare(zone=zone(CHANGED))
        assert (life.outcome(), looks(proxy)) == ("Done", ["part", "all", "write", "all"])
        assert pdns.values(f"h10.{ZONE}", "A") == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", None),
        ("PUT", "", {"account": "anna"}),
        ("PUT", "/metadata/ALSO-NOTIFY", {"metadata": ["127.0.0.9"]}),
        ("PUT", "/metadata/X-SETPOINT-OWNER", {"metadata": []}),
    ],
    ids=["serial", "account", "metadata", "mark"],
)
async def test_a_zone_that_moved_is_read_in_full_first(
    pdns: Pdns, proxy: Proxy, tmp_path: Path, method: str, path: str, body: object
) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        if body is None:
            pdns.put(ZONE, f"hand.{ZONE}", "TXT", '"made by hand"')
        else:
            status, answer = pdns.api(method, f"/zones/{ZONE}.{path}", body)
            assert status in (200, 204), answer
        await life.declare(zone=zone(CHANGED))
        assert looks(proxy)[:2] == ["part", "all"]
        assert life.outcome() in ("Done", "Held")
        if body is None:
            assert pdns.values(f"hand.{ZONE}", "TXT") == []


async def test_for_many_changes_all_is_read_first(pdns: Pdns, proxy: Proxy, tmp_path: Path) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        other = {f"h{number}": {"A": "198.51.100.1"} for number in range(10, 10 + FEW + 1)}
        await life.declare(zone=zone({**MANY, **other}))
        assert (life.outcome(), looks(proxy)) == ("Done", ["all", "write", "all"])


async def test_a_zone_that_is_gone_is_told(pdns: Pdns, proxy: Proxy, tmp_path: Path) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        assert pdns.api("DELETE", f"/zones/{ZONE}.")[0] == 204
        await life.declare(zone=zone(CHANGED))
        assert (life.outcome(), life.rules()) == ("Held", ["Recreate"])
        assert "write" not in looks(proxy)


@pytest.mark.parametrize("how", [How.CUT, How.LOSE], ids=["cut off", "reply lost"])
async def test_a_look_at_a_part_that_fails_is_followed_by_one_at_all(
    pdns: Pdns, proxy: Proxy, tmp_path: Path, how: How
) -> None:
    async with living(pdns, proxy, tmp_path) as life:
        proxy.fail(how, lambda start: b"?rrset_name=h10" in start, after=20)
        await life.declare(zone=zone(CHANGED))
        assert (life.outcome(), looks(proxy)) == ("Done", ["part", "all", "write", "all"])


async def test_the_serial_is_enough_where_it_is_the_condition_of_a_write(
    server: Program, proxied: Callable[[int], Proxy], tmp_path: Path
) -> None:
    proxy = proxied(server.port)

    files = {"server": rfc2136(server, tmp_path, port=proxy.port), "zone": zone(MANY, **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        proxy.requests.clear()
        await life.declare(zone=zone(CHANGED, **TAKEN))
        # Knot demands every set as it was, and is asked for all of them by the write itself.
        demands = ["AXFR"] if isinstance(server, Knot) else []
        assert (life.outcome(), _asked(proxy)) == ("Done", [*demands, "UPDATE", "AXFR"])
        assert server.values(f"h10.{ZONE}", "A") == ["198.51.100.1"]


def _asked(proxy: Proxy) -> list[str]:
    """The transfers and updates among what was asked over TCP."""
    kinds = ["UPDATE" if dns_update(start) else _type_of(start) for start in proxy.requests]
    return [kind for kind in kinds if kind in ("AXFR", "UPDATE")]


def _type_of(start: bytes) -> str:
    (asked,) = dns.message.from_wire(start[2:], question_only=True).question
    return dns.rdatatype.to_text(asked.rdtype)
