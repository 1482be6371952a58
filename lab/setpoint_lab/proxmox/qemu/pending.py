"""What a config shows: pending merged over current, the list of pending changes, and marks for removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.qemu.options import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.qemu.config import Config, Section


def merged(config: Config) -> dict[str, object]:
    """The config as if everything pending were in effect."""
    values = {key: value for key, value in config.current.items() if key not in config.deletes}
    return _show(values | config.pending)


def current(config: Config) -> dict[str, object]:
    """The config in effect."""
    return _show(config.current)


def changes(config: Config) -> list[dict[str, object]]:
    """One row per option: its value, the pending one, and 1 or 2 for a removal, 2 where the volume goes too."""
    rows = [_row(config, key, value) for key, value in config.current.items()]
    rows += [
        {"key": key, "pending": shown(key, value)}
        for key, value in config.pending.items()
        if key not in config.current
    ]
    return rows


def mark_delete(config: Config, key: str, *, force: bool) -> None:
    """Mark an option for removal, which drops what was pending for it."""
    config.pending.pop(key, None)
    config.deletes[key] = force


def tidy(config: Config) -> bool:
    """Drop pending values equal to the current ones and marks on options that are not set; whether any was dropped."""
    equal = [key for key, value in config.pending.items() if config.current.get(key) == value]
    unset = [key for key in config.deletes if key not in config.current]
    for key in equal:
        del config.pending[key]
    for key in unset:
        del config.deletes[key]
    return bool(equal or unset)


def used_volumes(config: Config) -> set[str]:
    """The files that the drives hold now and that pending ones will hold."""
    return {drive.file for values in (config.current, config.pending) for drive in drives(values)}


def _show(values: Section | Mapping[str, str]) -> dict[str, object]:
    return {key: shown(key, value) for key, value in values.items()}


def _row(config: Config, key: str, value: str) -> dict[str, object]:
    row: dict[str, object] = {"key": key, "value": shown(key, value)}
    if key in config.pending:
        row["pending"] = shown(key, config.pending[key])
    if key in config.deletes:
        row["delete"] = 2 if config.deletes[key] else 1
    return row
