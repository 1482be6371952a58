"""The few forms of Markdown that the reference needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by `make reference` from the code; edit that. -->"


def page(title: str, intro: str, *parts: Iterable[str]) -> str:
    """A whole page; `intro` begins with whom it is for."""
    below = [part for part in map(list, parts) if part]
    lines = [f"# {title}", "", intro, *(line for part in below for line in ("", *part)), "", MADE]
    return "\n".join(lines) + "\n"


def section(title: str, *parts: Iterable[str]) -> list[str]:
    """A heading and what is below it, parted by empty lines; nothing when nothing is below it."""
    below = [part for part in map(list, parts) if part]
    return [f"## {title}", *(line for part in below for line in ("", *part))] if below else []


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; nothing without rows."""
    body = [_row(row) for row in rows]
    return [_row(head), "|" + "---|" * len(head), *body] if body else []


def fenced(language: str, text: str) -> list[str]:
    """A block of code."""
    return [f"```{language}", *text.strip().splitlines(), "```"]


def code(text: str) -> str:
    """Code within a line; nothing for nothing."""
    return f"`{text}`" if text else ""


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"
