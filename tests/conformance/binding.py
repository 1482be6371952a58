"""Ties each made-up value of the recording to the emulated one, one to one per class, and translates requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tests.conformance.dialect import Token
from tests.conformance.instants import Instants
from tests.conformance.tokens import address_of_interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.conformance.dialect import Dialect
    from tests.conformance.model import Json, Request

_UPID_PARTS = 8


class Bindings:
    """The bindings of one file; `mark` and `rollback` undo what a comparison tried out."""

    def __init__(
        self,
        dialect: Dialect,
        given: Mapping[str, Json] | None = None,
        ties: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        """Start with `ties`, and with the values of `given`: the emulator was told that state, so they stay."""
        self.dialect = dialect
        self._emulated: dict[Token, str] = {}
        self._recorded: dict[Token, str] = {}
        self._times: dict[Token, str] = {}
        self._instants = Instants()
        self._journal: list[Callable[[], object]] = []
        for tie in ties:
            self.bind(*tie)
        for token in _tokens_in(dialect, "", dict(given or {})):
            self.pin(token)

    def mark(self) -> int:
        """A point to return to."""
        return len(self._journal)

    def rollback(self, mark: int) -> None:
        """Forget what was bound since the mark."""
        while len(self._journal) > mark:
            self._journal.pop()()

    def turn_to(self, index: int) -> None:
        """Say which entry is compared next; what is first seen in one entry may have been written at one moment."""
        self._instants.turn = index

    def pin(self, token: Token) -> None:
        """Bind a value to itself, because the emulator was told it."""
        if token.kind in self.dialect.instants:
            self._instants.pin(token.text)
        elif (
            token.kind not in self.dialect.slack
            and token not in self._emulated
            and token not in self._recorded
        ):
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
        if kind in self.dialect.instants:
            return self._bind_instant(recorded, emulated)
        if kind in self.dialect.slack:
            return self._bind_time(kind, int(recorded), int(emulated))
        return self._bind_one(kind, recorded, emulated)

    def translate(self, text: str) -> str:
        """The text with every recorded value replaced by the emulated one; a value not yet bound binds to itself."""
        return "".join(
            piece if isinstance(piece, str) else self._emulate(piece) for piece in self.dialect.split(text)
        )

    def request(self, request: Request) -> Request:
        """The request as the emulator must see it."""
        return replace(
            request,
            path="/".join(self._segment(part) for part in request.path.split("/")),
            params=None if request.params is None else {k: self._param(v) for k, v in request.params.items()},
            query=self.translate(request.query),
            body=self.translated(request.body),
            headers={name: self.translate(text) for name, text in request.headers.items()},
        )

    def translated(self, value: Json) -> Json:
        """The value with every recorded value in its texts replaced."""
        match value:
            case dict():
                return {key: self.translated(item) for key, item in value.items()}
            case list():
                return [self.translated(item) for item in value]
            case str():
                return self.translate(value)
            case _:
                return value

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        translated = self.translate(plain)
        if translated == plain:
            return segment
        return quote(translated, safe="") if "%" in segment else translated

    def _param(self, value: Json) -> Json:
        return self.translate(value) if isinstance(value, str) else value

    def _emulate(self, token: Token) -> str:
        if token.kind in self.dialect.instants:
            return self._instants.translate(token.text)
        if token.kind in self.dialect.slack:
            return token.text
        if token not in self._emulated:
            self.pin(token)
        return self._emulated.get(token, token.text)

    def _set(self, token: Token, emulated: str) -> None:
        self._keep(self._emulated, token, emulated)
        self._keep(self._recorded, Token(token.kind, emulated), token.text)

    def _keep(self, values: dict[Token, str], token: Token, text: str) -> None:
        values[token] = text
        self._journal.append(lambda: values.pop(token))

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

    def _bind_instant(self, recorded: str, emulated: str) -> str | None:
        problem, forget = self._instants.bind(recorded, emulated)
        if forget is not None:
            self._journal.append(forget)
        return problem

    def _bind_time(self, kind: str, recorded: int, emulated: int) -> str | None:
        if recorded == emulated:
            return None
        token = Token(kind, str(recorded))
        known = self._times.get(token)
        if known is None:
            self._keep(self._times, token, str(emulated))
            return None
        return (
            None if abs(int(known) - emulated) <= self.dialect.slack[kind] else f"{kind} is bound to {known}"
        )


def _upid_numbers(parts: list[str]) -> list[tuple[str, str]]:
    if len(parts) < _UPID_PARTS:
        return []
    return [(kind, str(int(parts[at], 16))) for at, kind in ((2, "pid"), (3, "pstart"), (4, "time"))]


def _upid_processes(upid: str) -> list[Token]:
    return [Token(kind, text) for kind, text in _upid_numbers(upid.split(":")) if kind == "pid"]


def _tokens_in(dialect: Dialect, key: str, value: Json) -> Iterator[Token]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _tokens_in(dialect, name, item)
        case list():
            for item in value:
                yield from _tokens_in(dialect, key, item)
        case str():
            yield from dialect.tokens(value)
        case int() | float() if (kind := dialect.rules.number_kind(key, value)) is not None:
            yield Token(kind, str(value))
        case _:
            return
