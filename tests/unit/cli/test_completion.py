"""Completion: what a shell is told, from where, how soon, and that nothing goes wrong aloud."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from setpoint.cli.completion_words import WORDS, written
from setpoint.cli.verbs import TABLE
from setpoint.store.names import names_in_force
from tests.served import SETTINGS, SHELF, Served, box
from tests.toy import WORLDS, World
from tests.unit.cli.conftest import Say

COMMAND = str(Path(sys.executable).with_name("setpoint"))
SECONDS = 0.3


def complete(folder: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """What bash would be told for the last of the words."""
    line = " ".join(("setpoint", *words))
    ended = subprocess.run(
        (COMMAND,),
        cwd=folder,
        env={**bare(), **(env or {}), "_SETPOINT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))},
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert ended.stderr == ""
    return [one.partition(",")[2] for one in ended.stdout.split()]


def bare() -> dict[str, str]:
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    return {name: value for name, value in os.environ.items() if name != "SETPOINT_CONFIG"} | {"PATH": path}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "estate" / "deep").mkdir(parents=True)
    (tmp_path / "setpoint.yaml").write_text(SETTINGS)
    (tmp_path / "estate" / "s.yaml").write_text(f"{SHELF}---\n{box('a')}")
    (tmp_path / "estate" / "deep" / "b.yaml").write_text(
        "# a box\nkind: Box\nmetadata:\n  labels: {x: y}\n  namespace: test\n  name: b\nspec: {}\n"
    )
    (tmp_path / "estate" / "broken.yaml").write_bytes(b"kind: [\xff")
    return tmp_path


def test_the_words_are_those_of_the_verbs() -> None:
    files = written()
    assert {place.parent.name for place in files} >= {"cli", "setpoint_lab"}
    for place, text in files.items():
        assert place.name == WORDS
        assert place.read_text(encoding="utf-8") == text, "run make reference"


def test_verbs_of_a_package_are_completed_and_told_without_it(folder: Path) -> None:
    assert complete(folder, "lab", "t") == ["trouble"]
    assert complete(folder, "lab", "trouble", "q") == ["quorum"]
    assert complete(folder, "lab", "--o") == ["--once"]
    drive = (
        "import sys; from setpoint.cli.main import run; run(['--help']); "
        "sys.exit(any(name.startswith('setpoint_') for name in sys.modules))"
    )
    ended = subprocess.run(
        (sys.executable, "-c", drive), cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^  lab +A rehearsal data centre", ended.stdout, re.MULTILINE)


def test_verbs_are_completed(folder: Path) -> None:
    assert complete(folder, "st") == ["status"]
    assert set(TABLE) < set(complete(folder, ""))
    assert "lab" in complete(folder, "")


def test_options_and_their_choices_are_completed(folder: Path) -> None:
    assert complete(folder, "status", "--w") == ["--watch"]
    assert complete(folder, "plan", "-o", "") == ["text", "json", "markdown"]
    assert complete(folder, "init", "--forge", "f") == ["forgejo"]
    assert complete(folder, "completion", "z") == ["zsh"]


def test_kinds_are_completed(folder: Path) -> None:
    from setpoint.systems import installed_kinds

    assert complete(folder, "explain", "") == sorted(installed_kinds())


def test_names_of_one_kind_stand_alone_where_that_says_all(folder: Path) -> None:
    declared = ("Host/web01", "NixosHost/web01", "lab/Host/web02")
    for number, key in enumerate(declared):
        *space, kind, name = key.split("/")
        metadata = f"name: {name}" + "".join(f", namespace: {one}" for one in space)
        (folder / f"estate/{number}.yaml").write_text(f"kind: {kind}\nmetadata: {{{metadata}}}\nspec: {{}}\n")
    assert complete(folder, "hosts", "") == ["web01", "lab/Host/web02"]
    assert complete(folder, "deploy", "w") == ["web01"]
    assert complete(folder, "deploy", "--mode", "") == ["switch", "boot", "test"]


def test_keys_are_those_of_the_source_when_nothing_else_is_known(folder: Path) -> None:
    assert complete(folder, "status", "") == ["Box", "Shelf", "Box/a", "Shelf/s", "test/Box/b"]
    assert complete(folder, "status", "Box/") == ["Box/a"]
    assert complete(folder, "status", "Box/a", "Sh") == ["Shelf", "Shelf/s"]
    assert complete(folder, "drift", "-n", "") == ["default", "test"]


def test_keys_of_a_repository_beside_the_settings_are_read_from_its_folder(folder: Path) -> None:
    (folder / "setpoint.yaml").write_text("estate: x\nsource: {git: {url: ., path: estate}}\nstate: .s\n")
    assert complete(folder, "status", "Box/") == ["Box/a"]


def test_keys_are_found_by_the_settings_that_are_named(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert complete(elsewhere, "status", "Box/") == []
    assert complete(elsewhere, "status", "--config", str(folder / "setpoint.yaml"), "Box/") == ["Box/a"]
    env = {"SETPOINT_CONFIG": str(folder / "setpoint.yaml")}
    assert complete(elsewhere, "status", "Box/", env=env) == ["Box/a"]


def test_keys_are_those_that_the_store_has_in_force(folder: Path, say: Say, toy_installed: None) -> None:
    (folder / "estate" / "broken.yaml").unlink()
    WORLDS["w"] = World()
    try:
        assert say("apply", "--config", folder / "setpoint.yaml").code == 0
    finally:
        WORLDS.clear()
    shutil.rmtree(folder / "estate")

    assert complete(folder, "status", "") == ["Box", "Shelf", "Box/a", "Shelf/s", "test/Box/b"]


async def test_keys_are_those_that_the_daemon_tells(served: Served, tmp_path: Path) -> None:
    import asyncio

    elsewhere = "estate: home\nsource: {directory: {path: none}}\nstate: none\nsocket: setpoint.sock\n"
    (tmp_path / "setpoint.yaml").write_text(elsewhere)
    told = await asyncio.to_thread(complete, tmp_path, "status", "Box/")
    assert told == ["Box/a", "Box/b"]


@pytest.mark.parametrize(
    "text",
    [None, "estate: [", "- 1\n", "state: {a: b}\nsource: 5\n", "socket: [1]\n", "\0"],
    ids=["none", "broken", "a list", "other types", "a socket of another type", "no text"],
)
def test_whatever_the_settings_say_nothing_goes_wrong_aloud(folder: Path, text: str | None) -> None:
    place = folder / "setpoint.yaml"
    place.unlink() if text is None else place.write_text(text)
    assert complete(folder, "status", "Nothing/") == []


def test_a_database_that_is_none_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "setpoint.db").write_bytes(b"no database")
    assert names_in_force(tmp_path / "setpoint.db") == []


@pytest.mark.parametrize(
    "words",
    [("",), ("status", ""), ("plan", "--"), ("run", "--"), ("explain", "")],
    ids=["verbs", "keys", "options", "options of what loads much", "kinds"],
)
def test_nobody_waits(folder: Path, words: tuple[str, ...]) -> None:
    took = []
    for _ in range(5):
        before = processor()
        complete(folder, *words)
        took.append(processor() - before)
    # What the processor was needed for: other tests that run beside this one are not its fault.
    assert min(took) < SECONDS, took


def processor() -> float:
    """Seconds that the processor has worked for programs that ended."""
    return os.times().children_user + os.times().children_system


class TestShells:
    def script(self, shell: str) -> str:
        return subprocess.run(
            (COMMAND, "completion", shell), capture_output=True, text=True, check=True
        ).stdout

    def test_bash_completes_by_the_script(self, folder: Path) -> None:
        drive = f"""
            {self.script("bash")}
            COMP_WORDS=(setpoint status Box/); COMP_CWORD=2
            _setpoint_completion setpoint
            echo "${{COMPREPLY[@]}}"
        """
        ended = subprocess.run(
            ("bash", "--norc", "-c", drive),
            cwd=folder,
            env=bare(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.stdout, ended.stderr) == ("Box/a\n", "")

    def test_bash_shows_no_error_even_when_there_is_one(self, folder: Path) -> None:
        (folder / "bin").mkdir()
        broken = folder / "bin" / "setpoint"
        broken.write_text("#!/bin/sh\necho Traceback >&2\nexit 1\n")
        broken.chmod(0o755)
        drive = (
            f"{self.script('bash')}\nCOMP_WORDS=(setpoint st); COMP_CWORD=1\n_setpoint_completion setpoint"
        )
        env = {**bare(), "PATH": f"{folder}/bin:/usr/bin:/bin"}
        ended = subprocess.run(
            ("bash", "--norc", "-c", drive), cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert (ended.stdout, ended.stderr) == ("", "")

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_what_is_printed_is_a_script_of_that_shell(self, shell: str) -> None:
        script = self.script(shell)
        assert f"_SETPOINT_COMPLETE={shell}_complete" in script
        assert script.count("2>/dev/null") == 1
        assert ('string split -m 1 ","' in script) is (shell == "fish")
        if shutil.which(shell):
            checked = subprocess.run((shell, "-n"), input=script, capture_output=True, text=True, check=False)
            assert (checked.returncode, checked.stderr) == (0, "")

    def test_the_help_says_where_it_belongs(self, say: Say) -> None:
        text = say("completion", "--help").out
        for place in ("bash-completion/completions/setpoint", "_setpoint", "fish/completions/setpoint.fish"):
            assert place in text
