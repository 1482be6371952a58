"""A declaration as the text of a file, as a person would write it: our reader takes from it just what went in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from setpoint.desired.scalar import resolve
from setpoint.model.tree import Json, Tree

LINE = 110
"""Characters of a line before what is in it is written in lines of its own."""
FEW = 3
"""Lines of a mapping in braces that can be read well."""
_KEY = re.compile(r"[A-Za-z0-9_.@*-]{1,100}")
_WIDE = 1 << 20
"""Characters of a line before it is folded: never."""


class _Writer(yaml.SafeDumper):
    """Quotes whatever our reader would not take for text, and writes texts of several lines as such."""


def _text(_writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Plain where that is text to our reader, lines as lines; in double quotes what could not be seen is escaped."""
    if not text.replace("\n", "").isprintable():
        return '"'
    if "\n" in text:
        return "|"
    return None if _is_plain(text) else '"'


def _is_plain(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False


_Writer.add_representer(str, _text)


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The envelope in a line per part, and the spec below it in blocks."""
    lines = [f"{name}: {_flow(part)}" for name, part in manifest.items() if name != "spec"]
    return "\n".join([*lines, _dump({"spec": manifest["spec"]}, flow=False)])


def compact_text(manifest: Tree, *, few: int = FEW) -> str:
    """The same in as few lines as can be read well: what fits into a line stands in one, and what fits into `few` in those."""
    return "".join(f"{line}\n" for line in _compact(manifest, "", few))


def _compact(fields: Tree, indent: str, few: int) -> Iterator[str]:
    for name, value in fields.items():
        key = _flow(name)
        line = f"{indent}{key}: {_flow(value)}"
        if _has_odd_keys(value):
            yield from _block(name, value, indent)
        elif isinstance(value, dict) and len(line) > LINE:
            lines = [] if indent else _wrapped(key, value)
            if not 0 < len(lines) <= few:
                lines = [f"{indent}{key}:", *_compact(value, f"{indent}  ", few)]
            yield from lines
        elif isinstance(value, str | list) and (len(line) > LINE or "\n" in value):
            yield from _block(name, value, indent)
        else:
            yield line


def _block(name: str, value: Json, indent: str) -> Iterator[str]:
    # Behind a text that ends in empty lines stands the mark of the document's end, and more is to come.
    text = _dump({name: value}, flow=False).removesuffix("...\n")
    return (indent + line for line in text.splitlines())


def _wrapped(key: str, fields: Tree) -> list[str]:
    """A mapping in few lines, each of whole fields; nothing where that would be hard to read."""
    if any("\n" in value for value in fields.values() if isinstance(value, str)):
        return []
    lines = [f"{key}: {{"]
    for name, value in fields.items():
        piece = f"{_flow(name)}: {_flow(value)}"
        begun = lines[-1].endswith("{")
        if len(lines[-1]) + len(piece) + 3 <= LINE:
            lines[-1] += piece if begun else f", {piece}"
        else:
            lines = [*lines[:-1], lines[-1] + ("" if begun else ","), f"  {piece}"]
    lines[-1] += "}"
    return lines if max(map(len, lines)) <= LINE else []


def _has_odd_keys(value: Json) -> bool:
    """Whether some key below is one that fits into no line."""
    match value:
        case dict():
            return not all(map(_KEY.fullmatch, value)) or any(map(_has_odd_keys, value.values()))
        case list():
            return any(map(_has_odd_keys, value))
        case _:
            return False


def _flow(part: object) -> str:
    return _dump(part, flow=True).removesuffix("...\n").strip()


def _dump(value: object, *, flow: bool) -> str:
    return str(
        yaml.dump(
            value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDE, default_flow_style=flow
        )
    )
