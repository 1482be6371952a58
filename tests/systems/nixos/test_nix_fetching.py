"""What a host says that got nothing from its caches, as an error that names what to do."""

from __future__ import annotations

import json

import pytest

from setpoint.model.errors import RefusalError, TargetError, TransportError
from setpoint_nixos.nix.events import Told
from setpoint_nixos.nix.failures import UnsignedError, fetching, full

FAILED = "build of '/nix/store/x' failed"


def told(*lines: str) -> Told:
    """Nix that says these as warnings, and then that it failed."""
    made = Told()
    for level, line in (*((1, line) for line in lines), (0, f"error: {FAILED}")):
        made.take("@nix " + json.dumps({"action": "msg", "level": level, "msg": line}))
    return made


@pytest.mark.parametrize(
    ("said", "kind", "shown", "remedy"),
    [
        pytest.param(
            "warning: unable to download 'http://c/nix-cache-info': HTTP error 500; retrying in 271 ms\nresponse body:\n<html>",
            TransportError, "unable to download 'http://c/nix-cache-info': HTTP error 500", "see that the cache answers",
            id="broken",
        ),
        pytest.param(
            "error: unable to download 'http://c/x.narinfo': Timeout was reached (28)",
            TransportError, "Timeout was reached", "see that the cache answers", id="hangs",
        ),
        pytest.param(
            "warning: ignoring untrusted substituter 'http://c', you are not a trusted user.",
            RefusalError, "ignoring untrusted substituter", "nix.settings.trusted-substituters", id="untrusted",
        ),
        pytest.param(
            "warning: ignoring substitute for '/nix/store/x' from 'http://c', as it's not signed by any of the keys in "
            "'trusted-public-keys'",
            UnsignedError, "not signed by any of the keys", "write the public key of the cache", id="unsigned",
        ),
        pytest.param("copying path", RefusalError, FAILED, "have it built and put there", id="not-there"),
    ],
)  # fmt: skip
def test_it_is_told_why_and_what_to_do(said: str, kind: type[TargetError], shown: str, remedy: str) -> None:
    heard = told(said)
    error = fetching(heard.cause, heard.complaint, "web01", "/nix/store/x")
    assert type(error) is kind
    assert str(error).startswith("web01 cannot be given /nix/store/x by its caches (")
    assert shown in error.message
    assert "<html>" not in error.message
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("cp: No space left on device", "forge"),
        ("Disk quota exceeded", "this machine"),
        ("no such header", ""),
    ],
    ids=["full", "quota", "another"],
)
def test_a_disk_that_is_full_is_named(words: str, place: str) -> None:
    said = full(words, place or "forge")
    assert (f"free some space in /nix of {place}" in said) if place else not said
