"""Applies what is pending: all of it to a container that does not run, to one that runs what needs no restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.lxc import nets, options
from setpoint_lab.proxmox.lxc.disks import destroy_unused, discard, keep_unused, make
from setpoint_lab.proxmox.lxc.mounts import Mount
from setpoint_lab.proxmox.network.interfaces import has_bridge
from setpoint_lab.proxmox.option_table import bus, is_net, is_unused
from setpoint_lab.proxmox.pending import tidy

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from setpoint_lab.proxmox.lxc.config import Config
    from setpoint_lab.proxmox.lxc.container import Container
    from setpoint_lab.proxmox.worker import Worker

PLUG_SECONDS = 0.1


class Application:
    """One round of applying to a config that is written afterwards; `errors` are what went wrong, by key."""

    def __init__(self, worker: Worker, container: Container, config: Config) -> None:
        """Apply what `config` has pending."""
        self._worker = worker
        self._container = container
        self._config = config
        self._made: list[str] = []
        self.errors: dict[str, str] = {}

    def undo(self) -> None:
        """Destroy the volumes that were made."""
        discard(self._worker, self._made)

    async def apply(self) -> None:
        """Bring everything pending into effect."""
        config = self._config
        for key in sorted(config.deletes):
            old = self._mount(key)
            if is_unused(key):
                destroy_unused(self._worker, self._container, config, key)
            config.current.pop(key, None)
            keep_unused(config, old)
        config.deletes.clear()
        tidy(config)
        for key in sorted(config.pending):
            try:
                await self._take(key)
            except ApiError as error:
                self.errors[key] = f"unable to apply pending change {key} : {error.reason}\n"

    async def plug(self, modified: AbstractSet[str]) -> None:
        """Apply to the running container what `modified` names and needs no restart."""
        config = self._config
        for key in sorted(modified & config.deletes.keys()):
            if _deletes_hot(key):
                if is_unused(key):
                    destroy_unused(self._worker, self._container, config, key)
                config.current.pop(key, None)
                del config.deletes[key]
        for key in sorted(modified & config.pending.keys()):
            if not self._changes_hot(key):
                continue
            try:
                self._check_bridge(key)
                if key not in options.FAST:
                    await self._worker.sleep(PLUG_SECONDS)
                await self._take(key)
            except ApiError as error:
                self.errors[key] = f"unable to hotplug {key}: {error.reason}\n"

    async def _take(self, key: str) -> None:
        """Let the pending value of an option be the current one, with its volume made when it is an order."""
        config, value = self._config, self._config.pending[key]
        old = self._mount(key) if bus(key) == "mp" else None
        if bus(key) == "mp":
            value = (await make(self._worker, self._container.vmid, {key: value}, self._made))[key]
        config.current[key] = value
        del config.pending[key]
        keep_unused(config, old)

    def _mount(self, key: str) -> Mount | None:
        values = self._config.current
        return Mount.parse(key, values[key]) if options.is_mount(key) and key in values else None

    def _changes_hot(self, key: str) -> bool:
        if bus(key) == "mp":
            return key not in self._config.current
        return key in options.FAST or key in options.LIMITS or is_net(key)

    def _check_bridge(self, key: str) -> None:
        bridge = nets.parse(self._config.pending[key]).get("bridge") if is_net(key) else None
        if bridge is not None and not has_bridge(self._worker.world, self._worker.node, bridge):
            raise ApiError.internal(f"bridge '{bridge}' does not exist")


def _deletes_hot(key: str) -> bool:
    return key in options.FAST or key in options.LIMITS or is_net(key) or is_unused(key)
