"""The words of every verb in a file of its package, so that help and completion need not load what the verbs load.

`python -m setpoint.cli.completion_words` writes ours anew, and those of every installed package that adds verbs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

WORDS = "words.json"
_NAMES = re.compile(r"\b([A-Z][A-Za-z]*[a-z][A-Za-z]*)/NAME")
_OF = "names of "
_LONGEST = 100
"""Characters of what a verb is for."""
Completing = Callable[[click.Context, click.Parameter, str], list[CompletionItem[Any]]]


def stand_in(name: str, package: str) -> click.Command | None:
    """A command with the words of a verb that does nothing; None for one whose words are not known."""
    words = _read(package).get(name)
    return None if words is None else _made(name, words)


def help_of(name: str, package: str) -> str | None:
    """What a verb is for, in a line; None for one whose words are not known."""
    words = _read(package).get(name)
    return None if words is None else str(words["help"])


def words_of(command: click.Command) -> dict[str, Any]:
    """What `stand_in` needs of a real verb."""
    words: dict[str, Any] = {
        "help": command.get_short_help_str(_LONGEST),
        "params": [_told(param) for param in command.params],
    }
    if isinstance(command, click.Group):
        words["commands"] = {name: words_of(one) for name, one in sorted(command.commands.items())}
    return words


def written() -> dict[Path, str]:
    """Each file as it should be: ours, and one for every package that adds verbs."""
    from setpoint.cli.verbs import OURS, TABLE, foreign_verbs, package_of  # noqa: PLC0415  # it needs us

    commands = {OURS: {name: getattr(import_module(f"{OURS}.{name}"), name) for name in TABLE}}
    for name, entry in sorted(foreign_verbs().items()):
        commands.setdefault(package_of(entry), {})[name] = entry.load()
    return {
        place: json.dumps({name: words_of(one) for name, one in verbs.items()}, indent=1) + "\n"
        for package, verbs in commands.items()
        if (place := _place(package)) is not None
    }


def _place(package: str) -> Path | None:
    """Where a package keeps the words; found without importing it."""
    spec = find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).with_name(WORDS)


@lru_cache
def _read(package: str) -> Mapping[str, Any]:
    place = _place(package)
    try:
        found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8")) if place is not None else {}
    except FileNotFoundError:
        return {}
    return found


def _made(name: str, words: Mapping[str, Any]) -> click.Command:
    shared: dict[str, Any] = {
        "params": [_parameter(one) for one in words["params"]],
        "help": words["help"],
        "context_settings": {"help_option_names": ["-h", "--help"]},
    }
    if "commands" not in words:
        return click.Command(name, **shared)
    return click.Group(
        name, commands={below: _made(below, one) for below, one in words["commands"].items()}, **shared
    )


def _told(param: click.Parameter) -> dict[str, Any]:
    told: dict[str, Any] = {"name": param.name, "values": _values(param), "nargs": param.nargs}
    if isinstance(param, click.Option):
        told |= {"opts": param.opts, "flag": param.is_flag, "help": param.help or ""}
    return told


def _values(param: click.Parameter) -> str | list[str]:
    """What may stand there: words, or the name of what is looked for."""
    metavar = param.metavar or ""
    match param.type:
        case click.Choice() as choice:
            return [str(one) for one in choice.choices]
        case click.Path() as path:
            return "file" if path.file_okay else "dir"
        case _ if "KIND/NAME" in metavar:
            return "keys"
        case _ if named := _NAMES.search(metavar):
            return f"{_OF}{named[1]}"
        case _ if metavar.startswith(("KIND", "[KIND")):
            return "kinds"
        case _:
            return "namespaces" if metavar == "NAMESPACE" else ""


def _parameter(told: Mapping[str, Any]) -> click.Parameter:
    values: str | list[str] = told["values"]
    shared: dict[str, Any] = {"nargs": told["nargs"], "shell_complete": _completing(values)}
    if isinstance(values, list):
        shared["type"] = click.Choice(values)
    if "opts" not in told:
        return click.Argument([told["name"]], required=False, **shared)
    if told["flag"]:
        return click.Option([told["name"], *told["opts"]], is_flag=True, help=told["help"])
    return click.Option([told["name"], *told["opts"]], help=told["help"], **shared)


def _completing(values: str | list[str]) -> Completing | None:
    if isinstance(values, list):
        return None
    if values in ("file", "dir"):
        return lambda _context, _param, begun: [CompletionItem(begun, type=values)]

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem[Any]]:
        return [CompletionItem(word) for word in _words(values, context) if word.startswith(begun)]

    return complete


def _words(values: str, context: click.Context) -> list[str]:
    from setpoint.cli.completion_keys import known_keys, known_kinds  # noqa: PLC0415  # only where they are asked for

    if values == "kinds":
        return known_kinds()
    if not values:
        return []
    keys = known_keys(Path(context.params["config"]) if context.params.get("config") else None)
    if values.startswith(_OF):
        return [*_names_of(values.removeprefix(_OF), keys)]
    if values == "namespaces":
        return sorted({key.split("/")[0] if key.count("/") > 1 else "default" for key in keys})
    kinds = {next((part for part in key.split("/") if part[:1].isupper()), "") for key in keys}
    return [*sorted(kinds), *keys]


def _names_of(kind: str, keys: list[str]) -> Iterator[str]:
    """The names of one kind, alone where that says all."""
    for key in keys:
        *space, its, name = key.split("/")
        if its == kind:
            yield key if space else name


if __name__ == "__main__":
    for place, text in written().items():
        place.write_text(text, encoding="utf-8")
