"""Our mark: a last line of the description that names estate, key and the object's own id; on guests also a tag.

In a comment that has only one line it stands at the end, in brackets.
"""

from __future__ import annotations

import re

from setpoint.model.identity import Mark, read_mark

TAG = "setpoint"
_BRACKETS = re.compile(r"(?P<text>.*)\[(?P<line>setpoint: [^\[\]]*)\]")


def parse_mark(description: str, name: str = "vmid") -> Mark | None:
    """The mark in the last line of a description, with the id that is called `name`.

    A copy names another id than that of its bearer.
    """
    mark = read_mark(_split(description)[1], name)
    return None if mark is None or (name == "vmid" and not mark.object_id.isdecimal()) else mark


def with_mark(text: str, mark: Mark, name: str = "vmid") -> str:
    """The description that shows `text` to people and bears `mark`."""
    line = mark.line(name)
    text = normal(text)
    # An empty line before it, so that the web interface does not draw the mark into the text's last paragraph.
    return f"{text}\n\n{line}" if text else line


def without_mark(description: str, name: str = "vmid") -> str:
    """What people wrote, as Proxmox keeps it."""
    text, _ = _split(description)
    return normal(description) if parse_mark(description, name) is None else normal(text)


def parse_inline(comment: str, name: str) -> Mark | None:
    """The mark at the end of a comment that has only one line."""
    return parse_mark(_inline(comment)[1], name)


def with_inline(text: str, mark: Mark, name: str) -> str:
    """The comment of one line that shows `text` to people and bears `mark` in brackets."""
    line = with_mark("", mark, name)
    text = text.strip()
    return f"{text} [{line}]" if text else f"[{line}]"


def without_inline(comment: str, name: str) -> str:
    """What people wrote in a comment of one line."""
    return comment.strip() if parse_inline(comment, name) is None else _inline(comment)[0].strip()


def one_line(comment: str | None) -> str | None:
    """What people may write where a comment has only one line.

    Raises:
        ValueError: it has more, or looks as if it bore a mark.
    """
    if comment is not None and not comment.isprintable():
        raise ValueError("it has one line of plain text only")
    if comment is not None and "[setpoint:" in comment:
        raise ValueError("the mark is written by Setpoint itself; leave it out")
    return comment


def split_tags(raw: object) -> frozenset[str]:
    """The tags of a text; Proxmox takes `;`, `,` and blanks between them and gives a blank for none."""
    return frozenset(str(raw or "").lower().replace(",", ";").replace(" ", ";").split(";")) - {""}


def normal(text: str) -> str:
    """The text without trailing blanks and newlines, which Proxmox drops as well."""
    return text.rstrip()


def _inline(comment: str) -> tuple[str, str]:
    match = _BRACKETS.fullmatch(comment.strip())
    return (match["text"], match["line"]) if match is not None else (comment, "")


def _split(description: str) -> tuple[str, str]:
    text, _, last = normal(description).rpartition("\n")
    return text, last
