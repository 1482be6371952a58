"""The named formats of the schema: each takes a text and raises FormatError with the words of the real check."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from setpoint_lab.proxmox.backup.calendar import CalendarError, parse_event

Format = Callable[[str], None]


class FormatError(ValueError):
    """The value is not in the format; the text ends with a line end, as in the answers."""


_LABEL = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?)"
_POOL_PART = r"[A-Za-z0-9\.\-_]+"
_BRIDGE = r"[-_.\w\d]+"
_REALM = r"[A-Za-z][A-Za-z0-9\.\-_]+"
_USER = rf"[^\s:/]+@{_REALM}"
_CONTENTS = frozenset(
    {"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none"},
)
_FEATURES = frozenset({"network", "disk", "cpu", "memory", "usb", "cloudinit"})
_STATES = frozenset({"ok", "error", "warning", "unknown"})
_DAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_BOOT_DEVICE = re.compile(
    r"^(?:ide[0-3]|sata[0-5]|scsi(?:[12]?\d|30)|virtio(?:\d|1[0-5])|net(?:[12]?\d|3[01])|"
    r"usb(?:\d|1[0-3])|hostpci(?:\d|1[0-5]))$"
)
_ALIAS = re.compile(r"^(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9\-_]+$")
_SERVICE = re.compile(r"^[a-z][a-z0-9.+\-]*$")
LAST_PORT = 65535
_STARTUP = re.compile(r"^(?:(?:order=)?\d+|up=\d+|down=\d+)$")


def _refuse(text: str) -> FormatError:
    return FormatError(f"{text}\n")


def _pattern(pattern: str, text: str, *, ignore_case: bool = False) -> Format:
    """A format that a regular expression decides; `text` may hold the value as `{}`."""
    compiled = re.compile(rf"^(?:{pattern})$", re.IGNORECASE if ignore_case else re.NOFLAG)

    def check(value: str) -> None:
        if compiled.search(value) is None:
            raise _refuse(text.replace("{}", value))

    return check


def _member(words: frozenset[str], text: str) -> Format:
    def check(value: str) -> None:
        if value not in words:
            raise _refuse(text.replace("{}", value))

    return check


def _address(text: str, *versions: int) -> Format:
    def check(value: str) -> None:
        if not _is_address(value, *versions):
            raise _refuse(text)

    return check


def _is_address(value: str, *versions: int) -> bool:
    try:
        return ipaddress.ip_address(value).version in versions
    except ValueError:
        return False


def _is_cidr(value: str, *versions: int) -> bool:
    address, slash, _ = value.partition("/")
    try:
        return bool(slash) and _is_address(address, *versions) and bool(ipaddress.ip_interface(value))
    except ValueError:
        return False


def _cidr(text: str, *versions: int, also: frozenset[str] = frozenset()) -> Format:
    def check(value: str) -> None:
        if value not in also and not _is_cidr(value, *versions):
            raise _refuse(text)

    return check


def _cidr_or_address(value: str) -> None:
    if not _is_address(value, 4, 6) and not _is_cidr(value, 4, 6):
        raise _refuse("value does not look like a valid IP address or CIDR network")


def _cidr_or_alias(value: str) -> None:
    if _ALIAS.match(value) is None:
        _cidr_or_address(value)


def _netmask(value: str) -> None:
    try:
        good = "." in value and bool(ipaddress.ip_network(f"0.0.0.0/{value}"))
    except ValueError:
        good = False
    if not good:
        raise _refuse("value does not look like a valid IP netmask")


def _subnet_id(value: str) -> None:
    cidr = value if "/" in value else "/".join(value.rsplit("-", 2)[1:])
    if not _is_cidr(cidr, 4, 6):
        raise _refuse(f"value '{value}' does not look like a valid subnet ID")


def _ports(value: str) -> None:
    for item in filter(None, re.split(r"[,;\s]+", value)):
        numbers = item.split(":")
        if _SERVICE.match(item) or (len(numbers) <= 2 and all(map(_is_port, numbers))):  # noqa: PLR2004  # a range
            continue
        raise _refuse(f"invalid port '{item}'")


def _is_port(text: str) -> bool:
    return text.isdecimal() and int(text) <= LAST_PORT


def _username(value: str) -> None:
    if len(value) < 3:  # noqa: PLR2004  # the shortest name and realm: a@b
        raise _refuse(f"user name '{value}' is too short")
    if len(value) > 64:  # noqa: PLR2004  # the longest that the real check takes
        raise _refuse(f"user name '{value}' is too long ({len(value)} > 64)")
    if re.search(rf"^{_USER}$", value) is None:
        raise _refuse(f"value '{value}' does not look like a valid user name")


def _startup(value: str) -> None:
    if not all(_STARTUP.match(part) for part in value.split(",")):
        raise _refuse("unable to parse startup options")


def _boot_devices(value: str) -> None:
    for device in re.split(r"[,;\s]+", value):
        if device and _BOOT_DEVICE.match(device) is None:
            raise _refuse(f"invalid boot device '{device}'")


def _hotplug(value: str) -> None:
    if value in {"0", "1"}:
        return
    for feature in re.split(r"[,;\s]+", value):
        if feature and feature not in _FEATURES:
            raise _refuse(f"invalid hotplug feature '{feature}'")


def _volume_id(value: str) -> None:
    if re.search(r"^[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]:.+$", value) is None:
        raise _refuse(f"unable to parse volume ID '{value}'")


def _volume_or_path(value: str) -> None:
    if not value.startswith("/"):
        _volume_id(value)


def _volume_or_drive(value: str) -> None:
    if value not in {"none", "cdrom"}:
        _volume_or_path(value)


def _calendar_event(value: str) -> None:
    try:
        parse_event(value)
    except CalendarError as error:
        why = f"unable to parse calendar event at '{error}'\n"
        raise _refuse(f"invalid calendar event '{value}' - {why}") from error


def _phys_bits(value: str) -> None:
    if value != "host" and not (value.isdigit() and 8 <= int(value) <= 64):  # noqa: PLR2004  # the widths that exist
        raise _refuse("value must be an integer between 8 and 64 or 'host'")


def _addresses(value: str) -> None:
    if re.search(rf"^(?:(?:{_LABEL}\.)*{_LABEL})$", value) is None and not _is_address(value, 4, 6):
        raise _refuse("value does not look like a valid address: invalid IP and hostname")


def _address_or_link_local(value: str) -> None:
    address = re.sub(r"^(fe80:.*)%[\w.-]+$", r"\1", value, flags=re.IGNORECASE)
    if not _is_address(address, 4, 6):
        raise _refuse(_NO_ADDRESS)


def _mount_path(value: str) -> None:
    if re.search(r"/\.\.?(?:/|$)|^\.\./", value) is not None:
        raise _refuse(f"{value} contains illegal character sequences")


def _device_path(value: str) -> None:
    if not value.startswith("/dev/") or re.search(r"/\.\.?(?:/|$)", value) is not None:
        raise _refuse(f"{value} is not a valid device path")


_ZONE = r"host|UTC|(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)/[\w+/-]+"
_NO_ADDRESS = "value does not look like a valid IP address"

FORMATS: dict[str, Format] = {
    "pve-node": _pattern(_LABEL, "value does not look like a valid node name"),
    "pve-vmid": _pattern(r"[1-9][0-9]{2,8}", "value does not look like a valid VM ID"),
    "pve-configid": _pattern(r"[a-z][a-z0-9_-]+", "invalid configuration ID '{}'", ignore_case=True),
    "pve-storage-id": _pattern(
        r"[a-z][a-z0-9\-_.]*[a-z0-9]", "storage ID '{}' contains illegal characters", ignore_case=True
    ),
    "pve-storage-content": _member(_CONTENTS, "invalid content type '{}'"),
    "pve-iface": _pattern(
        r"[a-z][a-z0-9_]{1,20}(?:[:.]\d+)?", "invalid network interface name '{}'", ignore_case=True
    ),
    "pve-bridge-id": _pattern(_BRIDGE, "value does not look like a valid bridge name"),
    "pve-userid": _username,
    "pve-tokenid": _pattern(rf"{_USER}!{_REALM}", "value '{}' does not look like a valid token ID"),
    "pve-realm": _pattern(_REALM, "value does not look like a valid realm"),
    "pve-groupid": _pattern(r"[A-Za-z0-9\.\-_]+", "group name '{}' contains invalid characters"),
    "pve-roleid": _pattern(r"[A-Za-z0-9\.\-_]+", "role name '{}' contains invalid characters"),
    "pve-priv": _pattern(r"[A-Z][A-Za-z]+(?:\.[A-Za-z]+)+", "invalid privilege '{}'"),
    "pve-poolid": _pattern(
        rf"{_POOL_PART}(?:/{_POOL_PART}){{0,2}}", "pool name '{}' contains invalid characters"
    ),
    "pve-tag": _pattern(r"[a-z0-9_][a-z0-9_\-+.]*", "invalid characters in tag", ignore_case=True),
    "pve-startup-order": _startup,
    "pve-hotplug-features": _hotplug,
    "pve-qm-bootdev": _boot_devices,
    "pve-phys-bits": _phys_bits,
    "pve-ct-timezone": _pattern(_ZONE, "invalid time zone '{}'"),
    "pve-lxc-mp-string": _mount_path,
    "pve-lxc-dev-string": _device_path,
    "pve-cpuset": _pattern(r"\s*\d+(?:-\d+)?(?:\s*,\s*\d+(?:-\d+)?)*\s*", "invalid cpuset '{}'"),
    "pve-volume-id": _volume_id,
    "pve-volume-id-or-absolute-path": _volume_or_path,
    "pve-volume-id-or-qm-path": _volume_or_drive,
    "pve-replication-job-id": _pattern(r"[1-9][0-9]{2,8}-\d{1,9}", "invalid replication job id '{}'"),
    "pve-calendar-event": _calendar_event,
    "pve-task-status-type": _member(_STATES, "invalid task status type '{}'"),
    "pve-day-of-week": _member(_DAYS, "invalid day '{}'"),
    "disk-size": _pattern(r"\d+(?:\.\d+)?[KMGT]?", "value does not look like a valid disk size: {}"),
    "urlencoded": _pattern(r"[-%0-9a-zA-Z.!~*'()_]*", "invalid urlencoded string: {}"),
    "dns-name": _pattern(rf"(?:{_LABEL}\.)*{_LABEL}", "value does not look like a valid DNS name"),
    "mac-addr": _pattern(
        r"[a-f0-9][02468ace](?::[a-f0-9]{2}){5}",
        "value does not look like a valid unicast MAC address",
        ignore_case=True,
    ),
    "mac-prefix": _pattern(
        r"[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?",
        "value is not a valid unicast MAC address prefix",
        ignore_case=True,
    ),
    "email": _pattern(r"[^\s@]+@[^\s@]+", "value does not look like a valid email address"),
    "ip": _address(_NO_ADDRESS, 4, 6),
    "lxc-ip-with-ll-iface": _address_or_link_local,
    "ipv4": _address("value does not look like a valid IPv4 address", 4),
    "ipv6": _address("value does not look like a valid IPv6 address", 6),
    "address": _addresses,
    "CIDR": _cidr("value does not look like a valid CIDR network", 4, 6),
    "CIDRv4": _cidr("value does not look like a valid IPv4 network", 4),
    "CIDRv6": _cidr("value does not look like a valid IPv6 network", 6),
    "ipv4mask": _netmask,
    "IPorCIDR": _cidr_or_address,
    "IPorCIDRorAlias": _cidr_or_alias,
    "pve-fw-dport-spec": _ports,
    "pve-fw-sport-spec": _ports,
    "pve-sdn-subnet-id": _subnet_id,
    "pve-ha-resource-id": _pattern(r"[a-z]+:\S+", "value does not look like a valid ha resource id"),
    "pve-ha-resource-or-vm-id": _pattern(
        r"[a-z]+:\S+|\d+", "value does not look like a valid ha resource id"
    ),
    "pve-ha-node": _pattern(rf"{_LABEL}(?::\d+)?", "value does not look like a valid ha node"),
    "pve-ipv4-config": _cidr(
        "value does not look like a valid ipv4 network configuration", 4, also=frozenset({"dhcp", "manual"})
    ),
    "pve-ipv6-config": _cidr(
        "value does not look like a valid ipv6 network configuration",
        6,
        also=frozenset({"auto", "dhcp", "manual"}),
    ),
}
"""By name; the `-list` and `-opt` forms are derived. A format that is not here takes everything."""
