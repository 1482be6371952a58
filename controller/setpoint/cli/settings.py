"""How verbs find the settings, and by them the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from setpoint.settings import Settings, load_settings

config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The settings.  [default: $SETPOINT_CONFIG, ./setpoint.yaml, /etc/setpoint/setpoint.yaml]",
)
"""`--config FILE`; the verb gets the path, or None, as `config`."""


def settings_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`; the verb gets the settings as `settings`."""

    @config_option
    @wraps(verb)
    def with_settings(*args: Any, config: Path | None, **kwargs: Any) -> Any:
        settings: Settings = load_settings(config, os.environ)
        return verb(*args, settings=settings, **kwargs)

    return with_settings
