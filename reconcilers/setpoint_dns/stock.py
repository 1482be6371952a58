"""How zones that are there already are taken over: the server's declaration, and the list of its zones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.stock import Access, Entrance, Listed, Listing
from setpoint.model.tree import Tree
from setpoint_dns.facts import Facts
from setpoint_dns.kinds.dns_zone.names import relative
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


ENTRANCES: Final[Mapping[str, Entrance]] = {"powerdns": Entrance("DnsServer", _powerdns, apart=_APART)}
