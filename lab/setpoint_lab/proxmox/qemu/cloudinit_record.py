"""Keeps, in a section of the config, what the cloud-init image was made of where the config has moved on since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.drives import drives

if TYPE_CHECKING:
    from setpoint_lab.proxmox.qemu.config import Config

SECTION = "cloudinit"
ADDED = "added"
_RECORDED = (options.CLOUDINIT | {"name"}) - {"cipassword"}
_SHOWN = tuple(sorted(options.CLOUDINIT))


def record(config: Config, key: str, new: str | None) -> None:
    """Note that an option of a running VM changes to `new` (None: goes), before it does."""
    if not (key in _RECORDED or options.is_net(key)) or not any(
        d.is_cloudinit for d in drives(config.current)
    ):
        return
    old = config.current.get(key)
    section = config.special.get(SECTION, {})
    added = set(filter(None, section.pop(ADDED, "").split(",")))
    if new is not None and section.get(key) == new:
        del section[key]
    elif new is None:
        if key in added:
            added.discard(key)
        elif old is not None:
            section.setdefault(key, old)
    elif old is None and key not in section:
        added.add(key)
    elif old is not None and key not in added:
        section.setdefault(key, old)
    if added:
        section[ADDED] = ",".join(sorted(added))
    _keep(config, section)


def forget(config: Config) -> None:
    """Note that the image was made anew."""
    _keep(config, {})


def rows(config: Config) -> list[dict[str, object]]:
    """What the image was made of and what it would be made of now, option by option."""
    section = config.special.get(SECTION, {})
    added = [key for key in section.get(ADDED, "").split(",") if key]
    found: list[dict[str, object]] = [
        {"key": key, "pending": options.shown(key, config.current[key])}
        for key in added
        if key in config.current
    ]
    for key in _SHOWN:
        if key not in config.current or key in added:
            continue
        now = options.shown(key, config.current[key])
        before = (
            {"value": options.shown(key, section[key]), "pending": now} if key in section else {"value": now}
        )
        found.append({"key": key, **before})
    gone = [key for key in section if key != ADDED and key not in config.current]
    return found + [{"key": key, "delete": 1} for key in gone]


def _keep(config: Config, section: dict[str, str]) -> None:
    if section:
        config.special[SECTION] = section
    else:
        config.special.pop(SECTION, None)
