"""The change log and the types of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Computed
from setpoint_lab.netbox.content_types import type_number
from setpoint_lab.netbox.dispatch import ROUTES, Route
from setpoint_lab.netbox.fields import Choice, Field, Integer, Text
from setpoint_lab.netbox.filters import resolve
from setpoint_lab.netbox.lookups import match_ordered, parse_moment
from setpoint_lab.netbox.model import TYPES, Filter, Model, Predicate, register
from setpoint_lab.netbox.paging import cut_offset
from setpoint_lab.netbox.relations import AnyObject, Ref, TypeName
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.times import parse_time

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

ACTIONS = {"create": "Created", "update": "Updated", "delete": "Deleted"}
APPS = {
    "core": "Core",
    "dcim": "DCIM",
    "extras": "Extras",
    "ipam": "IPAM",
    "netbox_dns": "NetBox DNS",
    "tenancy": "Tenancy",
    "users": "Users",
    "virtualization": "Virtualization",
}
HIDDEN_TYPES = (("account", "Account", "usertoken", "token"),)
"""Types that come first in the list and that no endpoint serves: app with its name, model with its name."""


def _change(_world: World, row: Row) -> str:
    model = TYPES.get(row["changed_object_type"])
    app, _, name = str(row["changed_object_type"]).partition(".")
    verbose = model.verbose if model else name
    return f"{APPS.get(app, app)} | {verbose} {row['object_repr']} {ACTIONS[row['action']].lower()} by {row['user_name']}"


def _data(name: str) -> Any:
    def shown(_view: View, row: Row) -> Any:
        return row.get(name) or {}

    return shown


def _time(lookup: str) -> Filter:
    def make(_world: World, values: list[str]) -> Predicate | None:
        return match_ordered(lambda row: parse_time(row["time"]), lookup, values, parse_moment)

    return make  # type: ignore[return-value]  # the lookups are known ones


def _by_user(world: World, values: list[str]) -> Predicate:
    wanted = resolve(world, "users/users", values, by_id=False)
    return lambda row: row["user"] in wanted


register(
    Model(
        endpoint="core/object-changes",
        type="core.objectchange",
        class_name="ObjectChange",
        verbose="object change",
        page="core/changelog",
        display=_change,
        ordering=("-time",),
        natural="id",
        read_only=True,
        logged=False,
        search=("user_name", "object_repr", "message"),
        filters={"time_after": _time("gte"), "time_before": _time("lte"), "user": _by_user},
        fields=(
            Field("time"),
            Ref("user", to="users/users"),
            Text("user_name"),
            Text("request_id"),
            Choice("action", labels=ACTIONS),
            TypeName("changed_object_type"),
            Integer("changed_object_id"),
            AnyObject("changed_object", by_type="changed_object_type", by_id="changed_object_id"),
            TypeName("related_object_type", hidden=True),
            Integer("related_object_id", hidden=True),
            Text("object_repr"),
            Text("message"),
            Computed("prechange_data", function=_data("prechange_data")),
            Computed("postchange_data", function=_data("postchange_data")),
        ),
    )
)


def object_types(_world: World, _who: Who | None, request: Request) -> Answer:
    """The types of objects that are emulated."""
    served = [_served_type(request, model) for model in sorted(TYPES.values(), key=lambda each: each.type)]
    rows = [_object_type(request, *names) for names in HIDDEN_TYPES] + served
    page = cut_offset(rows, request)
    return Answer(200, page.document(page.rows))


def _served_type(request: Request, model: Model) -> dict[str, Any]:
    app, _, name = model.type.partition(".")
    served = {"public": True, "rest_api_endpoint": f"/api/{model.endpoint}/"}
    return _object_type(request, app, APPS[app], name, model.verbose) | served


def _object_type(request: Request, app: str, app_name: str, name: str, verbose: str) -> dict[str, Any]:
    number = type_number(f"{app}.{name}")
    return {
        "id": number,
        "url": f"{request.base}/api/core/object-types/{number}/",
        "display": f"{app_name} > {verbose[:1].upper()}{verbose[1:]}",
        "app_label": app,
        "app_name": app_name,
        "model": name,
        "model_name": verbose,
        "model_name_plural": f"{verbose}s",
        "public": False,
        "features": [],
        "is_plugin_model": app == "netbox_dns",
        "rest_api_endpoint": None,
        "description": "",
    }


ROUTES["/api/core/object-types/"] = Route(("GET", "HEAD", "OPTIONS"), special=object_types)
