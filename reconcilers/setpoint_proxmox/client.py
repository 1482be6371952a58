"""A thin typed client of one cluster: validates, sends, classifies. It knows no policy and repeats no write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import quote

import proxmoxer
import requests

from setpoint.model.errors import RefusalError, TransportError
from setpoint.model.kind import Gate
from setpoint.model.printable import printable
from setpoint.model.secret import hush
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.failures import Call, answered, silent, unreachable
from setpoint_proxmox.multipart import Multipart
from setpoint_proxmox.transport import Login, close_api, never_connected, open_api, send_file

Value: TypeAlias = Scalar | list[str]
"""What a parameter may be; a list is sent as the same parameter again and again."""

Part: TypeAlias = str | int
"""A part of a path: a word of the API, or a name or number that came from elsewhere."""

NODE_THREADS = 5
"""Calls in flight to one node, so that one that hangs holds up no other: three reads and two writes, for it has three
workers to answer them."""
CLUSTER_THREADS = 8
"""Calls in flight that concern no node in particular."""

CONFIDED = frozenset({"password", "cipassword"})
"""The parameters whose values are secret."""

_NODE_SILENT = (proxmoxer.ResourceException, requests.ReadTimeout)
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@!+>-]*|[0-9A-Fa-f:][0-9A-Fa-f.:]*/[0-9]{1,3}")


class Client:
    """One cluster, through any of its endpoints.

    Every call raises TargetError as `failures` says. Values are sent as they are, booleans as 1 and 0; None
    is left out.
    """

    def __init__(self, endpoints: Sequence[Endpoint], login: Login, trust: Trust, gate: Gate) -> None:
        """Prepare sessions; nothing is sent yet. Every call passes the gate."""
        self.token = f"{login.user}!{login.token}"
        self._gate = gate
        self._secret = login.secret
        self._apis = [(endpoint, open_api(endpoint, login, trust)) for endpoint in endpoints]
        self._threads: dict[str, ThreadPoolExecutor] = {}

    @property
    def endpoint(self) -> str:
        """The endpoint that is asked first: the last one that answered."""
        return str(self._apis[0][0])

    async def get(self, *path: Part, **params: Value) -> Json:
        """Read; another endpoint is asked when one does not answer."""
        return await self._call("GET", path, params)

    async def post(self, *path: Part, **params: Value) -> Json:
        """Create, or start an action."""
        return await self._call("POST", path, params)

    async def put(self, *path: Part, **params: Value) -> Json:
        """Change."""
        return await self._call("PUT", path, params)

    async def delete(self, *path: Part, **params: Value) -> Json:
        """Remove."""
        return await self._call("DELETE", path, params)

    async def upload(self, *path: Part, body: Callable[[], Multipart]) -> Json:
        """Send a file, which takes as long as it takes; the gate is asked before and not kept meanwhile."""
        call = Call("POST", f"/{_joined(path)}", self.endpoint, self.token)
        async with self._gate.using(*call.scopes, writes=True):
            pass  # One that is known to be down is not tried.
        failure: TransportError | None = None
        for endpoint, api in list(self._apis):
            send = partial(_send_file, api, replace(call, endpoint=str(endpoint)), body, self._secret)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads_of("upload"), send)
            except TransportError as error:
                failure = error
        assert failure is not None  # noqa: S101  # there is at least one endpoint
        raise failure

    async def close(self) -> None:
        """Give threads and sockets back; a call under way ends in its own time."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        for _, api in self._apis:
            close_api(api)

    async def _call(self, method: str, path: Sequence[Part], params: Mapping[str, Value]) -> Json:
        call = Call(method, f"/{_joined(path)}", self.endpoint, self.token)
        async with self._gate.using(*call.scopes, writes=call.writes):
            return await self._reach(call, _encoded(params))

    async def _reach(self, call: Call, params: Mapping[str, Any]) -> Json:
        """Ask one endpoint after the other until one of them was reached."""
        failure: TransportError | None = None
        for candidate in list(self._apis):
            try:
                answer = await self._ask(candidate, call, params)
            except TransportError as error:
                if error.scope and isinstance(error.__cause__, _NODE_SILENT):
                    raise  # The endpoint was reached; what does not answer is the node behind it.
                failure = error
            else:
                self._prefer(candidate)
                return answer
        assert failure is not None  # noqa: S101  # there is at least one endpoint
        raise failure

    async def _ask(self, candidate: tuple[Endpoint, Any], call: Call, params: Mapping[str, Any]) -> Json:
        endpoint, api = candidate
        secrets = (self._secret, *(str(value) for name, value in params.items() if name in CONFIDED))
        send = partial(_send, api, replace(call, endpoint=str(endpoint)), params, secrets)
        return await asyncio.get_running_loop().run_in_executor(self._threads_of(call.scope), send)

    def _threads_of(self, scope: str) -> ThreadPoolExecutor:
        """A scope's own threads; they begin when they are needed."""
        if scope not in self._threads:
            width = NODE_THREADS if scope else CLUSTER_THREADS
            self._threads[scope] = ThreadPoolExecutor(width, thread_name_prefix=f"proxmox {scope}".strip())
        return self._threads[scope]

    def _prefer(self, candidate: tuple[Endpoint, Any]) -> None:
        if self._apis[0] is not candidate:
            self._apis.remove(candidate)
            self._apis.insert(0, candidate)


def _send(api: Any, call: Call, params: Mapping[str, Any], secrets: Sequence[str]) -> Json:
    """Send in a thread.

    Raises:
        TargetError: what the failure means; neither it nor its cause repeats a secret.
    """
    resource = api(call.path.lstrip("/"))
    return _answer(call, partial(getattr(resource, call.method.lower()), **params), secrets)


def _send_file(api: Any, call: Call, body: Callable[[], Multipart], secret: str) -> Json:
    try:
        opened = body()
    except OSError as error:
        raise RefusalError(f"{call} was not sent: {error}") from error
    with opened:
        return _answer(call, partial(send_file, api, call.path.lstrip("/"), opened), (secret,))


def _answer(call: Call, send: Callable[[], Json], secrets: Sequence[str]) -> Json:
    try:
        answer = send()
    except proxmoxer.ResourceException as error:
        untyped: Any = error
        status, text = int(untyped.status_code), printable(hush(str(untyped.errors), secrets))
        raise answered(call, status, text) from proxmoxer.ResourceException(status, "", text)
    except requests.RequestException as error:
        text = printable(hush(str(error), secrets))
        failure = unreachable(call, text) if never_connected(error) else silent(call, text)
        raise failure from type(error)(text)
    except OSError as error:
        raise RefusalError(f"{call} was not sent: {error}", remedy="check the cluster's ca file") from error
    return answer


def _joined(path: Sequence[Part]) -> str:
    """The path; a part that would leave its place in it is refused before anything is sent."""
    for part in path:
        if not _PART.fullmatch(str(part)):
            raise RefusalError(f"'{part}' cannot stand in a path of the Proxmox API")
    return "/".join(quote(str(part), safe=":@!+") for part in path)


def _encoded(params: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: int(value) if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }
