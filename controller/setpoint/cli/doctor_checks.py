"""The checks of `doctor` in their order; what one of them found is given to those that need it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from setpoint.cli.doctor_daemon import daemon_checks
from setpoint.cli.doctor_host import clock_checks, state_checks
from setpoint.cli.doctor_source import Declared, git_checks, source_checks
from setpoint.cli.doctor_target import secret_checks, target_checks
from setpoint.model.errors import SetpointError, SettingsError
from setpoint.model.examine import Check, Verdict
from setpoint.model.kind import Kind
from setpoint.settings import Settings, load_settings
from setpoint.settings_place import find_settings
from setpoint.systems import installed_kinds


async def examination(config: Path | None) -> AsyncGenerator[Check]:
    """Every check; what cannot be checked without the settings is left out when they are wrong."""
    settings, checks = _settings(config)
    for check in checks:
        yield check
    async for check in git_checks():
        yield check
    async for check in clock_checks():
        yield check
    if settings is not None:
        async for check in _with(settings):
            yield check


async def _with(settings: Settings) -> AsyncGenerator[Check]:
    for check in chain(state_checks(settings), daemon_checks(settings)):
        yield check
    kinds, check = _systems()
    yield check
    declared = Declared()
    with TemporaryDirectory(prefix="setpoint-doctor-") as place:
        async for check in source_checks(settings, kinds, Path(place), declared):
            yield check
    for check in secret_checks(settings, kinds, declared.resources):
        yield check
    async for check in target_checks(kinds, declared.resources):
        yield check


def _settings(config: Path | None) -> tuple[Settings | None, list[Check]]:
    """The settings, and a check for each mistake in them."""
    try:
        path = find_settings(config, os.environ)
        settings = load_settings(path, os.environ)
    except SettingsError as error:
        return None, [
            Check("settings", Verdict.WRONG, line, error.remedy) for line in error.message.splitlines()
        ]
    return settings, [Check("settings", Verdict.OK, f"{path} declares the estate {settings.estate}")]


def _systems() -> tuple[Mapping[str, Kind[Any, Any]], Check]:
    try:
        kinds = installed_kinds()
    except SetpointError as error:
        return {}, Check("systems", Verdict.WRONG, error.message, error.remedy)
    return kinds, Check("systems", Verdict.OK, f"the kinds {', '.join(sorted(kinds))} are installed")
