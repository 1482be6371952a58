"""What a person did not say about the server of a zone file is told, and stands in its manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from setpoint.cli.main import run

MASTER = "$ORIGIN example.test.\n$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 600\n@ NS ns1\nns1 A 192.0.2.53\n"
ASSUMED = (
    "No server was named with --endpoint, so this is the PowerDNS of this machine, http://127.0.0.1:8081"
)


def init(root: Path, *more: str) -> str:
    """Reads the file; gives back the manifest of the server."""
    (root / "zone").write_text(MASTER)
    folder = root / "mine"
    arguments = ["init", str(folder), "--from", "zonefile", "--file", str(root / "zone"), *more]
    assert run(arguments) == 0
    return (folder / "estate" / "zonefile.yaml").read_text()


def test_a_server_that_nobody_named_is_told_and_stands_in_its_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = init(tmp_path)
    assert f"Assumed: {ASSUMED}; write the right one\n" in capsys.readouterr().out
    assert manifest.startswith(f"# {ASSUMED}; write the right one.\nkind: DnsServer\n")


def test_a_program_gets_it_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path, "-o", "json")
    assert json.loads(capsys.readouterr().out)["assumed"].startswith(ASSUMED)


def test_of_a_server_that_was_named_nothing_is_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = init(tmp_path, "--endpoint", "https://192.0.2.53:8081")
    assert "Assumed" not in capsys.readouterr().out
    assert manifest.startswith("kind: DnsServer\n")
