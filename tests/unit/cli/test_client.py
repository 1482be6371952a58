"""What is said when the daemon is not there or does not answer as it should; a real socket at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setpoint.cli.client import Client, DaemonDownError, RefusedError

Answer = Callable[[bytes], Client]


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answer]:
    """Makes a client whose daemon answers one question with these bytes; with none it stays silent."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    done = threading.Event()
    threads: list[threading.Thread] = []

    def start(reply: bytes) -> Client:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)
                if not reply:
                    done.wait(10)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Client(tmp_path / "s")

    yield start
    done.set()
    for thread in threads:
        thread.join(10)
    listener.close()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        pytest.param(b"", "does not answer in time; see what the daemon logs", id="silence"),
        pytest.param(b"\r\n", "broke off", id="half an answer"),
        pytest.param(http("500 Oh", "500 Oh\n\nno JSON"), "gives no answer of ours", id="no JSON"),
        pytest.param(http("200 OK", ""), "gives no answer of ours", id="nothing"),
    ],
)
def test_a_daemon_that_does_not_answer_as_it_should_is_told(
    answering: Answer, reply: bytes, says: str
) -> None:
    with pytest.raises(DaemonDownError, match=says):
        answering(reply).get("/v1/status", seconds=0.3)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ('{"error": {"message": "not yours", "remedy": "ask"}}', "not yours; ask"),
        ('{"error": {"message": "not yours", "remedy": ""}}', "not yours"),
        ('{"error": "of another version"}', "Forbidden"),
        ("{}", "Forbidden"),
    ],
    ids=["remedy", "no remedy", "another form", "nothing"],
)
def test_a_refusal_is_told_in_the_daemons_words(answering: Answer, told: str, says: str) -> None:
    with pytest.raises(RefusedError) as refused:
        answering(http("403 Forbidden", told)).get("/v1/status")
    assert (refused.value.status, str(refused.value)) == (403, says)


def test_an_answer_is_given_as_it_is(answering: Answer) -> None:
    assert answering(http("200 OK", '{"a": 1}')).get("/v1/status", key="x", none=None) == {"a": 1}


def test_a_socket_that_is_not_there_says_how_to_start_the_daemon(tmp_path: Path) -> None:
    with pytest.raises(DaemonDownError, match="nobody answers; start the daemon: systemctl start setpoint"):
        Client(tmp_path / "none").get("/v1/status")


def test_a_socket_that_nobody_serves_any_more_says_the_same(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "s"))
    with pytest.raises(DaemonDownError, match="start the daemon"):
        Client(tmp_path / "s").get("/v1/status")
