"""Compares a recorded with an emulated reply, place by place; neighbours: `rules` says how, `binding` ties values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.conformance.dialect import Token
from tests.conformance.model import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conformance.binding import Bindings
    from tests.conformance.model import Exchange, Json, Probe, Reply

ABSENT = "(absent)"
_SHOWN = 400


def compare_reply(exchange: Exchange, emulated: Reply, bindings: Bindings) -> tuple[Difference, ...]:
    """What differs between the recorded reply and the emulated one."""
    rules = bindings.dialect.rules
    comparison = Comparison(bindings, lambda path: rules.is_ordered(exchange, path))
    recorded = exchange.reply
    bindings.turn_to(exchange.index)
    if emulated.status is None:
        return (Difference("status", str(recorded.status), f"no reply: {emulated.failure}"),)
    comparison.value("status", recorded.status, emulated.status)
    comparison.value("reason", recorded.reason, emulated.reason)
    comparison.headers(recorded.headers, emulated.headers)
    if rules.is_log(exchange):
        comparison.log(recorded.body, emulated.body)
    else:
        comparison.value(rules.BODY, *rules.compared(exchange, recorded.body, emulated.body))
    comparison.deliveries(recorded.deliveries, emulated.deliveries)
    return tuple(comparison.found)


def compare_row(probe: Probe, emulated: Json, bindings: Bindings) -> tuple[Difference, ...]:
    """What differs between the recorded columns of a probe and the emulated ones."""
    comparison = Comparison(bindings, lambda _: True)
    comparison.value("", dict(probe.columns), emulated)
    return tuple(comparison.found)


class Comparison:
    """One comparison; `found` are its differences so far."""

    def __init__(self, bindings: Bindings, ordered: Callable[[str], bool]) -> None:
        """Compare the list at a place in order when `ordered` says so, otherwise as a multiset."""
        self._bindings = bindings
        self._dialect = bindings.dialect
        self._rules = bindings.dialect.rules
        self._ordered = ordered
        self.found: list[Difference] = []

    def value(self, path: str, recorded: Json, emulated: Json, key: str = "") -> None:
        """Compare two values, strict in type."""
        match recorded, emulated:
            case dict(), dict():
                self._members(path, recorded, emulated)
            case list(), list():
                (self._sequence if self._ordered(path) else self._multiset)(path, recorded, emulated)
            case str(), str():
                self._text(path, key, recorded, emulated)
            case _:
                self._plain(path, key, recorded, emulated)

    def headers(self, recorded: Mapping[str, str], emulated: Mapping[str, str]) -> None:
        """Compare the headers that were recorded, except dates and lengths."""
        found = {name.lower(): value for name, value in emulated.items()}
        for name, value in recorded.items():
            if name.lower() not in self._rules.UNCOMPARED_HEADERS:
                self._present(f"headers.{name}", value, found, name.lower())

    def log(self, recorded: Json, emulated: Json) -> None:
        """Compare two logs: the last line, and the lines that name volumes."""
        match recorded, emulated:
            case {"data": list(theirs), "total": total}, {"data": list(ours), "total": count}:
                self._sequence("data", self._telling_lines(theirs), self._telling_lines(ours))
                self._figure("total", total, count)
            case _:
                self.value("", recorded, emulated)

    def deliveries(self, recorded: int | None, emulated: int | None) -> None:
        """Compare how much was delivered elsewhere: what is missing there differs there, too much differs here."""
        if recorded is not None and (emulated or 0) > recorded:
            self._differ("deliveries", recorded, emulated)

    def _differ(self, path: str, recorded: Json, emulated: Json) -> None:
        self.found.append(Difference(path or "body", _shown(recorded), _shown(emulated)))

    def _members(self, path: str, recorded: dict[str, Json], emulated: dict[str, Json]) -> None:
        for key, value in recorded.items():
            place = _join(path, key)
            if self._rules.is_figure(key, value, recorded) and key in emulated:
                self._figure(place, value, emulated[key])
            else:
                self._present(place, value, emulated, key)
        for key in emulated.keys() - recorded.keys():
            self.found.append(Difference(_join(path, key), ABSENT, _shown(emulated[key])))

    def _present(self, path: str, recorded: Json, emulated: Mapping[str, Json], key: str) -> None:
        if key in emulated:
            self.value(path, recorded, emulated[key], key)
        else:
            self.found.append(Difference(path, _shown(recorded), ABSENT))

    def _figure(self, path: str, recorded: Json, emulated: Json) -> None:
        match recorded, emulated:
            case dict(), dict():
                for key, value in recorded.items():
                    self._figure(_join(path, key), value, emulated.get(key))
            case list(), list() if len(recorded) == len(emulated):
                for at, (theirs, ours) in enumerate(zip(recorded, emulated, strict=True)):
                    self._figure(f"{path}[{at}]", theirs, ours)
            case _ if _type(recorded) != _type(emulated):
                self._differ(path, recorded, emulated)
            case _:
                return

    def _sequence(self, path: str, recorded: list[Json], emulated: list[Json]) -> None:
        for at, (theirs, ours) in enumerate(zip(recorded, emulated, strict=False)):
            self.value(f"{path}[{at}]", theirs, ours)
        for at in range(len(emulated), len(recorded)):
            self.found.append(Difference(f"{path}[{at}]", _shown(recorded[at]), ABSENT))
        for at in range(len(recorded), len(emulated)):
            self.found.append(Difference(f"{path}[{at}]", ABSENT, _shown(emulated[at])))

    def _multiset(self, path: str, recorded: list[Json], emulated: list[Json]) -> None:
        left, right = list(recorded), list(emulated)
        self._pair_off(left, right, lambda item, other: self._matches(path, item, other, binding=False))
        self._pair_off(left, right, lambda item, other: self._matches(path, item, other, binding=True))
        self._pair_off(left, right, lambda item, other: self._report_if_named_alike(path, item, other))
        for item in left:
            self.found.append(Difference(f"{path}[{self._label(item)}]", _shown(item), ABSENT))
        for item in right:
            self.found.append(Difference(f"{path}[{self._label(item)}]", ABSENT, _shown(item)))

    @staticmethod
    def _pair_off(left: list[Json], right: list[Json], fits: Callable[[Json, Json], bool]) -> None:
        for item in list(left):
            at = next((at for at, other in enumerate(right) if fits(item, other)), None)
            if at is not None:
                left.remove(item)
                del right[at]

    def _matches(self, path: str, recorded: Json, emulated: Json, *, binding: bool) -> bool:
        mark = self._bindings.mark()
        trial = Comparison(self._bindings, self._ordered)
        trial.value(path, recorded, emulated)
        if not trial.found and (binding or self._bindings.mark() == mark):
            return True
        self._bindings.rollback(mark)
        return False

    def _report_if_named_alike(self, path: str, recorded: Json, emulated: Json) -> bool:
        label = self._label(recorded)
        if not isinstance(recorded, dict) or label != self._label(emulated):
            return False
        self.value(f"{path}[{label}]", recorded, emulated)
        return True

    def _text(self, path: str, key: str, recorded: str, emulated: str) -> None:
        kind = self._rules.cut_kind(recorded)
        if kind is not None:
            if not self._dialect.has_form(kind, emulated):
                self._differ(path, recorded, emulated)
        elif key in self._rules.SETS:
            if sorted(recorded.split(",")) != sorted(emulated.split(",")):
                self._differ(path, recorded, emulated)
        else:
            self._pieces(path, recorded, emulated)

    def _pieces(self, path: str, recorded: str, emulated: str) -> None:
        theirs, ours = self._dialect.split(recorded), self._dialect.split(emulated)
        if [_shape(piece) for piece in theirs] != [_shape(piece) for piece in ours]:
            self._differ(path, recorded, emulated)
            return
        for old, new in zip(theirs, ours, strict=True):
            if isinstance(old, Token) and isinstance(new, Token):
                self._bound(path, old.kind, old.text, new.text)

    def _plain(self, path: str, key: str, recorded: Json, emulated: Json) -> None:
        alike = _type(recorded) == _type(emulated)
        kind = self._rules.number_kind(key, recorded) if isinstance(recorded, int | float) else None
        if alike and kind is not None:
            self._bound(path, kind, str(recorded), str(emulated))
        elif not alike or recorded != emulated:
            self._differ(path, recorded, emulated)

    def _bound(self, path: str, kind: str, recorded: str, emulated: str) -> None:
        problem = self._bindings.bind(kind, recorded, emulated)
        if problem is not None:
            self.found.append(Difference(path, recorded, f"{emulated} ({problem})"))

    def _telling_lines(self, lines: list[Json]) -> list[Json]:
        texts = [line.get("t") if isinstance(line, dict) else line for line in lines]
        named = self._rules.names_volume
        return [text for text in texts[:-1] if isinstance(text, str) and named(text)] + texts[-1:]

    def _label(self, item: Json) -> str:
        if not isinstance(item, dict):
            return _shown(item)
        return next((f"{key}={item[key]}" for key in self._rules.NAMES if key in item), "")


def _shape(piece: str | Token) -> str | Token:
    return Token(piece.kind, "") if isinstance(piece, Token) else piece


def _type(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case _:
            return type(value).__name__


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)[:_SHOWN]
