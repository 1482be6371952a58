"""`setpoint init`: what it writes is valid, and what its CI does, done here word by word, shows the plan of a change."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema
import pytest
import yaml

from setpoint.desired.schema import schema_files
from setpoint.systems import installed_kinds
from setpoint_lab.process import start_proxmox
from tests.systems.proxmox.drive import SECRET, TOKEN, world
from tests.unit.cli.conftest import Say

CI = {
    "github": ".github/workflows/setpoint.yaml",
    "gitlab": ".gitlab-ci.yml",
    "forgejo": ".forgejo/workflows/setpoint.yaml",
}
DECLARED = ("clusters/home.yaml", "machines/defaults.yaml", "machines/web01.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "My Estate"


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and ".git/" not in path.relative_to(folder).as_posix()
    }


@pytest.mark.parametrize("forge", ["github", "gitlab", "forgejo", "none"])
def test_everything_is_written_and_nothing_is_left_to_fill_in_by_machine(
    say: Say, folder: Path, forge: str
) -> None:
    said = say("init", folder, "--forge", forge)

    assert said.code == 0, said.err
    found = files(folder)
    assert set(found) == {
        "README.md",
        ".gitignore",
        "setpoint.yaml",
        ".vscode/settings.json",
        *(f"estate/{path}" for path in DECLARED),
        *(f"schemas/{path}" for path in schema_files(installed_kinds())),
        *([CI[forge]] if forge in CI else []),
    }
    assert not [
        path for path, text in found.items() if "@ESTATE@" in text or "@SECRETS@" in text or "@CI_" in text
    ]
    assert "estate: my-estate\n" in found["setpoint.yaml"]
    assert (CI.get(forge, "CI") in found["README.md"]) is (forge in CI)


def test_the_three_next_steps_are_told(say: Say, folder: Path) -> None:
    lines = say("init", folder).lines
    assert lines[0] == f"wrote 26 files into {folder}"
    assert [line[:2] for line in lines[1:]] == ["1.", "2.", "3."]
    assert "setpoint validate estate" in lines[2]
    assert "setpoint doctor" in lines[3]


def test_as_a_document_the_files_are_listed(say: Say, folder: Path) -> None:
    told = json.loads(say("init", folder, "-o", "json").out)
    assert told == {"folder": str(folder), "estate": "my-estate", "files": sorted(files(folder))}


def test_what_is_there_is_never_written_over(say: Say, folder: Path) -> None:
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    (folder / "setpoint.yaml").symlink_to("nowhere")
    said = say("init", folder)
    assert said.code == 1
    assert "has README.md, setpoint.yaml already, so nothing was written; name an empty folder" in said.err
    assert files(folder) == {"README.md": "mine"}


def test_a_folder_with_other_things_in_it_may_be_one(say: Say, folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert say("init", folder).code == 0
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "estate"), [("Zuhause_2", "zuhause-2"), ("---", "home"), ("x" * 60, "x" * 40)]
)
def test_the_estate_is_named_after_the_folder(say: Say, tmp_path: Path, name: str, estate: str) -> None:
    assert say("init", tmp_path / name).code == 0
    assert f"estate: {estate}\n" in (tmp_path / name / "setpoint.yaml").read_text()


def test_a_name_that_is_none_is_refused(say: Say, folder: Path) -> None:
    said = say("init", folder, "--estate", "My Estate")
    assert (said.code, "--estate: 'My Estate' is no name of an estate" in said.err) == (1, True)
    assert not folder.exists()


def test_the_url_is_written_as_it_is(say: Say, folder: Path) -> None:
    url = "https://forge.example.org/me/estate.git"
    say("init", folder, "--url", url)
    told = yaml.safe_load((folder / "setpoint.yaml").read_text())
    assert told["source"]["git"]["url"] == url


def test_editors_find_the_schema_and_every_declaration_obeys_it(say: Say, folder: Path) -> None:
    say("init", folder)
    settings = json.loads((folder / ".vscode/settings.json").read_text())
    ((schema, pattern),) = settings["yaml.schemas"].items()
    assert pattern == "estate/**/*.yaml"
    assert (folder / schema).is_file()
    judge = jsonschema.Draft7Validator(json.loads((folder / schema).read_text()))
    for path in DECLARED:
        if not path.endswith("defaults.yaml"):
            place = folder / "estate" / path
            line = place.read_text().splitlines()[0]
            assert (place.parent / line.removeprefix("# yaml-language-server: $schema=")).resolve() == (
                folder / schema
            ).resolve()
            uncommented(place)
            assert [error.message for error in judge.iter_errors(yaml.safe_load(place.read_text()))] == []


def uncommented(place: Path) -> None:
    """Do what the example says: take the leading `# ` of the lines below the empty one away."""
    head, empty, rest = place.read_text().partition("\n\n")
    if empty:
        place.write_text(head + "\n\n" + "".join(line[2:] for line in rest.splitlines(keepends=True)))


def test_it_is_valid_and_declares_no_machine_until_somebody_says_so(say: Say, folder: Path) -> None:
    say("init", folder)
    said = say("validate", folder / "estate")
    assert (said.code, said.out) == (0, "1 resource valid, 0 problems in 3 files\n")
    uncommented(folder / "estate/machines/web01.yaml")
    assert say("validate", folder / "estate").out == "2 resources valid, 0 problems in 3 files\n"


class Repository:
    """A repository as a person makes it of the skeleton, and a change on a branch."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        cluster = folder / "estate/clusters/home.yaml"
        text = cluster.read_text().replace("pve1.example.org", f'"{url}"')
        cluster.write_text(text.replace("setpoint@pve!controller", TOKEN))
        self.git("init", "-q", "-b", "main")
        self.commit("Begin")
        self.git("clone", "-q", "--bare", ".", str(folder.parent / "origin.git"))
        self.git("remote", "add", "origin", str(folder.parent / "origin.git"))
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-b", "change")
        uncommented(folder / "estate/machines/web01.yaml")
        self.commit("Add a machine")

    def git(self, *arguments: str) -> str:
        names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ("git", *names, *arguments), cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, subject: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", subject)

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """A step as a runner runs it."""
        here = f"{self.folder.parent}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SETPOINT", "GIT"))}
        return subprocess.run(
            ("bash", "-eo", "pipefail", "-c", script),
            cwd=self.folder, env={**kept, "PATH": here, "SETPOINT_PROXMOX_TOKEN": SECRET, **env},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with start_proxmox(clock="virtual", lag=0, state=world()) as running:
        yield running.url


def steps(folder: Path, forge: str) -> dict[str, str]:
    """The commands of CI by the name of their step."""
    ci = yaml.safe_load((folder / CI[forge]).read_text())
    return {step["name"]: step["run"] for step in ci["jobs"]["check"]["steps"] if "run" in step}


def is_the_plan(text: str) -> bool:
    return "#### `VirtualMachine/web01`: change" in text and "ProxmoxCluster/home" not in text


def test_github_shows_the_plan_in_the_pull_request(say: Say, folder: Path, cluster: str) -> None:
    say("init", folder, "--forge", "github")
    repository = Repository(folder, cluster)
    todo = steps(folder, "github")
    gh = folder.parent / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text('#!/bin/sh\necho "$@" > gh.txt\n')
    gh.chmod(0o755)

    assert list(todo) == ["Install", "Validate", "Plan", "Show the plan in the pull request"]
    assert todo["Install"].startswith('pip install "setpoint==')
    validated = repository.run(todo["Validate"])
    assert (validated.returncode, validated.stdout) == (0, "2 resources valid, 0 problems in 3 files\n")
    planned = repository.run(todo["Plan"], BASE="main", GITHUB_STEP_SUMMARY="summary.md")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert is_the_plan(planned.stdout)
    assert (folder / "summary.md").read_text() == planned.stdout
    assert repository.run(todo["Show the plan in the pull request"], NUMBER="7").returncode == 0
    assert (
        folder / "gh.txt"
    ).read_text() == "pr comment 7 --edit-last --create-if-none --body-file plan.md\n"


def test_a_mistake_fails_the_check_and_is_shown(say: Say, folder: Path, cluster: str) -> None:
    say("init", folder, "--forge", "github")
    repository = Repository(folder, cluster)
    place = folder / "estate/machines/web01.yaml"
    place.write_text(place.read_text().replace("memory: 2GiB", "memroy: 2GiB"))
    todo = steps(folder, "github")

    validated = repository.run(todo["Validate"])
    assert validated.returncode == 1
    assert "did you mean memory?" in validated.stdout
    planned = repository.run(todo["Plan"], BASE="main", GITHUB_STEP_SUMMARY="summary.md")
    assert planned.returncode == 1
    assert "did you mean memory?" in (folder / "plan.md").read_text()


def test_forgejo_is_sent_the_plan(say: Say, folder: Path, cluster: str) -> None:
    say("init", folder, "--forge", "forgejo")
    repository = Repository(folder, cluster)
    todo = steps(folder, "forgejo")

    assert repository.run(todo["Validate"]).returncode == 0
    planned = repository.run(todo["Plan"], BASE="main")
    assert (planned.returncode, is_the_plan(planned.stdout)) == (0, True)
    with forge() as (url, received):
        shown = repository.run(
            todo["Show the plan in the pull request"], TOKEN="t", COMMENTS=f"{url}/comments"
        )
    assert (shown.returncode, shown.stderr) == (0, "")
    ((path, headers, body),) = received
    assert (path, headers["Authorization"]) == ("/comments", "token t")
    assert is_the_plan(json.loads(body)["body"])


@pytest.mark.parametrize("token", ["", "t"], ids=["without a token", "with a token"])
def test_gitlab_is_sent_the_plan_when_it_may_be(say: Say, folder: Path, cluster: str, token: str) -> None:
    say("init", folder, "--forge", "gitlab")
    repository = Repository(folder, cluster)
    job = yaml.safe_load((folder / CI["gitlab"]).read_text())["setpoint"]
    install, *script = job["script"]

    assert install.startswith("pip install")
    with forge() as (url, received):
        ended = repository.run(
            "\n".join(script),
            CI_MERGE_REQUEST_DIFF_BASE_SHA=repository.git("rev-parse", "main"),
            SETPOINT_NOTES_TOKEN=token, CI_API_V4_URL=url, CI_PROJECT_ID="3", CI_MERGE_REQUEST_IID="7",
        )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert is_the_plan((folder / "plan.md").read_text())
    assert job["artifacts"]["paths"] == ["plan.md"]
    assert len(received) == (1 if token else 0)
    for path, headers, body in received:
        assert (path, headers["PRIVATE-TOKEN"]) == ("/projects/3/merge_requests/7/notes", "t")
        assert is_the_plan(parse_qs(body)["body"][0])


@contextmanager
def forge() -> Iterator[tuple[str, list[tuple[str, Any, str]]]]:
    """A forge that takes comments; what it received, as path, headers and body."""
    received: list[tuple[str, Any, str]] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers, body))
            self.send_response(201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_doctor_and_apply_work_in_the_skeleton(
    say: Say, folder: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("init", folder)
    repository = Repository(folder, cluster)
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "change")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SETPOINT_CONFIG", raising=False)
    monkeypatch.setenv("SETPOINT_PROXMOX_TOKEN", SECRET)

    told = {check["name"]: check for check in json.loads(say("doctor", "-o", "json").out)["checks"]}

    assert told["declarations"]["sentence"] == "2 resources valid"
    assert told["ProxmoxCluster/home privileges"]["verdict"] == "ok"
    assert "VirtualMachine/web01" in say("plan").out
