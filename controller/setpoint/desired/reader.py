"""Strict YAML 1.2 with the place of everything, from libyaml's events (PyYAML's own loaders are YAML 1.1).

A syntax mistake costs the document that it is in; reading goes on at the next `---`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from setpoint.desired.builder import Builder, marked, refused
from setpoint.desired.limits import DOCUMENTS, NODES, PROBLEMS
from setpoint.desired.node import Node
from setpoint.desired.syntax import explained
from setpoint.desired.text import decode, line_start
from setpoint.model.errors import DeclarationError, DeclarationProblem

_MARKER = re.compile(r"^---(?=[ \t\n]|\Z)", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Attributes:
        sound: without a mistake in its YAML.
        whole: every value that was written is in the tree, so that what is missing was not written.
    """

    root: Node
    sound: bool
    whole: bool


@dataclass(frozen=True)
class Parsed:
    """A file as far as it can be read; `complete` when no document is hidden by a mistake."""

    documents: tuple[Document, ...]
    problems: tuple[DeclarationProblem, ...]
    complete: bool


def read(path: str, content: bytes) -> Parsed:
    """Every document of a file. Never raises: what is wrong is in `problems`."""
    try:
        text = decode(path, content)
    except DeclarationError as error:
        return Parsed((), error.problems, complete=False)
    reading = _Reading(path, text)
    reading.run()
    return Parsed(tuple(reading.documents), tuple(reading.problems[:PROBLEMS]), reading.complete)


@dataclass
class _Reading:
    """The way through one file; `builder` makes the document that is being read."""

    path: str
    text: str
    documents: list[Document] = field(default_factory=list[Document])
    problems: list[DeclarationProblem] = field(default_factory=list[DeclarationProblem])
    complete: bool = True
    count: int = 0
    begun: int = 0
    builder: Builder | None = None

    def run(self) -> None:
        start: int | None = 0
        while start is not None and self.count <= NODES and len(self.problems) < PROBLEMS:
            start = self._read_from(start)
        self.complete = self.complete and start is None

    def _read_from(self, start: int) -> int | None:
        """Read on from a character; answers where to go on when a mistake ended the reading."""
        line = self.text.count("\n", 0, start)
        try:
            for event in _events(self.text[start:]):
                self._take(event, line)
        except DeclarationError as error:
            return self._lose(error.problems[0], start)
        except yaml.YAMLError as error:
            return self._lose(explained(self.path, self.text[start:], line, error), start)
        return None

    def _take(self, event: yaml.Event, line: int) -> None:
        builder = self.builder
        if isinstance(event, yaml.DocumentStartEvent):
            self._begin(event, line)
        elif builder is not None and isinstance(event, yaml.DocumentEndEvent):
            self._end(builder)
        elif builder is not None:
            builder.take(event)

    def _begin(self, event: yaml.DocumentStartEvent, line: int) -> None:
        self.begun += 1
        self.builder = Builder(self.path, line, self.count)
        origin = marked(self.path, line, event.start_mark)
        if self.begun > DOCUMENTS:
            raise refused(
                origin, f"the file holds more than {DOCUMENTS} documents", "split it into several files"
            )
        if event.version not in (None, (1, 2)):
            what = f"this says YAML {event.version[0]}.{event.version[1]}, and Setpoint reads YAML 1.2"
            remedy = "remove the line that begins with %YAML"
            self.builder.problems.append(DeclarationProblem(origin, what, remedy))

    def _end(self, builder: Builder) -> None:
        self.builder = None
        self.count = builder.count
        self.problems.extend(builder.problems)
        if builder.root is not None:
            self.documents.append(Document(builder.root, not builder.problems, builder.whole))

    def _lose(self, problem: DeclarationProblem, start: int) -> int | None:
        self.complete = False
        if self.builder is not None:
            self.count = self.builder.count
            self.problems.extend(self.builder.problems)
            self.builder = None
        self.problems.append(problem)
        if self.begun > DOCUMENTS:
            return None
        marker = _MARKER.search(self.text, max(start + 1, line_start(self.text, problem.origin.line)))
        return marker.start() if marker else None


def _events(text: str) -> Iterator[yaml.Event]:
    """What `yaml.parse` gives, without its second call for each event."""
    parser = yaml.CLoader(text)
    while (event := parser.get_event()) is not None:
        yield event
