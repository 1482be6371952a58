"""The servers that the other tests stand on do what is asked of them."""

from __future__ import annotations

import time
from collections.abc import Callable

import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from tests.rig.waiting import until
from tests.systems.dns.servers.bind import KEY, VIEWS, Bind
from tests.systems.dns.servers.knot import Knot, KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import HMAC, SECRET, Program
from tests.systems.dns.servers.proxy import How, Proxy, http_write

ZONE = "example.test"
Start = Callable[[Program], Program]


def update(server: Program, name: str, address: str, key: str = KEY) -> int:
    change = dns.update.UpdateMessage(f"{ZONE}.", keyring=dns.tsig.Key(key, SECRET, HMAC))
    change.replace(name, 300, "A", address)
    return dns.query.tcp(change, "127.0.0.1", port=server.port, timeout=10).rcode()


@pytest.mark.parametrize("make", [Pdns, lambda: Knot(ZONE), lambda: Bind(ZONE)], ids=["pdns", "knot", "bind"])
def test_a_server_answers_within_seconds(make: Callable[[], Program], start: Start) -> None:
    begun = time.monotonic()
    start(make())
    assert time.monotonic() - begun < 15


def test_a_server_that_cannot_start_shows_its_log(start: Start) -> None:
    with pytest.raises(AssertionError, match="no-such-backend"):
        start(Pdns({"launch": "no-such-backend"}))


@pytest.mark.parametrize("ending", ["stop", "kill"])
@pytest.mark.parametrize("make", [Knot, Bind])
def test_data_and_ports_outlive_a_process(
    make: type[Knot | Bind], ending: str, start: Callable[[Knot | Bind], Knot | Bind]
) -> None:
    server = start(make(ZONE))
    port = server.port
    assert update(server, "www", "192.0.2.1") == dns.rcode.NOERROR
    getattr(server, ending)()
    assert server.ask(ZONE, "SOA") is None
    server.start()
    assert (server.port, server.values(f"www.{ZONE}", "A")) == (port, ["192.0.2.1"])


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_zones_of_powerdns_outlive_a_process(pdns: Pdns, ending: str) -> None:
    pdns.add_zone(ZONE)
    assert pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1") == (204, "")
    getattr(pdns, ending)()
    pdns.start()
    assert pdns.values(f"www.{ZONE}", "A") == ["192.0.2.1"]


def test_the_views_of_bind_are_chosen_by_key(bind_views: Bind) -> None:
    for key, address in zip(VIEWS, ("192.0.2.1", "192.0.2.2"), strict=True):
        assert update(bind_views, "www", address, key) == dns.rcode.NOERROR
    assert [bind_views.values(f"www.{ZONE}", "A", key=key) for key in VIEWS] == [["192.0.2.1"], ["192.0.2.2"]]
    assert bind_views.values(f"www.{ZONE}", "A") == ["192.0.2.2"]


@pytest.mark.parametrize("make", [Knot, Bind])
def test_a_secondary_hears_of_a_change(
    make: type[Knot | Bind], start: Start, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    primary = start(make(ZONE))
    secondary = knot_secondary(primary, ZONE)
    assert update(primary, "www", "192.0.2.1") == dns.rcode.NOERROR
    until(lambda: secondary.values(f"www.{ZONE}", "A") == ["192.0.2.1"], lambda: secondary.log)


def test_a_secondary_of_powerdns_hears_of_a_change(
    pdns: Pdns, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns, ZONE)
    pdns.add_zone(ZONE, kind="Master", notify=[secondary.port])
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    pdns.api("PUT", f"/zones/{ZONE}./notify")
    until(lambda: secondary.values(f"www.{ZONE}", "A") == ["192.0.2.1"], lambda: secondary.log + pdns.log)


@pytest.mark.parametrize(("how", "arrived"), [(How.CUT, False), (How.LOSE, True)], ids=["cut", "lost answer"])
def test_the_proxy_breaks_a_write_before_or_after_it_is_done(
    pdns: Pdns, proxied: Callable[[int], Proxy], how: How, *, arrived: bool
) -> None:
    pdns.add_zone(ZONE)
    real, proxy = pdns.api_port, proxied(pdns.api_port)
    proxy.fail(how, http_write, after=40)
    pdns.api_port = proxy.port
    with pytest.raises(OSError):  # noqa: PT011  # reset or closed, as the system has it
        pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    assert proxy.strikes == 1
    pdns.put(ZONE, f"other.{ZONE}", "A", "192.0.2.2")
    pdns.api_port = real
    assert bool(pdns.values(f"www.{ZONE}", "A")) is arrived
    assert pdns.values(f"other.{ZONE}", "A")
