"""A server that misbehaves as told, on a free port of 127.0.0.1: what no emulator of an API can do."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field


@dataclass
class Served:
    """A running server. `requests` are the head lines and bodies received, `connections` how often it was dialled."""

    port: int = 0
    connections: int = 0
    requests: list[str] = field(default_factory=list[str])
    leave: Callable[[], None] = lambda: None
    """Close the door and every connection; another one may come in its place."""


def answer(status: str, body: str, *headers: str) -> bytes:
    """A whole answer."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body.encode())}",
        "Content-Type: application/json",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def by_path(answers: dict[str, bytes], other: bytes) -> Callable[[str], bytes]:
    """An answer by what stands in the request; an empty one leaves the client waiting."""
    return lambda request: next((text for part, text in answers.items() if part in request), other)


OK = answer("200 OK", '{"data":{"version":"9.2"}}')


@contextlib.asynccontextmanager
async def serve(
    *answers: bytes | Callable[[str], bytes] | None,
    tls: ssl.SSLContext | None = None,
    keep: bool = False,
    port: int = 0,
) -> AsyncGenerator[Served]:
    """Give one answer per request in order, the last one again and again; None drops the connection without a word.
    A function is given the request.

    Args:
        keep: leave the connection open after an answer.
        port: where to listen; 0 for anywhere.
    """
    served = Served()
    talks: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        talks.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line[15:])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                served.requests.append((head + await reader.readexactly(length)).decode())
                text = answers[min(len(served.requests), len(answers)) - 1]
                if text is None:
                    break
                writer.write(text if isinstance(text, bytes) else text(served.requests[-1]))
                await writer.drain()
                if not keep:
                    break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]

    def leave() -> None:
        server.close()
        for writer in list(talks):
            if not writer.is_closing():  # Closed twice, a TLS transport forgets what it stands on.
                writer.close()

    served.leave = leave
    try:
        yield served
    finally:
        leave()
        for writer in list(talks):
            # A TLS connection takes its leave in several steps, for which a loop that ends has no time.
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 0.2)
            writer.transport.abort()
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 5)
