"""Makes daemons by forking a process that has everything imported and nothing begun: no thread, no loop, no file.

`python -m tests.crash.forge` reads orders, one JSON document a line, and answers each with how the life went.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from setpoint.desired.compile import compile_set
from setpoint.settings import LogSettings
from setpoint.surface.log import set_up_log
from tests.crash.points import Life, MortalDaemon, Phase, Point, hang_in
from tests.rig.daemon import Running, shipped_kinds
from tests.rig.estate import vm

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Order:
    """One life to be led: on which state directory, with what declared, and when it ends (None: when settled)."""

    url: str
    folder: str
    files: Mapping[str, str]
    deadly: Point | None = None


@dataclass(frozen=True)
class Ended:
    """How a life ended.

    Attributes:
        killed: by itself, at the deadly point; of such a life nothing else is known.
        passed: every moment, with what it was about.
        outcomes: `Kind/name` -> outcome and sentence, after everything settled.
        differing: `Kind/name` of what still differs.
        again: how many requests that changed something came of looking again when all had settled.
    """

    killed: bool
    passed: tuple[tuple[Point, str], ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict[str, str])
    differing: tuple[str, ...] = ()
    again: int = 0

    def count(self, *phases: Phase) -> int:
        return sum(point.phase in phases for point, _ in self.passed)


class Forge:
    """The process that forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def live(self, order: Order) -> Ended:
        """Let a daemon live, and wait for its end."""
        assert self._process.stdin
        assert self._process.stdout
        deadly = [order.deadly.phase, order.deadly.number] if order.deadly else None
        document = {"url": order.url, "folder": order.folder, "files": order.files, "deadly": deadly}
        print(json.dumps(document), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the forge ended"
        told = json.loads(line)
        if told["code"] == -signal.SIGKILL:
            return Ended(killed=True)
        assert told["code"] == 0, told
        passed = tuple((Point(Phase(phase), number), about) for phase, number, about in told["passed"])
        return Ended(False, passed, told["outcomes"], tuple(told["differing"]), told["again"])


@contextmanager
def open_forge() -> Generator[Forge]:
    """A forge for the length of a with block."""
    command = [sys.executable, "-m", "tests.crash.forge"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forge(process)


def main() -> None:
    """Fork one child per order, and tell how it ended."""
    # What happens at first use would otherwise happen in every child.
    import_module("proxmoxer.backends.https")
    compile_set({"warm.yaml": vm("warm", {}).encode()}, shipped_kinds(), version="warm")
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            gc.disable()
            os.close(reader)
            _live(json.loads(line), writer)
        os.close(writer)
        with open(reader) as pipe:  # noqa: PTH123  # a pipe has no path
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        ended = {"code": os.waitstatus_to_exitcode(status), **json.loads(told or "{}")}
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


def _live(order: dict[str, Any], writer: int) -> None:
    """Be the child; never returns."""
    code = 1
    try:
        told = _lead(order)
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it is, the test must see it
        told = {"error": traceback.format_exc()}
    with os.fdopen(writer, "w") as pipe:
        json.dump(told, pipe)
    os._exit(code)


def _lead(order: dict[str, Any]) -> dict[str, Any]:
    folder = Path(order["folder"])
    deadly = Point(Phase(order["deadly"][0]), order["deadly"][1]) if order["deadly"] else None
    life = Life(deadly)
    hang_in(life)
    daemon = MortalDaemon(order["url"], folder, order["files"])
    daemon.life = life
    with (folder / "daemon.log").open("a") as log:
        set_up_log(LogSettings(), log)
        return daemon.run(lambda running: _settle(running, life))


async def _settle(running: Running, life: Life) -> dict[str, Any]:
    plane = running.plane
    await running.settle(running.now())
    passed = [(point.phase, point.number, about) for point, about in life.passed]
    written = len(plane.get("ledger"))
    await running.look_again()
    statuses = running.statuses()
    return {
        "passed": passed,
        "outcomes": {name: f"{status.outcome}: {status.sentence}" for name, status in statuses.items()},
        "differing": [name for name, status in statuses.items() if status.changes],
        "again": len(plane.get("ledger")) - written,
    }


if __name__ == "__main__":
    main()
