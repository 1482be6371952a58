"""What a server takes at most, by its configuration: it fails half-way, or without a word, at what is more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from setpoint.model.errors import RefusalError

_MEGABYTE: Final = 1 << 20
_NSEC3 = re.compile(r"1 [01] [0-9]{1,5} (-|([0-9a-fA-F]{2})+)")


@dataclass(frozen=True)
class Limits:
    """What a server takes at most.

    Attributes:
        body: bytes of a call; a longer one is cut off.
        iterations: of NSEC3.
    """

    body: int
    iterations: int

    def check_nsec3(self, parameters: str) -> None:
        """Refuse wrong parameters: the server switches DNSSEC on before it looks at them.

        Raises:
            RefusalError: they are none, or too many iterations.
        """
        if not parameters or (_NSEC3.fullmatch(parameters) and int(parameters.split()[2]) <= self.iterations):
            return
        what = f"'{parameters}' are no parameters of NSEC3 for this server, which takes {self.iterations} iterations"
        raise RefusalError(what, remedy="write '1 0 0 -', or nothing for NSEC")


def read_limits(settings: Mapping[str, str]) -> Limits:
    """From the server's settings, by name."""
    return Limits(
        body=int(settings.get("webserver-max-bodysize") or 2) * _MEGABYTE,
        iterations=int(settings.get("max-nsec3-iterations") or 100),
    )
