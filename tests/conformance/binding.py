"""Ties each made-up value of the recording to the emulated one, one to one per class, and translates requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tests.conformance.tokens import Token, address_of_interface, number_kind, split, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conformance.model import Json, Request

SLACK = {"time": 2, "pstart": 200}
"""How far apart two emulated times may lie that were one in the recording: seconds, and ticks since the start."""

_UPID_PARTS = 8


class Bindings:
    """The bindings of one file; `mark` and `rollback` undo what a comparison tried out."""

    def __init__(self, given: Mapping[str, Json] | None = None) -> None:
        """Start with the values of `given`, the state that the emulator was told: they stay what they are."""
        self._emulated: dict[Token, str] = {}
        self._recorded: dict[Token, str] = {}
        self._times: dict[Token, str] = {}
        self._journal: list[tuple[dict[Token, str], Token]] = []
        for token in _tokens_in("", dict(given or {})):
            self.pin(token)

    def mark(self) -> int:
        """A point to return to."""
        return len(self._journal)

    def rollback(self, mark: int) -> None:
        """Forget what was bound since the mark."""
        while len(self._journal) > mark:
            values, token = self._journal.pop()
            del values[token]

    def pin(self, token: Token) -> None:
        """Bind a value to itself, because the emulator was told it."""
        if token.kind not in SLACK and token not in self._emulated and token not in self._recorded:
            self._set(token, token.text)
        if token.kind == "upid":
            for part in _upid_processes(token.text):
                self.pin(part)

    def bind(self, kind: str, recorded: str, emulated: str) -> str | None:
        """Bind a pair; None when it agrees with what was bound before, otherwise what is wrong."""
        if kind == "upid":
            return self._bind_upid(recorded, emulated)
        if kind == "interface":
            return self._bind_one("mac", address_of_interface(recorded), address_of_interface(emulated))
        if kind in SLACK:
            return self._bind_time(kind, int(recorded), int(emulated))
        return self._bind_one(kind, recorded, emulated)

    def translate(self, text: str) -> str:
        """The text with every recorded value replaced by the emulated one; a value not yet bound binds to itself."""
        return "".join(piece if isinstance(piece, str) else self._emulate(piece) for piece in split(text))

    def request(self, request: Request) -> Request:
        """The request as the emulator must see it."""
        return replace(
            request,
            path="/".join(self._segment(part) for part in request.path.split("/")),
            params=None if request.params is None else {k: self._param(v) for k, v in request.params.items()},
        )

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        translated = self.translate(plain)
        if translated == plain:
            return segment
        return quote(translated, safe="") if "%" in segment else translated

    def _param(self, value: Json) -> Json:
        return self.translate(value) if isinstance(value, str) else value

    def _emulate(self, token: Token) -> str:
        if token.kind in SLACK:
            return token.text
        if token not in self._emulated:
            self.pin(token)
        return self._emulated.get(token, token.text)

    def _set(self, token: Token, emulated: str) -> None:
        self._keep(self._emulated, token, emulated)
        self._keep(self._recorded, Token(token.kind, emulated), token.text)

    def _keep(self, values: dict[Token, str], token: Token, text: str) -> None:
        values[token] = text
        self._journal.append((values, token))

    def _bind_one(self, kind: str, recorded: str, emulated: str) -> str | None:
        token = Token(kind, recorded)
        known = self._emulated.get(token)
        if known is not None:
            return None if known == emulated else f"{kind} is bound to {known}"
        other = self._recorded.get(Token(kind, emulated))
        if other is not None:
            return f"{kind} stands for {other}"
        self._set(token, emulated)
        return None

    def _bind_upid(self, recorded: str, emulated: str) -> str | None:
        theirs, ours = recorded.split(":"), emulated.split(":")
        if theirs[1:2] + theirs[5:] != ours[1:2] + ours[5:]:
            return "upid names another task"
        problem = self._bind_one("upid", recorded, emulated)
        for (kind, old), (_, new) in zip(_upid_numbers(theirs), _upid_numbers(ours), strict=True):
            problem = problem or self.bind(kind, old, new)
        return problem

    def _bind_time(self, kind: str, recorded: int, emulated: int) -> str | None:
        if recorded == emulated:
            return None
        token = Token(kind, str(recorded))
        known = self._times.get(token)
        if known is None:
            self._keep(self._times, token, str(emulated))
            return None
        return None if abs(int(known) - emulated) <= SLACK[kind] else f"{kind} is bound to {known}"


def _upid_numbers(parts: list[str]) -> list[tuple[str, str]]:
    if len(parts) < _UPID_PARTS:
        return []
    return [(kind, str(int(parts[at], 16))) for at, kind in ((2, "pid"), (3, "pstart"), (4, "time"))]


def _upid_processes(upid: str) -> list[Token]:
    return [Token(kind, text) for kind, text in _upid_numbers(upid.split(":")) if kind not in SLACK]


def _tokens_in(key: str, value: Json) -> Iterator[Token]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _tokens_in(name, item)
        case list():
            for item in value:
                yield from _tokens_in(key, item)
        case str():
            yield from tokens(value)
        case int() | float() if (kind := number_kind(key, value)) is not None:
            yield Token(kind, str(value))
        case _:
            return
