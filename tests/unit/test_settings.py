"""The settings file, and the secrets that it names."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from setpoint import settings_place as module
from setpoint.model.errors import SettingsError
from setpoint.model.secret import SecretRef
from setpoint.secrets import resolve_secret
from setpoint.settings import LogFormat, LogLevel, Settings, find_settings, load_settings
from setpoint.settings_roles import RoleSettings
from setpoint.sources.build import build_source
from setpoint.sources.directory import DirectorySource
from setpoint.sources.git import GitSource

GIT = "estate: home\nsource: {git: {url: https://forge.example.org/estate.git}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "setpoint.yaml"


def load(file: Path, text: str) -> Settings:
    file.write_text(text)
    return load_settings(file, {})


class TestValues:
    def test_a_short_file_is_enough(self, file: Path) -> None:
        settings = load(file, GIT)
        assert settings.source.git is not None
        assert (settings.source.git.branch, settings.source.git.path) == ("main", "")
        assert settings.source.git.poll == timedelta(seconds=60)
        assert settings.state == Path("/var/lib/setpoint")
        assert settings.socket_path == Path("/var/lib/setpoint/setpoint.sock")
        assert settings.database_path == Path("/var/lib/setpoint/setpoint.db")
        assert (settings.log.format, settings.log.level) == (LogFormat.CONSOLE, LogLevel.INFO)
        assert settings.hook is None

    def test_everything_can_be_said(self, file: Path) -> None:
        settings = load(
            file,
            """
            estate: home
            state: /srv/setpoint
            socket: /run/setpoint.sock
            source:
              git: {url: "git@forge:estate.git", branch: site/lab, path: estate/home/, poll: 5m}
            hook: {listen: "[::1]:9000", secret: {file: /etc/setpoint/hook}}
            log: {format: json, level: debug}
            roles: {viewer: [setpoint], admin: [wheel, "user:anna"]}
            """,
        )
        assert settings.roles == RoleSettings(viewer=("setpoint",), admin=("wheel", "user:anna"))
        assert settings.source.git is not None
        assert settings.source.git.url == "git@forge:estate.git"
        assert (settings.source.git.path, settings.source.git.poll) == ("estate/home", timedelta(minutes=5))
        assert settings.hook is not None
        assert settings.hook.address == ("::1", 9000)
        assert settings.hook.secret == SecretRef(file="/etc/setpoint/hook")
        assert settings.socket_path == Path("/run/setpoint.sock")
        assert (settings.log.format, settings.log.level) == (LogFormat.JSON, LogLevel.DEBUG)

    def test_the_hook_listens_on_loopback_unless_said(self, file: Path) -> None:
        settings = load(file, f"{GIT}hook: {{secret: {{env: HOOK}}}}\n")
        assert settings.hook is not None
        assert settings.hook.address == ("127.0.0.1", 9646)

    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("", ("127.0.0.1", 9645)),
            ('metrics: {listen: "[::]:9645"}', ("::", 9645)),
            ("metrics: {listen: 127.0.0.1:0}", ("127.0.0.1", 0)),
            ("metrics: {listen: none}", None),
        ],
        ids=["left out", "everywhere", "any port", "nowhere"],
    )
    def test_metrics_are_served_on_loopback_unless_said(
        self, file: Path, text: str, address: tuple[str, int] | None
    ) -> None:
        assert load(file, f"{GIT}{text}\n").metrics.address == address

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("../estate.git", "{parent}/estate.git"),
            ("estate.git", "{folder}/estate.git"),
            ("/srv/estate.git", "/srv/estate.git"),
            ("git@forge:estate.git", "git@forge:estate.git"),
            ("ssh://git@forge/estate.git", "ssh://git@forge/estate.git"),
            ("file:///srv/estate.git", "/srv/estate.git"),
        ],
    )
    def test_a_repository_on_this_host_is_found_from_the_file(
        self, file: Path, url: str, expected: str
    ) -> None:
        settings = load(file, f"estate: home\nsource: {{git: {{url: '{url}'}}}}\n")
        assert settings.source.git is not None
        assert settings.source.git.url == expected.format(parent=file.parent.parent, folder=file.parent)

    def test_paths_are_relative_to_the_file(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file.write_text("estate: home\nstate: st\nsocket: s/x.sock\nsource: {directory: {path: estate}}\n")
        monkeypatch.chdir(file.parent.parent)
        settings = load_settings(Path(file.parent.name, file.name), {})
        assert settings.state == file.parent / "st"
        assert settings.socket_path == file.parent / "s" / "x.sock"
        assert settings.source.directory is not None
        assert settings.source.directory.path == file.parent / "estate"


class TestSearch:
    def test_a_named_file_counts_before_the_environment(self, tmp_path: Path) -> None:
        env = {"SETPOINT_CONFIG": str(tmp_path / "env.yaml")}
        assert find_settings(tmp_path / "named.yaml", env) == tmp_path / "named.yaml"
        assert find_settings(None, env) == tmp_path / "env.yaml"

    def test_then_the_usual_places_in_their_order(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, etc = tmp_path / "here.yaml", tmp_path / "etc.yaml"
        monkeypatch.setattr(module, "PLACES", (here, etc))
        with pytest.raises(SettingsError, match=r"neither .*here\.yaml nor .*etc\.yaml exists") as caught:
            find_settings(None, {})
        assert "--config" in caught.value.remedy
        etc.touch()
        assert find_settings(None, {}) == etc
        here.touch()
        assert find_settings(None, {"SETPOINT_CONFIG": ""}) == here

    def test_the_usual_places(self) -> None:
        assert [str(place) for place in module.PLACES] == ["setpoint.yaml", "/etc/setpoint/setpoint.yaml"]

    def test_a_named_file_that_is_not_there_is_an_error(self, file: Path) -> None:
        with pytest.raises(SettingsError, match=f"the settings {file} cannot be read: No such file"):
            load_settings(file, {})


MISTAKES: list[Any] = [
    pytest.param("estate: Home\n", ":1:1: estate: 'Home' is no name of an estate; use up to 40", id="estate"),
    pytest.param(f"{GIT}stat: /x\n", ":3:1: stat: there is no field 'stat'; did you mean state?", id="typo"),
    pytest.param(f"{GIT}log: {{levl: info}}\n", ":3:7: log.levl: there is no field", id="typo inside"),
    pytest.param(f"{GIT}log: {{level: loud}}\n", ":3:7: log.level: 'loud' is not possible; use", id="choice"),
    pytest.param(
        f"{GIT}roles: {{admin: ['user:']}}\n",
        ":3:17: roles.admin[0]: 'user:' is no name; write that",
        id="role",
    ),
    pytest.param(f"{GIT}socket: 5\n", ":3:1: socket:", id="type"),
    pytest.param(
        f"{GIT}work: {{a: {{b: 0}}}}\n", ":3:1: work: a.b: 0 would stop it for good; write at", id="no work"
    ),
    pytest.param("source: {directory: {path: x}}\n", ":1:1: estate: is missing; add it", id="missing"),
    pytest.param(f"{GIT}estate: other\n", ":3:1: 'estate' is written twice, first in line 1", id="twice"),
    pytest.param("estate: home\nsource: {}\n", ":2:1: source: exactly one of git and directory", id="none"),
    pytest.param("estate: [home\n", ":2:1: a [ is not closed", id="syntax"),
    pytest.param("", ": settings are one mapping", id="empty"),
    pytest.param("- a\n", ": settings are one mapping", id="list"),
    pytest.param(f"{GIT}---\n{GIT}", ": settings are one mapping", id="two documents"),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(
    file: Path, text: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(file, text)
    assert str(caught.value).startswith(f"{file}{expected}")


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        pytest.param("url: --upload-pack=x", "is no URL of a repository", id="option as URL"),
        pytest.param("url: ''", "is no URL of a repository", id="empty URL"),
        *(
            pytest.param(f"url: x, branch: '{name}'", "is no name of a branch; write e.g. main", id=name)
            for name in (
                "-d",
                "a b",
                "a..b",
                "a:b",
                "x.lock",
                "x.lock/y",
                "a/",
                "/a",
                "",
                "a//b",
                "@{u}",
                "*",
            )
        ),
        pytest.param("url: x, path: /etc", "is no folder inside the repository", id="absolute folder"),
        pytest.param("url: x, path: a/../../b", "is no folder inside the repository", id="folder outside"),
        pytest.param("url: x, poll: 0s", "too often for the forge; write at least 1s", id="poll"),
    ],
)
def test_a_source_that_cannot_be_is_refused(file: Path, git: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(file, f"estate: home\nsource: {{git: {{{git}}}}}\n")


@pytest.mark.parametrize("name", ["main", "site/lab", "v1.2", "feature-x", "ünïcode", "a@b"])
def test_an_ordinary_branch_is_taken(file: Path, name: str) -> None:
    settings = load(file, f"estate: home\nsource: {{git: {{url: x, branch: '{name}'}}}}\n")
    assert settings.source.git is not None
    assert settings.source.git.branch == name


@pytest.mark.parametrize("listen", ["9646", "127.0.0.1", "forge:80", "127.0.0.1:70000", "::1:x", ":80"])
def test_an_address_without_host_or_port_is_refused(file: Path, listen: str) -> None:
    with pytest.raises(SettingsError, match="is no address with a port; write"):
        load(file, f"{GIT}hook: {{listen: '{listen}', secret: {{env: X}}}}\n")


def test_all_mistakes_come_at_once_in_the_order_of_the_file(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(file, "socket: 5\nestate: B\nsource: {git: {url: 1}}\n")
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(f"{file}:")[0] for line in lines] == ["1", "2", "3"]


def test_settings_name_the_source(file: Path, tmp_path: Path) -> None:
    git = build_source(load(file, GIT).source, tmp_path)
    assert (type(git), git.name) == (GitSource, "git")
    folder = build_source(load(file, "estate: home\nsource: {directory: {path: .}}\n").source, tmp_path)
    assert (type(folder), folder.name) == (DirectorySource, "directory")


class TestSecrets:
    def write(self, path: Path, content: bytes, mode: int = 0o600) -> SecretRef:
        path.write_bytes(content)
        path.chmod(mode)
        return SecretRef(file=str(path))

    @pytest.mark.parametrize(
        "content", [b"sesame\n", b"sesame", b"sesame\r\n", b"sesame\nnot this\n"], ids=repr
    )
    def test_the_first_line_of_a_file(self, tmp_path: Path, content: bytes) -> None:
        assert resolve_secret(self.write(tmp_path / "s", content)).reveal() == "sesame"

    def test_a_private_key_is_the_whole_file(self, tmp_path: Path) -> None:
        key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----\n"
        assert resolve_secret(self.write(tmp_path / "s", key)).reveal() == key.decode()

    def test_blanks_belong_to_it(self, tmp_path: Path) -> None:
        assert resolve_secret(self.write(tmp_path / "s", b" se same \n")).reveal() == " se same "

    def test_its_group_may_read_it(self, tmp_path: Path) -> None:
        assert resolve_secret(self.write(tmp_path / "s", b"x\n", 0o640)).reveal() == "x"

    def test_everybody_may_not(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="can be read by everybody") as caught:
            resolve_secret(self.write(tmp_path / "s", b"sesame\n", 0o644))
        assert caught.value.remedy == f"chmod o-rwx {tmp_path / 's'}"
        assert "sesame" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", "is empty"),
            (b"\nsecond\n", "is empty"),
            (b"\xff\n", "is no text"),
            (b"a\0b\n", "is no text"),
            (b"x" * 70_000, "too long"),
            (b"-----BEGIN X-----\n" + b"x\n" * 40_000, "too long"),
        ],
        ids=["empty", "empty line", "not UTF-8", "NUL", "endless", "endless key"],
    )
    def test_what_is_no_secret_is_refused(self, tmp_path: Path, content: bytes, expected: str) -> None:
        with pytest.raises(SettingsError, match=expected):
            resolve_secret(self.write(tmp_path / "s", content))

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
    def test_what_is_no_file_is_refused_without_waiting(
        self, tmp_path: Path, make: Callable[[Path], None]
    ) -> None:
        make(tmp_path / "s")
        with pytest.raises(SettingsError, match=r"cannot be read: Is a directory|is no file"):
            resolve_secret(SecretRef(file=str(tmp_path / "s")))

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=f"the secret in {tmp_path}/none cannot be read: No such"):
            resolve_secret(SecretRef(file=str(tmp_path / "none")))

    def test_an_environment_variable(self) -> None:
        assert resolve_secret(SecretRef(env="HOOK"), {"HOOK": "sesame"}).reveal() == "sesame"
        with pytest.raises(SettingsError, match="the environment variable HOOK"):
            resolve_secret(SecretRef(env="HOOK"), {"HOOK": ""})

    def test_a_credential_of_systemd(self, tmp_path: Path) -> None:
        self.write(tmp_path / "hook", b"sesame\n", 0o444)
        env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
        assert resolve_secret(SecretRef(credential="hook"), env).reveal() == "sesame"

    def test_a_credential_without_systemd(self) -> None:
        with pytest.raises(SettingsError, match="there is no credential hook") as caught:
            resolve_secret(SecretRef(credential="hook"), {})
        assert "LoadCredential=hook:" in caught.value.remedy

    def test_a_credential_cannot_lead_elsewhere(self, tmp_path: Path) -> None:
        self.write(tmp_path / "outside", b"sesame\n")
        (tmp_path / "inner").mkdir()
        env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "inner")}
        for name in ("../outside", str(tmp_path / "outside"), ".."):
            with pytest.raises(SettingsError, match="is no name of a credential"):
                resolve_secret(SecretRef(credential=name), env)
