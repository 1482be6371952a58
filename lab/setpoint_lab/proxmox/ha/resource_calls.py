"""Resources: /cluster/ha/resources, and the groups of old, which answer that they are rules now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.ha.manager import wake
from setpoint_lab.proxmox.ha.model import KINDS, Command, Ha, Section, digest, guest_of, members
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_RESOURCES = "/cluster/ha/resources"
_RESOURCE = "/cluster/ha/resources/{sid}"
_GROUPS = "/cluster/ha/groups"
_GROUP = "/cluster/ha/groups/{group}"
MIGRATED = "ha groups have been migrated to rules"
MODIFIED = "detected modified configuration - file changed by other user? Try again."
_NOT_STORED = frozenset({"sid", "type", "digest", "delete"})


def parse_sid(call: Call) -> str:
    """The id of the resource that a request names, perhaps by the number of a guest alone."""
    text = call.text("sid")
    if not text.isdigit():
        return text
    guest = call.world.guests.get(int(text))
    if guest is None:
        raise ApiError.internal(f"unable to get resource type: no VM/CT '{text}'")
    return f"{KINDS[guest.type]}:{text}"


def _shown(ha: Ha, sid: str) -> Section:
    return {"sid": sid, **ha.resources[sid], "digest": digest(ha.resources)}


def _existing(call: Call, failed: str = "") -> tuple[Ha, str]:
    ha, sid = call.world.part(Ha), parse_sid(call)
    if sid not in ha.resources:
        raise ApiError.internal(f"{failed}no such resource '{sid}'")
    return ha, sid


def _options(call: Call) -> Section:
    if "group" in call.params:
        raise ApiError.internal(f"invalid parameter 'group': {MIGRATED}")
    return {key: value for key, value in call.params.items() if key not in _NOT_STORED}


@route("GET", _RESOURCES)
async def list_resources(call: Call) -> object:
    """The resources, of one type when it is asked for."""
    ha, kind = call.world.part(Ha), call.text_or_none("type")
    return call.world.shuffled(
        _shown(ha, sid) for sid, resource in ha.resources.items() if kind in {None, resource["type"]}
    )


@route("GET", _RESOURCE)
async def read_resource(call: Call) -> object:
    """One resource; what was not set is not shown."""
    return _shown(*_existing(call))


@route("POST", _RESOURCES)
async def create_resource(call: Call) -> None:
    """Let the manager look after a guest."""
    check_quorum(call.world)
    ha, sid = call.world.part(Ha), parse_sid(call)
    kind = sid.partition(":")[0]
    if call.text("type", kind) != kind:
        raise ApiError.internal("types does not match")
    if guest_of(call.world, sid) is None:
        raise ApiError.internal(f"resource '{sid}' does not exist in cluster")
    options = _options(call)
    if sid in ha.resources:
        raise ApiError.internal(f"create resource failed: resource ID '{sid}' already defined")
    ha.resources[sid] = {"type": kind, **options}
    call.world.changed()
    wake(call.world)


@route("PUT", _RESOURCE)
async def update_resource(call: Call) -> None:
    """Change what is wanted of a resource."""
    failed = "update resource failed: "
    check_quorum(call.world)
    options = _options(call)
    ha, sid = _existing(call, failed)
    if call.text("digest") not in {"", digest(ha.resources)}:
        raise ApiError.internal(f"{failed}{MODIFIED}")
    kept = {key: value for key, value in ha.resources[sid].items() if key not in call.items("delete")}
    ha.resources[sid] = {**kept, "type": ha.resources[sid]["type"], **options}
    call.world.changed()
    wake(call.world)


@route("DELETE", _RESOURCE)
async def delete_resource(call: Call) -> None:
    """Let the manager look after a guest no more; what runs runs on. Rules lose it unless that is not wanted."""
    check_quorum(call.world)
    ha, sid = call.world.part(Ha), parse_sid(call)
    if sid not in ha.resources:
        raise ApiError.internal(f"cannot delete service '{sid}', not HA managed!")
    ha.forget(sid, purge=call.flag("purge", default=True))


@route("POST", f"{_RESOURCE}/migrate")
async def migrate(call: Call) -> object:
    """Ask the manager to move a resource while it runs; whether there is such a node only the manager finds out."""
    return _ask(call, "migrate")


@route("POST", f"{_RESOURCE}/relocate")
async def relocate(call: Call) -> object:
    """Ask the manager to stop a resource, to move it and to start it there."""
    return _ask(call, "relocate")


def _ask(call: Call, kind: str) -> object:
    ha, sid = call.world.part(Ha), parse_sid(call)
    if not ha.manages(sid):
        raise ApiError.internal(f"resource '{sid}' is not HA managed")
    node = call.text("node")
    ha.commands[sid] = Command(kind, node)
    call.world.changed()
    together = {
        other
        for rule in ha.rules.values()
        if rule.get("affinity") == "positive" and sid in members(rule)
        for other in members(rule)
    }
    return {"sid": sid, "requested-node": node} | (
        {"comigrated-resources": sorted(together - {sid})} if together - {sid} else {}
    )


@route("GET", _GROUPS)
@route("POST", _GROUPS)
@route("GET", _GROUP)
@route("PUT", _GROUP)
@route("DELETE", _GROUP)
async def answer_groups(_call: Call) -> object:
    """There are no groups any more."""
    raise ApiError.internal(MIGRATED)
