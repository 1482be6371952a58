"""Property strings: how Proxmox writes a disk, a NIC and most other compound options in one text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def parse(text: str, default_key: str) -> dict[str, str]:
    """The options of `local-zfs:vm-100-disk-0,size=1G`, a bare first part under `default_key`.

    Raises:
        ValueError: an option is empty, named twice, or bare although it is not the first.
    """
    options: dict[str, str] = {}
    for index, part in enumerate(text.split(",")):
        key, sign, value = part.partition("=")
        if not sign:
            key, value = default_key, part
            if index:
                raise ValueError(f"'{part}' in '{text}' has no name")
        if not key or not value:
            raise ValueError(f"'{part}' in '{text}' is empty")
        if key in options:
            raise ValueError(f"'{key}' stands twice in '{text}'")
        options[key] = value
    return options


def render(options: Mapping[str, str], default_key: str, first: Sequence[str] = ()) -> str:
    """The text of `options` as Proxmox prints it: the default bare, then `first`, the rest by the alphabet.

    Raises:
        ValueError: a value holds a comma or is empty, which no property string can say.
    """
    order = [key for key in (default_key, *first) if key in options]
    order += sorted(key for key in options if key not in order)
    return ",".join(
        _part(key, options[key], bare=key == default_key and not i) for i, key in enumerate(order)
    )


def is_true(value: str) -> bool:
    """Whether Proxmox takes `value` for true inside a property string."""
    return value.lower() in ("1", "on", "yes", "true")


def _part(key: str, value: str, *, bare: bool) -> str:
    if not value or not key or "," in value or "," in key or "=" in key:
        raise ValueError(f"'{key}={value}' cannot be written in a property string")
    return value if bare and "=" not in value else f"{key}={value}"
