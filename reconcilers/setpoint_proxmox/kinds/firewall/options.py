"""Rules and options as the API has them and as they compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from setpoint.model.tree import Json, Tree


@dataclass(frozen=True)
class Option:
    """An option of a firewall: its field, its name in the API, and what it means that it is not set."""

    field: str
    name: str
    absent: bool | str


GUEST: Final = (
    Option("enabled", "enable", absent=False),
    Option("policyIn", "policy_in", "DROP"),
    Option("policyOut", "policy_out", "ACCEPT"),
    Option("macFilter", "macfilter", absent=True),
    Option("ipFilter", "ipfilter", absent=False),
    Option("dhcp", "dhcp", absent=False),
    Option("ndp", "ndp", absent=True),
    Option("routerAdvertisement", "radv", absent=False),
    Option("logIn", "log_level_in", "nolog"),
    Option("logOut", "log_level_out", "nolog"),
)
"""All options; the cluster's firewall has the first three."""

_RULE: Final = {
    "direction": "type",
    "action": "action",
    "macro": "macro",
    "source": "source",
    "dest": "dest",
    "protocol": "proto",
    "port": "dport",
    "sourcePort": "sport",
    "icmpType": "icmp-type",
    "interface": "iface",
    "log": "log",
    "comment": "comment",
}
_LISTS: Final = frozenset({"source", "dest", "port", "sourcePort"})


def shown_option(option: Option, options: Mapping[str, Json]) -> Json:
    """An option as it is compared."""
    value = options.get(option.name)
    if value is None:
        return option.absent
    return str(value) == "1" if isinstance(option.absent, bool) else str(value)


def shown_rule(row: Mapping[str, Json]) -> Tree:
    """A rule of the API as it is compared: what is not set is left out."""
    rule: Tree = {}
    for field, name in _RULE.items():
        text = str(row.get(name) or "").strip()
        if text and not (field == "log" and text == "nolog"):
            rule[field] = listed(text) if field in _LISTS else text
    if rule.get("direction") == "group":
        rule = {"group": rule.pop("action", ""), **{key: rule[key] for key in rule if key != "direction"}}
    return {**rule, "enabled": str(row.get("enable", 0)) != "0"}


def written_rule(rule: Mapping[str, Json]) -> Tree:
    """A rule as a person wrote it, as it is compared."""
    kept: Tree = {
        field: listed(str(value)) if field in _LISTS else value
        for field, value in rule.items()
        if value not in (None, "") and not (field == "log" and value == "nolog")
    }
    if "group" in kept:
        kept.pop("direction", None)
    return kept


def sent_rule(rule: Mapping[str, Json]) -> dict[str, str]:
    """A compared rule as the API takes it, but for whether it is on."""
    found = {_RULE[field]: str(value) for field, value in rule.items() if field in _RULE}
    if "group" in rule:
        return {**found, "type": "group", "action": str(rule["group"])}
    return found


def listed(text: str) -> str:
    """A list with commas, in one order and without blanks."""
    return ",".join(sorted({part.strip() for part in text.split(",")} - {""}))
