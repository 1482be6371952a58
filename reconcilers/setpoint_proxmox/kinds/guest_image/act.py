"""The effects on images: tasks of a node that fetch a file, or compare one that is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied, Started
from setpoint.model.tree import Scalar
from setpoint_proxmox.answer import operation, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.contents import Place, Stamp
from setpoint_proxmox.kinds.guest_image.local import find_file, sum_of
from setpoint_proxmox.kinds.guest_image.observe import read
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec


async def download(cluster: Cluster, acting: Acting) -> ActResult:
    """Have the node fetch it and compare its checksum; a file of that name that is there is compared instead.

    Proxmox never lets this call write over a file, and what it fetched and is not as expected it throws away.
    """
    told = acting.arguments
    node, checksum = str(told["node"]), str(told["checksum"])
    algorithm, _, digits = checksum.partition(":")
    hyphened: dict[str, Scalar] = {
        "checksum-algorithm": algorithm,
        "verify-certificates": bool(told["verifyCertificates"]),
    }
    upid = operation(
        await cluster.api.post(
            "nodes",
            node,
            "storage",
            str(told["storage"]),
            "download-url",
            content=str(told["content"]),
            filename=str(told["file"]),
            url=str(told["url"]),
            checksum=digits,
            **hyphened,
        )
    )
    volume = f"{told['storage']}:{told['content']}/{told['file']}"
    cluster.contents.asked(upid, Place(node, volume), checksum)
    return Started(upid)


async def upload(cluster: Cluster, acting: Acting) -> ActResult:
    """Begin to send the file of this host, with its checksum."""
    told = acting.arguments
    storage = str(told["storage"])
    volume = f"{storage}:{told['content']}/{told['file']}"
    spec = GuestImageSpec.model_validate(
        {"storage": storage, "path": told["path"], "fileName": told["file"], "content": told["content"]}
    )
    file = find_file(spec)
    checksum = await sum_of(cluster.sums, file)
    return Started(
        cluster.uploads.begin(cluster.api, storage, Place(str(told["node"]), volume), file, checksum)
    )


async def discard(cluster: Cluster, acting: Acting) -> ActResult:
    """Remove the very file whose content was compared.

    Raises:
        RefusalError: another one is in its place.
    """
    told = acting.arguments
    node, storage = str(told["node"]), str(told["storage"])
    volume = f"{storage}:{told['content']}/{told['file']}"
    compared = Stamp(whole(told["size"]), whole(told["made"]))
    if await read(cluster, node, storage, str(told["content"]), volume) != compared:
        raise RefusalError(f"{volume} on {node} is another file than the one that was compared, so it stays")
    # What ends within some seconds is answered with nothing.
    folder, _, name = volume.rpartition("/")
    path = ("nodes", node, "storage", storage, "content", folder, name)
    answer = await cluster.api.delete(*path, delay=5)
    return Applied() if answer is None else Started(operation(answer))


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "download": download,
    "compare": download,
    "discard": discard,
    "upload": upload,
}
