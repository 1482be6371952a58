"""Stories of containers, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.rig.daemon import Running, VirtualDaemon, settled
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

NAME = "Container/dns01"
CT = "nodes/pve1/lxc/1000"
QUICK, LONG, DAY = 400.0, 1500.0, 86400.0
DATA = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
ONE: dict[str, Any] = {
    "node": "pve1",
    "template": TEMPLATE,
    "rootfs": ROOTFS,
    "nics": {"net0": {"bridge": "vmbr0"}},
    "password": {"env": "STORY_PASSWORD"},
    "power": "running",
}
TWO: dict[str, Any] = {**ONE, "mountPoints": {"mp0": DATA}}
Script = Callable[[Running], Awaitable[None]]


@pytest.fixture
def lab(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("STORY_PASSWORD", "first-of-all")
    found = Lab(emulator)
    found.begin(estate())
    return found


def declared(spec: Mapping[str, Any], **policy: Any) -> dict[str, str]:
    return {"dns01.yaml": manifest("Container", "dns01", spec, **policy)}


def tell(
    lab: Lab, folder: Path, script: Script, spec: Mapping[str, Any] = ONE, **policy: Any
) -> VirtualDaemon:
    """Let `spec` come true, then live through `script`."""

    async def life(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        await script(running)

    daemon = VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **declared(spec, **policy)})
    daemon.run(life)
    return daemon


def test_a_container_is_made_once_and_left_alone_also_after_a_restart(lab: Lab, tmp_path: Path) -> None:
    async def script(_: Running) -> None:
        await asyncio.sleep(4 * 3600)

    daemon = tell(lab, tmp_path, script)
    assert lab.writes() == ["POST /nodes/pve1/lxc", f"POST /{CT}/status/start"]

    again = daemon.run(settled)
    assert (again[NAME].outcome, len(lab.writes())) == ("Done", 2)


def test_a_mount_point_comes_grows_and_goes_and_its_volume_stays(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.declare(declared(TWO))
        await asyncio.sleep(QUICK)
        await running.declare(declared({**TWO, "mountPoints": {"mp0": DATA | {"size": "2GiB"}}}))
        await asyncio.sleep(QUICK)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        volume = str(lab.api("GET", f"{CT}/config")["mp0"]).partition(",")[0]
        await running.declare(declared(ONE))
        await asyncio.sleep(QUICK)
        assert running.status(NAME).outcome == "Held"
        assert "takes effect after a restart" in running.status(NAME).sentence
        await running.declare(declared(ONE, reboot="whenNeeded"))
        await asyncio.sleep(QUICK)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        detail = running.status(NAME).detail
        assert detail is not None
        assert detail["detachedVolumes"] == {"unused0": volume}

    tell(lab, tmp_path, script)
    made = [write for write in lab.writes() if write == "POST /nodes/pve1/lxc"]
    assert (len(made), [write for write in lab.writes() if write.startswith("DELETE")]) == (1, [])


def test_what_somebody_changed_is_put_back(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        lab.api("PUT", f"{CT}/config", memory=64, hostname="other", tags="x")
        await asyncio.sleep(LONG)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        config = lab.api("GET", f"{CT}/config")
        assert (config["memory"], config["hostname"]) == (512, "dns01")

    tell(lab, tmp_path, script, {**ONE, "memory": "512MiB"})


def test_what_only_root_may_do_holds_the_start_and_root_releases_it(lab: Lab, tmp_path: Path) -> None:
    spec = {**ONE, "bindMounts": {"mp3": {"source": "/srv", "path": "/srv"}}}

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Held"
        assert "run on pve1: pct set 1000 --mp3 /srv,mp=/srv" in running.status(NAME).sentence
        assert lab.writes() == ["POST /nodes/pve1/lxc"]
        lab.api("PUT", f"{CT}/config", mp3="/srv,mp=/srv")
        await asyncio.sleep(LONG)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        assert lab.api("GET", f"{CT}/status/current")["status"] == "running"

    VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), **declared(spec)}).run(script)


def test_one_whose_mark_was_wiped_is_held_for_nothing_else_tells_it_from_another(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        lab.api("PUT", f"{CT}/config", description="mine", memory=64)
        before = len(lab.writes())
        await asyncio.sleep(LONG)
        assert running.status(NAME).outcome == "Held"
        assert "does not bear our mark any more" in running.status(NAME).sentence
        assert len(lab.writes()) == before

    tell(lab, tmp_path, script)


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("path", ["/nodes/pve1/lxc", f"/{CT}/config", f"/{CT}/status/start", f"/{CT}/resize"])
def test_whatever_reply_is_lost_everything_happens_once(
    lab: Lab, tmp_path: Path, path: str, *, executed: bool
) -> None:
    async def script(running: Running) -> None:
        await running.declare(declared({**TWO, "rootfs": ROOTFS | {"size": "9GiB"}}))
        await asyncio.sleep(LONG)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence

    lab.happen("reply_lost", path=path, status=596, executed=executed)
    tell(lab, tmp_path, script)
    volumes = [one["volid"] for one in lab.get("state")["content"] if one["volid"] != TEMPLATE]
    assert sorted(volumes) == ["local-zfs:subvol-1000-disk-0", "local-zfs:subvol-1000-disk-1"]


def test_a_container_that_leaves_the_declarations_is_stopped_and_later_destroyed(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.declare({"dns01.yaml": None, "other.yaml": manifest("Container", "keep", KEEP)})
        await asyncio.sleep(LONG)
        assert lab.api("GET", f"{CT}/status/current")["status"] == "stopped"
        await asyncio.sleep(2 * DAY)
        assert [guest["vmid"] for guest in lab.get("state")["guests"]] == [1001]

    tell(lab, tmp_path, script, TWO, deletion="delete")
    assert f"DELETE /{CT}" in lab.writes()


def test_one_whose_mark_was_wiped_is_not_destroyed(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.declare({"dns01.yaml": None, "other.yaml": manifest("Container", "keep", KEEP)})
        lab.api("PUT", f"{CT}/config", description="mine", tags="")
        await asyncio.sleep(2 * DAY)

    tell(lab, tmp_path, script, deletion="delete")
    assert [write for write in lab.writes() if write.startswith("DELETE")] == []


def test_one_made_by_hand_is_held_until_it_may_be_taken_over_and_then_only_marked(
    lab: Lab, tmp_path: Path
) -> None:
    made = {"vmid": 150, "ostemplate": TEMPLATE, "rootfs": "local-zfs:8", "hostname": "dns01"}
    lab.api("POST", "nodes/pve1/lxc", net0="name=eth0,bridge=vmbr0", features="keyctl=1", start=1, **made)
    spec = {
        "vmid": 150,
        "rootfs": ROOTFS,
        "nics": {"net0": {"bridge": "vmbr0"}},
        "features": {"keyctl": True},
    }

    async def script(running: Running) -> None:
        await running.settle()
        (hold,) = running.status(NAME).holds
        assert hold.rule == "Exists"
        await running.declare(declared(spec, adopt=True))
        await asyncio.sleep(LONG)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence

    VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), **declared(spec)}).run(script)
    ours = [write for write in lab.get("ledger") if write["user"] != "root@pam"]
    assert [f"{write['method']} {write['path']}" for write in ours] == ["PUT /nodes/pve1/lxc/150/config"]
    assert set(ours[0]["params"]) - {"node", "vmid"} == {"description", "tags", "digest"}


KEEP: dict[str, Any] = {**ONE, "power": "stopped"}
