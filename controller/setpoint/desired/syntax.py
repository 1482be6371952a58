"""What libyaml's complaints mean to a person."""

from __future__ import annotations

import yaml

from setpoint.desired.builder import marked
from setpoint.model.errors import DeclarationProblem
from setpoint.model.origin import Origin

_TAB = ("a tab indents this line", "indent with spaces")
_MEANINGS = {
    "found a tab character that violates indentation": _TAB,
    "mapping values are not allowed in this context": (
        "a colon makes no sense here",
        "put the value in quotes if the colon belongs to it, else check the indentation",
    ),
    "did not find expected key": (
        "this line does not fit the ones above it",
        "indent it like its neighbours, with spaces",
    ),
    "could not find expected ':'": (
        "a name without a colon after it",
        "write `name: value`, with a space after the colon",
    ),
    "did not find expected ',' or '}'": (
        "a { is not closed, or a comma is missing",
        "write {name: value, name: value}",
    ),
    "did not find expected ',' or ']'": (
        "a [ is not closed, or a comma is missing",
        "write [value, value]",
    ),
    "did not find expected '-' indicator": (
        "this line does not belong to the list above it",
        "begin it with `- `, or indent it less",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin it on a line of its own",
    ),
    "did not find expected node content": (
        "a value is missing here",
        "write it, or close the { or [ before it",
    ),
    "found unexpected end of stream": ("a quote is not closed", "close it"),
    "found unexpected document indicator": ("a quote is not closed before ---", "close it"),
    "found undefined tag handle": ("tags are not allowed", "remove the tag"),
    "found unknown escape character": (
        "a backslash inside double quotes begins an escape, and this one does not exist",
        "write \\\\, or use single quotes",
    ),
    "did not find expected <document start>": (
        "something follows the end of the document",
        "begin the next document with a line `---`",
    ),
}
_BEGUN_EARLIER = frozenset(
    {
        "could not find expected ':'",
        "found unexpected end of stream",
        "found unexpected document indicator",
    }
)
_UNSTARTABLE = "found character that cannot start any token"


def explained(path: str, text: str, line: int, error: yaml.YAMLError) -> DeclarationProblem:
    """The problem with its place; `line` is how many lines of the file come before `text`."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return DeclarationProblem(Origin(path), "this is no YAML", "check the file with an editor")
    problem = error.problem or "this is no YAML"
    what, remedy = _meaning(problem, text[mark.index : mark.index + 1])
    opened = error.context_mark
    if opened is not None and problem in _BEGUN_EARLIER:
        mark = opened
    elif opened is not None and opened.line != mark.line and problem.startswith("did not find"):
        what = f"{what} (what it belongs to begins in line {line + opened.line + 1})"
    return DeclarationProblem(marked(path, line, mark), what, remedy)


def _meaning(problem: str, character: str) -> tuple[str, str]:
    if problem == _UNSTARTABLE and character == "\t":
        return _TAB
    if problem == _UNSTARTABLE:
        return f"a value cannot begin with '{character}'", "put the value in quotes"
    fallback = (problem, "check the indentation and the quotes of this line and the one above")
    return _MEANINGS.get(problem, fallback)
