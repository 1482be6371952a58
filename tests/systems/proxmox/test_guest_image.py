"""Images, with the real daemon against the emulated API in virtual time, and the pure rules of their declarations."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.errors import RefusalError
from setpoint.model.hold import Rule
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.kind import Acting
from setpoint_proxmox.contents import Contents, Place, Stamp
from setpoint_proxmox.kinds.guest_image.act import discard
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.multipart import Multipart
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
        assert "write another fileName, or replace: true" in hold.release
        newer = {**SPEC, "checksum": OTHER, "fileName": "debian-14.tar.zst"}
        await running.declare({"image.yaml": manifest("GuestImage", "debian", newer)})
        await asyncio.sleep(60)
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert volumes(lab) == [VOLUME, "local:vztmpl/debian-14.tar.zst"]


REMOVE = f"DELETE /nodes/pve1/storage/local/content/{VOLUME}"


def test_one_that_may_be_replaced_is_removed_and_brought_anew(lab: Lab, tmp_path: Path) -> None:
    newer = {**SPEC, "checksum": OTHER, "replace": True}

    async def script(running: Running) -> None:
        await running.settle()
        lab.happen("web_page", url=URL, text="another")
        await running.declare({"image.yaml": manifest("GuestImage", "debian", newer)})
        await asyncio.sleep(120)
        status = running.status(NAME)
        assert status.outcome == "Done", status.sentence
        assert status.outputs == {"volume": VOLUME, "checksum": OTHER}

    declared(lab, tmp_path, {**SPEC, "replace": True}).run(script)
    assert (volumes(lab), lab.writes()) == ([VOLUME], [DOWNLOAD, REMOVE, DOWNLOAD])


def test_what_never_was_as_declared_is_not_replaced(lab: Lab, tmp_path: Path) -> None:
    begun(lab, **lying("another"))

    async def script(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(3600)
        (hold,) = running.status(NAME).holds
        assert hold.rule is Rule.IMPOSSIBLE
        assert "replace" not in hold.release

    declared(lab, tmp_path, {**SPEC, "replace": True}).run(script)
    assert lab.writes() == [DOWNLOAD]


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("status", [0, 596], ids=["dropped", "timeout"])
def test_a_replacement_whose_answer_was_lost_removes_nothing_twice(
    lab: Lab, tmp_path: Path, status: int, *, executed: bool
) -> None:
    newer = {**SPEC, "checksum": OTHER, "replace": True}
    lab.happen("reply_lost", method="DELETE", path="content", status=status, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        lab.happen("web_page", url=URL, text="another")
        await running.declare({"image.yaml": manifest("GuestImage", "debian", newer)})
        await asyncio.sleep(1200)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence

    declared(lab, tmp_path).run(script)
    made = [one["kind"] for one in lab.get("effects")]
    assert made == ["volume_made", "volume_gone", "volume_made"]


async def test_another_file_than_the_compared_one_is_not_removed(lab: Lab) -> None:
    begun(lab, **lying(TEXT))
    client = lab.connect()
    told = {"node": "pve1", "storage": "local", "content": "vztmpl", "file": "debian-13.tar.zst"}
    owner = Owner("home", Key("default", "GuestImage", "debian"))
    for stamp in ({"size": len(TEXT), "made": 8}, {"size": 1, "made": 9}):
        with pytest.raises(RefusalError, match="another file than the one"):
            await discard(client, Acting(owner, {}, {**told, **stamp}))
    await client.api.close()
    assert volumes(lab) == [VOLUME]


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
        ({"url": "http://h/a.iso", "replace": True}, "in the drive of a running machine"),
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


UPLOAD = "POST /nodes/pve1/storage/local/upload"
ISO = "local:iso/nixos.iso"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build left: a folder with one image in it, among other files."""
    folder = tmp_path / "result" / "iso"
    folder.mkdir(parents=True)
    (folder / "nixos.iso").write_bytes(b"x" * 3_000_000)
    (folder / "nix-support.txt").write_text("no image")
    return tmp_path / "result"


def uploading(path: Path, **more: Any) -> dict[str, Any]:
    return {"node": "pve1", "storage": "local", "path": str(path), "fileName": "nixos.iso", **more}


