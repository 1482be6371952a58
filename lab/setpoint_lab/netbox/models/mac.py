"""MAC addresses as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import Text

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

LENGTH = 12


@dataclass(frozen=True)
class MacAddress(Text):
    """A MAC address in any notation, kept in upper case with colons."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """Twelve hexadecimal digits."""
        digits = re.sub(r"[:.\-]", "", str(raw).strip())
        if len(digits) != LENGTH or not re.fullmatch(r"[0-9A-Fa-f]+", digits):
            raise Invalid(f"Invalid MAC address format: {raw}")
        return ":".join(digits[at : at + 2] for at in range(0, LENGTH, 2)).upper()
