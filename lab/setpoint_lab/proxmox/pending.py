"""What a config shows: pending merged over current, the list of pending changes, and marks for removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.config_file import RAW

if TYPE_CHECKING:
    from setpoint_lab.proxmox.config_file import ConfigFile, Section


def merged(config: ConfigFile) -> dict[str, object]:
    """The config as if everything pending were in effect."""
    values = {key: value for key, value in config.current.items() if key not in config.deletes}
    return shown(config, values | config.pending)


def current(config: ConfigFile) -> dict[str, object]:
    """The config in effect."""
    return shown(config, config.current)


def shown(config: ConfigFile, values: Section) -> dict[str, object]:
    """Options of the config as answers show them."""
    return {key: config.shown(key, value) for key, value in values.items()}


def changes(config: ConfigFile) -> list[dict[str, object]]:
    """One row per option: its value, the pending one, and 1 or 2 for a removal, 2 where the volume goes too."""
    rows = [_row(config, key, value) for key, value in config.current.items() if key != RAW]
    rows += [
        {"key": key, "pending": config.shown(key, value)}
        for key, value in config.pending.items()
        if key not in config.current
    ]
    return rows


def mark_delete(config: ConfigFile, key: str, *, force: bool = False) -> None:
    """Mark an option for removal, which drops what was pending for it."""
    config.pending.pop(key, None)
    config.deletes[key] = force


def tidy(config: ConfigFile) -> bool:
    """Drop pending values equal to the current ones and marks on options that are not set; whether any was dropped."""
    equal = [key for key, value in config.pending.items() if config.current.get(key) == value]
    unset = [key for key in config.deletes if key not in config.current]
    for key in equal:
        del config.pending[key]
    for key in unset:
        del config.deletes[key]
    return bool(equal or unset)


def _row(config: ConfigFile, key: str, value: str) -> dict[str, object]:
    row: dict[str, object] = {"key": key, "value": config.shown(key, value)}
    if key in config.pending:
        row["pending"] = config.shown(key, config.pending[key])
    if key in config.deletes:
        row["delete"] = 2 if config.deletes[key] else 1
    return row
