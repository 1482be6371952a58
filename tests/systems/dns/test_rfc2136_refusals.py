"""Keys that are wrong, rights that are missing, zones that are not there: what is a proof, and what is merely a refusal."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.secret import Secret
from setpoint.run.gate import LaneGate
from setpoint_dns.content import Batch
from setpoint_dns.rfc2136.failures import KeyRefusedError
from setpoint_dns.rfc2136.server import Rfc2136Server
from setpoint_dns.rfc2136.wire import Endpoint, Tsig
from setpoint_dns.server import GoneError
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.program import HMAC, SECRET, Program
from tests.systems.dns.updating import KEY, MAKES, MARK, ZONE, Start, a, client, primary

WRONG = "AAAAhja9Z9A9aCaB2jxQDjf2+xeCKJWbyAmMI4OCF4c="
BATCH = Batch((a("www", "192.0.2.1"),), (), 1)


async def write(ours: Rfc2136Server, serial: int) -> None:
    await ours.write(ZONE, Batch(BATCH.put, (), serial))


@pytest.fixture(params=MAKES)
def server(request: pytest.FixtureRequest, start: Start) -> Program:
    # PowerDNS lets everybody transfer from this machine, unless it is told otherwise.
    return primary(str(request.param), start, **{"allow-axfr-ips": "192.0.2.1"})


CALLS: dict[str, Callable[[Rfc2136Server, int], Coroutine[None, None, object]]] = {
    "read": lambda ours, _: ours.read(ZONE),
    "write": write,
    "mark": lambda ours, _: ours.mark(ZONE, MARK),
}
KEYS = {"no key": ("", SECRET), "an unknown key": ("nobody", SECRET), "a wrong secret": (KEY, WRONG)}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", KEYS)
async def test_a_key_that_does_not_fit_is_a_refusal_that_says_what_to_look_at(
    key: str, call: str, server: Program
) -> None:
    name, secret = KEYS[key]
    before = server.serial(ZONE)
    work = CALLS[call](client(server.port, name, secret=secret), before)
    with pytest.raises(RefusalError) as refused:
        await work
    assert not isinstance(refused.value, GoneError)
    assert refused.value.remedy
    assert secret not in str(refused.value)
    assert server.serial(ZONE) == before


async def test_the_remedy_names_what_to_set_in_each_make_of_server(server: Program) -> None:
    with pytest.raises(RefusalError) as refused:
        await client(server.port, "").read(ZONE)
    assert all(
        word in refused.value.remedy
        for word in (
            ZONE,
            "Knot: `action: transfer`",
            "BIND: allow-transfer",
            "PowerDNS: the zone's metadata",
        )
    )


@pytest.mark.parametrize("make", MAKES)
async def test_a_server_that_takes_no_updates_is_read_and_refuses_to_be_written(
    make: str, start: Start
) -> None:
    server = primary(make, start)
    server.updates = False
    server.restart()
    ours = client(server.port)
    zone = await ours.read(ZONE)
    for work in (write(ours, zone.serial), ours.mark(ZONE, MARK)):
        with pytest.raises(
            RefusalError, match=r"Knot: `action: update` .* BIND: update-policy .* dnsupdate=yes"
        ):
            await work
    assert (await ours.read(ZONE)).rrsets == zone.rrsets


async def test_bind_proves_with_its_signature_that_it_has_no_such_zone(start: Start) -> None:
    ours = client(primary("bind", start).port)
    with pytest.raises(GoneError, match="has no zone absent"):
        await ours.read("absent.test.")


@pytest.mark.parametrize("make", ["knot", "pdns"])
async def test_without_a_signature_nothing_proves_that_a_zone_is_absent(make: str, start: Start) -> None:
    ours = client(primary(make, start).port)
    for work in (ours.read("absent.test."), ours.serial("absent.test.")):
        with pytest.raises(RefusalError) as refused:
            await work
        assert not isinstance(refused.value, GoneError)


async def test_a_refusal_to_a_key_without_rights_never_proves_that_a_zone_is_absent(bind_views: Bind) -> None:
    # The key reaches the view and may not transfer there.
    with pytest.raises(RefusalError) as refused:
        await client(bind_views.port, "").read(ZONE)
    assert not isinstance(refused.value, GoneError)


@pytest.mark.parametrize("make", [Knot, Bind])
async def test_a_zone_above_proves_that_a_zone_is_absent(make: type[Knot | Bind], start: Start) -> None:
    ours = client(start(make("test")).port)
    for work in (ours.read(ZONE), ours.serial(ZONE), ours.write(ZONE, BATCH)):
        with pytest.raises(GoneError):
            await work


@pytest.mark.parametrize("make", [Knot, Bind])
async def test_a_delegation_proves_nothing(make: type[Knot | Bind], start: Start) -> None:
    ours = client(start(make("test", records=("example 300 IN NS ns1.example",))).port)
    with pytest.raises(RefusalError, match="without authority") as refused:
        await ours.serial(ZONE)
    assert not isinstance(refused.value, GoneError)


@pytest.mark.parametrize(
    ("tsig", "said"),
    [
        (Tsig("key", HMAC, Secret("§ no base64 §")), "no base64"),
        (Tsig("key", "hmac-sha255", Secret(SECRET)), "no algorithm"),
        (Tsig("key..", HMAC, Secret(SECRET)), "no name"),
    ],
    ids=["secret", "algorithm", "name"],
)
async def test_a_key_that_is_none_is_refused_before_anything_is_sent_and_never_shown(
    tsig: Tsig, said: str
) -> None:
    ours = Rfc2136Server(Endpoint("127.0.0.1", 1), tsig, LaneGate())
    with pytest.raises(RefusalError, match=said) as refused:
        await ours.read(ZONE)
    assert (
        tsig.secret.reveal() not in f"{refused.value!r} {refused.value} {tsig!r} {refused.value.__cause__!r}"
    )


class TwoMinded(Knot):
    """A Knot that takes the key for all zones but the last one; the key's secret may change at a restart."""

    secret = SECRET

    def _common(self) -> str:
        return super()._common().replace(SECRET, self.secret)

    def _remotes(self) -> str:
        return f"{super()._remotes()}  - id: nobody\n    address: 192.0.2.1\n    action: transfer\n"

    def _zones(self) -> str:
        return f"{super()._zones()}    acl: [nobody]\n"


async def test_a_key_is_wrong_when_no_zone_that_was_read_takes_it(start: Start) -> None:
    server = TwoMinded(ZONE, "other.test")
    start(server)
    ours = client(server.port)
    await ours.identity()
    with pytest.raises(KeyRefusedError):
        await ours.read("other.test.")
    with pytest.raises(KeyRefusedError, match=r"other\.test"):
        await ours.identity()
    await ours.read(ZONE)
    await ours.identity()
    server.secret = WRONG
    server.restart()
    with pytest.raises(KeyRefusedError):
        await ours.identity()


@pytest.mark.parametrize("key", ["an unknown key", "a wrong secret"])
@pytest.mark.parametrize("make", ["bind", "pdns"])
async def test_a_server_that_judges_any_question_knows_a_wrong_key_at_once(
    make: str, key: str, start: Start
) -> None:
    server = primary(make, start)
    await client(server.port).identity()
    name, secret = KEYS[key]
    with pytest.raises(KeyRefusedError):
        await client(server.port, name, secret=secret).identity()
