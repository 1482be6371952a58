"""Who may set which option of a VM: a privilege per class of options, and what no token and no user but root may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_permissions import check_volume, require_bridge, require_guest
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.drives import Drive
from setpoint_lab.proxmox.volume_names import parse_name, storage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from setpoint_lab.proxmox.call import Call

_CLASSES: dict[str, str] = {
    "VM.Config.CPU": "cores cpu cpulimit cpuunits numa smp sockets vcpus",
    "VM.Config.Memory": "memory balloon shares allow-ksm",
    "VM.Config.HWType": "acpi amd-sev arch audio0 hotplug intel-tdx kvm machine rng0 scsihw smbios1 tablet vga "
    "watchdog",
    "VM.Config.Options": "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name "
    "onboot ostype protection reboot spice_enhancements startdate startup tags tdf template vmgenid",
    "VM.Config.Disk": "boot bootdisk vmstatestorage",
    "VM.PowerMgmt": "freeze",
}
_PRIVILEGES = {key: priv for priv, keys in _CLASSES.items() for key in keys.split()}
_NUMBERED = {"numa": "VM.Config.CPU", "net": "VM.Config.Network", "unused": "VM.Config.Disk"}
_DEVICES = {"serial", "usb", "hostpci"}


def check_options(call: Call, vmid: int, keys: Iterable[str], pool: str | None = None) -> None:
    """Raise unless the user may change all these options, whatever their values."""
    if call.is_root:
        return
    for key in sorted(keys):
        bus = options.bus(key)
        if options.is_drive(key) or bus in _DEVICES:
            continue
        if key in options.CLOUDINIT or bus == "ipconfig":
            require_guest(call, vmid, pool, "VM.Config.Cloudinit", "VM.Config.Network")
            continue
        priv = _PRIVILEGES.get(key) or _NUMBERED.get(bus)
        if priv is None:
            raise ApiError.internal(f"only root can set '{key}' config")
        require_guest(call, vmid, pool, priv)
        if key == "startup":
            call.require("/", "Sys.Modify")


def check_devices(call: Call, vmid: int, values: Mapping[str, str], pool: str | None = None) -> None:
    """Raise when a user other than root hands the host's hardware to a VM."""
    if call.is_root:
        return
    for key, value in sorted(values.items()):
        bus = options.bus(key)
        if bus not in _DEVICES:
            continue
        require_guest(call, vmid, pool, "VM.Config.HWType")
        if _is_real_device(bus, key, value):
            kind = "non-mapped devices" if bus == "hostpci" else "real devices"
            raise ApiError.internal(f"only root can set '{key}' config for {kind}")


def check_bridges(call: Call, values: Mapping[str, str]) -> None:
    """Raise unless the user may use the bridge of every card."""
    for key in sorted(filter(options.is_net, values)):
        require_bridge(call, nets.parse(values[key]))


def check_storages(call: Call, vmid: int, values: Mapping[str, str]) -> None:
    """Raise unless every storage exists, is for images, and the user may allocate on it or use the volume."""
    for key in filter(options.is_drive, options.all_drives()):
        drive = Drive.parse(key, values[key]) if key in values else None
        if drive is not None:
            _check_drive(call, vmid, drive)
    if "vmstatestorage" in values:
        call.require(f"/storage/{values['vmstatestorage']}", "Datastore.AllocateSpace")


def _check_drive(call: Call, vmid: int, drive: Drive) -> None:
    if drive.file == "cdrom":
        call.require("/", "Sys.Console")
    if drive.file in {"none", "cdrom"}:
        return
    if drive.file.endswith(":cloudinit") or (drive.allocation is not None and not drive.is_cdrom):
        _check_allocation(call, drive.file.partition(":")[0])
    else:
        check_volume(call, vmid, drive.file)
        _check_iso(call, drive)
    source = drive.properties.get("import-from")
    if source is not None:
        check_volume(call, vmid, source)


def _check_allocation(call: Call, name: str) -> None:
    call.require(f"/storage/{name}", "Datastore.AllocateSpace")
    if "images" not in storage_of(call.world, name).content:
        raise ApiError.parameters({"storage": f"storage '{name}' does not support vm images"})


def _check_iso(call: Call, drive: Drive) -> None:
    if drive.volume is None or drive.is_cdrom:
        return
    storage = storage_of(call.world, drive.volume)
    if parse_name(storage, drive.volume.partition(":")[2]).kind == "iso":
        raise ApiError.parameters({drive.key: "explicit 'media=cdrom' is required for iso images"})


def _is_real_device(bus: str, key: str, value: str) -> bool:
    if bus == "serial":
        return value != "socket"
    form = (options.shape(key) or {})["format"]
    host = split_properties(NAMED[form] if isinstance(form, str) else form, value).get("host")
    return host is not None and host.lower() != "spice"
