"""Text of others on a person's terminal: signs that steer a terminal, or turn its letters round, are written out."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with every sign that is not to be seen as its escape: a line end, an escape sequence."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def brief(text: str, longest: int) -> str:
    """`text`, printable and at most so many characters: its middle gives way, for what is wrong stands at the end."""
    if len(text) > longest:
        text = f"{text[: longest // 2]}…{text[-(longest // 2) + 1 :]}"
    return printable(text)
