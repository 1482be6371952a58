"""What the common parts must know about the replies of one system: what it makes up, and how a place is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.conformance.dependence import Unsupported
    from tests.conformance.model import Difference, Exchange, Json, Request


@dataclass(frozen=True, slots=True)
class Token:
    """A made-up value of a class."""

    kind: str
    text: str


class Doubt(Protocol):
    """What the writes so far have left in doubt."""

    def spread_everywhere(self) -> None:
        """Doubt all that follows, as after an event that did not happen."""
        ...

    def spread(self, request: Request, recorded: Json = None) -> None:
        """Doubt what this request would have changed."""
        ...

    def reaches(self, request: Request, differences: Iterable[Difference]) -> bool:
        """Whether the request, or a difference of its reply, meets something that is in doubt."""
        ...


class Rules(Protocol):
    """How a place in a reply is compared; a module can be such rules."""

    @property
    def BODY(self) -> str:  # noqa: N802  # a constant of a module
        """What the places of a body begin with: nothing where an envelope keeps them apart from status and reason."""
        ...

    @property
    def SETS(self) -> frozenset[str]:  # noqa: N802
        """Keys whose text is a list in random order, separated by commas."""
        ...

    @property
    def NAMES(self) -> tuple[str, ...]:  # noqa: N802
        """Keys that tell the members of a list apart, for people who read a difference."""
        ...

    @property
    def UNCOMPARED_HEADERS(self) -> frozenset[str]:  # noqa: N802
        """Headers that are not compared."""
        ...

    def is_log(self, exchange: Exchange) -> bool:
        """Whether the reply is the log of a task."""
        ...

    def is_ordered(self, exchange: Exchange, path: str) -> bool:
        """Whether the order of the list at this place of the reply counts."""
        ...

    def is_figure(self, key: str, value: Json, siblings: dict[str, Json]) -> bool:
        """Whether a member of an object is compared by presence and type only."""
        ...

    def is_trivial(self, exchange: Exchange) -> bool:
        """Whether the recorded reply says next to nothing."""
        ...

    def names_volume(self, line: str) -> bool:
        """Whether a line of a log names a volume."""
        ...

    def number_kind(self, key: str, value: float) -> str | None:
        """The class of a made-up number under a key, None when it is an ordinary number."""
        ...

    def cut_kind(self, text: str) -> str | None:
        """The class of a secret of which the recording holds only the beginning, None when nothing was cut."""
        ...

    def compared(self, exchange: Exchange, recorded: Json, emulated: Json) -> tuple[Json, Json]:
        """What of two bodies is compared, where only a part can be equal."""
        ...


@dataclass(frozen=True)
class Dialect:
    """The replies of one system; `slack` and `instants` are the classes of values that are times."""

    rules: Rules
    forms: Mapping[str, str]
    doubt: Callable[[Unsupported, Mapping[str, Json]], Doubt]
    slack: Mapping[str, float] = field(default_factory=dict[str, float])
    instants: frozenset[str] = frozenset()
    _any: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the search for all classes at once."""
        joined = "|".join(f"(?P<{name}>{form})" for name, form in self.forms.items())
        object.__setattr__(self, "_any", re.compile(joined))

    def split(self, text: str) -> tuple[str | Token, ...]:
        """The text as plain pieces and tokens, in order; joined they are the text again."""
        pieces: list[str | Token] = []
        end = 0
        for found in self._any.finditer(text):
            if found.start() > end:
                pieces.append(text[end : found.start()])
            pieces.append(Token(str(found.lastgroup), found.group()))
            end = found.end()
        if end < len(text):
            pieces.append(text[end:])
        return tuple(pieces)

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The tokens in the text."""
        return tuple(piece for piece in self.split(text) if isinstance(piece, Token))

    def has_form(self, kind: str, text: str) -> bool:
        """Whether the whole text is a value of the class; a `secret` only needs to be there."""
        return bool(text) if kind == "secret" else re.fullmatch(self.forms[kind], text) is not None
