"""The units that nix/ makes are such as systemd understands: each directive and each value, by systemd's own reader."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.systems.nixos.nixes import make_nix, remove
from tests.systems.nixos.shelf import Shelf

SETTINGS: Mapping[str, Any] = {
    "module.nix": {
        "services": {
            "setpoint": {
                "enable": True,
                "settings": {"estate": "home", "source": {"directory": {"path": "/estate"}}},
                "credentials": {"token": "/run/secrets/token"},
                "encryptedCredentials": {"key": "/etc/key.cred"},
            }
        }
    },
    "guest.nix": {
        "setpoint": {
            "guest": {
                "enable": True,
                "authorizedKeys": ["ssh-ed25519 AAAA x"],
                "user": "root",
                "health": {"enable": True, "allowedUnits": ["sys-kernel-debug.mount"]},
            }
        }
    },
}


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Generator[Mapping[str, str]]:
    """The text of every unit by its name, as NixOS writes it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: as root on Debian, run deploy/servers.sh")
    folder = tmp_path_factory.mktemp("units")
    nix, shelf, made = make_nix(folder / "nix"), Shelf(folder), dict[str, str]()
    for module, given in SETTINGS.items():
        answer = shelf.configuration(nix, "stub", module, given, ".systemd")
        assert answer.value is not None, answer.errors
        for name, unit in answer.value["services"].items():
            made[f"{name}.service"] = written(unit, "Service", "serviceConfig")
        for name, unit in answer.value["sockets"].items():
            listens = {"ListenStream": unit["listenStreams"]}
            made[f"{name}.socket"] = written(
                {**unit, "socketConfig": {**listens, **unit["socketConfig"]}}, "Socket", "socketConfig"
            )
    yield made
    remove(folder)


def written(unit: Mapping[str, Any], section: str, config: str) -> str:
    """A unit as a file; its programs, which are not there, are /bin/true."""
    lines = [
        "[Unit]",
        f"Description={unit['description']}",
        *directives(unit.get("unitConfig", {})),
        f"[{section}]",
    ]
    return "\n".join((*lines, *directives(unit[config]))) + "\n"


def directives(config: Mapping[str, Any]) -> list[str]:
    told: list[str] = []
    for name, value in config.items():
        for one in value if isinstance(value, list) else [value]:
            text = str(one).lower() if isinstance(one, bool) else str(one)
            told.append(f"{name}=/bin/true" if name == "ExecStart" else f"{name}={text}")
    return told


def test_systemd_understands_every_line(units: Mapping[str, str], tmp_path: Path) -> None:
    assert {*units} == {"setpoint.service", "setpoint-health@.service", "setpoint-health.socket"}
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "setpoint-health@.service").rename(tmp_path / "setpoint-health@internal.service")
    assert verified(tmp_path) == ""


def test_a_line_that_systemd_does_not_understand_would_be_told(
    units: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "setpoint.service").write_text(
        units["setpoint.service"] + "ProtectHoem=true\nRestartSec=soon\n"
    )
    told = verified(tmp_path)
    assert "ProtectHoem" in told
    assert "ignoring: soon" in told


def verified(folder: Path) -> str:
    """What systemd says of the units in a folder."""
    done = subprocess.run(
        ("systemd-analyze", "verify", "--man=no", *map(str, sorted(folder.iterdir()))),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return (done.stdout + done.stderr).strip()
