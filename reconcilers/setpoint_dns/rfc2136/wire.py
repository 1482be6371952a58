"""One exchange with a server over TCP: connects, signs, sends, and classifies what fails. It repeats nothing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

from setpoint.model.errors import RefusalError, TargetError
from setpoint.model.kind import Gate
from setpoint.model.secret import Secret
from setpoint_dns.rfc2136.failures import Call, answered, broken, gone, silent, unreachable
from setpoint_dns.rfc2136.odd import tolerated
from setpoint_dns.rfc2136.stream import Endpoint, Stream, connected

__all__ = ["Endpoint", "Patience", "Tsig", "Wire"]

Message = TypeVar("Message", bound=dns.message.Message)

TRANSFERS = "transfers"
"""The scope of zone transfers: a few at once, for each fills memory with a zone."""


@dataclass(frozen=True)
class Tsig:
    """A key by which calls are signed.

    Attributes:
        name: as the server knows it.
        algorithm: such as `hmac-sha256`.
        secret: in base64.
    """

    name: str
    algorithm: str
    secret: Secret

    def key(self) -> dns.tsig.Key:
        """The key as dnspython takes it. Its text form shows the secret.

        Raises:
            RefusalError: the name is none, the secret is no base64, or the algorithm is unknown.
        """
        try:
            name = dns.name.from_text(self.name)
        except dns.exception.DNSException:
            raise RefusalError(f"'{self.name}' is no name of a TSIG key") from None
        try:
            secret = base64.b64decode(self.secret.reveal(), validate=True)
        except ValueError:
            # What the library says may repeat the secret.
            raise RefusalError(
                f"the secret of the TSIG key {self.name} is no base64",
                remedy="it is what `tsig-keygen` or `keymgr -t` prints as secret",
            ) from None
        key = dns.tsig.Key(name, secret, self.algorithm)
        if key.algorithm not in dns.tsig.mac_sizes:
            raise RefusalError(f"'{self.algorithm}' is no algorithm of TSIG", remedy="use hmac-sha256")
        return key


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds: for a connection, an answer, an update, and a whole zone.

    A server that signs takes seconds for a thousand records, and PowerDNS a minute for as many replaced in a large zone.
    """

    connection: float = 5.0
    answer: float = 10.0
    update: float = 120.0
    transfer: float = 300.0


