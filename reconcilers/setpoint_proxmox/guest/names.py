"""The names in DNS that a guest asks for; whoever keeps the zone gives them the addresses that the guest publishes."""

from __future__ import annotations

from setpoint.model.gather import Ask
from setpoint.model.key import Key
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json, Tree

TOPIC = "dns"
"""What zones gather."""
_TYPES = {"A": "addresses.v4", "AAAA": "addresses.v6"}
"""The types of the records, and the output whose first address each has."""


class Names(Spec):
    """Names in a zone."""

    zone: str = described(
        "The zone, as its DnsZone is called; `ZONE!VIEW` for one view of it alone.", examples=["example.org"]
    )
    names: tuple[str, ...] | None = described(
        "Names relative to the zone, `@` for the zone itself; that of the resource when left out.",
        None,
        min_length=1,
        examples=[["web01", "www"]],
    )
    ttl: int | None = described(
        "Seconds that an answer may be kept; the zone's when left out.", None, ge=0, le=2**31 - 1
    )


def asks(key: Key, dns: tuple[Names, ...]) -> tuple[Ask, ...]:
    """A record for each name and sort of address; without an address of a sort there is none of it."""
    return tuple(Ask(TOPIC, _entry(key, one), f"/dns/{number}") for number, one in enumerate(dns))


def _entry(key: Key, wanted: Names) -> Tree:
    records: dict[str, Json] = {
        name: {rtype: _set(key, wanted, output) for rtype, output in _TYPES.items()}
        for name in wanted.names or (key.name,)
    }
    return {"zone": wanted.zone, "records": records}


def _set(key: Key, wanted: Names, output: str) -> Tree:
    values: list[Json] = [{"from": f"{key.kind}/{key.name}", "output": output}]
    return {"values": values} if wanted.ttl is None else {"values": values, "ttl": wanted.ttl}
