"""What was read last of a zone, so that one that did not change is the same object again; and the listing's entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from setpoint_dns.content import Id, RRset, Zone
from setpoint_dns.powerdns.forms import (
    is_our_account,
    mark_in,
    mark_name,
    owner_of,
    read_metadata,
    read_sets,
    read_signing,
)
from setpoint_dns.powerdns.live import WRITABLE
from setpoint_dns.powerdns.settings import kind_of, read_settings

_MOVING: Final = frozenset({"rrsets", "notified_serial"})
"""Fields of a zone that are not its head."""
_DNSSEC: Final = b'"dnssec":'
_TRUE = re.compile(rb" ?true\b")


@dataclass(frozen=True)
class Row:
    """A zone in the listing; the serial as it is answered, the kind as `settings.kind_of` tells it."""

    zone: str
    serial: int
    account: str
    kind: str


@dataclass(frozen=True)
class Seen:
    """A zone, and what of it is not told.

    Attributes:
        digest: of everything that was answered.
        head: what the zone says of itself, beside its records and what of it moves by itself.
        metadata: by kind.
        serial: as it is stored, where `zone.serial` is as it is answered.
        account: as it is stored.
        marked: whether the mark is in the metadata.
        record: whether the record is there that is our mark until the metadata are written.
    """

    digest: bytes
    head: Mapping[str, Any]
    metadata: Mapping[str, list[str]]
    zone: Zone
    serial: int
    account: str
    marked: bool
    record: bool

    def is_still(self, raw: Mapping[str, Any], which: Id) -> bool:
        """Whether an answer that holds this set, if there is one, tells the same of the zone and of that."""
        now = read_sets(raw["rrsets"], self.zone.name, {}).get(which)
        return _head(raw) == self.head and now == self.zone.rrsets.get(which)

    @property
    def is_shell(self) -> bool:
        """Whether it is a zone of ours without a single record, not even an SOA: nobody is served anything of it."""
        return not self.zone.rrsets and self.zone.mark is None and is_our_account(self.account)


def is_signed(body: bytes) -> bool:
    """Whether a zone's JSON says so, without parsing thousands of records; no text in it can hold a bare quote."""
    at = body.find(_DNSSEC)
    while at != -1:
        behind = at + len(_DNSSEC)
        if body[at - 1 : at] != b"\\" and _TRUE.match(body, behind):
            return True
        at = body.find(_DNSSEC, behind)
    return False


def read_rows(answer: Any) -> list[Row]:
    """From the listing.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(answer, list):
        raise TypeError
    return [_row(raw) for raw in cast("list[Mapping[str, Any]]", answer)]


def _row(raw: Mapping[str, Any]) -> Row:
    serial = int(raw.get("edited_serial", raw["serial"]))
    return Row(str(raw["name"]), serial, str(raw.get("account", "")), kind_of(raw))


def told(digest: bytes, raw: Mapping[str, Any], metadata: Any, keys: Any, before: Seen | None) -> Seen:
    """From what was answered; sets that are as `before` are the same objects."""
    name, serial = str(raw["name"]), int(raw["serial"])
    by_kind = read_metadata(metadata)
    sets: dict[Id, RRset] = read_sets(raw["rrsets"], name, before.zone.rrsets if before else {})
    here = sets.get((mark_name(name), "TXT"))
    record = mark_in(here.values) if here else None
    if here and record:
        del sets[here.id]
    written = owner_of(by_kind)
    zone = Zone(
        name=name,
        serial=int(raw.get("edited_serial", serial)),
        rrsets=sets,
        mark=written or record,
        settings=read_settings(raw, by_kind),
        signing=read_signing(raw, keys),
        copy=kind_of(raw) not in WRITABLE,
    )
    return Seen(
        digest,
        _head(raw),
        by_kind,
        zone,
        serial,
        str(raw.get("account", "")),
        written is not None,
        record is not None,
    )


def _head(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in raw.items() if name not in _MOVING}
