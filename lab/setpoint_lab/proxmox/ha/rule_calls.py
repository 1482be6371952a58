"""Rules: /cluster/ha/rules. Their parameters depend on their type, which the reduced schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.check import MISSING, verify
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.ha.model import Ha, Section, digest, members
from setpoint_lab.proxmox.ha.resource_calls import MODIFIED
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import Method, Shape

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_RULES = "/cluster/ha/rules"
_RULE = "/cluster/ha/rules/{rule}"
_TEXT: Shape = {"type": "string", "optional": 1}
_FLAG: Shape = {"type": "boolean", "optional": 1}
_COMMON: dict[str, Shape] = {
    "rule": {"type": "string", "format": "pve-configid"},
    "comment": {"type": "string", "optional": 1, "maxLength": 4096},
    "disable": _FLAG,
    "resources": {"type": "string", "format": "pve-ha-resource-id-list"},
}
_KINDS: dict[str, dict[str, Shape]] = {
    "node-affinity": {"nodes": {"type": "string", "format": "pve-ha-node-list"}, "strict": _FLAG},
    "resource-affinity": {"affinity": {"type": "string", "enum": ["positive", "negative"]}},
}
_CHANGING: dict[str, Shape] = {
    "delete": {**_TEXT, "format": "pve-configid-list"},
    "digest": {**_TEXT, "maxLength": 64},
}
_TYPE: Shape = {"type": "string", "enum": list(_KINDS)}
_NOT_STORED = frozenset({"rule", "type", "delete", "digest"})


def _verified(call: Call, more: dict[str, Shape], *, optional: bool) -> dict[str, object]:
    """The typed parameters of a request about a rule.

    Raises:
        ApiError: 400 with what is wrong with them.
    """
    kind = call.text_or_none("type")
    if kind not in _KINDS:
        text = f"value '{kind}' does not have a value in the enumeration '{', '.join(_KINDS)}'"
        raise ApiError.parameters({"type": MISSING if kind is None else text})
    shapes = {**_COMMON, **_KINDS[kind]}
    if optional:
        shapes = {name: {**shape, "optional": 1} for name, shape in shapes.items()}
    method = Method(call.method, call.path, {**shapes, **more, "type": _TYPE})
    typed, errors = verify(method, call.params)
    if errors:
        raise ApiError.parameters(errors)
    return typed


def _shown(ha: Ha, name: str) -> Section:
    order = list(ha.rules).index(name) + 1
    return {"rule": name, **ha.rules[name], "order": order, "digest": digest(ha.rules)}


def _check(call: Call, ha: Ha, options: Section) -> None:
    """Raise when a rule names resources or nodes that are not there."""
    unmanaged = sorted(set(members(options)) - ha.resources.keys())
    if unmanaged:
        raise ApiError.internal(f"cannot use unmanaged resource(s) {', '.join(unmanaged)}.")
    nodes = {item.partition(":")[0] for item in split_list(str(options.get("nodes", "")))}
    if nodes - call.world.nodes.keys():
        raise ApiError.internal(
            f"cannot use non-existent node(s) {', '.join(sorted(nodes - call.world.nodes.keys()))}."
        )


@route("GET", _RULES)
async def list_rules(call: Call) -> object:
    """The rules, of one type or about one resource when that is asked for."""
    ha, kind, sid = call.world.part(Ha), call.text_or_none("type"), call.text_or_none("resource")
    return call.world.shuffled(
        _shown(ha, name)
        for name, rule in ha.rules.items()
        if kind in {None, rule["type"]} and (sid is None or sid in members(rule))
    )


@route("GET", _RULE)
async def read_rule(call: Call) -> object:
    """One rule."""
    ha, name = call.world.part(Ha), call.text("rule")
    if name not in ha.rules:
        raise ApiError.internal(f"no such ha rule '{name}'")
    return _shown(ha, name)


@route("POST", _RULES)
async def create_rule(call: Call) -> None:
    """A new rule about resources that there are."""
    typed = _verified(call, {}, optional=False)
    check_quorum(call.world)
    ha, name = call.world.part(Ha), str(typed["rule"])
    if name in ha.rules:
        raise ApiError.internal(f"create ha rule failed: HA rule '{name}' already defined")
    options = {key: value for key, value in typed.items() if key not in _NOT_STORED}
    _check(call, ha, options)
    ha.rules[name] = {"type": typed["type"], **options}
    call.world.changed()


@route("PUT", _RULE)
async def update_rule(call: Call) -> None:
    """Change a rule; its type must be said and stays."""
    typed = _verified(call, _CHANGING, optional=True)
    check_quorum(call.world)
    failed = "update HA rules failed: "
    ha, name = call.world.part(Ha), call.text("rule")
    if name not in ha.rules:
        raise ApiError.internal(f"{failed}HA rule '{name}' does not exist")
    if ha.rules[name]["type"] != typed["type"]:
        raise ApiError.internal(f"{failed}rule type does not match")
    if str(typed.get("digest", "")) not in {"", digest(ha.rules)}:
        raise ApiError.internal(f"{failed}{MODIFIED}")
    options = {key: value for key, value in typed.items() if key not in _NOT_STORED}
    _check(call, ha, options)
    deletes = split_list(str(typed.get("delete", "")))
    ha.rules[name] = {key: value for key, value in ha.rules[name].items() if key not in deletes} | options
    call.world.changed()


@route("DELETE", _RULE)
async def delete_rule(call: Call) -> None:
    """A rule that is not there is as good as deleted."""
    check_quorum(call.world)
    call.world.part(Ha).rules.pop(call.text("rule"), None)
    call.world.changed()
