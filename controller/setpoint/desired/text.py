"""From bytes to text that has one meaning everywhere: UTF-8, one kind of line end, nothing invisible."""

from __future__ import annotations

import re

from setpoint.desired.limits import FILE_BYTES
from setpoint.model.errors import DeclarationError, DeclarationProblem
from setpoint.model.origin import Origin

_FORBIDDEN = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

_MARK = "\ufeff"


def decode(path: str, content: bytes) -> str:
    r"""The text of a file with `\n` as its only line end.

    Raises:
        DeclarationError: the file is too large, no UTF-8, or holds a control character.
    """
    if len(content) > FILE_BYTES:
        raise _error(
            Origin(path),
            f"the file has {len(content)} bytes, more than the {FILE_BYTES} allowed",
            "split it into several files",
        )
    try:
        text = content.decode().removeprefix(_MARK)
    except UnicodeDecodeError as error:
        raise _error(
            _place_of_byte(path, content, error.start),
            f"byte {error.start} (0x{content[error.start]:02x}) is no UTF-8",
            "save the file as UTF-8",
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise _error(
            place(path, text, forbidden.start()),
            f"the invisible character U+{ord(forbidden[0]):04X} is not allowed",
            "delete it, or write it as an escape inside double quotes",
        )
    return text


def place(path: str, text: str, index: int) -> Origin:
    """The line and column of the character at `index`."""
    return Origin(path, text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1)


def line_start(text: str, line: int) -> int:
    """Where the line with this number, counted from 1, begins; the end of the text when it has fewer."""
    index = 0
    for _ in range(line - 1):
        index = text.find("\n", index) + 1
        if not index:
            return len(text)
    return index


def _place_of_byte(path: str, content: bytes, start: int) -> Origin:
    before = content[:start].decode().removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n")
    return place(path, before, len(before))


def _error(origin: Origin, what: str, remedy: str) -> DeclarationError:
    return DeclarationError((DeclarationProblem(origin, what, remedy),))
