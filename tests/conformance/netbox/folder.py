"""The values of one folder of recordings, beside what every system's traces have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.model import Trace

SYSTEM = "netbox"


@dataclass(frozen=True, slots=True)
class Cause:
    """The exchange, by folder and file, that made the server deliver something."""

    folder: str
    file: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder; what is kept by entry has the entry's number.

    `dates` are the seconds at which replies were recorded, `receivers` where webhooks pointed, and `causes` are
    there when the entries are deliveries.
    """

    trace: Trace
    identities: Mapping[int, str] = field(default_factory=dict[int, str])
    dates: Mapping[int, float] = field(default_factory=dict[int, float])
    receivers: tuple[str, ...] = ()
    causes: Mapping[int, Cause] = field(default_factory=dict[int, Cause])
