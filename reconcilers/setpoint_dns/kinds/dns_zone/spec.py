"""What a person writes about a zone beside its records."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from pydantic import field_validator, model_validator

from setpoint.model.key import Key
from setpoint.model.spec import Spec, described
from setpoint_dns.endpoint import place
from setpoint_dns.rdata import MAX_TTL, canonical_name, canonical_type
from setpoint_dns.records.rules import FIXED
from setpoint_dns.records.rules import NAMES as RULES
from setpoint_dns.records.spec import DEFAULT, Records, RecordsSpec, Ttl, View
from setpoint_dns.records.zone import ADDRESSES

NAMES: Final = re.compile(
    r"[a-z0-9_]([-a-z0-9_.]{0,251}[a-z0-9])?(/[0-9]{1,3}(\.[-a-z0-9.]{0,200}[a-z0-9]))?(![a-z0-9]([-a-z0-9]*[a-z0-9])?)?"
)
"""Names of resources: the zone without its final dot, and `!VIEW` for that of a view. A slash as RFC 2317 has it."""
ADDRESSED: Final = "addressed"
_INSIDE: Final = ("internal", "private")
_LOCAL: Final = (".home.arpa", ".internal")
"""Zones that are in no public one: RFC 8375, and what ICANN set apart."""
_NSEC3: Final = re.compile(r"1 [01] [0-9]{1,4} (-|([0-9a-f]{2})+)")


class Ownership(StrEnum):
    """What in a zone belongs to the declaration."""

    ZONE = "zone"
    """Every record but what is ignored and what DNSSEC makes."""
    RECORDS = "records"
    """The records that were applied."""


class Make(StrEnum):
    """Whether a zone on PowerDNS is transferred to secondaries."""

    NATIVE = "native"
    """The back end sees to copies."""
    PRIMARY = "primary"
    """Secondaries are told and transfer it."""


class Soa(Spec):
    """The start of authority; the serial is never declared."""

    primary: str | None = described(
        "The server on which the zone is written; the first of nameservers when a zone is made without it.",
        None,
    )
    contact: str | None = described(
        "Who is written to about the zone, as a mail address; hostmaster of the zone when it is made without it.",
        None,
        examples=["hostmaster@example.org"],
    )
    refresh: Ttl | None = described("Seconds after which a secondary looks again.", None)
    retry: Ttl | None = described("Seconds after which a secondary that failed to look tries again.", None)
    expire: Ttl | None = described("Seconds after which a secondary that cannot look stops to answer.", None)
    minimum: Ttl | None = described("Seconds that an answer of `no such name` may be kept.", None)

    @field_validator("contact")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+|[^@\s]+\.", value):
            raise ValueError(f"'{value}' is no mail address; write one such as hostmaster@example.org")
        return value


class Settings(Spec):
    """What PowerDNS keeps about a zone beside its records; left out, it is left alone."""

    kind: Make | None = described("`primary` when secondaries transfer the zone, else `native`.", None)
    also_notify: tuple[str, ...] | None = described(
        "Whom else it tells of changes beside the nameservers: addresses, and :port unless it is 53.", None
    )
    allow_transfer: tuple[str, ...] | None = described(
        "Who may transfer the zone: addresses or networks.", None, examples=[["192.0.2.0/24"]]
    )
    transfer_keys: tuple[str, ...] | None = described(
        "Names of TSIG keys of the server with which the zone may be transferred.", None
    )

    @field_validator("transfer_keys")
    @classmethod
    def _keys(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(canonical_name(one, ".") for one in value)


class Dnssec(Spec):
    """How a zone is signed, by the server and with keys that it makes."""

    enabled: bool = described("Whether it is signed. To switch it off destroys the keys, and asks first.")
    nsec3: str | None = described(
        "Parameters of NSEC3, `HASH FLAGS ITERATIONS SALT`; NSEC when it is empty.",
        None,
        examples=["1 0 0 -"],
    )

    @field_validator("nsec3")
    @classmethod
    def _parameters(cls, value: str | None) -> str | None:
        if value and not _NSEC3.fullmatch(value.lower()):
            raise ValueError(f"'{value}' are no parameters of NSEC3; write 1 0 0 -")
        return value if value is None else value.lower()

    @model_validator(mode="after")
    def _alone(self) -> Dnssec:
        if self.nsec3 and not self.enabled:
            raise ValueError("nsec3 is for a zone that is signed; set enabled, or leave nsec3 out")
        return self


class Ignored(Spec):
    """Records that are somebody else's although the zone is ours."""

    name: str = described(
        "Their names, relative to the zone, `@` for the zone itself; `*` stands for anything.",
        examples=["_acme-challenge*"],
    )
    types: tuple[str, ...] = described("Their types; all when left out.", (), examples=[["TXT"]])

    @field_validator("types")
    @classmethod
    def _mnemonics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(canonical_type(one) for one in value)


