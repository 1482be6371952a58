"""Making, changing and deleting objects, one or several at once, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.access import require, require_result, visible
from setpoint_lab.netbox.body import read_body
from setpoint_lab.netbox.errors import BAD_REQUEST, PRECONDITION_FAILED, Invalid, Refused
from setpoint_lab.netbox.fields import REQUIRED
from setpoint_lab.netbox.hooks import run_hooks
from setpoint_lab.netbox.ordering import order_rows
from setpoint_lab.netbox.reads import find, tags
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.versions import bulk_error, bulk_errors
from setpoint_lab.netbox.view import View
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

CREATED = 201
NO_CONTENT = 204


def create(unit: Unit, who: Who, model: Model, request: Request) -> Answer:
    """Make one object, or a list of them.

    Raises:
        Refused: one of them cannot be made.
    """
    require(unit.world, who, model, "add")
    body = request.document()
    view = View(unit.world, request.base, fresh=True)
    if is_list(body):
        rows = _create_all(unit, who, model, body)
        return Answer(CREATED, [view.full(model, row) for row in rows])
    row = _create_all(unit, who, model, [body], single=True)[0]
    location = {"Location": str(view.value(model, row, "url"))}
    return Answer(CREATED, view.full(model, row), location | tags(row))


def _create_all(unit: Unit, who: Who, model: Model, bodies: list[Any], *, single: bool = False) -> list[Row]:
    """Check all before the first is stored, so that a refused list uses up no ids."""
    rows: list[Row] = []
    errors: list[Any] = []
    for body in bodies:
        try:
            row = read_body(unit.world, model, body, None, partial=False)
            unit.check(model, None, row)
            rows.append(row)
            errors.append({})
        except Invalid as error:
            errors.append(error.errors)
    if any(errors):
        raise Refused(BAD_REQUEST, errors[0] if single else bulk_errors(unit.world, errors))
    stored: list[Row] = []
    for body, row in zip(bodies, rows, strict=True):
        _note_message(unit, body)
        stored.append(unit.store(model, None, row))
        require_result(unit.world, who, model, row, "add")
    return stored


def _note_message(unit: Unit, body: Any) -> None:
    if is_object(body) and body.get("changelog_message"):
        unit.message = str(body["changelog_message"])


def update(unit: Unit, who: Who, model: Model, number: int, request: Request) -> Answer:
    """Change one object.

    Raises:
        Refused: there is none, somebody else changed it, or the change cannot be.
    """
    require(unit.world, who, model, "change")
    old = find(unit.world, who, model, number, "change")
    body = request.document()
    check_precondition(old, request)
    new = _update(unit, who, model, old, body, partial=request.method == "PATCH")
    return Answer(200, View(unit.world, request.base).full(model, new), tags(new))


def _update(unit: Unit, who: Who, model: Model, old: Row, body: Any, *, partial: bool) -> Row:
    try:
        new = read_body(unit.world, model, body, old, partial=partial)
        _note_message(unit, body)
        new = unit.save(model, old, new)
    except Invalid as error:
        raise Refused(BAD_REQUEST, error.errors) from error
    require_result(unit.world, who, model, new, "change")
    return new


def update_many(unit: Unit, who: Who, model: Model, request: Request) -> Answer:
    """Change several objects; those that do not exist are skipped.

    Raises:
        Refused: one cannot be changed.
    """
    require(unit.world, who, model, "change")
    bodies = _numbered(request.document())
    known = {row["id"]: row for row in visible(unit.world, who, model, "change")}
    wanted = {body["id"] for body in bodies}
    found = order_rows(
        unit.world, model, [row for row in known.values() if row["id"] in wanted], list(model.ordering)
    )
    for row in found:
        check_precondition(row, request)
    rows = [_update_listed(unit, who, model, row, bodies, request) for row in found]
    view = View(unit.world, request.base)
    return Answer(200, [view.full(model, row) for row in rows])


def _update_listed(
    unit: Unit, who: Who, model: Model, row: Row, bodies: list[dict[str, Any]], request: Request
) -> Row:
    """Change an object as the last body with its id says."""
    at = max(at for at, body in enumerate(bodies) if body["id"] == row["id"])
    try:
        return _update(unit, who, model, row, bodies[at], partial=request.method == "PATCH")
    except Refused as refused:
        raise Refused(refused.status, bulk_error(unit.world, refused.body, at), refused.headers) from refused


def _numbered(body: Any) -> list[dict[str, Any]]:
    if not is_list(body):
        text = f'Expected a list of items but got type "{type(body).__name__}".'
        raise Refused(BAD_REQUEST, {"non_field_errors": [text]})
    errors = [{} if is_object(item) and "id" in item else {"id": [REQUIRED]} for item in body]
    if any(errors):
        raise Refused(BAD_REQUEST, errors)
    return list(body)


def remove(unit: Unit, who: Who, model: Model, number: int, request: Request) -> Answer:
    """Delete one object.

    Raises:
        Refused: there is none, somebody else changed it, or others depend on it.
    """
    require(unit.world, who, model, "delete")
    row = find(unit.world, who, model, number, "delete")
    check_precondition(row, request)
    _note_message(unit, request.document())
    run_hooks(unit, model.endpoint, "asked", row, None)
    unit.delete(model, row)
    return Answer(NO_CONTENT)


def remove_many(unit: Unit, who: Who, model: Model, request: Request) -> Answer:
    """Delete several objects; those that do not exist are skipped.

    Raises:
        Refused: others depend on one.
    """
    require(unit.world, who, model, "delete")
    bodies = _numbered(request.document())
    known = {row["id"]: row for row in visible(unit.world, who, model, "delete")}
    for body in bodies:
        row = known.get(body["id"])
        if row is None:
            continue
        check_precondition(row, request)
        _note_message(unit, body)
        run_hooks(unit, model.endpoint, "asked", row, None)
        unit.delete(model, row)
    return Answer(NO_CONTENT)


def check_precondition(row: Row, request: Request) -> None:
    """Refuse a write to an object that is not as its client saw it.

    Raises:
        Refused: its ETag is another than that asked for.
    """
    asked = request.headers.get("If-Match")
    held = tags(row)
    if asked is None or asked.strip() == "*" or not held:
        return
    if held["ETag"] not in [each.strip() for each in asked.split(",")]:
        raise Refused(PRECONDITION_FAILED, {"detail": "Precondition failed."}, held)
