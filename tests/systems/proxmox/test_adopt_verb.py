"""`setpoint adopt` over VMs as real admins have them: the file that it writes takes each over as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from setpoint.cli.main import run
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import SECRET_NAME, cluster
from tests.systems.proxmox.drive import SECRET, Lab
from tests.systems.proxmox.made_ct import TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate
from tests.systems.proxmox.test_vm_adoption import HANDMADE, VMID, Shape, file, others

SHAPES = {shape.shape: shape for shape in HANDMADE}


@pytest.fixture
def folder(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An estate that declares the cluster alone."""
    monkeypatch.setenv(SECRET_NAME, SECRET)
    monkeypatch.setenv("SETPOINT_CONFIG", str(tmp_path / "setpoint.yaml"))
    (tmp_path / "setpoint.yaml").write_text("estate: home\nsource: {directory: {path: estate}}\nstate: .\n")
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate/lab.yaml").write_text(cluster(lab.url))
    return tmp_path / "estate"


def adopt(folder: Path, shape: Shape) -> tuple[int, Path]:
    place = folder / "vm.yaml"
    named = ["--name", shape.named] if shape.named else []
    code = run(["adopt", f"lab/{VMID}", "--source", str(folder), "--write", str(place), *named])
    return code, place


@pytest.mark.parametrize("shape", HANDMADE, ids=lambda shape: shape.shape)
def test_the_file_says_what_is_there_and_nothing_was_written_to_it(
    lab: Lab, folder: Path, capsys: pytest.CaptureFixture[str], shape: Shape
) -> None:
    lab.begin(shape.world())
    before = file(lab)
    code, place = adopt(folder, shape)
    told = capsys.readouterr().err
    assert code == (2 if shape.waits else 0), told
    assert yaml.safe_load(place.read_text()) == {
        "kind": "VirtualMachine",
        "metadata": {"name": shape.owner.key.name},
        "policy": {"adopt": True, "drift": "warn"},
        "spec": yaml.safe_load(shape.spec),
    }
    assert shape.waits or f"VM {VMID}, which tell that it is {shape.owner.key}" in told
    assert (lab.writes(), file(lab)) == ([], before)


@pytest.mark.parametrize("name", ["from-the-wizard", "windows-11", "cloud-init", "template"])
def test_the_daemon_takes_it_over_by_that_file_and_only_tells_what_is_changed_later(
    lab: Lab, folder: Path, tmp_path: Path, name: str
) -> None:
    shape = SHAPES[name]
    lab.begin(shape.world())
    before = file(lab)
    _, place = adopt(folder, shape)
    key = str(shape.owner.key)

    async def script(running: Running) -> None:
        await running.until(lambda: running.statuses().get(key) is not None)
        await running.until(lambda: running.status(key).outcome == "Done")
        assert others(file(lab)) == others(before)
        lab.api("PUT", f"nodes/{shape.node}/qemu/{VMID}/config", boot="order=net0")
        await running.look_again()
        (hold,) = running.status(key).holds
        assert (hold.rule, "boot" in hold.why) == ("DriftWarn", True)

    files = {"lab.yaml": cluster(lab.url), "vm.yaml": place.read_text()}
    VirtualDaemon(lab.url, tmp_path / "state", files).run(script)
    assert [call.split()[0] for call in lab.writes()] == ["POST", "PUT"]
    assert lab.get("effects") == []


def test_a_container_is_declared_as_one(lab: Lab, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.begin(estate())
    made = {"vmid": 101, "ostemplate": TEMPLATE, "rootfs": "local-zfs:8", "hostname": "files01"}
    lab.api("POST", "nodes/pve1/lxc", mp0="local-zfs:1,mp=/srv", net0="name=eth0,bridge=vmbr0", **made)
    before = lab.writes()

    assert run(["adopt", "lab/101", "--source", str(folder), "--write", str(folder / "ct.yaml")]) == 0

    told = yaml.safe_load((folder / "ct.yaml").read_text())
    assert (told["kind"], told["metadata"]["name"]) == ("Container", "files01")
    assert told["policy"] == {"adopt": True, "drift": "warn"}
    assert told["spec"]["mountPoints"] == {"mp0": {"path": "/srv", "storage": "local-zfs", "size": "1GiB"}}
    assert "password" not in told["spec"]
    assert "CT 101, which tell that it is Container/files01" in capsys.readouterr().err
    assert lab.writes() == before
