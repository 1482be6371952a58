"""Images of container registries: their tags, and pulling one; registries are pages of the world's web (`web_pages`).

An image `docker.io/library/alpine:3.20` is the page `oci://docker.io/library/alpine:3.20`; nothing was recorded of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.content_files import plain_name, put_file
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.handlers.transfers import check_takes
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.web_pages import page_at, pages_below, unreachable

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog

SCHEME = "oci://"
PULL_SECONDS = 1.0


@route("GET", "/nodes/{node}/query-oci-repo-tags")
async def list_tags(call: Call) -> object:
    """The tags of a repository."""
    address = f"{SCHEME}{call.text('reference')}:"
    tags = sorted(url.removeprefix(address) for url in pages_below(call.world, address))
    if not tags:
        raise ApiError.internal(unreachable(f"https://{call.text('reference')}"))
    return tags


@route("POST", "/nodes/{node}/storage/{storage}/oci-registry-pull")
async def pull(call: Call) -> object:
    """Fetch an image as a template of containers; one that is there already is never overwritten."""
    world, node, reference = call.world, call.text("node"), call.text("reference")
    storage = usable_storage(world, call.text("storage"), node)
    check_takes(storage, "vztmpl")
    plain = plain_name(call.text("filename") or reference.rpartition("/")[2].replace(":", "_"))
    name = f"{plain.removesuffix('.tar')}.tar"

    async def body(log: TaskLog) -> None:
        log(f"pulling {reference} to {name}")
        if world.volumes.find(f"{storage.id}:vztmpl/{name}", None if storage.shared else node) is not None:
            raise TaskError(f"refusing to override existing file '{name}'")
        await world.clock.sleep(PULL_SECONDS)
        page = page_at(world, f"{SCHEME}{reference}")
        if page is None:
            raise TaskError(f"pulling '{reference}' failed: {unreachable(f'https://{reference}')}")
        put_file(world, storage, node, "vztmpl", name, page.size)

    return world.tasks.start(call, node, "download", name, body)
