"""How verbs find the settings, and by them the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setpoint.cli.client import Client
from setpoint.settings_place import SOCKET, STATE, find_settings

if TYPE_CHECKING:
    from setpoint.settings import Settings

config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The settings.  [default: $SETPOINT_CONFIG, ./setpoint.yaml, /etc/setpoint/setpoint.yaml]",
)
"""`--config FILE`; the verb gets the path, or None, as `config`."""


def source_option(text: str) -> Callable[..., Any]:
    """`--source DIR`, explained by `text`; the verb gets the path, or None, as `folder`."""
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    return click.option("--source", "folder", type=folder, metavar="DIR", help=text)


def settings_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`; the verb gets the settings as `settings`."""

    @config_option
    @wraps(verb)
    def with_settings(*args: Any, config: Path | None, **kwargs: Any) -> Any:
        return verb(*args, settings=_settings(config), **kwargs)

    return with_settings


@dataclass(frozen=True)
class Daemon:
    """The daemon that the settings file `place` is for."""

    place: Path

    @property
    def client(self) -> Client:
        """Asks it."""
        return Client(_socket(self.place) or self.settings.socket_path)

    @property
    def settings(self) -> Settings:
        """All that the settings say, judged."""
        return _settings(self.place)


def daemon_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE` for a verb that only asks the daemon, which gets it as `daemon`."""

    @config_option
    @wraps(verb)
    def with_daemon(*args: Any, config: Path | None, **kwargs: Any) -> Any:
        return verb(*args, daemon=Daemon(find_settings(config, os.environ)), **kwargs)

    return with_daemon


def _settings(config: Path | None) -> Settings:
    from setpoint.settings import load_settings  # noqa: PLC0415  # to judge settings takes longer than most verbs

    return load_settings(config, os.environ)


def _socket(place: Path) -> Path | None:
    """Where the daemon listens, told from the text of settings that are sound; None when only a judge can tell."""
    from setpoint.desired.sound import UnusualError, read_sound  # noqa: PLC0415  # not for the help

    try:
        (document,) = read_sound(str(place), place.read_bytes())
    except (OSError, UnusualError, ValueError):
        return None
    state = document.tree.get("state", str(STATE))
    if not isinstance(state, str):
        return None
    match document.tree.get("socket"):
        case str(named):
            return place.absolute().parent / named
        case None:
            return place.absolute().parent / state / SOCKET
        case _:
            return None
