"""The password of a URL: git gets it in its environment, for that host alone."""

from __future__ import annotations

import subprocess

import pytest

from setpoint.sources.credentials import Remote
from setpoint.sources.process import environment


@pytest.mark.parametrize(
    ("url", "told", "user", "password"),
    [
        (
            "https://anna:s3%40@forge.example.org:3000/e.git",
            "https://forge.example.org:3000/e.git",
            "anna",
            "s3@",
        ),
        ("http://:token@forge/e.git?x=1", "http://forge/e.git?x=1", "", "token"),
        ("https://anna@forge/e.git", "https://anna@forge/e.git", "", ""),
        ("https://forge/e.git", "https://forge/e.git", "", ""),
        ("https://anna:a%0ahost=x@forge/e.git", "https://anna:a%0ahost=x@forge/e.git", "", ""),
        ("ssh://git@forge/e.git", "ssh://git@forge/e.git", "", ""),
        ("git@forge:e.git", "git@forge:e.git", "", ""),
        ("/srv/a:b@c/e.git", "/srv/a:b@c/e.git", "", ""),
        ("https://anna:pw9@[::1]:3000/e.git", "https://[::1]:3000/e.git", "anna", "pw9"),
    ],
)
def test_a_password_is_taken_out_of_an_http_url(url: str, told: str, user: str, password: str) -> None:
    remote = Remote.parse(url)
    assert (remote.url, remote.user, remote.password) == (told, user, password)
    assert not password or password not in repr(remote)


def filled(host: str, env: dict[str, str]) -> str:
    """What git would send to a host."""
    ended = subprocess.run(
        ("git", "credential", "fill"),
        input=f"protocol=https\nhost={host}\n\n", capture_output=True, text=True, check=False, env=env, cwd="/",
    )  # fmt: skip
    return ended.stdout


def test_git_finds_it_for_that_host_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "a.b"), ("GIT_CONFIG_VALUE_0", "c")):
        monkeypatch.setenv(name, value)
    import os

    password = "p '\"$(id)`%s\\ ü"
    remote = Remote("https://forge:3000/e.git", "https://forge:3000", "anna", password)
    env = remote.known_to(environment(os.environ))
    assert f"username=anna\npassword={password}\n" in filled("forge:3000", env)
    assert "password" not in filled("forge", env)
    assert "password" not in filled("elsewhere:3000", env)
    assert subprocess.run(("git", "config", "a.b"), env=env, capture_output=True, check=True).stdout == b"c\n"


def test_where_there_is_none_nothing_is_added() -> None:
    assert Remote.parse("https://forge/e.git").known_to({"A": "b"}) == {"A": "b"}
