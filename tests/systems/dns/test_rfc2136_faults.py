"""Servers that are down, hang, restart or are killed in the middle, answers that are lost, and others who write meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

import dns.exception
import dns.update
import pytest

from setpoint.decide.breaker import IN_A_ROW
from setpoint.model.errors import ConflictError, DownError, OutcomeUnknownError, TransportError
from setpoint.run.gate import LaneGate
from setpoint_dns.content import Batch
from setpoint_dns.rfc2136.server import Rfc2136Server
from tests.rig.waiting import until
from tests.systems.dns.servers.program import PATIENCE, Program, free_port
from tests.systems.dns.servers.proxy import How, Proxy, any_request, dns_update
from tests.systems.dns.updating import (
    MARK,
    ZONE,
    a,
    by_hand,
    change,
    client,
    many,
    rrset,
)

Proxied = Callable[[int], Proxy]
WWW = a("www", "192.0.2.1")


def nth(number: int, match: Callable[[bytes], bool] = dns_update) -> Callable[[bytes], bool]:
    """The request of that number, from 1, among those that match."""
    left = number

    def is_it(request: bytes) -> bool:
        nonlocal left
        left -= match(request)
        return left == 0 and match(request)

    return is_it


async def test_a_server_that_is_down_was_certainly_not_written_to() -> None:
    ours = client(free_port())
    for work in (ours.read(ZONE), ours.serial(ZONE), ours.write(ZONE, Batch((WWW,), (), 1)), ours.identity()):
        with pytest.raises(TransportError, match="cannot be reached"):
            await work


async def test_a_server_that_stays_down_opens_its_breaker() -> None:
    ours = client(free_port(), gate=LaneGate())
    for _ in range(IN_A_ROW):
        with pytest.raises(TransportError):
            await ours.read(ZONE)
    with pytest.raises(DownError):
        await ours.write(ZONE, Batch((WWW,), (), 1))


@pytest.mark.parametrize("how", list(How), ids=[how.name.lower() for how in How])
@pytest.mark.parametrize("call", ["read", "serial", "identity"])
async def test_a_read_that_is_broken_is_a_transport_error(
    call: str, how: How, server: Program, proxied: Proxied
) -> None:
    proxy = proxied(server.port)
    proxy.fail(how, any_request, after=10)
    ours = client(proxy.port, patience=0.5)
    work = ours.identity() if call == "identity" else getattr(ours, call)(ZONE)
    with pytest.raises(TransportError, match="gave no answer"):
        await work
    assert proxy.strikes == 1


@pytest.mark.parametrize(
    ("how", "arrived"), [(How.CUT, False), (How.LOSE, True), (How.HANG, True)], ids=["cut", "lost", "hang"]
)
async def test_a_write_whose_reply_is_lost_may_have_been_executed_and_is_not_repeated(
    how: How, server: Program, proxied: Proxied, *, arrived: bool
) -> None:
    proxy = proxied(server.port)
    ours = client(proxy.port, patience=1.0)
    before = await ours.read(ZONE)
    proxy.fail(how, dns_update, after=10)
    with pytest.raises(OutcomeUnknownError, match="may or may not have been executed"):
        await ours.write(ZONE, Batch((WWW,), (), before.serial))
    await asyncio.to_thread(
        until, lambda: server.values(f"www.{ZONE}", "A") == (["192.0.2.1"] if arrived else []), "it arrives"
    )
    assert sum(map(dns_update, proxy.requests)) == 1
    if arrived:
        with pytest.raises(ConflictError):
            await ours.write(ZONE, Batch((WWW,), (), before.serial))


async def test_a_mark_whose_reply_is_lost_is_found_and_not_written_again(
    server: Program, proxied: Proxied
) -> None:
    proxy = proxied(server.port)
    ours = client(proxy.port)
    proxy.fail(How.LOSE, dns_update)
    with pytest.raises(OutcomeUnknownError):
        await ours.mark(ZONE, MARK)
    await ours.mark(ZONE, MARK)
    assert (await ours.read(ZONE)).mark == MARK
    assert sum(map(dns_update, proxy.requests)) == 1


async def test_what_is_written_is_there_after_a_restart(ours: Rfc2136Server, server: Program) -> None:
    before = await change(ours, WWW)
    await asyncio.to_thread(server.restart)
    assert (await ours.read(ZONE)).rrsets == before.rrsets
    assert (await change(ours, a("www", "192.0.2.2"))).serial > before.serial


@pytest.mark.parametrize("ending", ["restart", "kill"])
async def test_a_server_that_ends_between_two_messages_leaves_whole_messages_and_no_doubt(
    ending: str, ours: Rfc2136Server, server: Program, proxied: Proxied
) -> None:
    proxy = proxied(server.port)
    through, before = client(proxy.port), await ours.read(ZONE)
    # What is written first, whether its SOA is known again, and what is written second.
    proxy.fail(How.CUT, nth(3), then=getattr(server, ending))
    batch = Batch(many(2_500), (), before.serial)
    with pytest.raises(OutcomeUnknownError):
        await through.write(ZONE, batch)
    if ending == "kill":
        await asyncio.to_thread(server.start)
    await asyncio.to_thread(until, server.answers, "it answers again")
    half = await ours.read(ZONE)
    assert len(half.rrsets) - len(before.rrsets) == 1_000
    assert half.serial > before.serial
    with pytest.raises(ConflictError):
        await ours.write(ZONE, batch)
    # PowerDNS was kept from counting up after the SOA that it was sent; another change does that.
    by_hand(server, lambda update: update.add("hand", 300, "A", "192.0.2.7"))
    whole = await change(ours, *(one for one in many(2_500) if one.id not in half.rrsets))
    assert len(whole.rrsets) - len(before.rrsets) == 2_501


async def test_a_server_that_is_killed_after_a_message_has_it(
    ours: Rfc2136Server, server: Program, proxied: Proxied
) -> None:
    proxy = proxied(server.port)
    proxy.fail(How.LOSE, dns_update, then=server.kill)
    before = await ours.read(ZONE)
    with pytest.raises(OutcomeUnknownError):
        await client(proxy.port).write(ZONE, Batch((WWW,), (), before.serial))
    await asyncio.to_thread(server.start)
    after = await ours.read(ZONE)
    assert (after.rrsets[WWW.id], after.serial > before.serial) == (WWW, True)


OWN = """
import asyncio, sys
from setpoint_dns.content import Batch
from tests.systems.dns.updating import ZONE, client, many
asyncio.run(client(int(sys.argv[1])).write(ZONE, Batch(many(2_500), (), int(sys.argv[2]))))
"""


async def test_when_we_are_killed_between_two_messages_the_zone_has_whole_ones(
    ours: Rfc2136Server, server: Program, proxied: Proxied
) -> None:
    proxy, before = proxied(server.port), await ours.read(ZONE)
    proxy.fail(How.HANG, nth(2))
    paths = os.pathsep.join(path for path in sys.path if path)
    own = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OWN,
        str(proxy.port),
        str(before.serial),
        env={**os.environ, "PYTHONPATH": paths},
    )
    await asyncio.to_thread(until, lambda: proxy.strikes, "the second message is sent")
    own.send_signal(signal.SIGKILL)
    assert await own.wait() == -signal.SIGKILL
    half = await ours.read(ZONE)
    assert len(half.rrsets) - len(before.rrsets) == 1_000
    assert half.mark == MARK


async def test_a_change_by_hand_between_two_messages_is_not_gone_over(
    ours: Rfc2136Server, server: Program, proxied: Proxied
) -> None:
    proxy, before = proxied(server.port), await ours.read(ZONE)
    theirs = f"c2400.{ZONE}"

    def step(request: bytes) -> bool:
        if second(request):
            assert by_hand(server, lambda update: update.add(theirs, 300, "A", "192.0.2.99")) == "NOERROR"
        return False

    second = nth(3)
    proxy.fail(How.CUT, step)
    with pytest.raises(ConflictError):
        await client(proxy.port).write(ZONE, Batch(many(2_500), (), before.serial))
    assert server.values(theirs, "A") == ["192.0.2.99"]


def both(name: str, address: str, update: dns.update.UpdateMessage) -> None:
    update.add(name, 300, "A", address)
    update.add("shared", 300, "TXT", f'"{name}"')


async def test_none_of_ten_writers_by_hand_and_none_of_ours_loses_a_change(
    ours: Rfc2136Server, server: Program
) -> None:
    rounds, failures = 8, list[str]()

    def writer(number: int) -> None:
        for turn in range(rounds):
            name = f"hand-{number}-{turn}"
            try:
                rcode = by_hand(server, partial(both, name, f"192.0.2.{number + 1}"))
            except (OSError, EOFError, dns.exception.DNSException) as error:
                rcode = repr(error)
            if rcode != "NOERROR":
                failures.append(f"{name}: {rcode}")

    writers = [threading.Thread(target=writer, args=(number,)) for number in range(10)]
    for thread in writers:
        thread.start()
    conflicts, turn = 0, 0
    deadline = asyncio.get_running_loop().time() + PATIENCE * 4
    while turn < rounds:
        assert asyncio.get_running_loop().time() < deadline
        seen = await ours.read(ZONE)
        shared = seen.rrsets.get((f"shared.{ZONE}", "TXT"))
        texts = (*(shared.values if shared else ()), f'"ours-{turn}"')
        put = (a(f"ours-{turn}", "192.0.2.100"), rrset("shared", "TXT", *texts))
        try:
            await ours.write(ZONE, Batch(put, (), seen.serial))
        except ConflictError:
            conflicts += 1
        else:
            turn += 1
    for thread in writers:
        await asyncio.to_thread(thread.join)
    zone = await ours.read(ZONE)
    lost = {line.split(":")[0] for line in failures}
    expected = {f"hand-{number}-{turn}" for number in range(10) for turn in range(rounds)} - lost
    expected |= {f"ours-{turn}" for turn in range(rounds)}
    assert conflicts, "else nothing was proven"
    there = {name.removesuffix(f".{ZONE}") for name, _ in zone.rrsets}
    assert expected - there == set()
    written = {text.strip('"') for text in zone.rrsets[f"shared.{ZONE}", "TXT"].values}
    assert expected - written == set()
