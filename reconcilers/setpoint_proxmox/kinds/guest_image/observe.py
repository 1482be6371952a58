"""Looks for an image in the list of its storage; what its content is was compared before, or is not known."""

from __future__ import annotations

from setpoint.model.errors import RefusalError
from setpoint.model.identity import Identity
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint_proxmox.answer import records, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.contents import Place, Stamp
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.guest_image.local import find_file, sum_of
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.guest_image.state import ImageState


async def observe(cluster: Cluster, looking: Looking[GuestImageSpec]) -> Observation[ImageState]:
    """Look on the node, or on any that shares the storage.

    A file of that name is what was declared, whoever put it there, for nothing on it could say who did. It is never
    written over, and it is in sync only when its checksum was compared.
    """
    spec, facts = looking.spec, looking.survey.facts
    node = host(spec, facts)
    if isinstance(node, Unknown):
        return node
    file = await read(cluster, node, spec.storage, spec.purpose, spec.volume)
    if file is None:
        return Absent(f"{spec.storage} of {node} lists no {spec.volume}")
    before = _remembered(looking.identity, spec, file)
    compared = cluster.contents.of(Place(node, spec.volume), file)
    checksum = compared or str(before.get("checksum") or "")
    wanted, trouble = await _wanted(cluster, spec)
    matched = bool(checksum) and checksum == (spec.checksum or wanted)
    state = ImageState(
        volume=spec.volume,
        node=node,
        file=file,
        checksum=checksum,
        matched=matched or before.get("matched") is True,
        path=spec.path or "",
        wanted=wanted,
        trouble=trouble,
    )
    return Present(state, state.identity, looking.owner.mark(spec.volume))


def host(spec: GuestImageSpec, facts: Facts) -> str | Unknown:
    """The node to ask: the declared one, the only one, or the first that is online and shares the storage."""
    if not facts.quorate:
        return Unknown("there is no quorum, so nothing can be changed", of_target=True)
    online = sorted(name for name, up in facts.nodes.items() if up)
    if spec.node is None and (len(facts.nodes) == 1 or facts.storages.get(spec.storage)):
        return next(iter(online), None) or Unknown("no node is online", of_target=True)
    if spec.node is None:
        why = f"each node has a {spec.storage} of its own; say in spec.node which one is meant"
        return Unknown(why)
    if spec.node not in facts.nodes:
        return Unknown(f"there is no node {spec.node}; there are {', '.join(sorted(facts.nodes))}")
    if spec.node not in online:
        return Unknown(f"{spec.volume} is on node {spec.node}, which is offline", of_target=True)
    return spec.node


async def read(cluster: Cluster, node: str, storage: str, content: str, volume: str) -> Stamp | None:
    """The file as the storage lists it now; None when it is not there.

    Raises:
        TargetError: the storage cannot be listed, e.g. for want of a privilege; a list that is given is whole.
    """
    rows = records(await cluster.api.get("nodes", node, "storage", storage, "content", content=content))
    found = next((row for row in rows if row.get("volid") == volume), None)
    return None if found is None else Stamp(whole(found.get("size")), whole(found.get("ctime")))


async def _wanted(cluster: Cluster, spec: GuestImageSpec) -> tuple[str, str]:
    """The checksum of the file that is to be uploaded, or why it is not known."""
    if spec.path is None:
        return "", ""
    try:
        return await sum_of(cluster.sums, find_file(spec)), ""
    except RefusalError as error:
        return "", str(error)


def _remembered(identity: Identity | None, spec: GuestImageSpec, file: Stamp) -> Identity:
    """What was found out of this very file; nothing of another one."""
    before = identity or {}
    same = {"volume": spec.volume, "size": file.size, "made": file.made}
    return before if all(before.get(key) == same[key] for key in same) else {}
