"""What shows that a system is well: each sort of check against something real, well and not."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncGenerator, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.errors import TransportError
from setpoint_nixos.guard.checks import Check, failing
from setpoint_nixos.ssh.session import Session
from tests.systems.nixos.servers.sshd import Silent, Sshd


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # its name in http.server
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Generator[str]:
    """A server that answers with the status that its path names."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
async def session() -> AsyncGenerator[Session]:
    with Sshd() as sshd:
        made = sshd.session()
        yield made
        await made.close()


async def why(session: Session, **check: Any) -> str:
    return await failing(session, (Check.model_validate(check),))


async def test_http_is_well_below_400(session: Session, web: str) -> None:
    assert await why(session, http=f"{web}/204") == ""
    assert await why(session, http=f"{web}/404") == f"{web}/404 answers with 404"
    assert await why(session, http=f"{web}/503") == f"{web}/503 answers with 503"


async def test_what_does_not_answer_or_listen_is_not_well(session: Session) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        assert place in await why(session, tcp=place)
        assert place in await why(session, http=f"http://{place}/")
    with Silent() as silent:
        assert await why(session, tcp=f"127.0.0.1:{silent.port}") == ""
        said = await why(session, http=f"http://127.0.0.1:{silent.port}/", timeout=1)
        assert said.endswith("does not answer within 1 s")


async def test_a_command_is_well_when_it_ends_with_0(session: Session) -> None:
    assert await why(session, command="test -d / && true") == ""
    assert (
        await why(session, command="echo no such role; exit 3")
        == "'echo no such role; exit 3' ends with 3 (no such role)"
    )


async def test_a_command_that_hangs_is_ended_and_is_not_well(session: Session) -> None:
    assert await why(session, command="sleep 60", timeout=1) == "'sleep 60' ends with 124"


async def test_a_unit_that_is_not_active_is_not_well(session: Session) -> None:
    assert (await why(session, unit="no-such.service")).startswith("no-such.service ends with ")


async def test_the_first_that_fails_is_told(session: Session) -> None:
    checks = tuple(Check(command=text) for text in ("true", "exit 1", "exit 2"))
    assert await failing(session, checks) == "'exit 1' ends with 1"


async def test_a_host_that_cannot_be_asked_is_not_taken_for_one_that_is_unwell() -> None:
    with Sshd() as sshd:
        made = sshd.session()
    with pytest.raises(TransportError):
        await failing(made, (Check(command="true"),))


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"unit": "a.service", "tcp": "h:1"}, {"unit": "a b"}, {"http": "ftp://x"}, {"http": "x"}, {"tcp": "x"},
        {"tcp": "x:0"}, {"tcp": "x:70000"}, {"tcp": ":1"}, {"command": ""}, {"command": "true", "timeout": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_check_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Check.model_validate(wrong)
