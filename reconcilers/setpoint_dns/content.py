"""What is in a zone, in one form for every make of server: canonical, so that equal values are equal texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from setpoint.model.identity import Mark
from setpoint.model.tree import Json

Id: TypeAlias = tuple[str, str]
"""Name and type of a record set, both as `RRset` has them."""


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one name and type.

    Attributes:
        name: absolute with its final dot, lower case, A-labels.
        type: its mnemonic, such as `AAAA`.
        ttl: seconds.
        values: canonical texts (`rdata.canonical`), sorted, without repetition.
        disabled: kept by the server and not served.
        hidden: values beside the served ones that the server keeps and does not serve, sorted.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    disabled: bool = False
    hidden: tuple[str, ...] = ()

    @property
    def id(self) -> Id:
        """What it is found by."""
        return self.name, self.type


@dataclass(frozen=True)
class Signing:
    """How a zone is signed.

    Attributes:
        nsec3: the parameters, such as `1 0 0 -`; empty for NSEC.
        ds: DS records for the parent, as texts without name and TTL.
        keys: how many there are.
    """

    enabled: bool
    nsec3: str = ""
    ds: tuple[str, ...] = ()
    keys: int = 0


@dataclass(frozen=True)
class Zone:
    """A zone as its server has it.

    Attributes:
        name: absolute with its final dot, lower case, A-labels.
        serial: as the server answers it.
        rrsets: every set, SOA included; nothing that DNSSEC makes, and no record that is our mark.
        mark: the mark that it bears.
        settings: what can be set on it beside records, as the server's make names it.
        signing: None where it cannot be told.
        copy: whether another server is its source, so that it is never written here.
    """

    name: str
    serial: int
    rrsets: Mapping[Id, RRset]
    mark: Mark | None = None
    settings: Mapping[str, Json] = field(default_factory=dict[str, Json])
    signing: Signing | None = None
    copy: bool = False


@dataclass(frozen=True)
class Batch:
    """Changes that come into force together.

    Attributes:
        put: sets that replace what is there under their name and type.
        drop: sets to remove.
        serial: that of the zone on which this was decided; another one is a conflict.
    """

    put: tuple[RRset, ...]
    drop: tuple[Id, ...]
    serial: int
