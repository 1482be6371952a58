"""Property strings printed in their canonical order, and the sizes in them; neighbour: `properties`, which reads them."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint_lab.proxmox.schema import Shape

Format = Mapping[str, Shape]
"""The parts of a property string by name."""

_UNITS = ("K", "M", "G", "T")


def render(description: Format, values: Mapping[str, str]) -> str:
    """Print `values`: the default key bare, then required keys, then the rest, each group by name.

    A key whose name others take as their keyAlias is printed together with what they alias, as in `virtio=MAC`.
    """
    first = next((name for name, shape in description.items() if shape.get("default_key")), None)
    joined = {shape["keyAlias"]: shape["alias"] for shape in description.values() if "keyAlias" in shape}
    order = sorted(values, key=lambda name: (name != first, bool(description[name].get("optional")), name))
    parts: list[str] = []
    printed: set[str] = set()
    for name in order:
        if name in printed:
            continue
        partner = joined.get(name)
        if partner is not None and partner in values:
            printed.add(partner)
            parts.append(f"{values[name]}={values[partner]}")
        else:
            parts.append(values[name] if name == first else f"{name}={values[name]}")
    return ",".join(parts)


def size_text(size: int) -> str:
    """Bytes in the largest unit that is exact: 1024M is 1G, 3.5G is 3584M, and nothing at all is 0T."""
    unit = ""
    for larger in _UNITS:
        if size % 1024:
            break
        size //= 1024
        unit = larger
    return f"{size}{unit}"


def size_bytes(text: str) -> int | None:
    """A size with an optional fraction and unit in bytes; None when it is none."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "")
    factor = 1024 ** (_UNITS.index(unit) + 1) if unit else 1
    whole, point, fraction = number.partition(".")
    if not whole.isdecimal() or (point and not fraction.isdecimal()):
        return None
    return int(float(number) * factor) if point else int(whole) * factor
