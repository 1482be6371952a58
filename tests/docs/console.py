"""Follows a page word by word: its console blocks are typed into shells, what they show must be what comes.

CONTRIBUTING.md states the conventions. The shells stand in a folder that looks like a checkout, so nothing of it changes.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from setpoint_lab.rehearsal_folder import Folder, prepare
from setpoint_lab.rehearsal_processes import left_behind

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""How long one command, or what is to be seen after it, may take; seconds."""
AGAIN = "# until it says so"
"""What stands behind a command that a reader repeats until it shows what the page shows."""
FIRST = "terminal-1"
NO_RUN = "no-run: "
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "the-command-has-ended"


@dataclass(frozen=True)
class Block:
    """One block of code of a page; `info` is what stands behind the language."""

    page: Path
    line: int
    language: str
    info: str
    text: str

    @property
    def place(self) -> str:
        """`docs/page.md:12`."""
        page = self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page
        return f"{page}:{self.line}"

    @property
    def file(self) -> str:
        """The file that the reader writes; empty when none."""
        return next((word[5:] for word in self.info.split() if word.startswith("file=")), "")

    @property
    def runs(self) -> bool:
        """Whether it is to be typed."""
        return self.language == "console" and not self.info.startswith(NO_RUN)


@dataclass(frozen=True)
class Command:
    """A line to type, and the lines that come; no line to type where only more comes."""

    line: str
    output: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    """Every block of code, in order."""
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])
        for found in _BLOCK.finditer(text)
    ]


def commands(block: Block) -> Iterator[Command]:
    """What is typed in a console block, and what it shows of the answer."""
    line, output = "", list[str]()
    for one in block.text.splitlines():
        if one.startswith("$ ") or one == "^C":
            if line or output:
                yield Command(line, tuple(output))
            line, output = one.removeprefix("$ "), []
        else:
            output.append(one)
    yield Command(line, tuple(output))


