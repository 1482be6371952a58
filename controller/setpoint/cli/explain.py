"""`setpoint explain`: teaches kinds and their fields, from the same models that judge them."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click

from setpoint.cli.output import Form, examples, output_option, print_json
from setpoint.desired.lessons import Book, Lesson
from setpoint.desired.schema import kind_schema
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.model.kind import Kind
from setpoint.systems import installed_kinds

_WIDEST = 100


@click.command(
    short_help="Teach the kinds and their fields.",
    epilog=examples("setpoint explain", "setpoint explain KIND", "setpoint explain KIND.policy.drift"),
)
@click.argument("what", metavar="[KIND[.FIELD]...]", required=False)
@output_option
def explain(what: str | None, form: str) -> None:
    """Teach a kind, or one of its fields; alone it lists the kinds.

    A field of the spec may be named without `spec.`, and one of a member with or without the member's name:
    KIND.disks.size, KIND.disks.scsi0.size.
    """
    kinds = installed_kinds()
    if what is None:
        _list(kinds, form)
        return
    name, *path = what.split(".")
    kind = kinds.get(name) or {known.lower(): kinds[known] for known in kinds}.get(name.lower())
    if kind is None:
        raise SetpointError(
            f"there is no kind '{name}'", remedy=remedy(name, kinds, otherwise="the kinds are")
        )
    book = Book(kind_schema(kind))
    if not path:
        _teach_kind(kind, book, form)
    else:
        _teach_field(kind, book, tuple(path), form)


def _list(kinds: Mapping[str, Kind[Any, Any]], form: str) -> None:
    if form == Form.JSON:
        print_json([{"kind": name, "summary": kinds[name].summary} for name in sorted(kinds)])
        return
    width = max(map(len, kinds), default=0)
    for name in sorted(kinds):
        click.echo(f"{name:{width}}  {kinds[name].summary}")
    click.echo("\nOne of them in full: setpoint explain KIND")


def _teach_kind(kind: Kind[Any, Any], book: Book, form: str) -> None:
    lessons = book.lessons(book.find(("spec",)))
    if form == Form.JSON:
        about = {"kind": kind.name, "summary": kind.summary, "target": kind.hosted_by}
        print_json(
            {**about, "fields": [asdict(lesson) for lesson in lessons], "examples": list(kind.examples)}
        )
        return
    click.echo(f"{kind.name}: {kind.summary}")
    if kind.hosted_by is not None:
        click.echo(f"Target: a {kind.hosted_by}; may be left out when there is only one.")
    click.echo("Also for every kind: metadata, policy.\n\nFields of spec:")
    click.echo("\n".join(_told(lessons, kind.name)))
    for example in kind.examples[:1]:
        click.echo(f"\nExample:\n{textwrap.indent(example.strip(), '  ')}")


def _teach_field(kind: Kind[Any, Any], book: Book, path: tuple[str, ...], form: str) -> None:
    full = (
        path if path[0] in ("spec", "policy", "metadata", "target", "kind", "apiVersion") else ("spec", *path)
    )
    where = book.fields_of(full)
    try:
        schema = book.find(where)
    except KeyError as error:
        step = str(error.args[0])
        known = book.names(book.find(where[: where.index(step)]))
        meant = kind.spec.also_called.get(step.lower()) if where.index(step) == 1 else None
        nearest = f"did you mean {meant}?" if meant else remedy(step, known, otherwise="there are")
        raise SetpointError(f"{kind.name} has no field {'.'.join(where)}", remedy=nearest) from None
    holder = book.lessons(book.find(where[:-1]))
    lesson = next(one for one in holder if one.name == where[-1])
    below = book.lessons(schema)
    if form == Form.JSON:
        print_json({**asdict(lesson), "fields": [asdict(one) for one in below]})
        return
    click.echo("\n".join(_entry(lesson, f"{kind.name}.{'.'.join(full)}", "")))
    if below:
        click.echo("\nFields:")
        click.echo("\n".join(_told(below, f"{kind.name}.{'.'.join(path)}")))


def _told(lessons: list[Lesson], where: str) -> Iterator[str]:
    for lesson in lessons:
        yield from _entry(lesson, lesson.name, "  ")
        if lesson.deeper:
            yield f"      More: setpoint explain {where}.{lesson.name}"


def _entry(lesson: Lesson, title: str, indent: str) -> Iterator[str]:
    need = "required" if lesson.required else ""
    default = f"default {_shown(lesson.default)}" if lesson.default not in (None, "", [], {}) else ""
    yield f"{indent}{title}: {'; '.join(part for part in (lesson.form, need, default) if part)}"
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    text = lesson.description
    if lesson.examples:
        text += f" For example {' or '.join(map(_shown, lesson.examples))}."
    yield from textwrap.wrap(text, width, initial_indent=f"{indent}    ", subsequent_indent=f"{indent}    ")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
