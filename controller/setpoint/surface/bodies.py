"""What may be sent to the socket: small, frozen, nothing unknown."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from setpoint.model.key import DEFAULT_NAMESPACE
from setpoint.model.spec import Spec, described

LONGEST_WAIT = 60.0
"""Seconds that one long poll may last; whoever waits longer asks again."""
MOST_EVENTS = 1000

LONGEST_ORDER = 24 * 3600.0
"""Seconds after which nobody remembers that he ordered something."""
LAST = 253_402_300_799.0
"""The last moment that has a date, seconds since the epoch."""

LONGEST_TEXT = 512
"""Characters of a key, a selector or a token; no name that can be declared comes near."""


def _some(text: str) -> str:
    if not text:
        raise ValueError("it is empty; write a name, or leave it out")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"it is longer than {LONGEST_TEXT} characters; nothing is called so")
    if not text.isprintable():
        raise ValueError("it holds a sign that is not to be seen; write one line of plain text")
    return text


Text = Annotated[str, AfterValidator(_some)]


class ResyncBody(Spec):
    """Which resources to look at again: exactly one of `keys`, `kind`, `selector` and `everything`."""

    keys: tuple[Text, ...] | None = described(
        "Keys, as Kind/name or namespace/Kind/name.", None, max_length=10_000
    )
    kind: Text | None = described("Every resource of a kind.", None)
    selector: Text | None = described(
        "Every resource that the selector means, e.g. web and not canary.", None
    )
    everything: bool = described("Every resource there is.", default=False, alias="all")
    namespace: Text = described("The namespace of keys that name none.", DEFAULT_NAMESPACE)
    namespaced: bool = described("Whether kind, selector and all mean that namespace only.", default=False)

    @model_validator(mode="after")
    def _one(self) -> ResyncBody:
        if (
            sum((self.keys is not None, self.kind is not None, self.selector is not None, self.everything))
            != 1
        ):
            raise ValueError("say exactly one of keys, kind, selector and all")
        return self


class OrderBody(ResyncBody):
    """Which resources are to be looked at now, and what is otherwise for this time."""

    changes: dict[Text, Any] = described(
        "What is otherwise than declared, by its place in the spec, e.g. /mode.", {}, max_length=100
    )
    at_once: bool = described("Whether it waits for no window and no turn.", default=False)
    seconds: float = described("After which it is given up.", 3600.0, gt=0, le=LONGEST_ORDER)

    @property
    def plain(self) -> bool:
        """Whether it asks for no more than a look."""
        return not (self.changes or self.at_once)


class OrderQuery(Spec):
    """Which order to tell of."""

    id: Text = described("The order.")


class ApproveBody(Spec):
    """What to release."""

    token: Text = described("What a hold or a rewritten history asked for; a commit may be shortened.")


class LeftBody(Spec):
    """Something that left the declarations."""

    key: Text = described("Its key, as Kind/name or namespace/Kind/name.")
    namespace: Text = described("The namespace of a key that names none.", DEFAULT_NAMESPACE)


class ThawBody(Spec):
    """Which freeze: of everything, or of at most one of `target`, `kind` and `key`."""

    target: Text | None = described("All of a target.", None)
    kind: Text | None = described("Every resource of a kind.", None)
    key: Text | None = described("One resource: a pause.", None)
    namespace: Text = described("The namespace of a key that names none.", DEFAULT_NAMESPACE)

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if sum(part is not None for part in (self.target, self.kind, self.key)) > 1:
            raise ValueError("say at most one of target, kind and key")
        return self


class FreezeBody(ThawBody):
    """What to freeze, why, and until when."""

    why: Text = described("The reason; it is shown wherever something is held by it.")
    until: float = described(
        "When it ends by itself, seconds since the epoch; 0 for when somebody ends it.", 0.0, ge=0, le=LAST
    )


class AnswerQuery(Spec):
    """Which resync request to wait for."""

    key: Text = described("The resource.")
    number: int = described("The request's number.", ge=1)
    wait: float = described("Seconds to wait for the answer.", 0.0, ge=0, le=LONGEST_WAIT)


class KeyQuery(Spec):
    """One resource, or all."""

    key: Text | None = described("The resource.", None)


class StatusQuery(KeyQuery):
    """One resource, or all; in full, or what a table shows."""

    brief: bool = described(
        "Only what a table shows, and of a large estate only what is not in sync.", default=False
    )


class HistoryQuery(Spec):
    """A part of the history."""

    key: Text | None = described("The resource.", None)
    limit: int = Field(50, description="At most so many lines.", ge=1, le=MOST_EVENTS)
