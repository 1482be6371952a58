"""Reads recorded webhook deliveries and finds the emulated ones: each is an outcome of the exchange that caused it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from tests.conformance.model import Answer, Exchange, Reply, Request, Run, Setup, Trace
from tests.conformance.netbox.folder import SYSTEM, Cause, Folder
from tests.conformance.netbox.receiver import parsed
from tests.conformance.raw import as_object, objects, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.conformance.model import Delivery, Json

OK = 200
NOT_IMPLEMENTED = 501
REQUEST_ID = "X-Request-ID"
_CAUSES = "caused_by"
_VARYING = frozenset({"Host", "X-Hook-Signature"})
"""Headers of a delivery that are not compared as they are; the signature is checked instead."""


def causes_of(about: Mapping[str, Json]) -> dict[str, str] | None:
    """By file of a folder of deliveries the text that says what caused it, None for other folders."""
    return texts(about[_CAUSES]) if _CAUSES in about else None


def counted(described: Mapping[str, Json], folder: str) -> Mapping[str, int] | None:
    """How many deliveries each file of a folder led to, None when none was recorded; each is in one list at least."""
    lists = [Counter(texts(as_object(about).get(_CAUSES)).values()) for about in described.values()]
    most = Counter[str]()
    for one in lists:
        most |= one
    start = f"{folder}/"
    counts = {text.removeprefix(start): count for text, count in most.items() if text.startswith(start)}
    return counts or None


def read_deliveries(
    name: str, contents: Mapping[str, Json], causes: Mapping[str, str], load: Callable[[str], Folder]
) -> Folder:
    """Read a folder of deliveries; one whose cause was not recorded is an artefact."""
    found = {
        at: cause
        for at, file in enumerate(contents)
        if (cause := _cause(causes.get(file, ""), load)) is not None
    }
    entries = tuple(
        _entry(at, as_object(content), found.get(at), load) for at, content in enumerate(contents.values())
    )
    artifacts = [entry.index for entry in entries if entry.index not in found]
    order = sorted(found, key=lambda at: (found[at].folder, _position(found[at], load), at))
    scopes = {
        next(group): load(folder).trace.setup.state
        for folder, group in groupby(order, lambda at: found[at].folder)
    }
    setup = Setup({}, order=(*order, *artifacts), artifacts=frozenset(artifacts), scopes=scopes)
    return Folder(Trace(SYSTEM, name, entries, setup, tuple(contents)), causes=found)


def find_deliveries(folder: Folder, load: Callable[[str], Folder], play: Callable[[str], Run]) -> Run:
    """What the emulator delivered in the place of each recorded delivery, while the causing folders were played."""
    answers: dict[int, Answer] = {}
    used: set[int] = set()
    for at in (at for at in folder.trace.setup.order if at in folder.causes):
        cause = folder.causes[at]
        entry = folder.trace.exchanges[at]
        run = play(cause.folder)
        answer = run.answers[_index(cause, load)]
        reply = _found(entry, answer, run.deliveries, _secrets(load(cause.folder)), used)
        answers[at] = Answer(entry.request.method, entry.request.path, reply)
    return Run(folder.trace, answers)


def _cause(text: str, load: Callable[[str], Folder]) -> Cause | None:
    """The exchange that the text names, when it does name one that is sent."""
    folder, _, file = text.partition("/")
    if not file.endswith(".json") or " " in text:
        return None
    cause = Cause(folder, file)
    return cause if file in load(folder).trace.names else None


def _index(cause: Cause, load: Callable[[str], Folder]) -> int:
    return load(cause.folder).trace.names.index(cause.file)


def _position(cause: Cause, load: Callable[[str], Folder]) -> int:
    return load(cause.folder).trace.setup.order.index(_index(cause, load))


def _entry(at: int, raw: dict[str, Json], cause: Cause | None, load: Callable[[str], Folder]) -> Exchange:
    """A delivery, in the form of the causing request with what was delivered as its reply."""
    request = Request("", "delivery")
    if cause is not None:
        by = load(cause.folder).trace.exchanges[_index(cause, load)].request
        request = Request(by.method, by.path, {"delivery": f"{cause.folder}/{cause.file}"})
    sent = as_object(raw.get("request")) or raw
    signed = raw.get("sig_ok", raw.get("signature_verified"))
    text, body = str(sent.get("body_raw")), sent.get("body")
    return Exchange(at, request, _reply(sent, texts(sent.get("headers")), text, body, signed=signed is True))


def _reply(
    sent: Mapping[str, Json], headers: Mapping[str, str], text: str, body: Json, *, signed: bool
) -> Reply:
    return Reply(
        OK,
        "OK",
        {
            "method": sent.get("method"),
            "path": sent.get("path"),
            "signed": signed,
            "spaced": text == json.dumps(body),
            "body": body,
        },
        {name: value for name, value in headers.items() if name not in _VARYING},
    )


def _found(
    entry: Exchange, answer: Answer, came: Sequence[Delivery], secrets: Sequence[str], used: set[int]
) -> Reply:
    """The delivery of this object that the same request led to, each one only once."""
    if answer.reply.status == NOT_IMPLEMENTED:
        return answer.reply
    request_id = {name.lower(): text for name, text in answer.reply.headers.items()}.get(REQUEST_ID.lower())
    wanted = _about(as_object(entry.reply.body).get("body"))
    for delivery in came:
        if delivery.cause != request_id or id(delivery) in used or _about(parsed(delivery.raw)) != wanted:
            continue
        used.add(id(delivery))
        sent: dict[str, Json] = {"method": delivery.method, "path": delivery.path}
        signed = _is_signed(delivery, secrets)
        return _reply(sent, delivery.headers, delivery.raw.decode(), parsed(delivery.raw), signed=signed)
    return Reply(None, failure=f"nothing was delivered about {wanted}")


def _about(body: Json) -> tuple[Json, Json, Json]:
    whole = as_object(body)
    return whole.get("event"), whole.get("object_type"), as_object(whole.get("data")).get("id")


def _secrets(folder: Folder) -> list[str]:
    known = as_object(folder.trace.setup.state.get("objects"))
    return [str(webhook.get("secret")) for webhook in objects(known.get("extras/webhooks"))]


def _is_signed(delivery: Delivery, secrets: Sequence[str]) -> bool:
    signature = {name.lower(): text for name, text in delivery.headers.items()}.get("x-hook-signature")
    return signature in {
        hmac.new(secret.encode(), delivery.raw, hashlib.sha512).hexdigest() for secret in secrets
    }
