"""The JSON API on a Unix socket by which the command line reaches the daemon. `answers` says what, this says how."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError

from setpoint.model.errors import SetpointError
from setpoint.run.supervisor import Phase, Supervisor
from setpoint.settings_roles import RoleSettings
from setpoint.surface.answers import Answers
from setpoint.surface.bind import Listening, bind_socket
from setpoint.surface.bodies import (
    AnswerQuery,
    ApproveBody,
    FreezeBody,
    HistoryQuery,
    KeyQuery,
    LeftBody,
    OrderBody,
    OrderQuery,
    ResyncBody,
    StatusQuery,
    ThawBody,
)
from setpoint.surface.orders import OrderAnswers
from setpoint.surface.peer import Peer, peer_of
from setpoint.surface.roles import Door, Role, needed
from setpoint.surface.select import UnknownError
from setpoint.surface.views import View, error_view

LARGEST_BODY = 1 << 20
"""Bytes; ten thousand keys fit."""
BODY_SECONDS = 10.0
_GRACE = 1.0
_log = structlog.stdlib.get_logger("setpoint.socket")

B = TypeVar("B", bound=BaseModel)


@asynccontextmanager
async def serve_socket(
    path: Path, supervisor: Supervisor, roles: RoleSettings | None
) -> AsyncGenerator[None]:
    """Answer at `path` for the length of the block, each peer by its role.

    Raises:
        StateError: somebody else answers there, or it cannot be made.
    """
    listening = bind_socket(path)
    app = make_app(supervisor, Door(os.getuid(), listening.group, roles))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_GRACE)
    try:
        await runner.setup()
        await web.SockSite(runner, listening.socket).start()
        _log.info("socket_open", path=str(path))
        yield
    finally:
        await _close(runner, listening)


def make_app(supervisor: Supervisor, door: Door) -> web.Application:
    """The routes; whoever `door` does not let in is refused."""
    answers, orders = Answers(supervisor), OrderAnswers(supervisor)

    def tells(model: type[B], tell: Callable[[B], Awaitable[View]]) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            return _json(await tell(_query(request, model)))

        return handler

    def does(model: type[B], do: Callable[[B, str], Awaitable[View]]) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            body = await _body(request, model)
            _refuse_unless_running(supervisor)
            return _json(await do(body, _peer(request).name))

        return handler

    async def keys(_request: web.Request) -> web.Response:
        return _json(answers.keys())

    async def order(request: web.Request) -> web.Response:
        body = await _body(request, OrderBody)
        _refuse_unless_running(supervisor)
        if not body.plain:
            _admit(door, _peer(request), Role.ADMIN, request.path)
        return _json(await orders.place(body, _peer(request).name))

    async def whoami(request: web.Request) -> web.Response:
        peer = _peer(request)
        return _json({"user": peer.name, "role": str(door.role_of(peer))})

    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_explain, _guard(door)])
    app.add_routes(
        [
            web.get("/v1/whoami", whoami),
            web.get("/v1/keys", keys),
            web.get("/v1/status", tells(StatusQuery, answers.status)),
            web.get("/v1/drift", tells(KeyQuery, answers.drift)),
            web.get("/v1/history", tells(HistoryQuery, answers.history)),
            web.get("/v1/resync", tells(AnswerQuery, answers.answer)),
            web.post("/v1/resync", does(ResyncBody, answers.resync)),
            web.get("/v1/order", tells(OrderQuery, orders.tell)),
            web.post("/v1/order", order),
            web.post("/v1/approve", does(ApproveBody, answers.approve)),
            web.post("/v1/undelete", does(LeftBody, answers.undelete)),
            web.post("/v1/forget", does(LeftBody, answers.forget)),
            web.post("/v1/freeze", does(FreezeBody, answers.freeze)),
            web.post("/v1/unfreeze", does(ThawBody, answers.unfreeze)),
        ]
    )
    return app


class _RefusedError(SetpointError):
    def __init__(self, status: HTTPStatus, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is a sentence in JSON."""
    try:
        return await handler(request)
    except _RefusedError as error:
        return _json(error_view(error), error.status)
    except UnknownError as error:
        return _json(error_view(error), HTTPStatus.NOT_FOUND)
    except SetpointError as error:
        return _json(error_view(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    except web.HTTPException as error:
        sentence = f"{request.method} {request.path}: {error.reason}"
        return _json(error_view(SetpointError(sentence)), HTTPStatus(error.status))


def _guard(door: Door) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        _admit(door, _peer(request), needed(request.method, request.path), request.path)
        return await handler(request)

    return guard


def _admit(door: Door, peer: Peer, wanted: Role, path: str) -> None:
    """Refuse a peer whose role is too low."""
    role = door.role_of(peer)
    if role is not None and role >= wanted:
        return
    _log.warning("peer_refused", uid=peer.uid, pid=peer.pid, role=role and str(role), path=path)
    if role is None:
        raise _RefusedError(
            HTTPStatus.FORBIDDEN, f"{peer.name} may not talk to the daemon", remedy=door.admission()
        )
    raise _RefusedError(
        HTTPStatus.FORBIDDEN,
        f"{peer.name} has the role {role}, and this needs {wanted}",
        remedy=door.promotion(wanted),
    )


def _peer(request: web.Request) -> Peer:
    connection = request.get_extra_info("socket")
    if connection is None:
        raise _RefusedError(HTTPStatus.FORBIDDEN, "the connection is gone")
    return peer_of(connection)


def _refuse_unless_running(supervisor: Supervisor) -> None:
    if supervisor.phase is not Phase.RUNNING:
        raise _RefusedError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"the daemon is {supervisor.phase}",
            remedy="try again in a moment",
        )


def _query(request: web.Request, model: type[B]) -> B:
    return _valid(lambda: model.model_validate(dict(request.query)))


async def _body(request: web.Request, model: type[B]) -> B:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await request.read()
    except TimeoutError:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time") from None
    return _valid(lambda: model.model_validate_json(content))


def _valid(read: Callable[[], B]) -> B:
    try:
        return read()
    except ValidationError as error:
        sentences = [_sentence(one["loc"], one["msg"]) for one in error.errors(include_url=False)]
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "; ".join(sentences)) from None


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    what = message.removeprefix("Value error, ")
    return f"{'.'.join(str(part) for part in place)}: {what}" if place else what


def _json(document: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.json_response(document, status=status)


async def _close(runner: web.AppRunner, listening: Listening) -> None:
    listening.remove()
    await runner.cleanup()
    listening.socket.close()
