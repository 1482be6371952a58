"""The effects on a guest that are the same for both types. Each sends one call; what came of it is observed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager

from setpoint.model.errors import OutcomeUnknownError, RefusalError, TargetError
from setpoint.model.identity import Mark
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied, Started
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import operation, record
from setpoint_proxmox.client import Part
from setpoint_proxmox.cluster import Asked, Cluster
from setpoint_proxmox.guest.words import CONTAINER, Words
from setpoint_proxmox.mark import parse_mark, with_mark

SHUTDOWN_SECONDS = 180
"""How long a guest may take to shut down."""
_LIVE: Mapping[str, Scalar] = {"online": True, "with-local-disks": True}
"""How a VM that runs is moved: with its disks, if they lie where the other node does not see them."""


def started(answer: Json) -> Started:
    """The operation that a call began."""
    return Started(operation(answer))


def path_of(acting: Acting, words: Words) -> tuple[Part, ...]:
    """The path of the guest."""
    return ("nodes", node_of(acting), words.path, vmid_of(acting))


def node_of(acting: Acting) -> str:
    """The node that the step names."""
    return str(acting.arguments["node"])


def vmid_of(acting: Acting) -> int:
    """The id of the guest."""
    return int(str(acting.identity["vmid"]))


def config_of(acting: Acting) -> dict[str, Scalar]:
    """The options of a step, secrets filled in."""
    plain, secret = acting.arguments["config"], acting.arguments.get("secrets") or {}
    assert isinstance(plain, dict)  # noqa: S101  # the plan made it
    assert isinstance(secret, dict)  # noqa: S101  # the plan made it
    config: dict[str, Scalar] = {}
    for option, value in plain.items():
        assert not isinstance(value, list | dict)  # noqa: S101  # the plan made it
        config[option] = value
    return config | {option: acting.secrets[str(place)].reveal() for option, place in secret.items()}


def removed_of(acting: Acting) -> tuple[str, ...]:
    """The options that a step takes away."""
    removed = acting.arguments.get("delete") or []
    assert isinstance(removed, list)  # noqa: S101  # the plan made it
    return tuple(str(option) for option in removed)


def texts_of(acting: Acting, *names: str) -> dict[str, Scalar]:
    """Some of the arguments, as text."""
    return {name: str(acting.arguments[name]) for name in names}


def marked(acting: Acting) -> str:
    """The description of a guest that is made now."""
    mark = Mark(acting.owner.estate, acting.owner.key, str(vmid_of(acting)))
    return with_mark(str(acting.arguments["description"]), mark)


@contextmanager
def making(cluster: Cluster, vmid: int) -> Generator[int]:
    """Know of a guest without a mark under `vmid` that it is ours, unless it certainly was not made."""
    cluster.making.add(vmid)
    try:
        yield vmid
    except OutcomeUnknownError:
        raise
    except TargetError:
        cluster.making.discard(vmid)
        raise


async def enroll(cluster: Cluster, acting: Acting) -> ActResult:
    """Put the guest into a pool, out of the one that it is in; without a pool only take it out."""
    pool = str(acting.arguments.get("pool") or "")
    vms: dict[str, Scalar] = {"vms": str(vmid_of(acting))}
    if pool:
        await cluster.api.put("pools", poolid=pool, **vms, **{"allow-move": True})
        return Applied(f"put into pool {pool}")
    former = str(acting.arguments["former"])
    await cluster.api.put("pools", poolid=former, delete=True, **vms)
    return Applied(f"taken out of pool {former}")


def acts_on(words: Words) -> Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]]:
    """What can be done to any guest, by verb."""

    async def resize(cluster: Cluster, acting: Acting) -> ActResult:
        """Grow a volume to an absolute size, so that a repetition does nothing."""
        values = texts_of(acting, "digest", "disk", "size")
        return started(await cluster.api.put(*path_of(acting, words), "resize", **values))

    async def start(cluster: Cluster, acting: Acting) -> ActResult:
        """Switch on; what waited for a restart takes effect."""
        return started(await cluster.api.post(*path_of(acting, words), "status", "start"))

    async def shutdown(cluster: Cluster, acting: Acting) -> ActResult:
        """Ask the guest to shut down; switch it off afterwards only when that was declared."""
        force = acting.arguments["force"] is True
        path = (*path_of(acting, words), "status", "shutdown")
        return started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS, forceStop=force))

    async def restart(cluster: Cluster, acting: Acting) -> ActResult:
        """Shut down and start again in one task; a reset from inside would not apply what waits."""
        path = (*path_of(acting, words), "status", "reboot")
        return started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS))

    async def migrate(cluster: Cluster, acting: Acting) -> ActResult:
        """Move the guest to another node; the HA manager, where it looks after the guest, is only asked for it."""
        target, options = str(acting.arguments["to"]), dict[str, Scalar]()
        if acting.arguments["running"] is True:
            options = {"restart": True, "timeout": SHUTDOWN_SECONDS} if words is CONTAINER else dict(_LIVE)
        answer = started(await cluster.api.post(*path_of(acting, words), "migrate", target=target, **options))
        if ":hamigrate:" in answer.operation:
            cluster.asked[vmid_of(acting)] = Asked(target)
        return answer

    async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
        """Destroy the guest, its own volumes, and what refers to it in backup jobs, replication and HA.

        The mark is read once more: Proxmox takes no digest here, so the number may be another guest's by now.

        Raises:
            RefusalError: it does not bear our mark.
        """
        vmid, path = vmid_of(acting), path_of(acting, words)
        config = record(await cluster.api.get(*path, "config"))
        if parse_mark(str(config.get("description") or "")) != acting.owner.mark(str(vmid)):
            why = f"{words.noun} {vmid} does not bear the mark of {acting.owner.key}, so it is not destroyed"
            raise RefusalError(why)
        return started(await cluster.api.delete(*path, purge=True, **{"destroy-unreferenced-disks": False}))

    return {
        "resize": resize,
        "enroll": enroll,
        "start": start,
        "shutdown": shutdown,
        "restart": restart,
        "migrate": migrate,
        "destroy": destroy,
    }
