"""The unit is one that systemd understands, as closed as it can be, and fits the daemon that it starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from setpoint.settings import Settings
from setpoint.settings_place import PLACES
from setpoint.surface.notify import PERIOD
from tests.observability.expressions import ROOT

UNIT = ROOT / "deploy/systemd/setpoint.service"
USERS = ROOT / "deploy/systemd/setpoint.sysusers.conf"
LOOSEST = 1.3
"""The exposure that is allowed, of 10; what is left is the network, which is its work."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it is shipped, but for the program, which must be one that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: as root on Debian, run deploy/servers.sh")
    program = Path(sys.executable).with_name("setpoint")
    text, replaced = re.subn(r"(?m)^ExecStart=\S+", f"ExecStart={program}", UNIT.read_text("utf-8"))
    assert replaced == 1
    path = tmp_path / UNIT.name
    path.write_text(text)
    return path


def told(*arguments: str | Path) -> str:
    ended = subprocess.run(
        ("systemd-analyze", *arguments), capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def settings() -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep capitals
    parser.read(UNIT, "utf-8")
    return parser


def test_systemd_understands_every_line(unit: Path) -> None:
    assert told("verify", "--man=no", unit).strip() == ""


def exposure(unit: Path) -> str:
    seen = told("security", "--offline=true", "--no-pager", unit)
    (found,) = re.findall(r"Overall exposure level for setpoint.service: ([\d.]+)", seen)
    return str(found)


def test_it_can_do_little_beside_its_work(unit: Path) -> None:
    assert float(exposure(unit)) <= LOOSEST


def test_the_page_tells_how_exposed_it_is(unit: Path) -> None:
    page = (ROOT / "docs/explanation/security.md").read_text("utf-8")
    (shown,) = re.findall(r"exposure ([\d.]+) of 10", page)
    assert abs(float(shown) - float(exposure(unit))) <= 0.1, "versions of systemd weigh a little differently"


def test_it_fits_the_daemon() -> None:
    service = settings()["Service"]
    assert service["ExecStart"].split()[1:] == ["run"]
    assert PLACES[1] == Path("/etc", service["ConfigurationDirectory"], "setpoint.yaml")
    assert Settings.model_fields["state"].default == Path("/var/lib", service["StateDirectory"])
    assert float(service["WatchdogSec"].removesuffix("s")) >= 4 * PERIOD, "a busy host is no dead daemon"
    assert service["Type"] == "notify"


def test_its_user_is_made_with_the_state_folder_as_home() -> None:
    service = settings()["Service"]
    (line,) = (line for line in USERS.read_text("utf-8").splitlines() if not line.startswith("#"))
    kind, user, *_, home = line.split()
    assert (kind, user, home) == ("u", service["User"], f"/var/lib/{service['StateDirectory']}")


def test_it_sees_who_uses_its_socket() -> None:
    """In a user namespace of its own the kernel tells it of every other user as nobody."""
    assert "PrivateUsers" not in settings()["Service"]
