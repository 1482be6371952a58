"""What a run of the bench is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.bench.estate import REPOSITORY

PEER = REPOSITORY / ".venv-bench" / "bin" / "python"
"""The Python of the environment that holds the peer and nothing of Setpoint."""


@dataclass(frozen=True)
class Plan:
    """One run.

    Attributes:
        root: a folder for everything that is made.
        small: resources where a few are meant.
        large: resources where many are meant.
        rounds: how often each side of a comparison goes.
        runs: how often a single figure is measured.
        profile: where the profile of the part is written; None when none is wanted.
    """

    root: Path
    small: int = 2_000
    large: int = 10_000
    rounds: int = 5
    runs: int = 10
    profile: Path | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((self.small, self.large)))

    def folder(self, name: str) -> Path:
        """A new folder."""
        place = self.root / name
        place.mkdir(parents=True)
        return place