_VOLATILE = {
    "time": (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    "clock": (r"\d\d:\d\d:\d\d\b", r"\d\d:\d\d:\d\d"),
    "mac": (r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}"),
    "uuid": (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "hash": (r"\b[0-9a-f]{7,40}\b", r"[0-9a-f]{7,40}"),
    "port": (r"\b127\.0\.0\.1:\d+", r"127\.0\.0\.1:\d+"),
    "age": (r"\b\d+(?:ms|s|m|h)\b", r"\d+(?:ms|s|m|h)"),
    "vmid": (r"\b10\d\d\b", r"10\d\d"),
    "some": (r"\.\.\.", r".*"),
    "gap": (r"\s+", r"\s+"),
}
"""What is never the same twice: how a page shows it, and what may come in its place."""
_TOKENS = re.compile("|".join(f"(?P<{name}>{shown})" for name, (shown, _) in _VOLATILE.items()))


def pattern(output: tuple[str, ...]) -> str:
    """What the shown lines stand for; a line `...` stands for any number of lines."""
    parts = [r"(?:.*\n)*?" if line.strip() == "..." else f"{_line(line)}[ ]*\n" for line in output]
    return "".join(parts)


def _line(line: str) -> str:
    parts, position = list[str](), 0
    for found in _TOKENS.finditer(line):
        parts += [re.escape(line[position : found.start()]), _VOLATILE[str(found.lastgroup)][1]]
        position = found.end()
    return "".join([*parts, re.escape(line[position:])])


class Shell:
    """The terminal in which the reader works."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._bash = subprocess.Popen(
            ("bash", "--norc", "--noprofile"),
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def type(self, line: str) -> str:
        """What a command prints; `$?` stays what it ended with."""
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{line}\n_code=$?; echo; echo {_END}; (exit $_code)\n".encode())
        self._bash.stdin.flush()
        return self._read(line)

    def _read(self, line: str) -> str:
        assert self._bash.stdout is not None
        end, read = f"\n{_END}\n".encode(), b""
        deadline = time.monotonic() + PATIENCE
        while not read.endswith(end):
            ready, _, _ = select.select([self._bash.stdout], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"`{line}` does not end; so far: {read.decode()}"
            piece = os.read(self._bash.stdout.fileno(), 65536)
            assert piece, f"`{line}` ended the shell: {read.decode()}"
            read += piece
        return read.removesuffix(end).decode()

    def close(self) -> None:
        """End it."""
        for stream in (self._bash.stdin, self._bash.stdout):
            if stream is not None:
                stream.close()
        self._bash.wait(10)


@dataclass
class Foreground:
    """The first terminal, in which one program runs until Ctrl-C; what it told is looked through once."""

    folder: Path
    environment: dict[str, str]
    out: Path
    process: subprocess.Popen[bytes] | None = None
    seen: int = 0

    def type(self, line: str) -> None:
        """Begin a program."""
        with self.out.open("ab") as stream:
            self.process = subprocess.Popen(
                ("bash", "--norc", "--noprofile", "-c", f"exec {line}"),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to all of the foreground."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(PATIENCE)

    def shows(self, output: tuple[str, ...], where: str) -> None:
        """Wait until it has told all of this, after what was seen before."""
        wanted = re.compile(pattern(output))
        deadline = time.monotonic() + PATIENCE
        while not (found := wanted.search(told := self.out.read_text("utf-8"), self.seen)):
            assert time.monotonic() < deadline, _unlike(where, output, told[self.seen :])
            time.sleep(0.1)
        self.seen = found.end()


@dataclass
class Reader:
    """Somebody who follows pages in two terminals."""

    folder: Path
    first: Foreground
    second: Shell
    followed: int = field(default=0)

    def follow(self, page: Path) -> None:
        """Do what a page says, and see what it shows."""
        for block in blocks(page):
            if block.file:
                (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.file).write_text(block.text)
            elif block.runs:
                for command in commands(block):
                    self.do(command, block)

    def do(self, command: Command, block: Block) -> None:
        """One command in its terminal."""
        self.followed += 1
        if block.info == FIRST:
            self._first(command, block.place)
        else:
            self._second(command, block.place)

    def _first(self, command: Command, where: str) -> None:
        if command.line == "^C":
            self.first.interrupt()
        elif command.line:
            self.first.type(command.line)
        self.first.shows(command.output, where)

    def _second(self, command: Command, where: str) -> None:
        wanted = re.compile(pattern(command.output))
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self.second.type(command.line)
            told = told.rstrip("\n") + "\n" if told.strip() else ""
            if wanted.fullmatch(told):
                return
            again = command.line.endswith(AGAIN) and time.monotonic() < deadline
            assert again, _unlike(f"{where}: {command.line}", command.output, told)
            time.sleep(0.3)


def _unlike(where: str, output: tuple[str, ...], told: str) -> str:
    return "\n".join([where, "--- the page shows", *output, "--- what comes", told])


@contextmanager
def reader(folder: Path) -> Generator[Reader]:
    """Somebody in a folder like a checkout whose environment is made already."""
    for name, target in (
        ("Makefile", ROOT / "Makefile"),
        (".venv", Path(sys.prefix)),
        ("examples", ROOT / "examples"),
    ):
        (folder / name).symlink_to(target)
    for name in ("requirements/dev.txt", "pyproject.toml"):
        # Older than the environment, so that `make` takes that as it is.
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
        os.utime(folder / name, (0, 0))
    # As `make lab` makes it, on a port that nobody else takes for Proxmox's own.
    prepare(folder / ".lab", port=0)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "CI") if name in os.environ}
    environment = {**kept, "HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    (folder / ".gitconfig").write_text("[user]\nname = Anna\nemail = anna@example.org\n")
    first = Foreground(folder, environment, folder / "terminal-1")
    first.out.touch()
    second = Shell(folder, environment)
    try:
        yield Reader(folder, first, second)
    finally:
        second.close()
        first.interrupt()
        for number in left_behind(Folder((folder / ".lab").absolute())):
            os.kill(number, signal.SIGKILL)
