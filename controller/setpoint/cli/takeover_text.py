"""What was read of an estate that is there, for people and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from setpoint.cli.output import counted
from setpoint.cli.skeleton import DECLARATIONS
from setpoint.cli.takeover import Reading


def reading_view(reading: Reading) -> dict[str, Any]:
    """The document. Field names are camelCase and stable."""
    stock = reading.stock
    return {
        "target": reading.target,
        "assumed": reading.assumed,
        "complete": stock.complete,
        "hidden": stock.hidden,
        "declared": [
            {
                "key": str(one.key),
                "id": one.ident,
                "file": f"{DECLARATIONS}/{one.path}",
                "title": one.title,
                "notDeclared": list(one.untold),
            }
            for one in reading.taken
        ],
        "left": [
            {
                "kind": one.listed.kind,
                "id": one.listed.ident,
                "title": one.listed.title,
                "why": one.why,
                "unread": one.unread,
            }
            for one in stock.left
        ],
    }


def reading_lines(reading: Reading, enter: str) -> Iterator[str]:
    """What is to be known of it, and what a person does now."""
    lines = sum(text.count("\n") for text in reading.files.values())
    yield f"{reading.target}: {counted(len(reading.taken), 'object')} declared in {lines} lines"
    if reading.assumed:
        yield f"Assumed: {reading.assumed}"
    if reading.stock.hidden:
        yield f"Not all: {reading.stock.hidden}"
    for left in reading.stock.left:
        title = f" {left.listed.title}" if left.listed.title else ""
        yield f"Left: {left.listed.kind} {left.listed.ident}{title}: {left.why}"
    for one in reading.taken:
        if one.untold:
            yield f"Not declared of {one.key}, and left as it is: {', '.join(one.untold)}"
        if one.renamed:
            had = f"'{one.title}'" if one.title else "no name"
            yield f"Another name: {one.ident} has {had} and gets {one.key.name} when it is adopted"
    yield f"1. {enter}git init -b main && git add . && git commit -m 'Begin'"
    yield "2. setpoint adopt --all shows that nothing but our mark will be written; with --yes it is."
    yield "3. setpoint plan is then empty; setpoint run holds what is declared from now on."
