"""The effects on images: tasks of a node that fetch a file, or compare one that is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Started
from setpoint.model.tree import Scalar
from setpoint_proxmox.answer import operation
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.contents import Place
from setpoint_proxmox.kinds.guest_image.local import find_file, sum_of
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


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "download": download,
    "compare": download,
    "upload": upload,
}
