"""`setpoint doctor`: every check is made, also after one that failed; each says what to do."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from setpoint.cli import doctor_target
from setpoint.cli.doctor_host import LITTLE, TOO_LITTLE, room_check
from setpoint.model.examine import Check, Examination, Verdict
from setpoint.model.kind import Kind
from setpoint.store.lock import StateLock, holder
from tests.served import SETTINGS, SHELF, Served, box
from tests.toy import WORLDS, World
from tests.unit.cli.conftest import Ask, Said, Say

CALM = "metrics: {listen: none}\n"


class Place:
    """Settings, declarations and a shelf."""

    def __init__(self, root: Path, say: Say) -> None:
        self.root, self._say = root, say
        (root / "estate").mkdir()
        self.world = WORLDS["w"] = World()
        self.settings(SETTINGS + CALM)
        self.write(shelf=SHELF, a=box("a"))

    def settings(self, text: str) -> None:
        (self.root / "setpoint.yaml").write_text(text)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.root / "estate" / f"{name}.yaml").write_text(text)

    def doctor(self, *arguments: str) -> Said:
        return self._say("doctor", "--config", self.root / "setpoint.yaml", *arguments)

    def told(self) -> dict[str, dict[str, Any]]:
        """Each check by its name; the last of those of one name."""
        found = json.loads(self.doctor("-o", "json").out)
        return {check["name"]: check for check in found["checks"]}


@pytest.fixture
def place(tmp_path: Path, say: Say, toy_installed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    # The hosts of tests may have no NTP, which is for another test to say.
    monkeypatch.setattr("setpoint.cli.doctor_host.shutil.which", lambda _: None)
    yield Place(tmp_path, say)
    WORLDS.clear()


@pytest.mark.parametrize(
    ("named", "verdict", "what"),
    [
        pytest.param("Box/a", "ok", "1 resource never restarted", id="declared"),
        pytest.param(
            "Box/a, Box/gone", "warning", "Box/gone in `self` of the settings: nothing", id="renamed"
        ),
    ],
)
def test_what_is_protected_must_be_declared_under_that_name(
    place: Place, named: str, verdict: str, what: str
) -> None:
    place.settings(f"{SETTINGS}{CALM}self: [{named}]\n")
    check = place.told()["self"]
    assert check["verdict"] == verdict
    assert check["sentence"].startswith(what)


def test_a_good_place_is_well(place: Place) -> None:
    said = place.doctor()

    assert said.code == 0, said.out
    assert [line.split()[0] for line in said.lines[:-1]].count("ok") == len(said.lines) - 2
    assert said.lines[-1].endswith("checks: 10 ok, 1 warning")
    (warning,) = [line for line in said.lines if line.startswith("warning")]
    assert warning.startswith("warning  daemon: the daemon's socket ")
    assert "; start the daemon: systemctl start setpoint" in warning


def test_as_a_document_every_check_has_the_same_fields(place: Place) -> None:
    found = json.loads(place.doctor("-o", "json").out)

    assert {frozenset(check) for check in found["checks"]} == {
        frozenset({"name", "verdict", "sentence", "remedy", "commands"})
    }
    assert found["summary"] == {"ok": 10, "warning": 1, "wrong": 0}


def test_nothing_is_left_behind(place: Place) -> None:
    before = sorted(place.root.rglob("*"))
    place.doctor()
    assert sorted(place.root.rglob("*")) == before
    assert place.world.effects == []


def test_every_check_is_made_although_many_fail(place: Place) -> None:
    place.world.down = True
    place.write(
        b="kind: Box\nmetadata: {name: b}\nspec: {coluor: red}\n", c=box("c", "lock: {file: /nonexistent}")
    )

    said = place.doctor()

    assert said.code == 1
    wrong = [line.partition("  ")[2].strip() for line in said.lines if line.startswith("wrong")]
    assert [line.partition(":")[0] for line in wrong] == ["declarations", "secret of Box/c", "Shelf/s target"]
    assert "b.yaml:3:8: spec.coluor: there is no field 'coluor'; did you mean colour?" in wrong[0]
    assert "the secret in /nonexistent cannot be read" in wrong[1]
    assert "shelf does not answer; plug it in" in wrong[2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("estate: Home\nsource: {directory: {path: estate}}\n", "is no name of an estate"),
        ("estate: [\n", "a value is missing here"),
        ("esatte: home\nsource: {}\n", "there is no field 'esatte'; did you mean estate?"),
    ],
    ids=["a mistake", "no YAML", "two mistakes"],
)
def test_wrong_settings_are_told_and_the_rest_that_can_be_is_checked(
    place: Place, text: str, sentence: str
) -> None:
    place.settings(text)
    said = place.doctor()
    assert (said.code, sentence in said.out) == (1, True)
    assert "ok       git: git version" in said.out


def test_without_settings_it_says_how_to_begin(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SETPOINT_CONFIG", raising=False)
    monkeypatch.setattr("setpoint.settings_place.PLACES", (Path("setpoint.yaml"),))
    said = say("doctor")
    assert (said.code, "setpoint init" in said.out) == (1, True)


def test_a_git_that_is_missing_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place.root))
    found = place.told()
    assert (found["git"]["verdict"], found["git"]["remedy"]) == (
        "wrong",
        "install git for the user of the daemon",
    )
    assert found["declarations"]["verdict"] == "ok"


def test_a_git_that_is_too_old_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    old = place.root / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.20.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    assert place.told()["git"]["remedy"] == "install git 2.29 or later"


class TestState:
    def test_one_that_is_not_there_will_be_made(self, place: Place) -> None:
        place.settings(SETTINGS.replace("state: .", "state: memory") + CALM)
        found = place.told()
        assert found["state"]["verdict"] == "ok"
        assert not (place.root / "memory").exists()

    def test_one_that_is_a_file_is_wrong(self, place: Place) -> None:
        place.settings(SETTINGS.replace("state: .", "state: setpoint.yaml") + CALM)
        assert "is no folder" in place.told()["state"]["sentence"]

    def test_one_that_everybody_may_write_to_is_wrong(self, place: Place) -> None:
        place.root.chmod(0o777)
        found = place.told()["state"]
        assert (found["verdict"], found["commands"]) == ("wrong", [f"chmod o-w {place.root}"])

    def test_that_of_another_user_is_warned_of(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        owner = pwd.getpwuid(os.geteuid()).pw_name
        monkeypatch.setattr("setpoint.cli.doctor_host.os.geteuid", lambda: 1)
        found = place.told()["state"]
        assert (found["verdict"], found["commands"]) == ("warning", [f"sudo -u {owner} setpoint doctor"])

    @pytest.mark.parametrize(
        ("free", "verdict"),
        [
            (LITTLE, Verdict.OK),
            (LITTLE - 1, Verdict.WARNING),
            (TOO_LITTLE, Verdict.WARNING),
            (TOO_LITTLE - 1, Verdict.WRONG),
        ],
    )
    def test_little_room_is_told_in_time(self, free: int, verdict: Verdict) -> None:
        assert room_check(Path("/x"), free).verdict is verdict

    def test_who_holds_it_is_told_and_not_disturbed(self, place: Place) -> None:
        assert holder(place.root) == ""
        with StateLock(place.root):
            assert f"process {os.getpid()}" in holder(place.root)
            found = place.told()
        assert f"in use by process {os.getpid()}" in found["lock"]["sentence"]
        # Something holds the state and nobody answers.
        assert found["daemon"]["verdict"] == "wrong"


def mounted(place: Path) -> bool:
    """Whether a disk of 64 KiB is there now."""
    command = ("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place))
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount(place: Path) -> None:
    subprocess.run(("umount", str(place)), check=True)


def can_mount() -> bool:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        if not mounted(place):
            return False
        unmount(place)
        return True


if can_mount():  # Only root may, and not in every container.

    def test_a_full_disk_is_wrong(place: Place) -> None:
        memory = place.root / "memory"
        memory.mkdir()
        assert mounted(memory)
        try:
            with (memory / "filler").open("wb", buffering=0) as file:
                assert file.write(bytes(1 << 17)) < 1 << 17
            place.settings(SETTINGS.replace("state: .", "state: memory") + CALM)
            found = place.told()
        finally:
            unmount(memory)
        assert "No space left on device" in found["state"]["sentence"]
        assert (found["state"]["verdict"], found["state"]["remedy"]) == ("wrong", "make room")
        assert found["disk"]["verdict"] == "wrong"


class TestSource:
    def repository(self, place: Place, branch: str = "main") -> None:
        def git(*arguments: str) -> None:
            subprocess.run(
                ("git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments),
                cwd=place.root / "estate", check=True, capture_output=True,
            )  # fmt: skip

        git("init", "-q", "-b", branch)
        git("add", ".")
        git("commit", "-q", "-m", "x")
        place.settings(f"estate: home\nsource: {{git: {{url: estate}}}}\nstate: .\n{CALM}")

    def test_a_repository_is_asked_for_its_branch_and_read(self, place: Place) -> None:
        self.repository(place)
        found = place.told()
        assert found["repository"]["sentence"].endswith("answers and has the branch main")
        assert found["source"]["sentence"].endswith("can be read: 2 files")
        assert found["declarations"]["sentence"] == "2 resources valid"

    def test_a_missing_branch_is_told_with_those_that_there_are(self, place: Place) -> None:
        self.repository(place, branch="trunk")
        found = place.told()
        assert "has no branch main; it has trunk" in found["source"]["sentence"]
        assert found["declarations"]["verdict"] == "warning"

    def test_a_missing_repository_is_told(self, place: Place) -> None:
        place.settings(f"estate: home\nsource: {{git: {{url: nowhere}}}}\nstate: .\n{CALM}")
        found = place.told()["source"]
        assert (found["verdict"], "there is no git repository at" in found["sentence"]) == ("wrong", True)

    def test_one_that_hangs_is_given_up(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        from datetime import timedelta

        monkeypatch.setattr("setpoint.cli.doctor_source.GREETING", timedelta(seconds=0.5))
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port = server.getsockname()[1]
            place.settings(
                f"estate: home\nsource: {{git: {{url: 'git://127.0.0.1:{port}/x'}}}}\nstate: .\n{CALM}"
            )
            found = place.told()
        assert "did not end within 0.5 s" in found["source"]["sentence"]
        assert found["git"]["verdict"] in ("ok", "wrong")

    def test_what_is_in_force_stands_in_for_a_source_that_is_gone(self, place: Place, say: Say) -> None:
        assert say("apply", "--config", place.root / "setpoint.yaml").code == 0
        shutil.rmtree(place.root / "estate")
        found = place.told()
        assert found["source"]["verdict"] == "wrong"
        assert (
            found["declarations"]["sentence"] == "2 resources in force, as they were before the source failed"
        )
        assert found["Shelf/s target"]["verdict"] == "ok"

    def test_many_mistakes_are_not_all_told(self, place: Place) -> None:
        place.write(**{f"b{n}": f"kind: Box\nmetadata: {{name: b{n}}}\nspec: {{x: 1}}\n" for n in range(9)})
        lines = [line for line in place.doctor().lines if line.startswith("wrong    declarations")]
        assert len(lines) == 6
        assert "4 more mistakes in them; setpoint validate" in lines[-1]

    def test_nothing_declared_is_warned_of(self, place: Place) -> None:
        for file in (place.root / "estate").iterdir():
            file.unlink()
        assert place.told()["declarations"]["remedy"] == "commit a first manifest: setpoint init"


class TestDaemon:
    @pytest.fixture
    async def running(self, served: Served, tmp_path: Path) -> Served:
        (tmp_path / "setpoint.yaml").write_text(SETTINGS + CALM)
        return served

    async def test_one_that_answers_is_told(self, running: Served, ask: Ask, toy_installed: None) -> None:
        said = await ask("doctor")
        assert f"daemon: process {os.getpid()} is running and holds 3 resources" in said.out

    async def test_the_role_of_whoever_asks_is_told(
        self, running: Served, ask: Ask, tmp_path: Path, toy_installed: None
    ) -> None:
        me = pwd.getpwuid(os.getuid()).pw_name
        assert f"ok       role: {me} has the role admin" in (await ask("doctor")).out
        (tmp_path / "setpoint.yaml").write_text(f"{SETTINGS}{CALM}roles: {{viewer: [nosuchgroup]}}\n")
        said = await ask("doctor")
        assert "warning  roles: this host does not know nosuchgroup, so nobody has a role by that" in said.out

    async def test_its_keys_can_be_asked_for(self, running: Served) -> None:
        assert await running.get("/v1/keys") == {"keys": ["Box/a", "Box/b", "Shelf/s"]}

    async def test_its_metrics_are_asked_whether_it_is_ready(
        self, running: Served, ask: Ask, tmp_path: Path, toy_installed: None
    ) -> None:
        for status, words in ((200, "can be scraped"), (503, "is not ready: nothing was looked at")):
            with ready(status, b"nothing was looked at\n") as port:
                (tmp_path / "setpoint.yaml").write_text(
                    f"{SETTINGS}metrics: {{listen: '127.0.0.1:{port}'}}\n"
                )
                said = await ask("doctor")
            assert words in said.out
        said = await ask("doctor")
        assert "/readyz does not answer" in said.out
        assert said.code == 1

    def test_a_port_that_is_taken_is_told_before_the_daemon_finds_out(self, place: Place) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port = server.getsockname()[1]
            place.settings(f"{SETTINGS}metrics: {{listen: '127.0.0.1:{port}'}}\n")
            found = place.told()["metrics"]
        assert (found["verdict"], "Address already in use" in found["sentence"]) == ("wrong", True)
        assert place.told()["metrics"]["verdict"] == "ok"


@contextmanager
def ready(status: int, text: bytes) -> Iterator[int]:
    """Something that answers /readyz."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestTargets:
    def kinds(self, examine: Any) -> dict[str, Kind[Any, Any]]:
        from tests.toy import BOX, SHELF

        assert SHELF.port is not None
        return {"Box": BOX, "Shelf": replace(SHELF, port=replace(SHELF.port, examine=examine))}

    async def look(self, place: Place, examine: Any) -> list[Check]:
        from setpoint.desired.compile import compile_set

        kinds = self.kinds(examine)
        files = {path.name: path.read_bytes() for path in (place.root / "estate").iterdir()}
        resources = compile_set(files, kinds, version="x").resources
        return [check async for check in doctor_target.target_checks(kinds, resources)]

    async def test_a_kind_is_given_what_is_declared_on_its_target(self, place: Place) -> None:
        seen: list[Examination[Any]] = []

        async def examine(asked: Examination[Any]) -> AsyncIterator[Check]:
            seen.append(asked)
            yield Check("doors", Verdict.WARNING, "one squeaks", "oil it")

        checks = await self.look(place, examine)

        assert checks == [Check("Shelf/s doors", Verdict.WARNING, "one squeaks", "oil it")]
        assert [str(key) for key in seen[0].held] == ["Box/a"]

    async def test_what_was_found_before_the_time_was_up_is_kept(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doctor_target, "PATIENCE", 0.2)

        async def examine(asked: Examination[Any]) -> AsyncIterator[Check]:
            yield Check("doors", Verdict.OK, "shut")
            await asyncio.sleep(60)

        checks = await self.look(place, examine)

        assert [(check.name, check.verdict) for check in checks] == [
            ("Shelf/s doors", Verdict.OK),
            ("Shelf/s time", Verdict.WRONG),
        ]


@pytest.mark.parametrize(
    ("told", "verdict"), [("yes", "ok"), ("no", "warning"), ("", None)], ids=["kept", "not kept", "unknown"]
)
def test_whether_ntp_keeps_the_clock_is_told_where_the_system_knows(
    place: Place, monkeypatch: pytest.MonkeyPatch, told: str, verdict: str | None
) -> None:
    program = place.root / "timedatectl"
    program.write_text(f"#!/bin/sh\necho {told}\n")
    program.chmod(0o755)
    monkeypatch.setattr("setpoint.cli.doctor_host.shutil.which", lambda _: str(program))
    assert place.told().get("clock", {}).get("verdict") == verdict
