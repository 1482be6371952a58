"""Files that come onto a storage: uploaded with the request, or downloaded by the node; neighbour: `volumes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.content_files import check_name, plain_name, put_file
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volumes import path_of
from setpoint_lab.proxmox.web_pages import page_at, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.volumes import Storage, Volume
    from setpoint_lab.proxmox.web_pages import Page

COPY_SECONDS = 0.3
FETCH_SECONDS = 0.5
_NOT_SUMMED = "checksum mismatch: got '{}' != expect '{}'"


@route("POST", "/nodes/{node}/storage/{storage}/upload")
async def upload(call: Call) -> object:
    """Put the file that came with the request onto the storage, in the place of one of that name.

    The node that is asked does so, also for another one.
    """
    storage = _taking(call)
    if call.upload is None or not call.upload.fields.get("filename"):
        raise ApiError.internal("missing temporary file name")
    content, name, size = call.text("content"), plain_name(call.text("filename")), call.upload.size
    check_name(content, name)
    check_takes(storage, content)
    source = f"/var/tmp/pveupload-{call.world.random.randbytes(16).hex()}"  # noqa: S108  # a name, no file
    target = path_of(storage, f"{content}/{name}")
    node, sums = call.text("node"), call.upload.sums

    async def body(log: TaskLog) -> None:
        log(f"starting file import from: {source}")
        _check_sum(_asked_sum(call), lambda algorithm: sums.get(algorithm, ""), log)
        for line in (
            f"target node: {node}",
            f"target file: {target}",
            f"file size is: {size}",
            f"command: cp -- {source} {target}",
        ):
            log(line)
        await call.world.clock.sleep(COPY_SECONDS)
        if not call.world.nodes[node].online:
            raise TaskError(f"import failed: ssh: connect to host {node} port 22: No route to host")
        put_file(call.world, storage, node, content, name, size).sums = sums
        log("finished file import successfully")

    return call.world.tasks.start(call, call.world.local, "imgcopy", "", body)


@route("POST", "/nodes/{node}/storage/{storage}/download-url")
async def download(call: Call) -> object:
    """Let the node fetch a file onto the storage; one that is there already is never overwritten."""
    storage, content = _taking(call), call.text("content")
    check_takes(storage, content)
    name = plain_name(call.text("filename"))
    check_name(content, name)
    if call.text("compression") and content == "vztmpl":
        raise ApiError.internal("decompression not supported for vztmpl")
    return start_download(call, storage, f"{content}/{name}", call.text("url"), _asked_sum(call))


@dataclass(frozen=True, slots=True)
class Sum:
    """What a file's checksum must be."""

    algorithm: str
    expected: str


def _asked_sum(call: Call) -> Sum | None:
    algorithm = call.text("checksum-algorithm")
    return Sum(algorithm, call.text("checksum")) if algorithm else None


def start_download(call: Call, storage: Storage, place: str, url: str, wanted: Sum | None) -> str:
    """Start the task that fetches a file to its place on the storage, such as `iso/tiny.iso`."""
    content, _, name = place.partition("/")
    node, target = call.text("node"), path_of(storage, place)

    async def body(log: TaskLog) -> None:
        log(f"downloading {url} to {target}")
        volid = f"{storage.id}:{place}"
        old = call.world.volumes.find(volid, None if storage.shared else node)
        if old is not None:
            _check_old(old, target, wanted, log)
            return
        await call.world.clock.sleep(FETCH_SECONDS)
        page = _fetched(call, url)
        _check_sum(wanted, page.checksum, log)
        volume = put_file(call.world, storage, node, content, name, page.size)
        volume.text, volume.sums = page.text, page.sums
        log(f"download of '{url}' to '{target}' finished")

    return call.world.tasks.start(call, node, "download", name, body)


@route("GET", "/nodes/{node}/query-url-metadata")
async def query_url(call: Call) -> object:
    """What the node learns of a file before it fetches it."""
    url = call.text("url")
    page = page_at(call.world, url)
    if page is None:
        raise ApiError.internal(f"invalid server response: '500 {unreachable(url)}'")
    found: dict[str, object] = {"size": page.size, "mimetype": page.type}
    name = re.sub(r"[?#].*$", "", url).rpartition("/")[2]
    return found | ({"filename": name} if name else {})


def _taking(call: Call) -> Storage:
    if call.text("node") not in call.world.nodes:
        raise ApiError.internal(f"no such cluster node '{call.text('node')}'")
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    if storage.path is None:
        raise ApiError.internal(f"can't upload to storage type '{storage.type}'")
    return storage


def check_takes(storage: Storage, content: str) -> None:
    """Raise unless such files may lie on the storage."""
    if content not in storage.content:
        raise ApiError.internal(f"storage '{storage.id}' does not support '{content}' content")


def _check_sum(wanted: Sum | None, checksum: Callable[[str], str], log: TaskLog) -> None:
    """Hold a file against the sum that it must have, when one was said."""
    if wanted is None:
        return
    got = checksum(wanted.algorithm)
    if got != wanted.expected.lower():
        log("calculating checksum...")
        raise TaskError(_NOT_SUMMED.format(got, wanted.expected))
    log("calculating checksum...OK, checksum verified")


def _check_old(old: Volume, target: str, wanted: Sum | None, log: TaskLog) -> None:
    """Raise unless the file that is there already bears the sum that was sent."""
    if wanted is None:
        raise TaskError(f"refusing to override existing file '{target}'")
    got = old.checksum(wanted.algorithm)
    if got != wanted.expected.lower():
        log("calculating checksum of existing file...")
        raise TaskError(f"mismatch (got '{got}' != expect '{wanted.expected}'), aborting")
    log("calculating checksum of existing file...OK, got correct file already, no need to download")


def _fetched(call: Call, url: str) -> Page:
    page = page_at(call.world, url)
    if page is None:
        raise TaskError(f"download failed: {unreachable(url)}")
    return page
