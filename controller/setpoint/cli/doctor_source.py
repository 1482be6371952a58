"""What `doctor` checks of git and the declarations: whether they can be read from here, and what is wrong in them."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from setpoint.cli.doctor_inventory import with_inventories
from setpoint.cli.output import counted
from setpoint.desired.compiled import Compiled
from setpoint.desired.gather import put_together
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.resource import Resource
from setpoint.run.inventories import compiled_of
from setpoint.settings import GitSettings, Settings
from setpoint.sources.directory import DirectorySource
from setpoint.sources.faults import hide_password, missing_branch, remote_fault
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.sources.snapshot import Snapshot
from setpoint.store.store import Store

OLDEST: Final = (2, 29)
"""The first git that knows every option that is used."""
GREETING: Final = timedelta(seconds=20)
"""How long the repository may take to tell its branches."""
FETCHING: Final = timedelta(seconds=60)
"""How long it may take to give everything."""
SHOWN: Final = 5
"""Mistakes that are told one by one."""

_NOWHERE = Path("/nonexistent")


@dataclass
class Declared:
    """What is declared, for the checks that follow."""

    resources: Mapping[Key, Resource] = field(default_factory=dict[Key, Resource])


async def git_checks() -> AsyncGenerator[Check]:
    """Whether git is there and new enough."""
    try:
        answer = await Git(_NOWHERE, local=GREETING).ask("version")
    except SetpointError as error:
        yield Check("git", Verdict.WRONG, error.message, error.remedy)
        return
    text = answer.output.decode(errors="replace").strip()
    found = re.search(r"(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        yield Check(
            "git", Verdict.WRONG, f"{text or 'git tells no version'}", f"install git {oldest} or later"
        )
    else:
        yield Check("git", Verdict.OK, text)


async def source_checks(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], place: Path, declared: Declared
) -> AsyncGenerator[Check]:
    """The source and what it declares, which `declared` gets; what is in force stands in when it cannot be read.

    A mirror is made in `place`, an empty folder.
    """
    try:
        git = settings.source.git
        if git is not None:
            yield await _reached(git, place)
        base = await _snapshot(settings, place)
    except SetpointError as error:
        yield Check("source", Verdict.WRONG, error.message, error.remedy)
        async for check in _remembered(settings, kinds, declared):
            yield check
        return
    yield Check("source", Verdict.OK, f"{base.version[:12]} can be read: {counted(len(base.files), 'file')}")
    snapshot = base
    if settings.inventories:
        snapshot, checks = await with_inventories(settings, kinds, base)
        for check in checks:
            yield check
    compiled = put_together(compiled_of(snapshot, kinds), kinds)
    declared.resources = compiled.resources
    for check in _declarations(compiled):
        yield check
    for check in _protected(settings, compiled):
        yield check


async def _reached(git: GitSettings, place: Path) -> Check:
    """Ask for the branches.

    Raises:
        SourceError: there is no answer, or the branch is not among them.
    """
    answer = await Git(place / "none", network=GREETING).ask_remote(("ls-remote", "--heads"), git.url)
    url = hide_password(git.url)
    if answer.code:
        fault = remote_fault(git.url, answer.errors)
        raise fault or SetpointError(f"{url} cannot be asked: {answer.errors.strip()}")
    branches = sorted(
        line.partition("refs/heads/")[2] for line in answer.output.decode(errors="replace").splitlines()
    )
    if git.branch not in branches:
        raise missing_branch(git.url, git.branch, branches)
    return Check("repository", Verdict.OK, f"{url} answers and has the branch {git.branch}")


async def _snapshot(settings: Settings, place: Path) -> Snapshot:
    if settings.source.directory is not None:
        return await DirectorySource(settings.source.directory.path).fetch(None, lambda _: False)
    git = settings.source.git
    assert git is not None  # noqa: S101  # the settings have exactly one of the two
    mirror = Git(place / "git.git", network=FETCHING)
    source = GitSource(git.url, mirror, branch=git.branch, folder=git.path, poll=git.poll)
    return await source.fetch(None, lambda _: False)


def _declarations(compiled: Compiled) -> Iterator[Check]:
    """Each mistake is a check of its own, up to a few."""
    mistakes = [*compiled.problems, *compiled.suspended.values()]
    for problem in mistakes[:SHOWN]:
        yield Check("declarations", Verdict.WRONG, str(problem))
    if len(mistakes) > SHOWN:
        rest = counted(len(mistakes) - SHOWN, "more mistake")
        yield Check(
            "declarations", Verdict.WRONG, f"{rest} in them", "setpoint validate FOLDER shows them all"
        )
    if compiled.resources:
        yield Check("declarations", Verdict.OK, f"{counted(len(compiled.resources), 'resource')} valid")
    elif not mistakes:
        yield Check(
            "declarations", Verdict.WARNING, "nothing is declared", "commit a first manifest: setpoint init"
        )


def _protected(settings: Settings, compiled: Compiled) -> Iterator[Check]:
    """Whether what must never be restarted is declared under the names that the settings give it."""
    names = sorted(map(Key.parse, settings.needed))
    unknown = [str(key) for key in names if key not in compiled.resources and key not in compiled.broken]
    if unknown:
        said = f"{', '.join(unknown)} in `self` of the settings: nothing of that name is declared, so nothing protects it"
        yield Check("self", Verdict.WARNING, said, "write the names as they are declared now, KIND/NAME")
    elif names:
        yield Check("self", Verdict.OK, f"{counted(len(names), 'resource')} never restarted by Setpoint")


async def _remembered(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], declared: Declared
) -> AsyncGenerator[Check]:
    """What is in force, from the store."""
    try:
        store = Store.open_readonly(settings.database_path)
    except (OSError, SetpointError):
        store = None
    if store is None:
        yield Check(
            "declarations",
            Verdict.WARNING,
            "not checked, and neither are secrets and targets",
            "mend the source first",
        )
        return
    try:
        declared.resources = {key: one for key, one in store.desired().items() if key.kind in kinds}
    finally:
        store.close()
    number = counted(len(declared.resources), "resource")
    yield Check("declarations", Verdict.OK, f"{number} in force, as they were before the source failed")
