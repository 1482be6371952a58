"""How zones that are there already are taken over: the server's declaration, and the list of its zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from setpoint.model.stock import Access, Entrance, Listed, Listing, Stated
from setpoint.model.tree import Tree
from setpoint_dns.facts import Facts
from setpoint_dns.kinds.dns_zone.describe import describe, untold
from setpoint_dns.kinds.dns_zone.names import relative
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.master import read_zone
from setpoint_dns.server import Can, ZoneRow

_APART: Final = {"DnsZone": ("/records", "/zone", "/ignore", "/accept")}
"""What each zone says for itself."""


def listing(facts: Facts) -> Listing:
    """Every zone of the server, by its name."""
    hidden = "" if Can.LIST in facts.can else "the server does not tell which zones it has"
    return Listing(tuple(_listed(facts.rows[name]) for name in sorted(facts.rows)), hidden)


def _listed(row: ZoneRow) -> Listed:
    aside = ""
    if row.copy:
        aside = "another server is its source, and this one only copies it"
    elif row.name == ".":
        aside = "the root zone is not declared"
    return Listed("DnsZone", row.name, relative(row.name, "."), aside=aside)


def _powerdns(access: Access) -> Tree:
    """The declaration of a PowerDNS.

    Raises:
        ValueError: something was said that an API has not.
    """
    if len(access.endpoints) != 1:
        raise ValueError("a PowerDNS has one endpoint; read each server into a repository of its own")
    if access.token:
        raise ValueError("the key of PowerDNS has no name; leave --token out")
    trust = {"ca": access.ca, "fingerprint": access.fingerprint}
    return {
        "powerdns": {
            "endpoint": access.endpoints[0],
            "key": access.secret.model_dump(exclude_none=True),
            **{name: value for name, value in trust.items() if value},
        }
    }


def _rfc2136(access: Access) -> Tree:
    """The declaration of a server that is spoken to by transfers and updates.

    Raises:
        ValueError: it is not said where it is, or by which key it is asked.
    """
    if len(access.endpoints) != 1:
        raise ValueError("a server has one address; read each server into a repository of its own")
    if not access.token:
        raise ValueError("name the TSIG key with --token, such as setpoint or hmac-sha512:setpoint")
    if access.ca or access.fingerprint:
        raise ValueError("transfers have no certificate; leave --ca and --fingerprint out")
    algorithm, colon, name = access.token.rpartition(":")
    key: Tree = {"name": name, **({"algorithm": algorithm} if colon else {})}
    secret = access.secret.model_dump(exclude_none=True)
    return {"rfc2136": {"endpoint": access.endpoints[0], "key": {**key, "secret": secret}}}


def _either(access: Access) -> Tree:
    """The server on which a zone from a file is to be; that of this machine when it is not said.

    Raises:
        ValueError: what was said of it does not go together.
    """
    endpoints = access.endpoints or (_HERE,)
    given = replace(access, endpoints=endpoints)
    return _powerdns(given) if "://" in endpoints[0] else _rfc2136(given)


def _here(access: Access) -> str:
    """What is said of a server that nobody named."""
    if access.endpoints:
        return ""
    return f"No server was named with --endpoint, so this is the PowerDNS of this machine, {_HERE}; write the right one"


def _file(access: Access) -> tuple[Stated, ...]:
    """The zone in a file.

    Raises:
        ValueError: it is none.
    """
    if len(access.only) > 1:
        raise ValueError("a zone file holds one zone; name it once")
    file = read_zone(access.content, access.only[0] if access.only else "")
    zone, outside = file.zone, [f"{name} (outside of the zone)" for name in file.outside]
    state = ZoneState(zone, {}, {}, (), Can(0))
    listed = Listed("DnsZone", zone.name, relative(zone.name, "."))
    return (Stated(listed, describe(state), (*untold(state), *outside)),)


_HERE: Final = "http://127.0.0.1:8081"
ENTRANCES: Final[Mapping[str, Entrance]] = {
    "powerdns": Entrance("DnsServer", _powerdns, apart=_APART),
    "axfr": Entrance("DnsServer", _rfc2136, apart=_APART, named="DnsZone"),
    "zonefile": Entrance(
        "DnsServer", _either, apart=_APART, endpoint=False, file="zone file", read=_file, assumed=_here
    ),
}
