"""How single values are written: what a text of Proxmox means, and the text that says a value."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import quote, unquote

from setpoint.model.quantity import format_bytes, format_duration, parse_bytes, parse_duration
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.mark import TAG, split_tags, without_mark
from setpoint_proxmox.propstring import is_true
from setpoint_proxmox.sizes import MIB, memory_bytes, parse_size


@dataclass(frozen=True)
class Form:
    """Both directions of one value.

    Attributes:
        read: what a text means. Raises ValueError when it means nothing that we know.
        write: what says a value; None when that is said by leaving it out.
    """

    read: Callable[[str], Json]
    write: Callable[[Json], Scalar]


def _given(write: Callable[[Json], Scalar]) -> Callable[[Json], Scalar]:
    return lambda value: None if value is None or value == [] else write(value)


def _number(value: Json) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{Decimal(str(value)).normalize():f}"


def _address(text: str) -> str:
    """An address in its usual form, with its prefix length if it has one; a word such as `dhcp` as it is."""
    try:
        return str(ipaddress.ip_interface(text) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        return text


def _addresses(text: str) -> Json:
    return [_address(one) for one in text.replace(";", " ").replace(",", " ").split()]


def _factor(text: str) -> Json:
    return float(text) or None


def words(separator: str, *, sort: bool = False) -> Form:
    """A list in one text; any of Proxmox's separators is read."""

    def read(text: str) -> Json:
        found = text.replace(";", " ").replace(",", " ").split()
        return list[Json](sorted(found) if sort else found)

    return Form(read, _given(lambda value: separator.join(_texts(value))))


def _texts(value: Json) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _keys(text: str) -> Json:
    return list[Json](sorted(line.strip() for line in unquote(text).splitlines() if line.strip()))


def _hotplug(text: str) -> Json:
    if text in ("0", "1"):
        return list[Json](HOTPLUG_DEFAULT if text == "1" else [])
    return words(",", sort=True).read(text)


HOTPLUG_DEFAULT: Final = ("disk", "network", "usb")

TEXT: Final = Form(str, _given(str))
NUMBER: Final = Form(int, _given(lambda value: value if isinstance(value, int) else str(value)))
DECIMAL: Final = Form(float, _given(_number))
LIMIT: Final = Form(_factor, _given(_number))
"""A number of which nought means none."""
FLAG: Final = Form(is_true, _given(lambda value: 1 if value else 0))
OPPOSITE: Final = Form(lambda text: not is_true(text), _given(lambda value: 0 if value else 1))
ON: Final = Form(lambda text: text == "on", _given(lambda value: "on" if value else "ignore"))
MEBIBYTES: Final = Form(
    lambda text: format_bytes(memory_bytes(text)), _given(lambda value: parse_bytes(value) // MIB)
)
BYTES: Final = Form(lambda text: format_bytes(int(text)), _given(parse_bytes))
SECONDS: Final = Form(
    lambda text: format_duration(timedelta(seconds=int(text))),
    _given(lambda value: int(parse_duration(value).total_seconds())),
)
ADDRESS: Final = Form(_address, _given(str))
ADDRESSES: Final = Form(_addresses, _given(lambda value: " ".join(_texts(value))))
MAC: Final = Form(str.upper, _given(str))
ESCAPED: Final = Form(unquote, _given(lambda value: quote(str(value), safe="")))
KEYS: Final = Form(_keys, _given(lambda value: quote("\n".join(_texts(value)), safe="")))
"""Public keys, one a line, encoded once more than the transport does."""
HOTPLUG: Final = Form(_hotplug, lambda value: ",".join(_texts(value)) or "0")
TAGS: Final = Form(
    lambda text: list[Json](sorted(split_tags(text) - {TAG})),
    lambda value: ";".join(sorted({TAG, *_texts(value)})),
)
NOTES: Final = Form(without_mark, _given(str))
MEDIUM: Final = Form(
    lambda text: None if text == "none" else text, lambda value: "none" if value is None else str(value)
)
STORAGE: Final = Form(storage_of, _given(str))
"""The storage of a volume; it is never written, for only an allocation chooses it."""
SIZE: Final = Form(lambda text: format_bytes(parse_size(text)), _given(str))
"""The size of a volume; it is never written, for only an allocation or growing sets it."""