class Wire:
    """A server's TCP port, with one connection for each call; every call passes the gate."""

    def __init__(self, endpoint: Endpoint, tsig: Tsig | None, gate: Gate, patience: Patience) -> None:
        """Prepare; nothing is sent yet. Without a key nothing is signed, for servers that go by address alone."""
        self.endpoint = endpoint
        self._tsig = tsig
        self._gate = gate
        self._patience = patience

    async def ask(self, name: str, rtype: str) -> dns.message.Message:
        """The answer to a signed question, whatever its rcode. Raises TargetError."""
        query = self._signed(dns.message.make_query(name, rtype))
        return await self._question(self._call(rtype, name), query)

    async def chaos(self, name: str) -> dns.message.Message:
        """The answer to a question about the server itself, whatever its rcode. Raises TargetError."""
        query = dns.message.make_query(name, "TXT", rdclass=dns.rdataclass.CH)
        return await self._question(Call("CH TXT", name, str(self.endpoint)), query)

    async def update(self, zone: str, message: dns.update.UpdateMessage) -> None:
        """Send an update.

        Raises:
            TargetError: nothing of it is in force, unless it is OutcomeUnknownError.
        """
        call = self._call("UPDATE", zone, writes=True)
        self._signed(message)
        async with self._gate.using(writes=True):
            answer = await self._exchange(call, message, self._patience.update)
            if answer.rcode() != dns.rcode.NOERROR:
                raise answered(call, answer.rcode())

    async def transfer(self, zone: str) -> dns.zone.Zone:
        """All of a zone, as it was at one moment. Raises TargetError; GoneError when the server proves it absent."""
        call = self._call("AXFR", zone)
        query = self._signed(dns.message.make_query(zone, dns.rdatatype.AXFR))
        async with self._gate.using(TRANSFERS), self._stream(call) as stream:
            with _classified(call):
                async with asyncio.timeout(self._patience.transfer):
                    return await self._received(call, query, stream)

    async def _received(self, call: Call, query: dns.message.Message, stream: Stream) -> dns.zone.Zone:
        found = dns.zone.Zone(call.name, relativize=False)
        await stream.send(query.to_wire())
        with dns.xfr.Inbound(found) as inbound:
            done, before = False, None
            while not done:
                async with asyncio.timeout(self._patience.answer):
                    wire = await stream.receive()
                # In a thread, so that the socket is read meanwhile: Knot cuts a transfer that stands still for half a second.
                message = await asyncio.to_thread(_parsed, query, wire, before)
                if message.rcode() != dns.rcode.NOERROR or (before is None and _lacks(query, message)):
                    raise _refused(call, query, message)
                done, before = await asyncio.to_thread(inbound.process_message, message), message
        return found

    async def _question(self, call: Call, query: dns.message.Message) -> dns.message.Message:
        async with self._gate.using():
            return await self._exchange(call, query, self._patience.answer)

    async def _exchange(
        self, call: Call, message: dns.message.Message, seconds: float
    ) -> dns.message.Message:
        try:
            wire = message.to_wire()
        except dns.exception.TooBig:
            remedy = "have fewer records at one name"
            raise RefusalError(f"{call} does not fit into one message", remedy=remedy) from None
        async with self._stream(call) as stream:
            with _classified(call):
                async with asyncio.timeout(seconds):
                    await stream.send(wire)
                    answer = _parsed(message, await stream.receive())
        if _lacks(message, answer):
            raise answered(call, answer.rcode(), signed=False)
        return answer

    @asynccontextmanager
    async def _stream(self, call: Call) -> AsyncGenerator[Stream]:
        async with AsyncExitStack() as stack:
            try:
                open_one = connected(self.endpoint, self._patience.connection)
                stream = await stack.enter_async_context(open_one)
            except OSError as error:
                raise unreachable(call, error) from error
            yield stream

    def _call(self, what: str, name: str, *, writes: bool = False) -> Call:
        return Call(what, name, str(self.endpoint), self._tsig.name if self._tsig else "", writes)

    def _signed(self, message: Message) -> Message:
        if self._tsig is not None:
            message.use_tsig(self._tsig.key())
        return message


@contextmanager
def _classified(call: Call) -> Generator[None]:
    """Turn what is raised by sockets and by the library into the tree of errors."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise silent(call, error) from error
    except dns.exception.DNSException as error:
        raise broken(call, error) from error


def _parsed(
    question: dns.message.Message, wire: bytes, before: dns.message.Message | None = None
) -> dns.message.Message:
    """An answer, its signature checked when it has one; `before` is the message before it in a transfer."""
    read = partial(
        dns.message.from_wire,
        wire,
        keyring=question.keyring,
        request_mac=question.mac,
        xfr=question.question[0].rdtype == dns.rdatatype.AXFR,
        tsig_ctx=None if before is None else before.tsig_ctx,
        multi=True,  # Else nothing would be told of an answer without a signature, and its rcode tells much.
    )
    message = tolerated(wire, read, first=before is None)
    if not question.is_response(message, xfr_continuation=before is not None):
        raise ConnectionError("what came is no answer to it")
    return message


def _lacks(question: dns.message.Message, answer: dns.message.Message) -> bool:
    """Whether an answer lacks the signature that it ought to have."""
    return bool(question.mac) and not answer.had_tsig


def _refused(call: Call, query: dns.message.Message, message: dns.message.Message) -> TargetError:
    """Why there is no transfer.

    Signed, NOTAUTH is about the zone and not about the key, for which REFUSED or an error in the signature stand.
    Unsigned it may be either, as Knot has it.
    """
    if query.mac and message.had_tsig and message.rcode() == dns.rcode.NOTAUTH:
        return gone(call.name, call.endpoint)
    return answered(call, message.rcode(), signed=not _lacks(query, message))
