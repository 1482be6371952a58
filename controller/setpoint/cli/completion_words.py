"""The words of every verb in a file, so that completion need not load what the verbs load. Run it to write them anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

WORDS = "words.json"
_PLACE = Path(__file__).with_name(WORDS)
Completing = Callable[[click.Context, click.Parameter, str], list[CompletionItem[Any]]]


def stand_in(name: str) -> click.Command | None:
    """A command with the words of a verb that does nothing; None for one whose words are not known."""
    words = _read().get(name)
    if words is None:
        return None
    params = [_parameter(one) for one in words["params"]]
    return click.Command(name, params=params, context_settings={"help_option_names": ["-h", "--help"]})


def words_of(command: click.Command) -> dict[str, Any]:
    """What `stand_in` needs of a real verb."""
    return {"params": [_told(param) for param in command.params]}


def written() -> str:
    """The file as it should be."""
    from setpoint.cli.verbs import TABLE  # noqa: PLC0415  # it needs us

    words = {name: words_of(getattr(import_module(f"setpoint.cli.{name}"), name)) for name in TABLE}
    return json.dumps(words, indent=1) + "\n"


def _read() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(_PLACE.read_text(encoding="utf-8"))
    return found


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
    if values == "namespaces":
        return sorted({key.split("/")[0] if key.count("/") > 1 else "default" for key in keys})
    kinds = {next((part for part in key.split("/") if part[:1].isupper()), "") for key in keys}
    return [*sorted(kinds), *keys]


if __name__ == "__main__":
    _PLACE.write_text(written(), encoding="utf-8")
