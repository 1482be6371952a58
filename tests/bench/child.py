"""One side of a comparison: a process that does a round when it is told to, and says in a line how that went."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class SideError(Exception):
    """A side of a comparison does not do what it must."""


@dataclass(frozen=True)
class Child:
    """A process that answers each line with a line of JSON."""

    name: str
    process: subprocess.Popen[str]
    errors: Path
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    """What it said when it was ready."""

    def ask(self, order: str) -> dict[str, Any]:
        """Give an order and wait for the answer."""
        assert self.process.stdin is not None
        print(order, file=self.process.stdin, flush=True)
        return self.listen()

    def listen(self) -> dict[str, Any]:
        """The next line that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SideError(
                f"{self.name} ended with {self.process.wait()}:\n{self.errors.read_text()[-3000:]}"
            )
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def child(
    name: str, command: Sequence[str], errors: Path, environment: Mapping[str, str] | None = None
) -> Generator[Child]:
    """A child that has said that it is ready, for the length of the block."""
    with errors.open("w") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
    made = Child(name, process, errors)
    try:
        made.told.update(made.listen())
        yield made
    finally:
        process.kill()
        process.communicate()
