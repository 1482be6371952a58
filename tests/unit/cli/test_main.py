"""The command as a whole: what it lists, how it ends, and that it never shows a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import click
import pytest

from setpoint.cli.main import WELCOME, setpoint
from setpoint.cli.output import Ending
from setpoint.cli.verbs import TABLE, Verbs
from tests.unit.cli.conftest import Say

VERBS = [name for name in setpoint.list_commands(click.Context(setpoint)) if name in TABLE]


def test_alone_and_unconfigured_it_says_in_three_lines_what_to_do(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("setpoint.settings_place.PLACES", (Path("setpoint.yaml"),))
    monkeypatch.delenv("SETPOINT_CONFIG", raising=False)
    said = say()
    assert (said.code, said.err, said.out) == (0, "", f"{WELCOME}\n")
    assert len(said.lines) == 3
    (tmp_path / "setpoint.yaml").touch()
    assert "Usage: setpoint" in say().out


def test_the_help_lists_the_verbs_that_are_there_and_the_exit_codes(say: Say, toys: None) -> None:
    said = say("--help")
    assert said.code == 0
    for name in VERBS:
        assert f"  {name} " in said.out
    assert "play " in said.out
    assert "Play with the toys." in said.out
    assert "gone" not in said.out
    assert "the verb broken is no command" in said.out
    assert "  3  something is held and needs a person" in said.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_in_the_list_what_its_help_says_and_teaches_by_example(say: Say, verb: str) -> None:
    command = setpoint.get_command(click.Context(setpoint), verb)
    assert command is not None
    assert command.get_short_help_str(80) == TABLE[verb]
    said = say(verb, "--help")
    assert said.code == 0
    assert f"  setpoint {verb}" in said.out.partition("Examples:")[2]


def test_the_exit_codes_are_0_to_3() -> None:
    assert [ending.code for ending in Ending] == [0, 1, 2, 3]


def test_a_verb_of_a_system_is_called(say: Say, toys: None) -> None:
    assert say("play").out == "playing\n"


WRONG = {
    "unknown verb": (
        ("valdiate",), "there is no verb 'valdiate'; did you mean validate? (see setpoint --help)\n",
    ),
    "verb like no other": (("xyzzy",), "there is no verb 'xyzzy'; there are "),
    "unknown option": (
        ("status", "--watc"), "no such option '--watc'; did you mean --watch? (see setpoint status --help)\n",
    ),
    "option like no other": (
        ("status", "--xyzzy"), "no such option '--xyzzy'; see setpoint status --help\n",
    ),
    "unknown option of all": (("--xyzzy",), "no such option '--xyzzy'; see setpoint --help\n"),
    "option without its value": (
        ("plan", "--against"), "option '--against' requires an argument; see setpoint --help\n",
    ),
    "no value of an option": (
        ("resync", "--timeout", "soon"),
        "--timeout: 'soon' is no duration; write e.g. 90s, 10m, 1h30m or 14d (see setpoint resync --help)\n",
    ),
    "argument that is missing": (
        ("approve",), "missing argument 'TOKEN|COMMIT'; see setpoint approve --help\n",
    ),
    "argument too much": (
        ("explain", "a", "b"), "got unexpected extra argument (b); see setpoint explain --help\n",
    ),
    "folder that is not there": (
        ("validate", "/not/there"), "path '/not/there' does not exist; see setpoint validate --help\n",
    ),
    "options that exclude each other": (
        ("schema", "--kind", "Thing", "--write", "."),
        "--kind, --write and --check exclude each other; see setpoint schema --help\n",
    ),
    "verb whose package is gone": (("gone",), "there is no verb 'gone'; "),
    "verb that is no command": (("broken",), "the verb broken is no command; install what provides it again\n"),
    "verb that is lost": (("lost",), "the verb lost cannot be loaded: "),
    "unknown kind": (("explain", "Thign"), "there is no kind 'Thign'; did you mean Thing?\n"),
    "file that is no file": (("status", "--config", "/dev/null/x"), "/dev/null/x"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_an_error_is_one_sentence_and_code_1(
    say: Say, toys: None, arguments: tuple[str, ...], sentence: str
) -> None:
    said = say(*arguments)
    assert said.code == Ending.ERROR.code
    assert said.out == ""
    assert said.err.startswith("setpoint: ")
    assert sentence in said.err
    assert said.err.count("\n") == 1


ASKED = {
    "two words": ("explain", "Thign", "-o", "json"),
    "in one": ("explain", "Thign", "-ojson"),
    "long": ("explain", "Thign", "--output", "json"),
    "long in one": ("explain", "--output=json", "Thign"),
}


@pytest.mark.parametrize("arguments", ASKED.values(), ids=ASKED.keys())
def test_a_program_gets_an_error_as_a_document(say: Say, toys: None, arguments: tuple[str, ...]) -> None:
    said = say(*arguments)
    assert said.code == Ending.ERROR.code
    assert json.loads(said.out) == {
        "error": {"message": "there is no kind 'Thign'", "remedy": "did you mean Thing?"}
    }
    assert said.err == "setpoint: there is no kind 'Thign'; did you mean Thing?\n"


def test_a_program_gets_a_mistake_of_the_command_line_as_a_document(say: Say) -> None:
    said = say("resync", "--nowait", "-o", "json")
    assert json.loads(said.out)["error"] == {
        "message": "no such option '--nowait'",
        "remedy": "did you mean --wait? (see setpoint resync --help)",
    }


def test_what_stands_behind_two_dashes_is_no_option(say: Say, toys: None) -> None:
    assert say("explain", "--", "-o", "json").out == ""


def test_an_interrupted_verb_says_so(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("setpoint.cli.explain.installed_kinds", interrupted)
    said = say("explain", "-o", "json")
    assert (said.code, said.err.strip()) == (1, "setpoint: interrupted")
    assert json.loads(said.out) == {"error": {"message": "interrupted", "remedy": ""}}


def test_a_file_that_cannot_be_read_is_told_to_a_program_as_well(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> NoReturn:
        raise PermissionError(13, "Permission denied", "/etc/x")

    monkeypatch.setattr("setpoint.cli.explain.installed_kinds", refused)
    said = say("explain", "-o", "json")
    assert said.code == 1
    assert json.loads(said.out)["error"] == {
        "message": "/etc/x: Permission denied",
        "remedy": "make room, or make it accessible to you",
    }


def test_a_group_of_verbs_alone_shows_its_help(say: Say) -> None:
    said = say("lab", "serve")
    assert (said.code, "Usage: setpoint lab serve" in said.err) == (1, True)


def test_the_document_of_an_error_may_find_no_reader() -> None:
    code = "import sys; from setpoint.cli.main import main; sys.argv = ['setpoint', 'explain', 'X', '-o', 'json']; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == Ending.ERROR.code
    assert "Traceback" not in done.stderr


def test_the_version_is_that_of_the_package(say: Say) -> None:
    assert say("--version").out == f"setpoint, version {version('setpoint')}\n"


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    code = "import sys; from setpoint.cli.main import main; sys.argv = ['setpoint', 'schema']; main()"
    reader = f"'{sys.executable}' -c \"{code}\" | head -1"
    done = subprocess.run(["bash", "-c", reader], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_an_output_that_is_full_is_no_traceback() -> None:
    code = "import sys; from setpoint.cli.main import main; sys.argv = ['setpoint', 'schema']; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == Ending.ERROR.code
    assert done.stderr == "setpoint: No space left on device; make room, or make it accessible to you\n"


def test_nothing_but_the_verb_is_imported_to_call_it() -> None:
    code = (
        "import sys; from setpoint.cli.main import run; run(['validate', '--help']);"
        "print(sorted({'aiohttp', 'proxmoxer', 'setpoint_proxmox', 'setpoint_lab', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_group_without_verbs_has_no_list() -> None:
    formatter = click.HelpFormatter()

    class Empty(Verbs):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return []

    Empty("empty").format_commands(click.Context(setpoint), formatter)
    assert formatter.getvalue() == ""
