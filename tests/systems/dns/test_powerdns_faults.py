"""PowerdnsServer when things break: at every call it tells what is known, and never more than that."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    DownError,
    OutcomeUnknownError,
    RefusalError,
    SetpointError,
    TransportError,
)
from setpoint.model.identity import Mark
from setpoint.model.secret import Secret
from setpoint.model.tree import Json
from setpoint.run.gate import LaneGate
from setpoint_dns.content import Batch
from setpoint_dns.powerdns import access, forms
from setpoint_dns.powerdns.access import Access
from setpoint_dns.powerdns.failures import NotFoundError
from setpoint_dns.powerdns.limits import Limits
from setpoint_dns.powerdns.server import PowerdnsServer
from setpoint_dns.server import GoneError
from tests.systems.dns.powered import MARK, NS, SOA, ZONE, put, rrset
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.program import free_port
from tests.systems.dns.servers.proxy import How, Proxy, http_write

Reached = Callable[..., PowerdnsServer]
WWW = rrset("www", "A", "192.0.2.1")
READS = {
    "identity": lambda server: server.identity(),
    "version": lambda server: server.version(),
    "zones": lambda server: server.zones(),
    "read": lambda server: server.read(ZONE),
    "serial": lambda server: server.serial(ZONE),
}
WRITES = {
    "create": lambda server: server.create(ZONE, {}, (SOA, NS), MARK),
    "write": lambda server: server.write(ZONE, Batch((WWW,), (), 1)),
    "mark": lambda server: server.mark(ZONE, MARK),
    "configure": lambda server: server.configure(ZONE, {"kind": "primary"}),
    "sign": lambda server: server.sign(ZONE, ""),
    "unsign": lambda server: server.unsign(ZONE),
    "destroy": lambda server: server.destroy(ZONE),
    "notify": lambda server: server.notify(ZONE),
}
CALLS = READS | WRITES


def http_read(start: bytes) -> bool:
    return start.startswith(b"GET")


@pytest.fixture
def proxy(pdns: Pdns, proxied: Callable[[int], Proxy]) -> Proxy:
    return proxied(pdns.api_port)


@pytest.fixture
async def server(pdns: Pdns, proxy: Proxy, reached: Reached) -> PowerdnsServer:
    """With our zone, through the proxy."""
    found = reached(proxy.url)
    await found.create(ZONE, {}, (SOA, NS), MARK)
    await found.read(ZONE)
    return found


# Where nothing arrives


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_is_down_is_a_transport_error(reached: Reached, call: str) -> None:
    server = reached(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TransportError, match="cannot be reached"):
        await CALLS[call](server)


async def test_a_name_that_does_not_resolve_is_a_transport_error(reached: Reached) -> None:
    with pytest.raises(TransportError, match="cannot be reached"):
        await reached("http://no-such-host.invalid:8081").create(ZONE, {}, (SOA, NS), MARK)


async def test_a_server_that_speaks_no_tls_is_a_transport_error(pdns: Pdns, reached: Reached) -> None:
    with pytest.raises(TransportError, match="cannot be reached"):
        await reached(f"https://127.0.0.1:{pdns.api_port}").mark(ZONE, MARK)


async def test_an_authority_that_cannot_be_read_is_named(pdns: Pdns, tmp_path: Path) -> None:
    missing = str(tmp_path / "ca.pem")
    server = PowerdnsServer(Access("https://127.0.0.1:1", Secret("k"), "{env: K}", ca=missing), LaneGate())
    with pytest.raises(RefusalError, match=r"ca\.pem cannot be read"):
        await server.version()


async def test_a_server_that_stays_down_is_soon_not_even_tried(reached: Reached) -> None:
    server = reached(f"http://127.0.0.1:{free_port()}")
    found: list[type[SetpointError]] = []
    while DownError not in found:
        assert len(found) < 20
        with pytest.raises(TransportError) as caught:
            await server.version()
        found.append(type(caught.value))


# Where the answer does not arrive


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", [How.CUT, How.LOSE, How.HANG])
async def test_a_call_that_breaks_tells_whether_something_may_have_been_done(
    server: PowerdnsServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, how: How, call: str
) -> None:
    monkeypatch.setattr(access, "READ_SECONDS", 0.5)
    monkeypatch.setattr(access, "WRITE_SECONDS", 0.5)
    serial = (await server.read(ZONE)).serial
    writes = call in WRITES
    proxy.fail(how, http_write if writes else http_read, after=60)
    with pytest.raises(OutcomeUnknownError if writes else TransportError) as caught:
        await (server.write(ZONE, Batch((WWW,), (), serial)) if call == "write" else CALLS[call](server))
    assert proxy.strikes == 1
    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize(("how", "done"), [(How.CUT, False), (How.LOSE, True)], ids=["cut", "answer lost"])
async def test_after_a_broken_write_reading_tells_what_became_of_it(
    server: PowerdnsServer, proxy: Proxy, how: How, *, done: bool
) -> None:
    zone = await server.read(ZONE)
    proxy.fail(how, http_write, after=60)
    with pytest.raises(OutcomeUnknownError):
        await server.write(ZONE, Batch((WWW,), (), zone.serial))
    after = await server.read(ZONE)
    assert (WWW.id in after.rrsets) is done
    if done:
        with pytest.raises(ConflictError):  # Sent again blindly, it would be a second change.
            await server.write(ZONE, Batch((WWW,), (), zone.serial))


@pytest.mark.parametrize(("how", "done"), [(How.CUT, False), (How.LOSE, True)], ids=["before", "after"])
async def test_a_server_that_is_killed_in_the_middle_of_a_write_has_done_all_or_nothing(
    pdns: Pdns, server: PowerdnsServer, proxy: Proxy, how: How, *, done: bool
) -> None:
    zone = await server.read(ZONE)
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(3_000))
    proxy.fail(how, http_write, after=100_000, then=pdns.kill)
    with pytest.raises(OutcomeUnknownError):
        await server.write(ZONE, Batch(many, (), zone.serial))
    with pytest.raises(TransportError):
        await server.read(ZONE)
    pdns.start()
    after = await server.read(ZONE)
    assert len(after.rrsets) == (3_002 if done else 2)
    assert after.mark == MARK


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_a_restart_between_two_calls_is_not_noticed(
    pdns: Pdns, server: PowerdnsServer, ending: str
) -> None:
    zone = await server.read(ZONE)
    getattr(pdns, ending)()
    pdns.start()
    assert await server.read(ZONE) is zone
    await put(server, WWW)
    assert pdns.values(f"www.{ZONE}", "A") == list(WWW.values)


# A crash while a zone is made


def nth(number: int, match: Callable[[bytes], bool] = http_write) -> Callable[[bytes], bool]:
    """Matches the request of that number, from zero."""
    seen = iter(range(100))
    return lambda start: match(start) and next(seen) == number


@pytest.mark.parametrize("how", [How.CUT, How.LOSE])
@pytest.mark.parametrize("number", range(4))
async def test_a_zone_that_was_made_half_bears_our_mark(
    pdns: Pdns, proxy: Proxy, reached: Reached, number: int, how: How
) -> None:
    settings: dict[str, Json] = {
        "kind": "primary",
        "alsoNotify": ["192.0.2.1"],
        "allowTransfer": ["192.0.2.0/24"],
    }
    server = reached(proxy.url)
    proxy.fail(how, nth(number), after=60)
    with pytest.raises(OutcomeUnknownError):
        await server.create(ZONE, settings, (SOA, NS), MARK)
    assert proxy.strikes == 1
    afterwards = reached(pdns.url)
    if number == 0 and how is How.CUT:
        with pytest.raises(GoneError):
            await afterwards.read(ZONE)
        return
    assert (await afterwards.read(ZONE)).mark == MARK
    assert pdns.values(forms.mark_name(ZONE), "TXT") == []
    (row,) = await afterwards.zones()
    assert row.mark == MARK
    await afterwards.mark(ZONE, MARK)
    await put(afterwards, WWW)
    assert forms.mark_name(ZONE) not in str(pdns.api("GET", f"/zones/{ZONE}")[1]["rrsets"])
    assert (await reached(pdns.url).zones())[0].mark == MARK


# What the server answers


async def test_a_wrong_key_says_where_it_was_found_and_not_what_it_is(pdns: Pdns, reached: Reached) -> None:
    with pytest.raises(RefusalError) as caught:
        await reached(pdns.url, "a-wrong-key").create(ZONE, {}, (SOA, NS), MARK)
    assert "401" in str(caught.value)
    assert "compare the key in {file: /run/keys/pdns} with api-key at the server" in str(caught.value)
    assert "a-wrong-key" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "two\nlines", "a\x00b", "schlüssel"])
async def test_a_key_that_cannot_be_sent_is_not_shown_either(pdns: Pdns, reached: Reached, key: str) -> None:
    with pytest.raises(RefusalError, match="signs in it that no header can hold, or is empty") as caught:
        await reached(pdns.url, key).version()
    assert not key or key not in repr(caught.value)


@pytest.mark.parametrize(
    "call", [name for name in CALLS if name not in {"identity", "version", "zones", "create"}]
)
async def test_a_zone_that_is_not_there_is_gone(pdns: Pdns, reached: Reached, call: str) -> None:
    with pytest.raises(GoneError, match=f"no zone {ZONE}"):
        await CALLS[call](reached(pdns.url))


@pytest.mark.parametrize("call", CALLS)
async def test_a_wrong_server_id_proves_no_absence(pdns: Pdns, call: str) -> None:
    pdns.add_zone(ZONE)
    wrong = Access(pdns.url, Secret(API_KEY), "{env: K}", server="elsewhere")
    server = PowerdnsServer(wrong, LaneGate())
    with pytest.raises(RefusalError, match="404") as caught:
        await CALLS[call](server)
    assert not isinstance(caught.value, GoneError)
    await server.close()


@contextmanager
def answering(status: int, body: bytes) -> Generator[str]:
    """Something else than PowerDNS, such as a proxy before it, that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PATCH = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names of the base class

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as stranger:
        thread = threading.Thread(target=stranger.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{stranger.server_port}"
        finally:
            stranger.shutdown()
            thread.join()


STRANGERS = [
    *((200, body) for body in (b"<html>log in</html>", b"", b"{}", b"[1]", b'"x"', b"null")),
    *((status, b"<html>not here</html>") for status in (302, 404, 418)),
    (404, b"[]"),
]


@pytest.mark.parametrize(("status", "body"), STRANGERS, ids=repr)
@pytest.mark.parametrize("call", READS)
async def test_a_stranger_at_the_address_proves_nothing(
    reached: Reached, call: str, body: bytes, status: int
) -> None:
    with answering(status, body) as url, pytest.raises(RefusalError) as caught:
        await CALLS[call](reached(url))
    assert not isinstance(caught.value, GoneError)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failure_of_the_server_is_no_absence_and_no_success(reached: Reached, status: int) -> None:
    with answering(status, b"Internal Server Error") as url:
        with pytest.raises(TransportError, match=str(status)):
            await reached(url).read(ZONE)
        with pytest.raises(OutcomeUnknownError, match=str(status)):
            await reached(url).notify(ZONE)


async def test_what_a_stranger_sends_back_of_the_key_is_not_shown(reached: Reached) -> None:
    with (
        answering(403, f'{{"error": "bad key {API_KEY}\\u001b[31m"}}'.encode()) as url,
        pytest.raises(RefusalError, match="bad key …") as caught,
    ):
        await reached(url).version()
    assert API_KEY not in str(caught.value)
    assert "\x1b" not in str(caught.value)


# A database that somebody else holds


@contextmanager
def locked(pdns: Pdns) -> Generator[None]:
    with closing(sqlite3.connect(pdns.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


async def test_a_locked_database_is_busy_and_nothing_was_done(pdns: Pdns, server: PowerdnsServer) -> None:
    before = await server.read(ZONE)
    with locked(pdns), pytest.raises(BusyError, match="nothing was changed"):
        await put(server, WWW)
    assert await server.read(ZONE) is before
    await put(server, WWW)
    assert pdns.values(f"www.{ZONE}", "A") == list(WWW.values)


@contextmanager
def refusing_records(pdns: Pdns) -> Generator[None]:
    """A database that takes everything but records, as one that is full, or locked by others, may do."""
    with closing(sqlite3.connect(pdns.database, isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER refusing BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no records'); END"
        )
        yield
        database.execute("DROP TRIGGER refusing")


async def test_a_database_that_cannot_be_written_is_told(pdns: Pdns, server: PowerdnsServer) -> None:
    before = await server.read(ZONE)
    with refusing_records(pdns), pytest.raises(BusyError, match="nothing was changed; see the server's log"):
        await put(server, WWW)
    assert await server.read(ZONE) is before


async def test_the_shell_that_a_failed_creation_leaves_is_no_zone_and_is_filled_by_the_next(
    pdns: Pdns, reached: Reached
) -> None:
    server = reached(pdns.url)
    with refusing_records(pdns), pytest.raises(OutcomeUnknownError, match="500"):
        await server.create(ZONE, {}, (SOA, NS), MARK)
    assert pdns.api("GET", f"/zones/{ZONE}")[1]["rrsets"] == []
    afterwards = reached(pdns.url)
    with pytest.raises(GoneError, match="only the shell"):
        await afterwards.read(ZONE)
    assert [row.mark for row in await afterwards.zones()] == [None]
    await afterwards.create(ZONE, {"kind": "primary"}, (SOA, NS, WWW), MARK)
    zone = await afterwards.read(ZONE)
    assert zone.mark == MARK
    assert zone.rrsets.keys() == {SOA.id, NS.id, WWW.id}
    assert (zone.settings["kind"], zone.settings["soaEditApi"]) == ("primary", "DEFAULT")
    assert pdns.values(f"www.{ZONE}", "A") == list(WWW.values)


@pytest.mark.parametrize("account", ["", "customer-7", forms.account_of(Mark("other", MARK.key, ZONE))])
async def test_an_empty_zone_of_somebody_else_is_not_taken(
    pdns: Pdns, reached: Reached, account: str
) -> None:
    pdns.api("POST", "/zones", {"name": ZONE, "kind": "Native", "account": account})
    with closing(sqlite3.connect(pdns.database)) as database:
        database.execute("DELETE FROM records")
        database.commit()
    before = pdns.api("GET", f"/zones/{ZONE}")
    assert before[1]["rrsets"] == []
    with pytest.raises(ConflictError):
        await reached(pdns.url).create(ZONE, {}, (SOA, NS), MARK)
    assert pdns.api("GET", f"/zones/{ZONE}") == before


async def test_a_zone_may_be_made_long_after_we_gave_up_and_bears_our_mark(
    pdns: Pdns, reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = reached(pdns.url)
    with locked(pdns), monkeypatch.context() as patched:
        patched.setattr(access, "WRITE_SECONDS", 0.3)
        with pytest.raises(OutcomeUnknownError, match="took too long"):
            await server.create(ZONE, {}, (SOA, NS), MARK)

    async def made() -> bool:
        try:
            return (await server.read(ZONE)).mark == MARK
        except (GoneError, NotFoundError):  # The latter when it comes between its 404 and the list as proof.
            return False

    async with asyncio.timeout(30):
        while not await made():
            await asyncio.sleep(0.05)


async def test_a_server_that_fails_and_then_tells_nothing_may_have_done_it(
    pdns: Pdns, server: PowerdnsServer, proxy: Proxy
) -> None:
    zone = await server.read(ZONE)
    proxy.fail(How.CUT, nth(1, http_read))
    with locked(pdns), pytest.raises(OutcomeUnknownError, match="500"):
        await server.write(ZONE, Batch((WWW,), (), zone.serial))


async def test_where_the_server_raises_no_serial_a_failure_may_have_done_it(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    await server.configure(ZONE, {"soaEditApi": "OFF"})
    with locked(pdns), pytest.raises(OutcomeUnknownError, match="500"):
        await put(server, WWW)


@pytest.mark.parametrize("broken", ["look", "write"])
async def test_what_goes_in_several_calls_and_breaks_off_was_done_in_part(
    pdns: Pdns, server: PowerdnsServer, proxy: Proxy, broken: str
) -> None:
    server._limits = Limits(body=10_000, iterations=0)
    many = tuple(rrset(f"host-{i:03}", "A", f"10.0.0.{i}") for i in range(100))
    zone = await server.read(ZONE)
    proxy.fail(How.CUT, nth(1, http_read if broken == "look" else http_write), after=60)
    with pytest.raises(OutcomeUnknownError):
        await server.write(ZONE, Batch(many, (), zone.serial))
    after = await server.read(ZONE)
    assert 2 < len(after.rrsets) < 102
    await put(server, *many)
    assert len((await server.read(ZONE)).rrsets) == 102


# Others who write as well


async def test_among_ten_who_write_by_hand_none_of_ours_is_lost_unnoticed(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    done = threading.Event()

    def by_hand(who: int) -> None:
        for number in range(200):
            pdns.put(ZONE, f"hand-{who}.{ZONE}", "A", f"10.0.{who}.{number}")
            if done.wait(0.2):
                break

    people = [threading.Thread(target=by_hand, args=(who,)) for who in range(10)]
    for one in people:
        one.start()
    told: list[str] = []
    try:
        async with asyncio.timeout(60):
            number = 0
            while number < 10 or not told:  # Before somebody came between, this shows nothing.
                number += 1
                wanted = rrset("ours", "A", f"192.0.{number >> 8}.{number & 255}")
                while (zone := await server.read(ZONE)).rrsets.get(wanted.id) != wanted:
                    try:
                        await server.write(ZONE, Batch((wanted,), (), zone.serial))
                    except (ConflictError, BusyError, OutcomeUnknownError) as error:
                        told.append(type(error).__name__)
    finally:
        done.set()
        for one in people:
            one.join()
    zone = await server.read(ZONE)
    assert zone.rrsets[f"ours.{ZONE}", "A"].values == wanted.values
    assert any(name.startswith("hand-") for name, _ in zone.rrsets)
    assert zone.mark == MARK


async def test_a_value_of_ours_that_somebody_overwrites_is_seen_at_the_next_look(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    await put(server, WWW)
    first = await server.read(ZONE)
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.66")
    second = await server.read(ZONE)
    assert second.rrsets[WWW.id].values == ("192.0.2.66",)
    with pytest.raises(ConflictError):
        await server.write(ZONE, Batch((WWW,), (), first.serial))


async def test_a_caller_that_gives_up_leaves_no_socket_behind(server: PowerdnsServer, proxy: Proxy) -> None:
    proxy.fail(How.HANG)
    task = asyncio.create_task(server.read(ZONE))
    async with asyncio.timeout(10):
        while proxy.strikes == 0:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await server.read(ZONE)).mark == MARK


def test_nothing_shows_the_key() -> None:
    shown = Access("http://127.0.0.1:8081", Secret(API_KEY), "{env: K}")
    assert API_KEY not in repr(shown)
