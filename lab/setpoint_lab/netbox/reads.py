"""Lists and single objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import require, scope, visible
from setpoint_lab.netbox.errors import NOT_FOUND, detail
from setpoint_lab.netbox.filters import filter_rows
from setpoint_lab.netbox.paging import cut_page
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.times import etag
from setpoint_lab.netbox.view import View, field_names

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


def list_objects(world: World, who: Who, model: Model, request: Request) -> Answer:
    """A page of the objects that pass the filters.

    Raises:
        Refused: the user may not view any, or the query is refused.
    """
    require(world, who, model, "view")
    rows = filter_rows(world, model, visible(world, who, model, "view"), request.parameters)
    page = cut_page(world, model, rows, request)
    view = View(world, request.base)
    return Answer(200, page.document([show(view, model, row, request) for row in page.rows]))


def get_object(world: World, who: Who, model: Model, number: int, request: Request) -> Answer:
    """One object.

    Raises:
        Refused: there is none that the user may view.
    """
    require(world, who, model, "view")
    row = find(world, who, model, number, "view")
    return Answer(200, show(View(world, request.base), model, row, request), tags(row))


def find(world: World, who: Who, model: Model, number: int, action: str) -> Row:
    """An object that exists for the user.

    Raises:
        Refused: there is none.
    """
    row = world.row(model.endpoint, number)
    if row is not None and scope(world, who, model, action)(row):
        return row
    raise detail(NOT_FOUND, f"No {model.class_name} matches the given query.")


def tags(row: Row) -> dict[str, str]:
    """The ETag of an object that has one."""
    moment = row.get("last_updated")
    return {"ETag": etag(moment)} if moment else {}


def show(view: View, model: Model, row: Row, request: Request) -> dict[str, Any]:
    """The object with the fields that a query asks for."""
    if request.parameter("brief") and model.logged:
        return view.brief(model, row)
    known = field_names(model)
    names = known
    if fields := request.parameter("fields"):
        asked = fields.split(",")
        names = [name for name in known if name in asked]
    elif omitted := request.parameter("omit"):
        names = [name for name in known if name not in omitted.split(",")]
    if "config_context" in (request.parameter("exclude") or "").split(","):
        names = [name for name in names if name != "config_context"]
    return view.select(model, row, names)
