"""The page of selectors: what a term looks at, as the enumeration of fields says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.cli.reference.markdown import code, fenced, page, section, table
from setpoint.cli.reference.words import meanings
from setpoint.model.selector import Field

_WRITTEN: Final[Mapping[Field, str]] = {Field.WORD: "WORD", Field.VALUE: "LABEL=GLOB"}
_JOINED: Final = (
    "`and` (or a comma), `or`, `not` and parentheses; `not` binds most, `or` least. What a selector means it means among all that is "
    "declared, or in one namespace with `-n`. One that means nothing is an error."
)
_EXAMPLES: Final = """\
env=prod,tier=front
web and not canary
name:web* and not (site=north or site=south)
KIND/db0? or target:KIND/lab
"""


def selectors_page() -> str:
    """Every term, and how terms are joined."""
    rows = (
        (code(_WRITTEN.get(field, f"{field}:GLOB")), meaning)
        for field, meaning in zip(Field, meanings(Field).values(), strict=True)
    )
    return page(
        "Selectors",
        "For whoever names resources on the command line: `-l SELECTOR`, or where a verb takes a SELECTOR. In a shell a selector "
        "of several words stands in quotes.",
        section("Examples", fenced("text", _EXAMPLES)),
        section(
            "Terms",
            ["In a GLOB, and in a WORD, `*` is any text and `?` any one sign."],
            table(("term", "what it means"), rows),
        ),
        section(
            "Joined",
            [_JOINED],
        ),
    )
