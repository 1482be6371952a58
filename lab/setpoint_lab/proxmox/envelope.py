"""Writes answers: the envelope around data and errors, the reason phrase, the headers of the real daemon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from setpoint_lab.proxmox.call import Reply
from setpoint_lab.proxmox.errors import ApiError

JSON_TYPE = "application/json;charset=UTF-8"
SERVER = "pve-api-daemon/3.0"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire; `content_type` None means that there is no body."""

    status: int
    reason: str
    body: bytes = b""
    content_type: str | None = None

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this answer."""
        return self.status >= 400  # noqa: PLR2004  # every error closes

    def headers(self, now: float) -> dict[str, str]:
        """The headers of the real daemon, with the emulator's time."""
        date = formatdate(now, usegmt=True)
        headers = {
            "Cache-Control": "max-age=0",
            "Connection": "close" if self.closes else "Keep-Alive",
            "Date": date,
            "Expires": date,
            "Pragma": "no-cache",
            "Server": SERVER,
        }
        return headers | ({"Content-Type": self.content_type} if self.content_type else {})


DROPPED = Answer(0, "")
"""No answer: the connection ends instead."""


def dump(document: object) -> bytes:
    """A JSON text without blanks, in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def success(result: object, *, extjs: bool = False) -> Answer:
    """200 with the data of a handler and, from a Reply, their siblings."""
    reply = result if isinstance(result, Reply) else Reply(result)
    document: dict[str, object] = {"data": reply.data, **reply.extra}
    if extjs:
        document["success"] = 1
    return Answer(200, "OK", dump(document), JSON_TYPE)


def failure(error: ApiError, *, extjs: bool = False) -> Answer:
    """The answer of an error; in the extjs form it is 200 with the error inside."""
    reason = error.reason.partition("\n")[0]
    if error.plain:
        return Answer(error.status, reason, error.reason.encode(), "text/plain")
    if not error.body:
        return Answer(error.status, reason)
    document: dict[str, object] = {"data": None, "message": _message(error)}
    if error.errors is not None:
        document["errors"] = dict(error.errors)
    if extjs:
        return Answer(200, "OK", dump({"success": 0, "status": error.status, **document}), JSON_TYPE)
    return Answer(error.status, reason, dump(document), JSON_TYPE)


def plain_json(document: Mapping[str, object] | list[object], status: int = 200) -> Answer:
    """An answer of the control plane, which has no envelope."""
    return Answer(status, HTTPStatus(status).phrase, dump(document), JSON_TYPE)


def _message(error: ApiError) -> str:
    if not error.newline or error.reason.endswith("\n"):
        return error.reason
    return error.reason + "\n"
