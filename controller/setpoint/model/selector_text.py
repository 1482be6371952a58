"""Reads a selector as people type it: `web and not canary`, `name:web*`, `env=prod,tier=front`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from setpoint.model.printable import brief
from setpoint.model.selector import AllOf, AnyOf, Field, Not, Selector, SelectorError, Term

FORMS: Final = "write e.g. env=prod, web and not canary, name:web* or KIND/NAME"
_TOKEN: Final = re.compile(r"\s*([(),]|[^\s(),]+)")
_DEEPEST: Final = 16
"""Parentheses and nots within each other; nobody reads more, and reading more would not end well."""
_SHOWN: Final = 120


def parse_selector(text: str) -> Selector:
    """What `text` says: terms joined by `and` (or a comma), `or`, `not` and parentheses; `not` binds most, `or` least.

    Raises:
        SelectorError: it is of another form.
    """
    tokens = _TOKEN.findall(text.rstrip())
    return _Reader(text, tokens).read()


@dataclass
class _Reader:
    """Reads tokens from the left; every rule of the grammar is a method."""

    text: str
    tokens: list[str]
    at: int = 0
    depth: int = 0

    def read(self) -> Selector:
        """All of it."""
        found = self._any()
        if self.at < len(self.tokens):
            raise self._wrong(f"'{self.tokens[self.at]}' is one too many")
        return found

    def _any(self) -> Selector:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Selector:
        parts = [self._one()]
        while self._take("and", ","):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Selector:
        if self._take("not"):
            self._deeper()
            part = self._one()
            self.depth -= 1
            return Not(part)
        if self._take("("):
            self._deeper()
            part = self._any()
            if not self._take(")"):
                raise self._wrong("a parenthesis is not closed")
            self.depth -= 1
            return part
        return self._term()

    def _term(self) -> Selector:
        if self.at == len(self.tokens):
            raise self._wrong("something is missing at its end")
        token = self.tokens[self.at]
        if token in ("and", "or", ",", ")"):
            raise self._wrong(f"something is missing before '{token}'")
        self.at += 1
        return self._meant(token)

    def _meant(self, token: str) -> Selector:
        prefix, _, rest = token.partition(":")
        if prefix in _PREFIXES and rest:
            return Term(_PREFIXES[prefix], rest)
        label, sign, value = token.partition("=")
        if sign:
            if not label.removesuffix("!") or not value:
                raise self._wrong(f"'{token}' lacks the label or its value")
            term = Term(Field.VALUE, value, label.removesuffix("!"))
            return Not(term) if label.endswith("!") else term
        if ":" in token:
            known = ", ".join(f"{one}:" for one in _PREFIXES)
            raise self._wrong(f"'{token}' is none of {known} with something behind it")
        if "/" in token:
            return Term(Field.KEY, token)
        return Term(Field.KIND if token[0].isupper() else Field.WORD, token)

    def _take(self, *tokens: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at] in tokens
        self.at += found
        return found

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._wrong("it goes too deep")

    def _wrong(self, why: str) -> SelectorError:
        return SelectorError(f"'{brief(self.text, _SHOWN)}' is no selector: {why}", remedy=FORMS)


_PREFIXES: Final = {str(one): one for one in Field if one not in (Field.WORD, Field.VALUE)}
