"""A controller as a process of its own, to be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def process(state: Path, files: Mapping[str, str]) -> Iterator[None]:
    """It runs for as long as the block lasts, and is killed at its end."""
    (state / "files.json").write_text(json.dumps(files))
    with (state / "log").open("wb") as log:
        command = (sys.executable, "-m", "tests.systems.nixos.living", str(state))
        controller = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield
            assert controller.poll() is None, (state / "log").read_text()
        finally:
            controller.kill()
            controller.wait()
