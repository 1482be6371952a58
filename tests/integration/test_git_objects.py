"""Commits and trees as a conversation with git tells them: the same as git's own listings, with less to read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from setpoint.sources.commit import NEAR, is_near, parsed, read_commit
from setpoint.sources.mirror import MirrorDamagedError
from setpoint.sources.objects import Conversation, Object, conversation
from setpoint.sources.process import AnswerTooLongError, Git
from setpoint.sources.walk import list_lines
from tests.unit.sources.repository import AUTHOR, Repository

pytestmark = pytest.mark.integration

FILES = {
    "z.yaml": b"z",
    "a b/ü.yaml": b"1",
    "a b/c/d/e.yaml": b"2",
    "a.yaml": b"3",
    "a/x.yaml": b"4",
    "a-b/run.sh": b"5",
    "lib": b"c" * 40,
    "link.yaml": b"a.yaml",
    "caf\udce9.md": b"6",
}
MODES = {"a-b/run.sh": "100755", "lib": "160000", "link.yaml": "120000"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "estate.git")


def listed(repository: Repository, commit: str) -> list[bytes]:
    command = ["git", f"--git-dir={repository.path}", "ls-tree", "-r", "-z", "--full-tree", commit]
    return subprocess.run(command, check=True, capture_output=True).stdout.split(b"\0")[:-1]


async def test_a_tree_is_listed_as_git_lists_it_and_what_is_known_is_not_read_again(
    repository: Repository,
) -> None:
    first = repository.commit(FILES, modes=MODES)
    second = repository.commit({**FILES, "a b/c/new.yaml": b"n"}, parent=first, modes=MODES)
    async with conversation(Git(repository.path)) as git:
        before, after = await read_commit(git, first), await read_commit(git, "refs/heads/main")
        lines, folders = await list_lines(git, before.tree, {})
        assert lines == listed(repository, first)
        asked = Asked(git)
        lines, now = await list_lines(asked, after.tree, folders)
    assert lines == listed(repository, second)
    assert asked.names == [name for path, name in now if path in (b"", b"a b/", b"a b/c/")]
    assert {path for path, _ in now} == {b"", b"a b/", b"a b/c/", b"a b/c/d/", b"a/", b"a-b/"}


class Asked(Conversation):
    """Notes what is asked for."""

    def __init__(self, git: Conversation) -> None:
        self.names: list[str] = []
        self._inner = git

    async def read(self, name: str, kind: str, longest: int | None = None) -> Object:
        self.names.append(name)
        return await self._inner.read(name, kind, longest)


@pytest.mark.parametrize(
    "message",
    ["One", "One\ngoes on\n\nand more", "\n\n late \n", "", "ünder\n"],
    ids=["one line", "two lines", "late", "empty", "umlaut"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
async def test_a_commit_says_what_git_log_says(repository: Repository, message: str, encoding: str) -> None:
    tree = repository.tree({"a.yaml": b"a"}, {})
    settings = ("-c", f"i18n.commitEncoding={encoding}")
    commit = repository.git(*settings, "commit-tree", tree, given=message.encode(encoding))
    told = repository.git("log", "-1", "--encoding=UTF-8", "--format=%H%x00%T%x00%an <%ae>%x00%s", commit)
    async with conversation(Git(repository.path)) as git:
        found = await read_commit(git, commit)
    assert [found.id, found.tree, found.author, found.subject] == told.split("\0")
    assert (
        found.author == f"{AUTHOR['GIT_AUTHOR_NAME']} <{AUTHOR['GIT_AUTHOR_EMAIL']}>" or encoding != "utf-8"
    )


@pytest.mark.parametrize(
    ("head", "author"),
    [
        (b"tree t\nauthor Anna <a@b> 1 +0000\ngpgsig -----\n tree x\n author y", "Anna <a@b>"),
        (b"tree t\nauthor nobody at all", "nobody at all"),
        (b"tree t\nauthor A <a> 1 +0\nencoding none-such", "A <a>"),
        (b"tree t", ""),
    ],
    ids=["signed", "odd author", "odd encoding", "no author"],
)
def test_a_commit_of_any_shape_is_told(head: bytes, author: str) -> None:
    found = parsed(Object("c", "commit", head + b"\n\nSubject\n"))
    assert (found.tree, found.author, found.subject) == ("t", author, "Subject")


def test_a_commit_without_a_tree_is_damage() -> None:
    with pytest.raises(MirrorDamagedError, match="names no tree"):
        parsed(Object("c", "commit", b"author x\n\nSubject"))


async def test_commits_right_before_the_head_are_found(repository: Repository) -> None:
    commits = [repository.commit({"a.yaml": b"0"})]
    for number in range(NEAR + 2):
        commits.append(repository.commit({"a.yaml": b"%d" % number}, parent=commits[-1]))
    async with conversation(Git(repository.path)) as git:
        head = await read_commit(git, commits[-1])
        assert await is_near(git, head, commits[-1])
        assert await is_near(git, head, commits[-2])
        assert await is_near(git, head, commits[4])
        assert not await is_near(git, head, commits[0])
        assert not await is_near(git, head, "f" * 40)


@pytest.mark.parametrize(
    ("name", "kind", "longest", "error"),
    [
        ("f" * 40, "blob", None, MirrorDamagedError),
        ("HEAD", "blob", None, MirrorDamagedError),
        ("HEAD:a.yaml", "blob", 3, AnswerTooLongError),
    ],
    ids=["missing", "of another type", "too long"],
)
async def test_what_cannot_be_read_is_no_content(
    repository: Repository, name: str, kind: str, longest: int | None, error: type[Exception]
) -> None:
    repository.commit({"a.yaml": b"four"})
    async with conversation(Git(repository.path)) as git:
        with pytest.raises(error):
            await git.read(name, kind, longest)


async def test_what_comes_while_the_conversation_goes_on_is_seen(repository: Repository) -> None:
    first = repository.commit({"a.yaml": b"1"})
    async with conversation(Git(repository.path)) as git:
        assert (await read_commit(git, "HEAD")).id == first
        second = repository.commit({"a.yaml": b"2"}, parent=first)
        repository.git("repack", "-adq")
        assert (await read_commit(git, "HEAD")).id == second
        assert (await git.read("HEAD:a.yaml", "blob")).content == b"2"
