"""A batch as update messages: what concerns one name stays together, so that no order of parts breaks a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.serial
import dns.update
import dns.zone
from dns.rdtypes.ANY.SOA import SOA

from setpoint.model.errors import RefusalError
from setpoint_dns.content import Batch, Id, RRset
from setpoint_dns.rfc2136.found import records

Set: TypeAlias = tuple[dns.name.Name, str]
Data: TypeAlias = tuple[dns.rdata.Rdata, ...]

RECORDS = 1_000
"""In one message."""
BYTES = 60_000
"""In one message, as far as can be told beforehand; 65,535 are possible."""
_HEADER = 13
"""Bytes of a record beside its name below the zone's and its data: the zone's name is written once and pointed to."""

_GUARD = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.NS, "setpoint.invalid.", relativize=False)
_ADDRESSES = frozenset({"A", "AAAA"})


@dataclass(frozen=True)
class Soa:
    """The SOA of a zone as it is served."""

    ttl: int
    data: SOA

    def after(self, wanted: RRset | None) -> Soa:
        """The next one, with what is wanted of it and with a serial that is certainly higher (RFC 1982)."""
        ttl, data, low = self.ttl, self.data, (self.data.serial + 1) % 2**32
        if wanted is not None:
            ttl, data = wanted.ttl, _soa(parse("SOA", wanted.values[0]))
            if dns.serial.Serial(data.serial) > self.data.serial:
                return Soa(ttl, data)
        # A serial of 0 is one that some servers take for none.
        return Soa(ttl, _soa(data.replace(serial=low or 1)))


@dataclass
class Part:
    """Changes that go into one message, by name; what is dropped at a name comes before what is put there."""

    drops: dict[dns.name.Name, list[str]] = field(default_factory=dict[dns.name.Name, list[str]])
    puts: dict[dns.name.Name, list[Put]] = field(default_factory=dict[dns.name.Name, "list[Put]"])
    expected: dict[Set, Data] = field(default_factory=dict["Set", "Data"])
    records: int = 0
    size: int = 0

    def expect(self, found: dns.zone.Zone) -> None:
        """Demand that every set is as it was found which this part changes."""
        sets = [(name, rtype) for name, types in self.drops.items() for rtype in types]
        sets += [(name, put.rtype) for name, puts in self.puts.items() for put in puts]
        for name, rtype in sets:
            rdataset = found.get_rdataset(name, rtype)
            data = self.expected[name, rtype] = () if rdataset is None else records(rdataset)
            self.size += sum(
                len(name.relativize(_origin(found)).to_text()) + _HEADER + size
                for size in _sizes(data) or (0,)
            )

    def takes(self, other: Part) -> bool:
        """Whether another part fits in as well."""
        return self.records + other.records <= RECORDS and self.size + other.size <= BYTES

    def join(self, other: Part) -> None:
        """Take another part in, which is about other names."""
        self.drops |= other.drops
        self.puts |= other.puts
        self.expected |= other.expected
        self.records += other.records
        self.size += other.size

    def write(self, message: dns.update.UpdateMessage) -> None:
        """Append it to a message."""
        for (name, rtype), data in self.expected.items():
            if data:
                message.present(name, *data)
            else:
                message.absent(name, rtype)
        for name, types in self.drops.items():
            for rtype in types:
                message.delete(name, rtype)
        for name, puts in self.puts.items():
            for put in puts:
                put.write(name, message)


@dataclass(frozen=True)
class Put:
    """A set to replace.

    Attributes:
        stale: for the NS of the zone itself, the data to take away; None for others, which are cleared before.
    """

    rtype: str
    ttl: int
    data: tuple[dns.rdata.Rdata, ...]
    stale: tuple[dns.rdata.Rdata, ...] | None = None

    def write(self, name: dns.name.Name, message: dns.update.UpdateMessage) -> None:
        """Append it to a message.

        The NS of the zone itself cannot be cleared; PowerDNS takes single ones away last, whatever the order, so none is
        that stays. Knot takes another TTL only with data that are new, so a guard comes and goes with the same message.
        """
        if self.stale is None:
            message.delete(name, self.rtype)
            message.add(name, self.ttl, *self.data)
        else:
            message.add(name, self.ttl, _GUARD, *self.data)
            message.delete(name, *self.stale, _GUARD)


def parts(
    zone: str, batch: Batch, standing: Sequence[dns.rdata.Rdata], found: dns.zone.Zone | None
) -> tuple[Part, ...]:
    """The messages of a batch, SOA aside, at least one: addresses first, and last the names that only lose something.

    BIND refuses an MX to a host of the zone that has no address by then.

    Args:
        zone: its name.
        batch: what is to be done.
        standing: the NS records that the zone itself has.
        found: the zone on which this was decided, to be held against every set; None when its SOA is enough.
    """
    groups = _by_name(zone, batch, standing)
    if found is not None:
        for part in groups:
            part.expect(found)
    made = [Part()]
    for part in sorted(groups, key=_turn):
        if not made[-1].takes(part):
            made.append(Part())
        made[-1].join(part)
    return tuple(part for part in made if part.records) or (Part(),)


def _turn(part: Part) -> tuple[bool, bool, bool]:
    addresses = [put.rtype in _ADDRESSES for puts in part.puts.values() for put in puts]
    return not addresses, not all(addresses), not any(addresses)


def parse(rtype: str, text: str) -> dns.rdata.Rdata:
    """The data of a canonical text.

    Raises:
        RefusalError: it is none.
    """
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rtype), text, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise RefusalError(f"'{text}' cannot be sent as {rtype}: {error}") from error


def _soa(data: dns.rdata.Rdata) -> SOA:
    assert isinstance(data, SOA)  # noqa: S101  # of that type there is no other
    return data


def _by_name(zone: str, batch: Batch, standing: Sequence[dns.rdata.Rdata]) -> Collection[Part]:
    groups: dict[str, Part] = {}
    for owner, rtype in batch.drop:
        name, part = dns.name.from_text(owner), groups.setdefault(owner, Part())
        part.drops.setdefault(name, []).append(rtype)
        part.records += 1
        part.size += len(owner.removesuffix(zone)) + _HEADER
    for rrset in batch.put:
        if rrset.id == (zone, "SOA"):
            continue
        name, part = dns.name.from_text(rrset.name), groups.setdefault(rrset.name, Part())
        put = _put(rrset, standing if rrset.id == (zone, "NS") else None)
        part.puts.setdefault(name, []).append(put)
        sizes = [
            len(rrset.name.removesuffix(zone)) + _HEADER + size
            for size in (0, *_sizes((*put.data, *(put.stale or ()))))
        ]
        part.records += len(sizes) - 1
        part.size += sum(sizes)
    return groups.values()


def _put(rrset: RRset, standing: Sequence[dns.rdata.Rdata] | None) -> Put:
    data = tuple(parse(rrset.type, text) for text in rrset.values)
    stale = None if standing is None else tuple(rdata for rdata in standing if rdata not in data)
    return Put(rrset.type, rrset.ttl, data, stale)


def _sizes(data: Iterable[dns.rdata.Rdata]) -> list[int]:
    return [len(rdata.to_wire() or b"") for rdata in data]


def _origin(found: dns.zone.Zone) -> dns.name.Name:
    assert found.origin is not None  # noqa: S101  # it was transferred under its name
    return found.origin


def refuse_unwritable(zone: str, batch: Batch, mark: Id) -> None:
    """Refuse what an update cannot say, before anything is sent.

    Raises:
        RefusalError: it says what.
    """
    if any(rrset.disabled for rrset in batch.put):
        raise RefusalError(f"a record of {zone} is to be disabled, which this server cannot keep")
    if mark in {*batch.drop, *(rrset.id for rrset in batch.put)}:
        raise RefusalError(
            f"{mark[0]} TXT is where Setpoint marks the zone {zone}", remedy="use another name"
        )
