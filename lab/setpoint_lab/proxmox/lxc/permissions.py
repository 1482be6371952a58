"""Who may set which option of a container: a privilege per class of options, and what only root may with a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_permissions import check_volume, require_bridge, require_guest
from setpoint_lab.proxmox.lxc import nets, options
from setpoint_lab.proxmox.lxc.mounts import Mount
from setpoint_lab.proxmox.option_table import bus, is_net, is_unused
from setpoint_lab.proxmox.properties import split_properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from setpoint_lab.proxmox.call import Call

_CLASSES: dict[str, str] = {
    "VM.Config.CPU": "cores cpulimit cpuunits",
    "VM.Config.Memory": "memory swap",
    "VM.Config.Network": "hostname nameserver searchdomain",
}
_PRIVILEGES = {key: priv for priv, keys in _CLASSES.items() for key in keys.split()}


def check_change(  # what is asked, and of what it is a change
    call: Call,
    vmid: int,
    new: Mapping[str, str],
    *,
    old: Mapping[str, str],
    deletes: Iterable[str] = (),
    pool: str | None = None,
    unprivileged: bool = True,
) -> None:
    """Raise unless the user may set these options and delete those."""
    if call.is_root:
        return
    check = _Check(call, vmid, pool, old, unprivileged=unprivileged)
    for key in sorted(new):
        check.option(key, new[key])
    for key in sorted(deletes):
        check.option(key, None)


class _Check:
    """The checks of one request."""

    def __init__(
        self, call: Call, vmid: int, pool: str | None, old: Mapping[str, str], *, unprivileged: bool
    ) -> None:
        self._call = call
        self._vmid = vmid
        self._pool = pool
        self._old = old
        self._unprivileged = unprivileged

    def option(self, key: str, value: str | None) -> None:
        """Raise unless the user may set the option to the value, or delete it (None)."""
        if options.is_mount(key):
            self._mount(key, value)
        elif is_unused(key):
            self._require("VM.Config.Disk")
        elif is_net(key):
            self._net(key, value)
        elif bus(key) == "dev":
            raise ApiError.forbidden("configuring device passthrough is only allowed for root@pam")
        elif key == "features":
            self._features(value)
        elif key == "hookscript":
            raise ApiError.forbidden("changing the hookscript is only allowed for root@pam")
        else:
            self._require(_PRIVILEGES.get(key, "VM.Config.Options"))

    def _require(self, priv: str) -> None:
        require_guest(self._call, self._vmid, self._pool, priv)

    def _mount(self, key: str, value: str | None) -> None:
        self._require("VM.Config.Disk")
        mount = Mount.parse(key, value) if value is not None else None
        if mount is None:
            return
        if mount.kind != "volume":
            raise ApiError.forbidden(f"mount point type {mount.kind} is only allowed for root@pam")
        if mount.allocation is not None:
            self._call.require(f"/storage/{mount.storage}", "Datastore.AllocateSpace")
        else:
            check_volume(self._call, self._vmid, mount.source)

    def _net(self, key: str, value: str | None) -> None:
        self._require("VM.Config.Network")
        for text in (self._old.get(key), value):
            if text is not None:
                require_bridge(self._call, nets.parse(text))

    def _features(self, value: str | None) -> None:
        if not self._unprivileged:
            text = "changing feature flags for privileged container is only allowed for root@pam"
            raise ApiError.forbidden(text)
        old, new = _flags(self._old.get("features")), _flags(value)
        changed = {name for name in old.keys() | new.keys() if old.get(name, "") != new.get(name, "")}
        if changed - {"nesting"}:
            text = "changing feature flags (except nesting) is only allowed for root@pam"
            raise ApiError.forbidden(text)
        if changed:
            self._require("VM.Allocate")


def _flags(text: str | None) -> dict[str, str]:
    return {} if text is None else split_properties(options.TABLE.format("features"), text)
