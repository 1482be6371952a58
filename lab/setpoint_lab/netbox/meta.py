"""What is no model: the roots, the status, who am I, and the making of tokens."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from setpoint_lab.netbox.access import TOKENS, USERS, Who
from setpoint_lab.netbox.errors import FORBIDDEN, detail
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.request import Answer
from setpoint_lab.netbox.view import View
from setpoint_lab.netbox.webhooks.queue import Queue
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

APPS = (
    "circuits",
    "core",
    "dcim",
    "extras",
    "ipam",
    "plugins",
    "status",
    "tenancy",
    "users",
    "virtualization",
    "vpn",
    "wireless",
)
INSTALLED_APPS = {
    "django_filters": "26.1",
    "django_prometheus": "2.4.0",
    "django_rq": "4.1.1",
    "django_tables2": "2.8.0",
    "drf_spectacular": "0.30.0",
    "drf_spectacular_sidecar": "2026.8.1",
    "mptt": "0.18.0",
    "rest_framework": "3.17.1",
    "social_django": "5.9.0",
    "taggit": "6.1.0",
    "timezone_field": "7.2.2",
}
PLUGINS = {"netbox_dns": "1.6.2"}
LETTERS = string.ascii_letters + string.digits
KEY_LENGTH = 12
SECRET_LENGTH = 40


def root(_world: World, _who: Who | None, request: Request) -> Answer:
    """The list of apps."""
    return Answer(200, {app: f"{request.base}/api/{app}/" for app in APPS})


def app_root(_world: World, request: Request, app: str) -> Answer:
    """The list of what an app serves."""
    ends = sorted(endpoint for endpoint in MODELS if endpoint.startswith(app + "/"))
    return Answer(200, {end.partition("/")[2]: f"{request.base}/api/{end}/" for end in ends})


def status(world: World, _who: Who | None, _request: Request) -> Answer:
    """Versions; `setpoint-emulator` tells this from a real server."""
    return Answer(
        200,
        {
            "django-version": "6.0.8",
            "hostname": "netbox",
            "installed_apps": INSTALLED_APPS,
            "netbox-version": world.version,
            "netbox-full-version": world.version,
            "plugins": PLUGINS,
            "python-version": "3.13.5",
            "rq-workers-running": world.part(Queue).workers,
            "setpoint-emulator": True,
        },
    )


def authentication_check(world: World, who: Who | None, request: Request) -> Answer:
    """The user of the token."""
    user = who.user if who else {}
    return Answer(200, View(world, request.base).full(MODELS[USERS], user))


def provision(world: World, _who: Who | None, request: Request) -> Answer:
    """A new token for a name and a password.

    Raises:
        Refused: the password is wrong.
    """
    body = request.document()
    asked = body if is_object(body) else {}
    user = next(iter(world.table(USERS).where("username", str(asked.get("username")))), None)
    if user is None or not user.get("password") or user["password"] != asked.get("password"):
        raise detail(FORBIDDEN, "Invalid username/password")
    row = new_token(world, user["id"], int(asked.get("version") or 2))
    world.table(TOKENS).put(row)
    return Answer(201, View(world, request.base).full(MODELS[TOKENS], row) | {"token": row["secret"]})


def new_token(world: World, user: int, version: int) -> Row:
    """A token with random values that nobody has put into its table yet."""
    row: Row = {each.name: each.initial() for each in MODELS[TOKENS].fields if each.stored}
    return row | {
        "id": world.table(TOKENS).allocate(),
        "user": user,
        "version": version,
        "created": world.now(),
        **secrets(world, version),
    }


def secrets(world: World, version: int) -> Row:
    """The random values of a token."""
    return {
        "key": world.characters(LETTERS, KEY_LENGTH) if version > 1 else None,
        "secret": world.characters(LETTERS, SECRET_LENGTH),
    }
