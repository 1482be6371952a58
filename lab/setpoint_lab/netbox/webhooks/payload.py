"""What is delivered: the context of an event as JSON, or what templates make of it, and its signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.times import parse_time
from setpoint_lab.netbox.webhooks.columns import with_columns
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.delivery import Happening
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

EVENTS = {"create": "created", "update": "updated", "delete": "deleted"}
CLIENT = "python-urllib3/2.8.0"
SIGNATURE = "X-Hook-Signature"
WITH_REQUEST = (4, 6)
WITHOUT_USERNAME = (4, 7)

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*(\|\s*tojson\s*)?\}\}")
_MARKS = re.compile(r"\{\{|\{%")


class TemplateError(ValueError):
    """A template has more than names in double braces, and perhaps `| tojson`."""


def context_of(world: World, happened: Happening) -> dict[str, Any]:
    """What is said of an event; its time is that of its telling."""
    context: dict[str, Any] = {
        "event": EVENTS[happened.action],
        "timestamp": world.moment().isoformat(),
        "object_type": happened.type,
    }
    if world.release < WITHOUT_USERNAME:
        context |= {"username": happened.user, "request_id": happened.request_id}
    context["data"] = _data(happened)
    if world.release >= WITH_REQUEST:
        context["request"] = {
            "id": happened.request_id,
            "method": happened.method,
            "path": happened.path,
            "user": happened.user,
        }
    before, after = _snapshot(world, happened, happened.before), _snapshot(world, happened, happened.after)
    return context | {"snapshots": {"prechange": before, "postchange": after}}


def _data(happened: Happening) -> dict[str, Any]:
    """The object; a tag that was just made has not been counted."""
    if (happened.type, happened.action) == ("extras.tag", "create"):
        return {name: value for name, value in happened.data.items() if name != "tagged_items"}
    return happened.data


def _snapshot(world: World, happened: Happening, record: dict[str, Any] | None) -> dict[str, Any] | None:
    """The record of a change with the time of the object's making, in milliseconds."""
    created = happened.data.get("created")
    if record is None:
        return None
    record = with_columns(world, happened.type, record)
    if created is None:
        return record
    moment = parse_time(str(created)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"created": moment} | record


def body_of(webhook: Row, context: dict[str, Any]) -> bytes:
    """The body: all of the context, unless there is a template.

    Raises:
        TemplateError: the template cannot be filled in.
    """
    template = webhook.get("body_template")
    return (fill_in(str(template), context) if template else json.dumps(context)).encode()


def headers_of(webhook: Row, context: dict[str, Any], body: bytes) -> dict[str, str]:
    """The headers, in the order in which NetBox sends them.

    Raises:
        TemplateError: the template of additional headers cannot be filled in.
    """
    headers = {
        "Accept-Encoding": "identity",
        "User-Agent": CLIENT,
        "Content-Type": str(webhook["http_content_type"]),
    }
    for line in fill_in(str(webhook.get("additional_headers") or ""), context).splitlines():
        name, colon, text = line.partition(":")
        if colon:
            headers[name.strip()] = text.strip()
    headers["Content-Length"] = str(len(body))
    if webhook.get("secret"):
        key = str(webhook["secret"]).encode()
        headers[SIGNATURE] = hmac.new(key, body, hashlib.sha512).hexdigest()
    return headers


def fill_in(template: str, context: dict[str, Any]) -> str:
    """The template with values for the names in double braces; nothing for those that lead nowhere.

    Raises:
        TemplateError: there is more in it than that.
    """
    if _MARKS.search(_PLACE.sub("", template)):
        raise TemplateError("the emulator fills in names in double braces only; leave other marks out")

    def value(found: re.Match[str]) -> str:
        held: Any = context
        for name in found[1].split("."):
            held = held.get(name, "") if is_object(held) else ""
        return json.dumps(held) if found[2] else str(held)

    return _PLACE.sub(value, template)
