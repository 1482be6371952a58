"""How secondaries are told apart: real ones that follow, lag, are down or do not serve the zone, and answers as such."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.breaker import IN_A_ROW
from setpoint.model.errors import RefusalError, TransportError
from setpoint.model.secret import Secret
from setpoint.run.gate import LaneGate
from setpoint_dns.rfc2136.wire import Endpoint, Tsig
from setpoint_dns.secondaries import (
    Ahead,
    Answer,
    Behind,
    Current,
    Lame,
    Refused,
    Unreachable,
    ask,
    judge,
)
from tests.rig.waiting import until
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot, KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import HMAC, SECRET, Program, free_port
from tests.systems.dns.updating import MAKES, ZONE, Start, a, change, client, primary

GATE = LaneGate()


def at(port: int) -> Endpoint:
    return Endpoint("127.0.0.1", port)


async def one(port: int, serial: int, *, zone: str = ZONE, gate: LaneGate | None = None) -> Answer:
    return (await ask(gate or LaneGate(), [at(port)], zone, serial, None))[at(port)]


@pytest.mark.parametrize("make", ["knot", "bind"])
async def test_a_secondary_follows_every_write_until_it_serves_the_same(
    make: str, start: Start, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    server = primary(make, start)
    secondary = await asyncio.to_thread(knot_secondary, server, ZONE)
    await asyncio.to_thread(until, lambda: secondary.serves(ZONE), lambda: secondary.log)
    ours = client(server.port)
    before = await ours.serial(ZONE)
    zone = await change(ours, a("www", "192.0.2.1"))
    await asyncio.to_thread(until, lambda: secondary.serial(ZONE) == zone.serial, lambda: secondary.log)
    assert await one(secondary.port, zone.serial) == Current(zone.serial)
    assert await one(secondary.port, before) == Ahead(zone.serial)
    assert secondary.values(f"www.{ZONE}", "A") == ["192.0.2.1"]


async def test_a_secondary_that_is_not_told_is_behind_and_keeps_its_data(
    knot: Knot, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = await asyncio.to_thread(knot_secondary, knot, ZONE)
    await asyncio.to_thread(until, lambda: secondary.serves(ZONE), lambda: secondary.log)
    knot.notify.clear()
    await asyncio.to_thread(knot.restart)
    zone = await change(client(knot.port), a("www", "192.0.2.1"))
    assert await one(secondary.port, zone.serial) == Behind(zone.serial - 1)


async def test_one_that_is_down_is_unreachable_and_holds_up_no_other(knot: Knot) -> None:
    serial, down = knot.serial(ZONE), free_port()
    answers = await ask(LaneGate(), [at(down), at(knot.port)], ZONE, serial, None)
    assert isinstance(answers[at(down)], Unreachable)
    assert answers[at(knot.port)] == Current(serial)


async def test_all_are_asked_at_once() -> None:
    begun = time.monotonic()
    answers = await ask(LaneGate(), [at(free_port()) for _ in range(6)], ZONE, 1, None)
    assert all(isinstance(answer, Unreachable) for answer in answers.values())
    assert time.monotonic() - begun < 10, "one after the other it would be twelve seconds at least"


async def test_a_dead_secondary_never_opens_the_breaker_of_the_server(knot: Knot) -> None:
    gate, down = LaneGate(), free_port()
    for _ in range(IN_A_ROW):
        assert isinstance(await one(down, 1, gate=gate), Unreachable)
    assert gate.breakers() == {f"secondary/127.0.0.1:{down}": True}
    assert await client(knot.port, gate=gate).serial(ZONE) == 1
    answer = await one(down, 1, gate=gate)
    assert isinstance(answer, Unreachable)
    assert "down since" in answer.why


async def test_a_healthy_secondary_never_hides_that_the_server_is_dead(knot: Knot) -> None:
    gate = LaneGate()
    dead = client(free_port(), gate=gate)
    for _ in range(IN_A_ROW):
        with pytest.raises(TransportError):
            await dead.serial(ZONE)
        assert await one(knot.port, 1, gate=gate) == Current(1)
    assert gate.breakers() == {"": True, f"secondary/127.0.0.1:{knot.port}": False}
    assert await one(knot.port, 1, gate=gate) == Current(1), "and is heard all the same"


@pytest.mark.parametrize("make", MAKES)
async def test_one_without_the_zone_is_no_secondary_of_it(make: str, start: Start) -> None:
    server = primary(make, start)
    assert await one(server.port, 1, zone="absent.test.") == Refused("REFUSED")


async def test_one_that_has_not_got_the_zone_yet_is_lame(
    start: Start, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    server = start(Pdns())
    secondary = await asyncio.to_thread(knot_secondary, server, ZONE)
    assert await one(secondary.port, 1) == Lame("it answers SERVFAIL")


async def test_a_zone_above_answers_for_one_that_is_not_there(start: Start) -> None:
    server = start(Knot("test"))
    assert await one(server.port, 1) == Lame("it answers NXDOMAIN")


async def test_a_secondary_that_only_tcp_reaches_is_heard(
    knot: Knot, proxied: Callable[[int], Program]
) -> None:
    proxy = proxied(knot.port)
    assert await one(proxy.port, 1) == Current(1)


async def test_a_name_that_resolves_to_nothing_is_unreachable() -> None:
    nowhere = Endpoint("no-such-host.invalid", 53)
    assert isinstance((await ask(LaneGate(), [nowhere], ZONE, 1, None))[nowhere], Unreachable)


async def test_a_view_is_asked_by_its_key(bind_views: Bind) -> None:
    await change(client(bind_views.port, "internal"), a("www", "10.0.0.1"))
    here, gate = at(bind_views.port), LaneGate()
    inside = Tsig("internal", HMAC, Secret(SECRET))
    assert await ask(gate, [here], ZONE, 2, inside) == {here: Current(2)}
    assert await ask(gate, [here], ZONE, 2, None) == {here: Behind(1)}
    unknown = Tsig("nobody", HMAC, Secret(SECRET))
    assert isinstance((await ask(gate, [here], ZONE, 2, unknown))[here], Unreachable)


async def test_a_key_that_is_none_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(RefusalError, match="base64"):
        await ask(LaneGate(), [at(1)], ZONE, 1, Tsig("key", HMAC, Secret("no!")))


def answer(
    serial: int | None, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, *, authority: bool = True
) -> dns.message.Message:
    made = dns.message.make_response(dns.message.make_query(ZONE, "SOA"))
    made.set_rcode(rcode)
    made.flags |= dns.flags.AA if authority else 0
    if serial is not None:
        made.answer.append(dns.rrset.from_text(ZONE, 300, "IN", "SOA", f"ns1 h {serial} 1 1 1 1"))
    return made


JUDGED: list[tuple[dns.message.Message, int, Answer]] = [
    (answer(5), 5, Current(5)),
    (answer(4), 5, Behind(4)),
    (answer(6), 5, Ahead(6)),
    (answer(2**32 - 1), 1, Behind(2**32 - 1)),
    (answer(1), 2**32 - 1, Ahead(1)),
    (answer(5 + 2**31), 5, Ahead(5 + 2**31)),
    (answer(None), 5, Lame("it has no such zone")),
    (answer(5, authority=False), 5, Lame("it answers without authority")),
    (answer(None, dns.rcode.REFUSED), 5, Refused("REFUSED")),
    (answer(None, dns.rcode.NOTAUTH), 5, Refused("NOTAUTH")),
    (answer(None, dns.rcode.SERVFAIL), 5, Lame("it answers SERVFAIL")),
    (answer(None, dns.rcode.NXDOMAIN), 5, Lame("it answers NXDOMAIN")),
]


@pytest.mark.parametrize(("heard", "serial", "meant"), JUDGED, ids=[str(row[2]) for row in JUDGED])
def test_what_an_answer_means(heard: dns.message.Message, serial: int, meant: Answer) -> None:
    assert judge(heard, ZONE, serial) == meant


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_only_the_very_serial_is_current(one: int, other: int) -> None:
    assert isinstance(judge(answer(one), ZONE, other), Current) is (one == other)


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**31 - 1))
def test_serials_go_round(serial: int, later: int) -> None:
    after = (serial + later) % 2**32
    assert judge(answer(serial), ZONE, after) == Behind(serial)
    assert judge(answer(after), ZONE, serial) == Ahead(after)
