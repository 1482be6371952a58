"""Images, with the real daemon against the emulated API in virtual time, and the pure rules of their declarations."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.hold import Rule
from setpoint_lab.process import start_proxmox
from setpoint_proxmox.contents import Contents, Place, Stamp
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import ROLES, Lab, world

NAME = "GuestImage/debian"
URL = "https://images.example.org/debian-13.tar.zst"
VOLUME = "local:vztmpl/debian-13.tar.zst"
TEXT = "what a template holds"
SUM = f"sha256:{hashlib.sha256(TEXT.encode()).hexdigest()}"
OTHER = f"sha256:{hashlib.sha256(b'another').hexdigest()}"
SPEC: dict[str, Any] = {"node": "pve1", "storage": "local", "url": URL, "checksum": SUM}
DOWNLOAD = "POST /nodes/pve1/storage/local/download-url"
ROLES_HERE = {**ROLES, "/storage": "PVEDatastoreAdmin", "/nodes": "Fetch"}
FETCH = {"roleid": "Fetch", "privs": "Sys.AccessNetwork,Sys.Audit"}
PLACE = Place("pve1", VOLUME)


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
def lab(emulator: str) -> Lab:
    return begun(Lab(emulator))


def begun(lab: Lab, **parts: Any) -> Lab:
    state = world(ROLES_HERE, roles=[FETCH], web=[{"url": URL, "text": TEXT}], **parts)
    state["storages"]["local"]["content"] = "images,iso,vztmpl,import"
    lab.begin(state)
    return lab


def lying(text: str) -> dict[str, Any]:
    """A file of that name that somebody put there."""
    return {
        "content": [
            {
                "volid": VOLUME,
                "node": "pve1",
                "content": "vztmpl",
                "size": len(text),
                "ctime": 9,
                "text": text,
            }
        ]
    }


def declared(lab: Lab, folder: Path, spec: dict[str, Any] = SPEC, **policy: Any) -> VirtualDaemon:
    files = {"lab.yaml": cluster(lab.url), "image.yaml": manifest("GuestImage", "debian", spec, **policy)}
    return VirtualDaemon(lab.url, folder, files)


def volumes(lab: Lab, node: str = "pve1") -> list[str]:
    return sorted(row["volid"] for row in lab.api("GET", f"nodes/{node}/storage/local/content"))


def test_it_is_downloaded_once_with_its_checksum_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(7200)
        await running.look_again()
        status = running.status(NAME)
        assert status.outcome == "Done"
        assert status.outputs == {"volume": VOLUME, "checksum": SUM}

    daemon = declared(lab, tmp_path)
    daemon.run(script)
    assert (volumes(lab), lab.writes()) == ([VOLUME], [DOWNLOAD])
    (sent,) = [effect["params"] for effect in lab.get("ledger")]
    assert (sent["checksum-algorithm"], sent["checksum"]) == ("sha256", SUM.partition(":")[2])

    daemon.run(script)
    assert lab.writes() == [DOWNLOAD]


def test_without_the_database_it_is_compared_once_more_and_not_downloaded(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        declared(lab, folder).run(script)
    assert lab.writes() == [DOWNLOAD, DOWNLOAD]
    assert len([one for one in lab.get("effects") if one["kind"] == "volume_made"]) == 1


def test_a_file_that_is_there_is_taken_only_after_its_content_was_compared(lab: Lab, tmp_path: Path) -> None:
    begun(lab, **lying(TEXT))

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert lab.writes() == [DOWNLOAD]
    assert not lab.get("effects")


def test_a_file_with_another_content_is_told_and_never_written_over(lab: Lab, tmp_path: Path) -> None:
    begun(lab, **lying("another"))

    async def script(running: Running) -> None:
        await running.until(lambda: running.statuses().get(NAME) is not None)
        await running.settle()
        status = running.status(NAME)
        assert [hold.rule for hold in status.holds] == [Rule.IMPOSSIBLE]
        assert f"has the content {OTHER}" in status.sentence
        await asyncio.sleep(7200)

    declared(lab, tmp_path).run(script)
    assert lab.writes() == [DOWNLOAD]
    assert not lab.get("effects")


def test_another_checksum_for_the_same_file_is_held_and_another_file_name_is_not(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.happen("web_page", url=URL, text="another")
        await running.declare({"image.yaml": manifest("GuestImage", "debian", {**SPEC, "checksum": OTHER})})
        await asyncio.sleep(60)
        (hold,) = running.status(NAME).holds
        assert "no file is written over" in hold.release
        newer = {**SPEC, "checksum": OTHER, "fileName": "debian-14.tar.zst"}
        await running.declare({"image.yaml": manifest("GuestImage", "debian", newer)})
        await asyncio.sleep(60)
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert volumes(lab) == [VOLUME, "local:vztmpl/debian-14.tar.zst"]


def test_a_file_that_somebody_put_in_its_place_is_compared_again(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("DELETE", f"nodes/pve1/storage/local/content/{VOLUME}")
        lab.happen("web_page", url=URL, text="another")
        await asyncio.sleep(3600)
        assert "checksum mismatch" in running.status(NAME).sentence
        lab.happen("web_page", url=URL, text=TEXT)
        await asyncio.sleep(3600)
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert volumes(lab) == [VOLUME]


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("status", [0, 502, 596], ids=["dropped", "gateway", "timeout"])
def test_a_lost_answer_downloads_nothing_twice(
    lab: Lab, tmp_path: Path, status: int, *, executed: bool
) -> None:
    lab.happen("reply_lost", method="POST", path="download-url", status=status, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert volumes(lab) == [VOLUME]
    assert len([one for one in lab.get("effects") if one["kind"] == "volume_made"]) == 1


def test_a_restart_while_it_is_downloaded_waits_for_the_same_task(lab: Lab, tmp_path: Path) -> None:
    async def begin(running: Running) -> None:
        await running.until(lambda: DOWNLOAD in lab.writes())

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    daemon = declared(lab, tmp_path)
    daemon.run(begin)
    daemon.run(script)
    assert volumes(lab) == [VOLUME]
    assert len([one for one in lab.get("effects") if one["kind"] == "volume_made"]) == 1


def test_one_that_is_declared_no_more_stays(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"image.yaml": None})
        await asyncio.sleep(7200)

    declared(lab, tmp_path).run(script)
    assert volumes(lab) == [VOLUME]


def test_a_storage_of_each_node_needs_a_node(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await asyncio.sleep(60)
        assert "say in spec.node which one is meant" in running.status(NAME).sentence

    declared(lab, tmp_path, {key: value for key, value in SPEC.items() if key != "node"}).run(script)
    assert lab.writes() == []


def test_an_offline_node_is_no_reason_to_make_anything(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.happen("node_offline", value="pve2", quorum=True)
        await asyncio.sleep(3600)
        assert "offline" in running.status(NAME).sentence

    declared(lab, tmp_path, {**SPEC, "node": "pve2"}).run(script)
    assert lab.writes() == ["POST /nodes/pve2/storage/local/download-url"]


@pytest.mark.parametrize(
    ("fields", "volume"),
    [
        ({}, VOLUME),
        ({"url": "http://h/a/b.iso?x=1"}, "local:iso/b.iso"),
        ({"url": "http://h/download?id=1", "fileName": "c.qcow2"}, "local:import/c.qcow2"),
        ({"url": "http://h/d.img"}, "local:iso/d.img"),
        ({"url": "http://h/e%2De.ova", "content": "import"}, "local:import/e-e.ova"),
    ],
    ids=["template", "iso", "named", "img", "escaped"],
)
def test_the_volume_is_told_from_the_name(fields: dict[str, Any], volume: str) -> None:
    assert GuestImageSpec.model_validate({**SPEC, **fields}).volume == volume


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "ftp://h/a.iso"}, "url"),
        ({"url": "http://h/a.txt"}, "does not end like an image"),
        ({"url": "http://h/"}, "cannot be the name of a file"),
        ({"url": "http://h/a%20b.iso"}, "cannot be the name of a file"),
        ({"content": "iso"}, "does not end like an image"),
        ({"fileName": "../a.iso"}, "fileName"),
        ({"checksum": "0" * 64}, "algorithm:digits"),
        ({"checksum": "sha256:00"}, "algorithm:digits"),
        ({"checksum": "crc:00"}, "algorithm:digits"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        GuestImageSpec.model_validate({**SPEC, **fields})


def test_what_was_compared_is_known_of_that_file_only() -> None:
    contents = Contents()
    contents.asked("UPID:1", PLACE, SUM)
    assert contents.of(PLACE, Stamp(5, 1)) == ""
    contents.ended("UPID:1", "")
    assert contents.of(PLACE, Stamp(5, 1)) == SUM
    assert contents.of(PLACE, Stamp(5, 1)) == SUM
    assert contents.of(PLACE, Stamp(5, 2)) == ""
    assert contents.of(PLACE, Stamp(5, 1)) == ""


@pytest.mark.parametrize(
    ("error", "checksum"),
    [
        ("mismatch (got 'ab' != expect 'cd'), aborting", "sha256:ab"),
        ("checksum mismatch: got 'ab' != expect 'cd'", ""),
        ("download failed: 404", ""),
    ],
    ids=["another content lies there", "what was fetched was thrown away", "not fetched"],
)
def test_a_task_that_failed_tells_of_a_file_only_what_it_read_there(error: str, checksum: str) -> None:
    contents = Contents()
    contents.asked("UPID:1", PLACE, SUM)
    contents.ended("UPID:1", error)
    assert contents.of(PLACE, Stamp(5, 1)) == checksum
