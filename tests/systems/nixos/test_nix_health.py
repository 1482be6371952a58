"""What a guest answers about its health: one answer over HTTP, whoever asks, and no waiting for those who do not."""

from __future__ import annotations

import os
import subprocess
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

import pytest

from tests.systems.nixos.shelf import ROOT

SCRIPT: Final = ROOT / "nix/health.sh"
ASKED: Final = b"GET / HTTP/1.1\r\nHost: web01:9647\r\n\r\n"
SYSTEMCTL: Final = """#!/bin/sh
case $1 in
is-system-running) printf '%s\\n' "$STATE"; [ "$STATE" = running ] ;;
list-units) for unit in $FAILED; do echo "$unit loaded failed failed A unit that failed"; done ;;
esac
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with a systemctl that says what it is told to."""
    place = tmp_path / "systemctl"
    place.write_text(SYSTEMCTL)
    place.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


class _Socket:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def makefile(self, _: str) -> BytesIO:
        return BytesIO(self.content)


def answer(path: str, state: str, failed: str = "", *allowed: str, asked: bytes = ASKED) -> tuple[int, str]:
    """The status and the text of the answer."""
    done = subprocess.run(
        ("bash", str(SCRIPT), *allowed),
        input=asked,
        env={"PATH": path, "STATE": state, "FAILED": failed},
        capture_output=True,
        check=False,
        timeout=60,
    )
    response = HTTPResponse(cast("Any", _Socket(done.stdout)))
    response.begin()
    text = response.read()
    assert response.headers["Content-Length"] == str(len(text))
    return response.status, text.decode().strip()


@pytest.mark.parametrize(
    ("state", "failed", "allowed", "told"),
    [
        ("running", "", (), (200, "running")),
        ("degraded", "a.service", (), (503, "failed: a.service")),
        ("degraded", "a.service b.mount", ("a.service",), (503, "failed: b.mount")),
        ("degraded", "a.service b.mount", ("b.mount", "a.service"), (200, "running")),
        ("degraded", "a.service", ("xa.service", "a.servic"), (503, "failed: a.service")),
        ("starting", "", ("a.service",), (503, "starting")),
        ("maintenance", "", (), (503, "maintenance")),
        ("", "", (), (503, "unknown")),
        ("run\nning", "", (), (503, "run ning")),
    ],
    ids=[
        "well",
        "failed",
        "one-too-many",
        "allowed",
        "similar",
        "starting",
        "rescue",
        "no-systemd",
        "rubbish",
    ],
)
def test_it_says_whether_the_machine_is_well(
    path: str, state: str, failed: str, allowed: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert answer(path, state, failed, *allowed) == told


@pytest.mark.parametrize(
    "asked",
    [b"", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\nHost: x\n\n", b"\\ $(reboot)`reboot` %s\r\n\r\n", b"\xff\x00\r\n\r\n", b"GET /"],
    ids=["nothing", "old", "bare-ends", "not-http", "binary", "cut"],
)  # fmt: skip
def test_whatever_it_is_asked_the_answer_is_the_same(path: str, asked: bytes) -> None:
    assert answer(path, "running", asked=asked) == (200, "running")


def test_without_a_systemctl_it_is_not_well(tmp_path: Path) -> None:
    for name in ("bash", "cut", "tr"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    assert answer(str(tmp_path), "running") == (503, "unknown")
