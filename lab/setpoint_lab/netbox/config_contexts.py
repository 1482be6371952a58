"""The config context of a machine or device: the data of all contexts that apply, merged, its own data last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.untyped import as_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

ENDPOINT = "extras/config-contexts"


def rendered(view: View, row: Row) -> dict[str, Any]:
    """What applies to an object."""
    contexts = [each for each in view.world.table(ENDPOINT).rows.values() if _applies(view.world, each, row)]
    found: dict[str, Any] = {}
    for each in sorted(contexts, key=lambda context: (context["weight"], context["name"])):
        found = _merge(found, each.get("data") or {})
    return _merge(found, row.get("local_context_data") or {})


def _applies(world: World, context: Row, row: Row) -> bool:
    if not context.get("is_active", True):
        return False
    cluster = world.row("virtualization/clusters", row.get("cluster")) or {}
    held: dict[str, Any] = {
        "sites": row.get("site"),
        "device_types": row.get("device_type"),
        "roles": row.get("role"),
        "platforms": row.get("platform"),
        "cluster_types": cluster.get("type"),
        "clusters": row.get("cluster"),
        "tenants": row.get("tenant"),
    }
    tags = as_list(context.get("tags") or [])
    return all(not context.get(name) or value in context[name] for name, value in held.items()) and (
        not tags or bool(set(tags) & set(row.get("tags") or ()))
    )


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        found[key] = _merge(under, value) if is_object(under) and is_object(value) else value
    return found
