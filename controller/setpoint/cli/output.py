"""What all verbs share: options, JSON, and how they end."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NoReturn

import click

from setpoint.model.key import DEFAULT_NAMESPACE


class Form(StrEnum):
    """How a verb answers."""

    TEXT = "text"
    JSON = "json"


class Ending(StrEnum):
    """How a verb ended; `code` is what the shell sees."""

    FINE = "in sync, or valid"
    ERROR = "an error, or a mistake in a declaration"
    DIFFERENT = "drift, or changes to make"
    HELD = "something is held and needs a person"

    @property
    def code(self) -> int:
        """The exit code."""
        return list(Ending).index(self)


output_option = click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.TEXT.value,
    show_default=True,
    help="text for people, json for programs.",
)
"""`-o text|json`; the verb gets it as `form`."""

namespace_option = click.option(
    "-n",
    "--namespace",
    default=DEFAULT_NAMESPACE,
    show_default=True,
    metavar="NAMESPACE",
    help="The namespace of names that say none.",
)
"""`-n NAMESPACE`; the verb gets it as `namespace`."""

selector_option = click.option(
    "-l",
    "--selector",
    metavar="SELECTOR",
    help="Those that it means: LABEL=VALUE, LABEL, KIND, name:GLOB and more, joined by and, or, not.",
)
"""`-l SELECTOR`; the verb gets its text, or None, as `selector`."""


def examples(*lines: str) -> str:
    """The end of a verb's help: commands to copy, one a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def end(ending: Ending) -> NoReturn:
    """Leave the verb with its exit code."""
    raise click.exceptions.Exit(ending.code)


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2 problems`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
