"""One connection to a host, and every way in which it breaks, against a real sshd."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from setpoint.model.errors import BusyError, OutcomeUnknownError, RefusalError, TransportError
from setpoint.model.secret import Secret
from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.failures import HostKeyError
from setpoint_nixos.ssh.link import Patience
from setpoint_nixos.ssh.session import TOGETHER, Session
from tests.rig.waiting import until
from tests.systems.nixos.servers.sshd import SHORT, OpenGate, Silent, Sshd, free_port, make_key


@pytest.fixture(scope="module")
def sshd() -> Generator[Sshd]:
    """Shared by the tests that leave it as it was."""
    with Sshd() as server:
        yield server


@pytest.fixture
def own() -> Generator[Sshd]:
    """For a test that breaks it."""
    with Sshd() as server:
        yield server


@asynccontextmanager
async def reaching(
    access: Access, patience: Patience = SHORT, gate: OpenGate | None = None
) -> AsyncGenerator[Session]:
    session = Session(access, gate or OpenGate(), patience)
    try:
        yield session
    finally:
        await session.close()


async def ended(sshd: Sshd) -> None:
    """The process that wrote its id into `pid` is there no more."""
    process = Path("/proc", (sshd.root / "pid").read_text().strip())
    await asyncio.to_thread(until, lambda: not process.exists(), "the command is ended on the host")


async def test_a_command_answers_with_its_status_and_both_streams_as_bytes(sshd: Sshd) -> None:
    async with reaching(sshd.access) as session:
        done = await session.run(r"cat; printf 'a\377' >&2; exit 7", stdin=b"in\x00\xff", timeout=10)
    assert (done.status, done.out, done.err) == (7, b"in\x00\xff", b"a\xff")


async def test_a_command_that_a_signal_killed_tells_which(sshd: Sshd) -> None:
    async with reaching(sshd.access) as session:
        assert (await session.run("kill -9 $$", timeout=10)).status == -9


async def test_a_command_need_not_read_what_it_is_given(sshd: Sshd) -> None:
    async with reaching(sshd.access) as session:
        assert (await session.run("exit 0", stdin=b"x" * 4_000_000, timeout=10)).status == 0


async def test_a_megabyte_passes_both_ways(sshd: Sshd) -> None:
    data = bytes(range(256)) * 4096
    async with reaching(sshd.access) as session:
        assert (await session.run("cat", stdin=data, timeout=20)).out == data


async def test_ten_commands_at_once_share_one_connection(own: Sshd) -> None:
    async with reaching(own.access) as session:
        done = await asyncio.gather(
            *(session.run(f"sleep 0.2; echo {number}", timeout=20) for number in range(10))
        )
    assert [int(each.out) for each in done] == list(range(10))
    assert own.entered == 1


async def test_a_fresh_session_has_a_connection_of_its_own(own: Sshd) -> None:
    async with reaching(own.access) as session:
        await session.run("true", timeout=10)
        other = session.fresh()
        await other.run("true", timeout=10)
        await other.close()
        assert (await session.run("echo here", timeout=10)).out == b"here\n"
    assert own.entered == 2


async def test_every_call_passes_the_gate_as_what_it_is(sshd: Sshd) -> None:
    gate = OpenGate()
    async with reaching(sshd.access, gate=gate) as session:
        await session.run("true", timeout=10)
        await session.run("true", timeout=10, writes=True)
        async with session.open("true"):
            pass
    assert gate.passed == [False, True, True]


async def test_a_changed_host_key_is_refused_with_both_fingerprints(own: Sshd) -> None:
    before = own.access
    for kind in ("ed25519", "ecdsa", "rsa"):
        shown = own.rekey(kind)
        async with reaching(before) as session:
            with pytest.raises(HostKeyError) as error:
                await session.run("true", timeout=10)
        for line in (shown, before.host_key):
            assert fingerprint(line) in str(error.value)
        assert "declare" in error.value.remedy


def fingerprint(line: str) -> str:
    import asyncssh

    return asyncssh.import_public_key(line).get_fingerprint()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
async def test_a_host_with_keys_of_several_types_is_known_by_the_declared_one(own: Sshd, kind: str) -> None:
    own.stop()
    declared = make_key(own.root / "second", kind)
    own.options = (f"HostKey {own.root}/second",)
    own.start()
    for line in (declared, own.host_key):
        async with reaching(replace(own.access, host_key=line)) as session:
            assert (await session.run("true", timeout=10)).status == 0


async def test_a_host_that_is_down_was_not_reached() -> None:
    async with reaching(_nobody(free_port())) as session:
        with pytest.raises(TransportError, match="cannot be reached: Connection refused"):
            await session.run("true", timeout=10, writes=True)


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20, b"SSH-2.0-x\r\nrubbish, and no packet\r\n" * 9]
)
async def test_what_is_no_ssh_was_not_reached(words: bytes) -> None:
    with Silent(words) as place:
        async with reaching(_nobody(place.port), Patience(connect=2)) as session:
            speaking = asyncio.create_task(asyncio.to_thread(place.speak))
            with pytest.raises(TransportError):
                await session.run("true", timeout=10)
            await speaking


async def test_a_silent_host_is_given_up_in_time() -> None:
    began = time.monotonic()
    with Silent() as place:
        async with reaching(_nobody(place.port), Patience(connect=0.5)) as session:
            with pytest.raises(TransportError, match="within the time"):
                await session.run("true", timeout=10)
    assert time.monotonic() - began < 3


def _nobody(port: int) -> Access:
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    line = key.export_public_key().decode().strip()
    return Access("127.0.0.1", "nobody", line, Secret(key.export_private_key().decode()), port)


@pytest.mark.parametrize(
    ("writes", "kind"), [(False, TransportError), (True, OutcomeUnknownError)], ids=["read", "write"]
)
async def test_a_cut_in_the_middle_of_a_command_says_what_is_known(
    own: Sshd, kind: type[Exception], *, writes: bool
) -> None:
    async with reaching(own.access) as session:
        running = asyncio.create_task(
            session.run(f"touch {own.root}/began; sleep 30", timeout=25, writes=writes)
        )
        await asyncio.to_thread(until, (own.root / "began").exists, "the command runs")
        own.cut()
        with pytest.raises(kind, match="was lost during"):
            await running
        assert (await session.run("echo again", timeout=10)).out == b"again\n"


async def test_a_connection_that_falls_silent_is_given_up(own: Sshd) -> None:
    async with reaching(own.access, Patience(connect=10, answer=2, keepalive=0.5)) as session:
        running = asyncio.create_task(session.run(f"touch {own.root}/began; sleep 30", timeout=25))
        await asyncio.to_thread(until, (own.root / "began").exists, "the command runs")
        own.freeze()
        with pytest.raises(TransportError):
            await asyncio.wait_for(running, 10)
        assert (await session.run("echo again", timeout=10)).out == b"again\n"


@pytest.mark.parametrize(
    ("writes", "kind"), [(False, BusyError), (True, OutcomeUnknownError)], ids=["read", "write"]
)
async def test_a_command_that_hangs_is_ended_and_leaves_the_connection(
    own: Sshd, kind: type[Exception], *, writes: bool
) -> None:
    async with reaching(own.access) as session:
        with pytest.raises(kind, match=r"did not end within 0\.3 s"):
            await session.run(f"echo $$ > {own.root}/pid; exec sleep 60", timeout=0.3, writes=writes)
    assert own.entered == 1
    await ended(own)


async def test_a_command_that_takes_no_hint_is_killed(own: Sshd) -> None:
    async with reaching(own.access) as session:
        with pytest.raises(BusyError):
            await session.run(
                f"trap '' TERM; echo $$ > {own.root}/pid; while :; do sleep 1; done", timeout=0.3
            )
        await ended(own)


async def test_a_timeout_on_a_silent_host_is_no_answer(own: Sshd) -> None:
    async with reaching(own.access, Patience(connect=10, answer=1, keepalive=60)) as session:
        running = asyncio.create_task(session.run(f"touch {own.root}/began; sleep 30", timeout=3))
        await asyncio.to_thread(until, (own.root / "began").exists, "the command runs")
        own.freeze()
        with pytest.raises(TransportError, match="the host is silent"):
            await running
        assert (await session.run("echo again", timeout=10)).out == b"again\n"


async def test_what_only_reads_is_given_again_when_the_connection_is_dead(own: Sshd) -> None:
    async with reaching(own.access, Patience(connect=10, answer=1, keepalive=60)) as session:
        await session.run("true", timeout=10)
        own.freeze()
        assert (await session.run("echo again", timeout=10)).out == b"again\n"


async def test_what_may_have_begun_is_not_given_again(own: Sshd) -> None:
    async with reaching(own.access, Patience(connect=10, answer=1, keepalive=60)) as session:
        await session.run("true", timeout=10)
        own.freeze()
        with pytest.raises(OutcomeUnknownError):
            await session.run(f"touch {own.root}/began", timeout=10, writes=True)


async def test_what_is_cancelled_ends_on_the_host_too(own: Sshd) -> None:
    async with reaching(own.access) as session:
        running = asyncio.create_task(session.run(f"echo $$ > {own.root}/pid; exec sleep 60", timeout=50))
        await asyncio.to_thread(
            until, lambda: (own.root / "pid").exists() and (own.root / "pid").read_text(), "it runs"
        )
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await ended(own)


async def test_a_flood_is_ended(sshd: Sshd) -> None:
    async with reaching(sshd.access) as session:
        with pytest.raises(RefusalError, match="printed more than 100000 bytes"):
            await session.run("cat /dev/zero", timeout=10, limit=100_000)
        assert (await session.run("echo well", timeout=10)).out == b"well\n"


async def test_a_restarted_server_is_entered_anew_without_an_error(own: Sshd) -> None:
    async with reaching(own.access) as session:
        await session.run("true", timeout=10)
        own.restart()
        assert (await session.run("echo again", timeout=10, writes=True)).out == b"again\n"
    assert own.entered == 2


async def test_a_host_behind_another_is_reached(own: Sshd, sshd: Sshd) -> None:
    async with reaching(own.through(sshd)) as session:
        assert (await session.run("echo far", timeout=10)).out == b"far\n"
        own.restart()
        assert (await session.run("echo anew", timeout=10)).out == b"anew\n"
    assert own.entered == 2


async def test_a_host_behind_another_that_is_down_says_where_the_way_ends(own: Sshd, sshd: Sshd) -> None:
    far = own.through(sshd)
    own.stop()
    async with reaching(far) as session:
        with pytest.raises(TransportError, match=rf"{own.port} cannot be reached from .*{sshd.port}"):
            await session.run("true", timeout=10)


async def test_a_jump_that_passes_nobody_on_is_a_refusal(sshd: Sshd) -> None:
    with Sshd("AllowTcpForwarding no") as jump:
        async with reaching(sshd.through(jump)) as session:
            with pytest.raises(RefusalError, match="AllowTcpForwarding"):
                await session.run("true", timeout=10)


async def test_the_host_key_counts_behind_a_jump_too(sshd: Sshd, own: Sshd) -> None:
    far = own.through(sshd)
    own.rekey()
    async with reaching(far) as session:
        with pytest.raises(HostKeyError):
            await session.run("true", timeout=10)


async def test_a_refused_key_says_which_one_to_let_in(sshd: Sshd, own: Sshd) -> None:
    async with reaching(replace(sshd.access, key=own.access.key)) as session:
        with pytest.raises(RefusalError) as error:
            await session.run("true", timeout=10)
    offered = (own.root / "key.pub").read_text().split()[1]
    assert offered in error.value.remedy


@pytest.mark.parametrize(("kind", "form"), [("ed25519", "RFC4716"), ("ecdsa", "PEM")], ids=["openssh", "pem"])
@pytest.mark.parametrize("passphrase", ["right", "wrong", None])
async def test_a_locked_key_needs_its_passphrase(
    own: Sshd, kind: str, form: str, passphrase: str | None
) -> None:
    public = make_key(own.root / "locked", kind, passphrase="right", form=form)
    (own.root / "authorized").write_text(public + "\n")
    key = Secret((own.root / "locked").read_text())
    access = replace(own.access, key=key, passphrase=None if passphrase is None else Secret(passphrase))
    async with reaching(access) as session:
        if passphrase == "right":
            assert (await session.run("true", timeout=10)).status == 0
            return
        with pytest.raises(RefusalError, match="passphrase"):
            await session.run("true", timeout=10)


async def test_what_is_no_key_is_a_refusal_that_does_not_repeat_it(sshd: Sshd) -> None:
    async with reaching(replace(sshd.access, key=Secret("hunter2"))) as session:
        with pytest.raises(RefusalError, match="no private key") as error:
            await session.run("true", timeout=10)
    assert "hunter2" not in str(error.value)


async def test_a_host_that_allows_fewer_commands_says_what_to_set() -> None:
    with Sshd("MaxSessions 1") as server:
        async with reaching(server.access) as session:
            answers = await asyncio.gather(
                *(session.run("sleep 0.5", timeout=10) for _ in range(3)), return_exceptions=True
            )
    refused = [each for each in answers if isinstance(each, BusyError)]
    assert len(refused) == 2
    assert "MaxSessions" in refused[0].remedy


async def test_a_channel_carries_bytes_both_ways_while_it_runs(sshd: Sshd) -> None:
    async with reaching(sshd.access) as session, session.open("echo hello >&2; cat; exit 3") as channel:
        await channel.write(b"\x00one")
        assert await channel.read() == b"\x00one"
        await channel.write(b"two")
        channel.end()
        assert await channel.read() == b"two"
        assert await channel.read() == b""
        assert await channel.wait() == 3
        assert channel.err == b"hello\n"


async def test_a_channel_ends_with_its_block(own: Sshd) -> None:
    async with reaching(own.access) as session:
        async with session.open(f"echo $$ > {own.root}/pid; echo up; exec sleep 60") as channel:
            assert await channel.read() == b"up\n"
        await ended(own)


async def test_a_channel_that_is_cut_does_not_look_like_one_that_ended(own: Sshd) -> None:
    async with reaching(own.access) as session, session.open("echo up; cat") as channel:
        assert await channel.read() == b"up\n"
        own.cut()
        with pytest.raises(OutcomeUnknownError):
            await channel.read()
        with pytest.raises(OutcomeUnknownError):
            await channel.wait()


async def test_channels_and_commands_share_the_places_of_one_connection(own: Sshd) -> None:
    async with reaching(own.access) as session, session.open("cat"):
        done = await asyncio.gather(*(session.run("sleep 0.1", timeout=20) for _ in range(2 * TOGETHER)))
    assert {each.status for each in done} == {0}
    assert own.entered == 1
