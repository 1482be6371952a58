"""Makes the source that the settings name."""

from __future__ import annotations

from pathlib import Path

from setpoint.model.errors import SettingsError
from setpoint.settings import SourceSettings
from setpoint.sources.directory import DirectorySource
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.sources.source import Source


def build_source(settings: SourceSettings, state: Path) -> Source:
    """The source of the estate; its mirror, if it needs one, is kept in `<state>/git`."""
    if settings.git is not None:
        git = settings.git
        mirror = Git(state / "git" / "git.git")
        return GitSource(git.url, mirror, branch=git.branch, folder=git.path, poll=git.poll)
    if settings.directory is not None:
        return DirectorySource(settings.directory.path)
    raise SettingsError("the settings name no source", remedy="set source.git or source.directory")
