"""The way to a host as others publish it: its address and key, hosts that are passed, and a container that its node tells of."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.examine import Examination, Verdict
from setpoint.model.secret import Secret
from setpoint_nixos.doctor import examine
from setpoint_nixos.kinds.host.spec import HostSpec
from tests.rig.living import Life, alive, manifest
from tests.systems.nixos.servers.sshd import Sshd

WEB = "Host/web01"
GATE = "Host/gate"


@pytest.fixture
def gate() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def web() -> Generator[Sshd]:
    with Sshd() as server:
        yield server


def spec(server: Sshd, **more: Any) -> dict[str, Any]:
    access = {"address": "127.0.0.1", "port": server.port, "user": server.user, "hostKey": server.host_key}
    return {**access, "key": {"file": str(server.root / "key")}, **more}


def behind(gate: Sshd, web: Sshd, **more: Any) -> dict[str, str]:
    """The key of the one opens the other."""
    (gate.root / "authorized").write_text((web.root / "key.pub").read_text())
    own = spec(gate, key={"file": str(web.root / "key")})
    through = spec(web, jump=[{"host": "gate"}], **more)
    return {"gate": manifest("Host", "gate", own), "web01": manifest("Host", "web01", through)}


def outputs(life: Life, name: str = WEB) -> dict[str, Any]:
    return life.status(name).outputs or {}


async def test_a_declared_host_is_passed_on_the_way(gate: Sshd, web: Sshd, tmp_path: Path) -> None:
    async with alive(tmp_path, behind(gate, web), WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        await life.settle()
        assert life.outcome(WEB) == "Done"
        assert (gate.entered, web.entered) == (2, 1)
        assert outputs(life)["access"] is None
        assert outputs(life, GATE)["access"].startswith(f"{gate.user}@127.0.0.1:{gate.port} ssh-ed25519 ")
        assert outputs(life)["age"].startswith("age1")


async def test_who_is_behind_one_that_was_never_entered_waits_and_says_so(
    gate: Sshd, web: Sshd, tmp_path: Path
) -> None:
    files = behind(gate, web)
    gate.stop()
    async with alive(tmp_path, files, WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        assert life.outcome(WEB) == "Blocked"
        assert life.sentence(WEB) == "Host/gate does not publish access yet"
        gate.start()
        await life.until(lambda: life.outcome(WEB) == "Done")


async def test_a_problem_of_a_host_on_the_way_keeps_nobody_from_passing(
    gate: Sshd, web: Sshd, tmp_path: Path
) -> None:
    gate.shadow(systemctl="printf 'SystemState=degraded\\nNFailedUnits=1\\n'")
    async with alive(tmp_path, behind(gate, web), WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        await life.until(lambda: life.outcome(WEB) == "Done")


def in_container(gate: Sshd, web: Sshd) -> dict[str, str]:
    gate.shadow(pct=f'[ "$1 $2 $3" = "exec 200 --" ] || exit 3\ncat {web.root}/host.pub')
    told = {"hostKey": {"container": "200"}, "incarnation": "first"}
    return behind(gate, web, **told)


async def test_the_key_of_a_container_is_what_its_node_reads_out_of_it(
    gate: Sshd, web: Sshd, tmp_path: Path
) -> None:
    async with alive(tmp_path, in_container(gate, web), WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        await life.until(lambda: life.outcome(WEB) == "Done")
        assert outputs(life)["hostKey"] == " ".join(web.host_key.split()[:2])


async def test_another_key_of_the_same_making_is_held_and_of_another_one_is_right(
    gate: Sshd, web: Sshd, tmp_path: Path
) -> None:
    files = in_container(gate, web)
    async with alive(tmp_path, files, WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        await life.until(lambda: life.outcome(WEB) == "Done")
        web.rekey()
        web.cut()
        await life.look_again(WEB)
        await life.until(lambda: life.outcome(WEB) != "Done")
        await life.settle()
        assert life.rules(WEB) == ["Identity"], life.sentence(WEB)
        await life.declare(web01=files["web01"].replace('"first"', '"second"'))
        assert life.outcome(WEB) == "Done"
    async with alive(
        tmp_path, {**files, "web01": files["web01"].replace('"first"', '"second"')}, WEB
    ) as life:
        await life.begin_anew()
        assert life.outcome(WEB) == "Done"


async def test_a_node_that_cannot_tell_says_what_to_do(gate: Sshd, web: Sshd, tmp_path: Path) -> None:
    files = in_container(gate, web)
    gate.shadow(pct="echo 'container 200 not running!' >&2; exit 255")
    async with alive(tmp_path, files, WEB) as life:
        await life.until(lambda: life.estate.store.status(life.key(WEB)) is not None)
        await life.until(lambda: "not running" in life.sentence(WEB))
        assert "container 200" in life.sentence(WEB)
        assert "or declare its hostKey" in life.sentence(WEB)
    assert web.entered == 0


async def test_what_others_publish_and_is_no_value_is_told(gate: Sshd, web: Sshd, tmp_path: Path) -> None:
    told = {"hostKey": {"from": "Host/gate", "output": "os"}, "incarnation": "first"}
    async with alive(tmp_path, behind(gate, web, **told), WEB) as life:
        await life.until(lambda: life.looked_at(WEB) and life.outcome(WEB) == "Failed")
        assert "what Host/web01 takes of others is no value for hostKey" in life.sentence(WEB)
    assert web.entered == 0


async def test_doctor_says_of_what_only_the_daemon_knows_that_it_was_not_looked_at(web: Sshd) -> None:
    declared = HostSpec.model_validate(spec(web, jump=[{"host": "gate"}]))
    asked = Examination(declared, {"key": Secret((web.root / "key").read_text())}, {})
    (check,) = [check async for check in examine(asked)]
    assert check.verdict is Verdict.WARNING
    assert "Host/gate publishes as access, which only the daemon knows" in check.sentence


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"hostKey": {"container": "200"}, "incarnation": "1"}, "name the Host", id="no node"),
        pytest.param(
            {"hostKey": {"container": "200"}, "jump": [{"host": "gate"}]}, "incarnation", id="for ever"
        ),
        pytest.param(
            {"hostKey": {"container": "x; reboot"}, "jump": [{"host": "g"}], "incarnation": "1"},
            "no number",
            id="no number",
        ),
    ],
)
def test_what_cannot_be_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        HostSpec.model_validate({"address": "web01", "key": {"env": "K"}, **given})
