"""What every change to the network configuration has in common: quorum, lock, digest, and the words of a failure."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.sdn.model import Sdn
from setpoint_lab.proxmox.sdn.sections import Kind, Section, digest, pending, stored

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from setpoint_lab.proxmox.call import Call

_NOT_STORED = frozenset({"lock-token", "digest", "delete"})


def sdn_of(call: Call) -> Sdn:
    """The networks of the world that is asked."""
    return call.world.part(Sdn)


@contextmanager
def editing(call: Call, failed: str) -> Generator[Sdn]:
    """Hold the configuration in a block; what the block raises is told behind `failed`."""
    sdn = sdn_of(call)
    with told(failed):
        sdn.check_lock(call.text_or_none("lock-token"))
        yield sdn
    call.world.changed()


@contextmanager
def told(failed: str) -> Generator[None]:
    """Put `failed` before what the block raises, as a nested failure of the daemon is told."""
    try:
        yield
    except ApiError as error:
        text = error.reason
        if error.errors:
            details = "".join(f"\n{key}: {text}" for key, text in sorted(error.errors.items()))
            text = f"{error.status} {text}{details}"
        raise ApiError.internal(f"{failed}: {text}") from None


def check_digest(call: Call, sections: Mapping[str, Section]) -> None:
    """Raise when the request names another version of the file."""
    if call.text("digest") not in {"", digest(sections)}:
        text = "detected modified configuration - file changed by other user? Try again."
        raise ApiError.internal(text)


def given_options(call: Call, *names: str) -> Section:
    """The options that a request sets; `names` are parameters that are none."""
    skipped = _NOT_STORED.union(names)
    return {key: stored(key, value) for key, value in call.params.items() if key not in skipped}


def view(call: Call, kind: Kind) -> dict[str, Section]:
    """The sections of a kind as the request wants them: edited with the file's digest, pending, or running."""
    sdn = sdn_of(call)
    if call.flag("pending"):
        shown = pending(sdn.running[kind], sdn.edited[kind])
        return {name: {**section, "digest": None} for name, section in shown.items()}
    if call.flag("running"):
        return {name: {**section, "digest": None} for name, section in sdn.running[kind].items()}
    mark = digest(sdn.edited[kind])
    return {name: {**section, "digest": mark} for name, section in sdn.edited[kind].items()}


def listed(call: Call, noun: str, sections: Mapping[str, Section]) -> list[dict[str, object]]:
    """The sections that the user may see, of one type when it is asked for."""
    kind = call.text_or_none("type")
    return call.world.shuffled(
        {noun: name, **section}
        for name, section in sections.items()
        if kind in {None, section["type"]} and may_see(call, f"/sdn/{noun}s/{name}")
    )


def may_see(call: Call, path: str) -> bool:
    """Whether lists show what lies at an ACL path."""
    held = call.world.access.privileges(call.user, path)
    return not held.isdisjoint({"SDN.Audit", "SDN.Allocate"})
