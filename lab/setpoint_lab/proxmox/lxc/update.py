"""PUT of a container's config: all keys together become pending, and what can be applied is; one error undoes all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.lxc import options
from setpoint_lab.proxmox.lxc.apply import Application
from setpoint_lab.proxmox.option_table import bus, is_unused
from setpoint_lab.proxmox.pending import mark_delete, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.lxc.config import Config
    from setpoint_lab.proxmox.lxc.container import Container
    from setpoint_lab.proxmox.worker import Worker


@dataclass(frozen=True, slots=True)
class Change:
    """What a request wants changed."""

    values: Mapping[str, str]
    deletes: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.values or self.deletes or self.reverts)


async def carry_out(worker: Worker, container: Container, change: Change) -> None:
    """Write the change, in effect where that can be and pending where not.

    Raises:
        ApiError: with nothing written; a text per key for what could not be applied.
    """
    config = container.load()
    for key in change.reverts:
        config.pending.pop(key, None)
        config.deletes.pop(key, None)
    for key in change.deletes:
        _delete(config, key)
    for key in sorted(change.values):
        if options.is_mount(key):
            protect(config, f"can't update CT {container.vmid} drive '{key}'")
        config.pending[key] = change.values[key]
        config.deletes.pop(key, None)
    tidy(config)
    modified = {*change.values, *change.deletes}
    application = Application(worker, container, config)
    await (application.apply() if container.machine is None else application.plug(modified))
    if application.errors:
        application.undo()
        raise ApiError.parameters(application.errors)
    container.write(config)


def _delete(config: Config, key: str) -> None:
    value = config.current.get(key, config.pending.get(key))
    if value is None:
        return
    if key in options.REQUIRED:
        raise ApiError.internal(f"unable to delete required option '{key}'")
    if key == "unprivileged":
        raise ApiError.internal(f"unable to delete read-only option: '{key}'")
    if is_unused(key):
        protect(config, f"can't remove unused disk '{value}'")
    elif bus(key) == "mp":
        protect(config, f"can't remove drive '{key}'")
    mark_delete(config, key)


def protect(config: Config, complaint: str) -> None:
    """Raise when the container is protected from losing anything."""
    if config.current.get("protection") == "1":
        raise ApiError.internal(f"{complaint} - protection mode enabled")
