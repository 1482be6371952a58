"""Declaration and state of a firewall as one comparable tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.kinds.firewall.options import GUEST, listed, shown_option, shown_rule, written_rule
from setpoint_proxmox.kinds.firewall.spec import BEARER, FirewallSpec
from setpoint_proxmox.kinds.firewall.state import FirewallState

TREATMENTS: dict[Pointer, Treatment] = {
    "/rules": Treatment.ATOMIC,
    "/ipsets/*": Treatment.MEMBER,
    "/ipsets/*/members": Treatment.SET,
    "/aliases/*": Treatment.MEMBER,
    "/groups/*": Treatment.MEMBER,
    "/groups/*/rules": Treatment.ATOMIC,
}


def declare(spec: FirewallSpec) -> Tree:
    """What was written."""
    document: dict[str, Any] = spec.model_dump(mode="json", by_alias=True)
    written = {name for name in spec.model_fields_set if getattr(spec, name) is not None}
    names = {FirewallSpec.model_fields[name].alias or name for name in written}
    tree: Tree = {option.field: document[option.field] for option in GUEST if option.field in names}
    if "rules" in names:
        tree["rules"] = [written_rule(rule) for rule in document["rules"]]
    if "ipsets" in names:
        tree["ipsets"] = {
            name: {**_comment(one), "members": [_member(member) for member in one["members"]]}
            for name, one in document["ipsets"].items()
        }
    if "aliases" in names:
        tree["aliases"] = {
            name: {**_comment(one), "address": listed(one["address"])}
            for name, one in document["aliases"].items()
        }
    if "groups" in names:
        tree["groups"] = {
            name: {**_comment(one), "rules": [written_rule(rule) for rule in one["rules"]]}
            for name, one in document["groups"].items()
        }
    return tree


def _comment(one: Mapping[str, Any]) -> Tree:
    return {} if one["comment"] is None else {"comment": one["comment"]}


def _member(member: Mapping[str, Any]) -> Json:
    return {"address": str(member["address"]), "excluded": bool(member["excluded"])}


def project(state: FirewallState) -> Projection:
    """What is there; the set that bears our mark left aside."""
    ipsets: Tree = {}
    for name, one in state.ipsets.items():
        rows = one.get("members")
        assert isinstance(rows, list)  # noqa: S101  # as observed
        members: list[Json] = [
            {"address": str(row["cidr"]), "excluded": str(row.get("nomatch") or 0) == "1"}
            for row in rows
            if isinstance(row, dict)
        ]
        if name != BEARER:
            ipsets[name] = {"comment": str(one.get("comment") or ""), "members": members}
    aliases: Tree = {
        name: {"comment": str(one.get("comment") or ""), "address": listed(str(one["cidr"]))}
        for name, one in state.aliases.items()
    }
    groups: Tree = {
        name: {"comment": str(one.get("comment") or ""), "rules": _rules(one.get("rules"))}
        for name, one in state.groups.items()
    }
    options: Tree = {option.field: shown_option(option, state.options) for option in GUEST}
    rules = list[Json](shown_rule(row) for row in state.rules)
    return Projection({**options, "rules": rules, "ipsets": ipsets, "aliases": aliases, "groups": groups})


def _rules(rows: Json) -> list[Json]:
    assert isinstance(rows, list)  # noqa: S101  # as observed
    return [shown_rule(row) for row in rows if isinstance(row, dict)]
