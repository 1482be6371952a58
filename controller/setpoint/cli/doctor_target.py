"""What `doctor` checks of the secrets and of each target; what a target is examined for, its own kind knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from setpoint.cli.output import counted
from setpoint.model.errors import SetpointError, SettingsError, TargetError
from setpoint.model.examine import Check, Examination, Verdict
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.resource import Resource
from setpoint.model.secret import SecretRef
from setpoint.run.gate import LaneGate
from setpoint.secrets import resolve_secret
from setpoint.settings import Settings

PATIENCE: Final = 60.0
"""Seconds that the examination of one target may take."""

Kinds = Mapping[str, Kind[Any, Any]]
Resources = Mapping[Key, Resource]


def secret_checks(settings: Settings, kinds: Kinds, resources: Resources) -> Iterator[Check]:
    """Every secret that is named anywhere; what is wrong with one is told once."""
    named: dict[str, tuple[SecretRef, list[str]]] = {}
    for ref, user in _secrets(settings, kinds, resources):
        named.setdefault(str(ref), (ref, []))[1].append(user)
    wrong = 0
    for ref, users in named.values():
        try:
            resolve_secret(ref)
        except SetpointError as error:
            wrong += 1
            yield Check(f"secret of {_few(users)}", Verdict.WRONG, error.message, _remedy(ref, error))
    if not wrong:
        yield Check("secrets", Verdict.OK, f"{len(named)} of {len(named)} can be read")


def _secrets(settings: Settings, kinds: Kinds, resources: Resources) -> Iterator[tuple[SecretRef, str]]:
    if settings.hook is not None:
        yield settings.hook.secret, "the hook"
    for key, resource in resources.items():
        kind = kinds[key.kind]
        spec = kind.spec.model_validate(resource.spec)
        if kind.port is not None:
            yield from ((ref, str(key)) for ref in kind.port.secrets(spec).values())
        for named in (kind.secrets(spec), kind.keys(spec)):
            yield from ((ref, str(key)) for ref in named.values())


def _few(users: list[str]) -> str:
    return users[0] if len(users) == 1 else f"{users[0]} and {counted(len(users) - 1, 'other')}"


def _remedy(ref: SecretRef, error: SetpointError) -> str:
    if ref.file is not None:
        return error.remedy
    return f"{error.remedy}; doctor sees it only with the daemon's environment"


async def target_checks(kinds: Kinds, resources: Resources) -> AsyncGenerator[Check]:
    """Every target, side by side, told in their order."""
    targets = [key for key in sorted(resources) if kinds[key.kind].port is not None]
    tasks = [asyncio.create_task(_examined(key, kinds, resources)) for key in targets]
    for key, task in zip(targets, tasks, strict=True):
        for check in await task:
            yield replace(check, name=f"{key} {check.name}")


async def _examined(key: Key, kinds: Kinds, resources: Resources) -> list[Check]:
    """What a target's kind found within the time."""
    found: list[Check] = []
    try:
        async with asyncio.timeout(PATIENCE):
            async for check in _examine(key, kinds, resources):
                found.append(check)  # noqa: PERF401  # what was found before the time was up is kept
    except TimeoutError:
        sentence = f"not everything was looked at within {PATIENCE:g} s"
        found.append(Check("time", Verdict.WRONG, sentence, "mend what is told above, and look again"))
    except TargetError as error:
        found.append(Check("target", Verdict.WRONG, error.message, error.remedy))
    return found


async def _examine(key: Key, kinds: Kinds, resources: Resources) -> AsyncIterator[Check]:
    """Ask the kind.

    Raises:
        TargetError: the target does not answer a kind that knows no checks.
    """
    kind = kinds[key.kind]
    port = kind.port
    assert port is not None  # noqa: S101  # only targets come here
    spec = kind.spec.model_validate(resources[key].spec)
    try:
        secrets = {name: resolve_secret(ref) for name, ref in port.secrets(spec).items()}
    except SettingsError:
        sentence = "cannot be looked at without its secret"
        yield Check("target", Verdict.WRONG, sentence, "mend the secret that is told above")
        return
    if port.examine is not None:
        held = {
            one: kinds[one.kind].spec.model_validate(resource.spec)
            for one, resource in resources.items()
            if resource.target == key
        }
        async for check in port.examine(Examination(spec, secrets, held)):
            yield check
        return
    client = port.connect(spec, secrets, LaneGate(str(key)))
    try:
        survey = await port.survey(client, 0.0)
    finally:
        await port.close(client)
    yield Check("target", Verdict.OK, f"{survey.target_id} answers")