class DnsZoneSpec(RecordsSpec):
    """A zone on a DNS server."""

    zone: str | None = described(
        "The zone's name; the resource's up to `!` when left out.", None, examples=["example.org"]
    )
    view: View | None = described(
        "Which view of the zone this is; what follows `!` in the resource's name when left out.", None
    )
    ttl: int = described(
        "Seconds that answers may be kept where a record says nothing else.", 3600, ge=0, le=MAX_TTL
    )
    nameservers: tuple[str, ...] | None = described(
        "The NS records of the zone itself.",
        None,
        min_length=1,
        examples=[["ns1.example.org.", "ns2.example.net."]],
    )
    soa: Soa | None = described("Its start of authority; what is left out is left alone.", None)
    settings: Settings | None = described("What PowerDNS keeps about it beside its records.", None)
    dnssec: Dnssec | None = described("Whether and how it is signed; left alone when left out.", None)
    secondaries: tuple[str, ...] = described(
        "Servers that serve it as well, beside those of the server: hosts or addresses, and :port unless it is 53.",
        (),
    )
    ownership: Ownership = described(
        "`zone`: every record in it belongs to the declaration, and another one is removed. `records`: only what was "
        "declared is changed and removed.",
        Ownership.ZONE,
    )
    pointers: bool = described(
        "Whether a reverse zone gets a PTR for every A and AAAA that any zone of the same view declares; `ptr: false` at a "
        "record leaves it out, and `ptr: true` says which of several names is meant.",
        default=False,
    )
    addressed: Records = described(
        "Names, with their final dot, that a reverse zone gets a PTR to at the addresses that stand here, as others publish "
        "them; what `records` say of an address stands. With `pointers` it is filled with what is asked for elsewhere.",
        default_factory=dict,
        examples=[{"web01.example.org.": {"A": {"from": "Container/web01", "output": "addresses.v4"}}}],
    )
    ignore: tuple[Ignored, ...] = described(
        "Records that are left alone in a zone that is ours, such as what an ACME client writes.", ()
    )
    private: bool | None = described(
        "Whether only those inside ask for it, so that private addresses are right. Left out, that is so of the views "
        "`internal` and `private`, and of zones below `home.arpa` and `internal`.",
        None,
    )
    accept: tuple[str, ...] = described(
        "Rules about records that this zone may break, such as one that was taken over as it was; they only advise then.",
        (),
        examples=[["target-missing"]],
    )

    @field_validator("accept")
    @classmethod
    def _rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name in FIXED:
                raise ValueError(f"'{name}' is a rule that servers hold as well; correct the records")
            if name not in RULES:
                raise ValueError(f"there is no rule '{name}'; write its name as the finding shows it")
        return value

    @field_validator("addressed")
    @classmethod
    def _named(cls, value: Records) -> Records:
        for name, types in value.items():
            if not name.endswith("."):
                raise ValueError(
                    f"'{name}' does not end in a dot; write the whole name, such as {name}.example.org."
                )
            canonical_name(name, ".")
            if not types.keys() <= {*ADDRESSES}:
                raise ValueError(f"{name} has {', '.join(types)}; only A and AAAA have a PTR")
        return value

    @field_validator("zone")
    @classmethod
    def _name(cls, value: str | None) -> str | None:
        return None if value is None else canonical_name(value, ".").removesuffix(".")

    @field_validator("secondaries")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            place(text)
        return value

    @model_validator(mode="after")
    def _one_place_for_ns(self) -> DnsZoneSpec:
        if self.nameservers is not None and "NS" in self.records.get("@", {}):
            raise ValueError(
                "the zone's own NS records stand in nameservers and in records; keep nameservers"
            )
        return self


def is_private(spec: DnsZoneSpec) -> bool:
    """Whether only those inside ask for a zone; its spec is complete."""
    if spec.private is not None:
        return spec.private
    return spec.view in _INSIDE or f".{spec.zone}".endswith(_LOCAL)


def origin_of(key: Key) -> str:
    """The name, with its final dot, of the zone that a resource is called after."""
    return canonical_name(key.name.partition("!")[0], ".")


def complete(spec: DnsZoneSpec, key: Key) -> DnsZoneSpec:
    """The spec with what its resource's name says of it."""
    zone = spec.zone or origin_of(key).removesuffix(".")
    view = spec.view or key.name.partition("!")[2] or DEFAULT
    return spec.model_copy(update={"zone": zone, "view": view})