def test_a_file_of_this_host_is_uploaded_once_with_its_checksum(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await asyncio.sleep(7200)
        await running.look_again()
        status = running.status(NAME)
        assert (status.outcome, status.sentence) == ("Done", "in sync")
        digits = hashlib.sha256(b"x" * 3_000_000).hexdigest()
        assert status.outputs == {"volume": ISO, "checksum": f"sha256:{digits}"}

    daemon = declared(lab, tmp_path, uploading(built))
    daemon.run(script)
    daemon.run(script)
    assert (volumes(lab), lab.writes()) == ([ISO], [UPLOAD])
    (row,) = lab.api("GET", "nodes/pve1/storage/local/content")
    assert row["size"] == 3_000_000


def test_another_build_is_told_and_the_file_that_guests_use_is_not_written_over(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        (built / "iso" / "nixos.iso").write_bytes(b"y" * 3_000_001)
        await asyncio.sleep(3600)
        (hold,) = running.status(NAME).holds
        assert hold.rule is Rule.IMPOSSIBLE
        assert f"is that of {built}" in hold.why
        newer = uploading(built, fileName="nixos-2.iso")
        await running.declare({"image.yaml": manifest("GuestImage", "debian", newer)})
        await asyncio.sleep(60)
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path, uploading(built)).run(script)
    assert volumes(lab) == ["local:iso/nixos-2.iso", ISO]


def test_what_was_uploaded_stays_in_sync_when_the_build_is_gone_and_that_is_told(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        (built / "iso" / "nixos.iso").unlink()
        await asyncio.sleep(3600)
        status = running.status(NAME)
        assert status.outcome == "Done"
        assert any("holds none" in condition.message for condition in status.conditions)

    declared(lab, tmp_path, uploading(built)).run(script)


def test_a_file_that_is_not_there_is_told_and_uploaded_when_it_is(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    image = built / "iso" / "nixos.iso"
    image.rename(built / "away")

    async def script(running: Running) -> None:
        await asyncio.sleep(60)
        assert "holds none" in running.status(NAME).sentence
        (built / "away").rename(image)
        await asyncio.sleep(3600)
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path, uploading(built)).run(script)
    assert lab.writes() == [UPLOAD]


def test_two_files_that_could_be_meant_are_told(lab: Lab, tmp_path: Path, built: Path) -> None:
    (built / "other.iso").write_text("too")

    async def script(running: Running) -> None:
        await asyncio.sleep(60)
        assert "means 2 files" in running.status(NAME).sentence

    declared(lab, tmp_path, uploading(built)).run(script)
    assert lab.writes() == []


def test_a_file_that_was_uploaded_by_hand_is_compared_and_not_uploaded_again(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    (built / "iso" / "nixos.iso").write_text(TEXT)
    begun(
        lab,
        content=[
            {"volid": ISO, "node": "pve1", "content": "iso", "size": len(TEXT), "ctime": 9, "text": TEXT}
        ],
    )

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path, uploading(built)).run(script)
    assert lab.writes() == [DOWNLOAD]


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("status", [0, 502, 596], ids=["dropped", "gateway", "timeout"])
def test_an_upload_whose_answer_was_lost_is_waited_for_and_compared(
    lab: Lab, tmp_path: Path, built: Path, status: int, *, executed: bool
) -> None:
    lab.happen("reply_lost", method="POST", path="upload", status=status, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path, uploading(built)).run(script)
    assert volumes(lab) == [ISO]
    assert len([one for one in lab.get("effects") if one["kind"] == "volume_made"]) == 1


def test_a_restart_while_a_file_is_copied_waits_for_the_same_task(
    lab: Lab, tmp_path: Path, built: Path
) -> None:
    async def begin(running: Running) -> None:
        await running.until(lambda: UPLOAD in lab.writes())

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    daemon = declared(lab, tmp_path, uploading(built))
    daemon.run(begin)
    daemon.run(script)
    assert (volumes(lab), lab.writes().count(UPLOAD)) == ([ISO], 1)


def test_a_task_that_fails_is_told_and_tried_again(lab: Lab, tmp_path: Path, built: Path) -> None:
    lab.happen("task_fails", type="imgcopy", exitstatus="no space left on device", count=1)

    async def script(running: Running) -> None:
        await asyncio.sleep(3600)
        assert running.status(NAME).outcome == "Done"
        told = [event.sentence for event in running.estate.store.history(limit=50)]
        assert any("no space left on device" in sentence for sentence in told)

    declared(lab, tmp_path, uploading(built)).run(script)
    assert lab.writes() == [UPLOAD, UPLOAD]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "comes from a url or from a path"),
        ({"url": URL, "checksum": SUM, "path": "/a.iso"}, "comes from a url or from a path"),
        ({"url": URL}, "a url needs a checksum"),
        ({"path": "/a.iso", "checksum": SUM}, "a url needs a checksum"),
        ({"path": "a.iso"}, "path"),
        ({"path": "/srv/*.iso"}, "cannot be the name of a file"),
    ],
)
def test_where_an_image_comes_from_is_said_once(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        GuestImageSpec.model_validate({"storage": "local", **fields})


def test_a_body_is_as_long_as_it_says_and_can_be_stopped(tmp_path: Path) -> None:
    file = tmp_path / "a.iso"
    file.write_bytes(b"content")
    with Multipart({"content": "iso"}, "a.iso", file) as body:
        text = b"".join(body)
        assert (len(text), body.sent) == (len(body), len(body))
        assert b'name="filename"; filename="a.iso"' in text
        assert text.index(b'name="content"') < text.index(b"content\r\n--")
    with Multipart({}, "a.iso", file) as body:
        body.stop()
        with pytest.raises(OSError, match="stopped"):
            body.read(1)


@pytest.mark.parametrize(
    ("storage", "nodes", "from_here", "words"),
    [
        ("PVEDatastoreAdmin", "PVEAuditor", False, "pveum role add SetpointSysAccessNetwork"),
        ("PVEDatastoreUser", "Fetch", False, "Datastore.AllocateTemplate"),
        ("PVEDatastoreUser", "Fetch", True, "Datastore.AllocateTemplate"),
    ],
    ids=["network", "download", "upload"],
)
def test_what_the_token_may_not_do_is_told_with_the_command_that_grants_it(
    lab: Lab, tmp_path: Path, built: Path, storage: str, nodes: str, words: str, *, from_here: bool
) -> None:
    state = world({**ROLES_HERE, "/storage": storage, "/nodes": nodes}, roles=[FETCH])
    state["storages"]["local"]["content"] = "iso,vztmpl"
    lab.begin(state)

    async def script(running: Running) -> None:
        await asyncio.sleep(60)
        status = running.status(NAME)
        assert status.outcome == "Failed"
        assert words in status.sentence

    declared(lab, tmp_path, uploading(built) if from_here else SPEC).run(script)
    assert volumes(lab) == []
