"""Puts the nodes of one document together from parser events, without recursion and within limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

import yaml

from setpoint.desired.limits import DEPTH, NODES
from setpoint.desired.node import Fields, Items, Leaf, Node, moved
from setpoint.desired.scalar import resolve
from setpoint.model.errors import DeclarationError, DeclarationProblem
from setpoint.model.origin import Origin
from setpoint.model.tree import Scalar

_CORE: Final = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_CORE}int": (int,),
    f"{_CORE}float": (float, int),
    f"{_CORE}bool": (bool,),
    f"{_CORE}null": (type(None),),
}

_PRIVATE: Final = frozenset({"passphrase", "password", "secret", "token"})
"""Fields in which a person may have written the secret that they only name."""


class Mark(Protocol):
    """A place as the parser counts: from 0."""

    @property
    def line(self) -> int:
        """Line."""
        ...

    @property
    def column(self) -> int:
        """Column, in characters."""
        ...


@dataclass(slots=True)
class _Open:
    """A mapping or list that is not closed yet.

    Attributes:
        key: in a mapping, what the next value belongs to.
        dropping: the next value belongs to a key that cannot be.
        size: values inside, aliases expanded.
        height: levels inside, aliases expanded.
    """

    origin: Origin
    anchor: str | None
    fields: dict[str, Node] | None
    items: list[Node] = field(default_factory=list[Node])
    key: tuple[str, Origin] | None = None
    dropping: bool = False
    size: int = 1
    height: int = 1

    @property
    def wants_key(self) -> bool:
        return self.fields is not None and self.key is None and not self.dropping

    def close(self) -> Node:
        if self.fields is None:
            return Items(tuple(self.items), self.origin)
        return Fields(self.fields, self.origin)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A finished node with its size and height."""

    node: Node
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class Builder:
    """One document.

    Args:
        line: how many lines of the file come before the text that the parser reads.
        count: values in the file so far, aliases expanded.

    Attributes:
        root: there after the last event; None when the document holds nothing.
        problems: mistakes that did not stop the reading.
        whole: every value that was written is in the tree.
    """

    path: str
    line: int
    count: int
    root: Node | None = None
    problems: list[DeclarationProblem] = field(default_factory=list[DeclarationProblem])
    whole: bool = True
    _stack: list[_Open] = field(default_factory=list[_Open])
    _anchors: dict[str, _Measured | None] = field(default_factory=dict[str, "_Measured | None"])

    def take(self, event: yaml.Event) -> None:
        """Add one event.

        Raises:
            DeclarationError: a limit is exceeded; the document cannot be read on.
        """
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self._stack.pop()
                self._finish(done.close(), done.anchor, done.size, done.height)
            case _:  # nothing else is inside a document
                self._alias(cast("yaml.AliasEvent", event))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        origin = self._origin(event)
        self._spend(1, origin)
        top = self._stack[-1] if self._stack else None
        if event.value == "<<" and event.implicit[0] and top is not None and top.wants_key:
            top.dropping = True
            remedy = "put what several manifests share into a defaults.yaml in their folder"
            self._spoil(origin, "the merge key << is not part of YAML 1.2", remedy)
            return
        if event.value or not event.implicit[0] or top is not None:
            self._finish(Leaf(self._value(event, origin), origin), event.anchor)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        origin = self._origin(event)
        self._spend(1, origin)
        if event.tag not in (None, "!", f"{_CORE}map" if mapping else f"{_CORE}seq"):
            self._foreign_tag(event)
        self._deepen(1, origin)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(origin, event.anchor, {} if mapping else None))

    def _alias(self, event: yaml.AliasEvent) -> None:
        origin, name = self._origin(event), str(event.anchor)
        if name not in self._anchors:
            private = self._private()
            alias, anchor = ("this alias", "its anchor") if private else (f"the alias *{name}", f"&{name}")
            self._spoil(origin, f"{alias} has no anchor before it", f"write {anchor} at the value meant")
        meant = self._anchors.get(name, _Measured(Leaf(None, origin)))
        if meant is None:
            raise refused(origin, f"the value &{name} holds itself", "write the value out")
        self._spend(meant.size, origin)
        self._deepen(meant.height, origin)
        self._finish(moved(meant.node, origin), None, meant.size, meant.height)

    def _spend(self, size: int, origin: Origin) -> None:
        self.count += size
        if self.count > NODES:
            what = f"the file holds more than {NODES} values, counting each alias as what it stands for"
            raise refused(origin, what, "write less, or split it into several files")

    def _deepen(self, height: int, origin: Origin) -> None:
        if len(self._stack) + height > DEPTH:
            raise refused(origin, f"this is more than {DEPTH} levels deep", "write it flatter")

    def _finish(self, node: Node, anchor: str | None, size: int = 1, height: int = 0) -> None:
        if anchor:
            self._anchors[anchor] = _Measured(node, size, height)
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        if top.fields is None:
            top.items.append(node)
        elif top.key is None and not top.dropping:
            self._name(top, node)
        else:
            self._enter(top, top.fields, node)

    def _name(self, top: _Open, node: Node) -> None:
        if isinstance(node, Leaf) and isinstance(node.value, str):
            top.key = (node.value, node.origin)
            return
        top.dropping = True
        if isinstance(node, Leaf) and not self._private():
            remedy = f'put it in quotes: "{json.dumps(node.value)}"'
            self._spoil(
                node.origin, f"the name of a field is text, and {json.dumps(node.value)} is not", remedy
            )
        else:
            what = "this" if isinstance(node, Leaf) else "a list or mapping"
            remedy = "write a name before the colon"
            if isinstance(node, Fields):
                remedy = 'write a name before the colon, or put a placeholder in quotes: "{{ column }}"'
            self._spoil(node.origin, f"{what} is no name of a field", remedy)

    def _enter(self, top: _Open, fields: dict[str, Node], node: Node) -> None:
        key, top.key, top.dropping = top.key, None, False
        if key is None:
            return
        name, origin = key
        if name in fields:
            what = f"'{name}' is written twice, first in line {fields[name].origin.line}"
            self.problems.append(DeclarationProblem(origin, what, "remove one of the two"))
        else:
            fields[name] = node

    def _value(self, event: yaml.ScalarEvent, origin: Origin) -> Scalar:
        text, tag = str(event.value), event.tag
        if "\0" in text:
            self._spoil(origin, "the character NUL is not allowed", "remove the \\0")
        if tag is not None and tag not in _TYPES and tag not in ("!", f"{_CORE}str"):
            self._foreign_tag(event)
        if tag in ("!", f"{_CORE}str") or (tag is None and not event.implicit[0]):
            return text
        try:
            value = resolve(text)
        except ValueError as error:
            what = "this is no number that can be" if self._private() else str(error)
            self._spoil(origin, what, "write another number, or put it in quotes if it is text")
            return text
        if tag in _TYPES and type(value) not in _TYPES[tag]:
            value_told = "this value" if self._private() else f"'{text}'"
            self._spoil(origin, f"{value_told} is not what its tag {_shown(tag)} says", "remove the tag")
        return value

    def _foreign_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        origin = marked(self.path, self.line, event.start_mark)
        tag = "a tag" if self._private() else f"the tag {_shown(str(event.tag))}"
        self._spoil(origin, f"{tag} is not allowed", "remove the tag")

    def _private(self) -> bool:
        """Whether this stands where a person may have written a secret, which no sentence repeats."""
        return any(one.key is not None and one.key[0] in _PRIVATE for one in self._stack)

    def _origin(self, event: yaml.Event) -> Origin:
        """The place of the key that the value belongs to, else of the value itself."""
        key = self._stack[-1].key if self._stack else None
        return marked(self.path, self.line, event.start_mark) if key is None else key[1]

    def _spoil(self, origin: Origin, what: str, remedy: str) -> None:
        self.whole = False
        self.problems.append(DeclarationProblem(origin, what, remedy))


def refused(origin: Origin, what: str, remedy: str) -> DeclarationError:
    """What stops the reading of a document."""
    return DeclarationError((DeclarationProblem(origin, what, remedy),))


def marked(path: str, line: int, mark: Mark | None) -> Origin:
    """The place of a mark in a text that begins after `line` lines of the file."""
    return Origin(path, line + mark.line + 1, mark.column + 1) if mark else Origin(path)


def _shown(tag: str) -> str:
    return tag.replace(_CORE, "!!")
