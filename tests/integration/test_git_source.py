"""The git source against real repositories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from setpoint.model.errors import SourceError
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.sources.snapshot import HistoryRewrittenError
from setpoint.sources.source import Limits
from tests.unit.sources.listener import listening
from tests.unit.sources.repository import Repository

pytestmark = pytest.mark.integration

FILES = {"defaults.yaml": b"a: 1\n", "vms/web01.yaml": b"kind: VirtualMachine\n", "README.md": b"# Estate\n"}


def never(_: str) -> bool:
    return False


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "estate.git")


@pytest.fixture
def mirror(tmp_path: Path) -> Git:
    return Git(tmp_path / "state" / "git" / "git.git")


@pytest.fixture
def source(repository: Repository, mirror: Git) -> GitSource:
    return GitSource(str(repository.path), mirror)


async def test_every_declaration_of_the_head_is_given_with_its_commit(
    repository: Repository, source: GitSource
) -> None:
    commit = repository.commit(FILES, subject="Begin: ünïcode")
    snapshot = await source.fetch(None, never)
    assert snapshot.version == commit
    assert snapshot.source == "git"
    assert snapshot.author == "Ánna Admin <anna@example.org>"
    assert snapshot.subject == "Begin: ünïcode"
    assert snapshot.files == {name: FILES[name] for name in ("defaults.yaml", "vms/web01.yaml")}


async def test_a_new_commit_is_followed(repository: Repository, source: GitSource) -> None:
    first = repository.commit(FILES)
    assert (await source.fetch(None, never)).version == first
    second = repository.commit({"only.yml": b"b: 2\n"}, parent=first)
    snapshot = await source.fetch(first, never)
    assert (snapshot.version, snapshot.files) == (second, {"only.yml": b"b: 2\n"})


async def test_what_a_commit_did_not_touch_is_not_read_again(
    repository: Repository, source: GitSource
) -> None:
    first = repository.commit({"a.yaml": b"a", "b/b.yaml": b"content b", "c.yaml": b"content c"})
    before = await source.fetch(None, never)
    repository.commit({"a.yaml": b"content c", "b/b.yaml": b"content b", "d.yaml": b"d"}, parent=first)
    after = await source.fetch(before.version, never)
    assert after.files == {"a.yaml": b"content c", "b/b.yaml": b"content b", "d.yaml": b"d"}
    assert after.files["b/b.yaml"] is before.files["b/b.yaml"]


async def test_nothing_new_gives_the_same_snapshot(repository: Repository, source: GitSource) -> None:
    commit = repository.commit(FILES)
    first = await source.fetch(None, never)
    assert await source.fetch(commit, never) is first


async def test_a_commit_that_declares_nothing_is_empty(repository: Repository, source: GitSource) -> None:
    repository.commit({"README.md": b"# Estate\n"})
    assert (await source.fetch(None, never)).files == {}


async def test_content_that_is_not_utf_8_passes_as_it_is(repository: Repository, source: GitSource) -> None:
    repository.commit({"latin.yaml": b"name: caf\xe9\n", "empty.yaml": b"", "nul.yaml": b"a\0b\n\n"})
    snapshot = await source.fetch(None, never)
    assert snapshot.files == {"latin.yaml": b"name: caf\xe9\n", "empty.yaml": b"", "nul.yaml": b"a\0b\n\n"}


async def test_names_with_blanks_and_umlauts_are_read(repository: Repository, source: GitSource) -> None:
    repository.commit({'my "vms"/wéb 01.yaml': b"x\n"})
    assert list((await source.fetch(None, never)).files) == ['my "vms"/wéb 01.yaml']


async def test_links_and_submodules_are_left_out_with_a_note(
    repository: Repository, source: GitSource
) -> None:
    files = {"a.yaml": b"x\n", "link.yaml": b"/etc/passwd", "module": b"1" * 40}
    repository.commit(files, modes={"link.yaml": "120000", "module": "160000"})
    snapshot = await source.fetch(None, never)
    assert list(snapshot.files) == ["a.yaml"]
    assert snapshot.notes == (
        "link.yaml is a symbolic link and not read",
        "module is a submodule and not read",
    )


async def test_what_is_named_like_the_sheets_of_an_inventory_is_left_out_with_a_note(
    repository: Repository, source: GitSource
) -> None:
    repository.commit(
        {"@register/x.yaml": b"x\n", "@y.yaml": b"x\n", "vms/@z.yaml": b"x\n", "@logo.png": b"x"}
    )
    snapshot = await source.fetch(None, never)
    assert list(snapshot.files) == ["vms/@z.yaml"]
    assert snapshot.notes == tuple(
        f"{path} begins with @, which is kept for inventories, and is not read; rename it"
        for path in ("@register/x.yaml", "@y.yaml")
    )


async def test_hidden_files_declare_nothing(repository: Repository, source: GitSource) -> None:
    repository.commit({".github/workflows/ci.yml": b"x\n", ".pre-commit.yaml": b"x\n", "a.yaml": b"x\n"})
    assert list((await source.fetch(None, never)).files) == ["a.yaml"]


async def test_only_the_folder_is_read(repository: Repository, mirror: Git) -> None:
    repository.commit({"estate/home/a.yaml": b"x\n", "estate/homework.yaml": b"x\n", "b.yaml": b"x\n"})
    source = GitSource(str(repository.path), mirror, folder="estate/home")
    assert list((await source.fetch(None, never)).files) == ["a.yaml"]


async def test_only_the_branch_is_followed(repository: Repository, mirror: Git) -> None:
    repository.commit(FILES)
    commit = repository.commit({"a.yaml": b"x\n"}, branch="site/lab")
    source = GitSource(str(repository.path), mirror, branch="site/lab")
    assert (await source.fetch(None, never)).version == commit


def many(count: int, size: int = 1) -> dict[str, bytes]:
    return {f"f{number}.yaml": f"{number:>{size}}".encode() for number in range(count)}


@pytest.mark.parametrize(
    ("files", "limits", "expected"),
    [
        pytest.param(many(4), Limits(files=3), "has 4 YAML files; 3 are read at most", id="many"),
        pytest.param(
            many(4, 10), Limits(total_bytes=39), "has 40 bytes of YAML; 39 are read", id="large together"
        ),
        pytest.param(
            many(2, 100_000), Limits(total_bytes=5), "has 200000 bytes of YAML; 5 are", id="far too large"
        ),
    ],
)
async def test_what_is_too_much_is_refused(
    repository: Repository, mirror: Git, files: dict[str, bytes], limits: Limits, expected: str
) -> None:
    commit = repository.commit(files)
    with pytest.raises(SourceError, match=expected) as caught:
        await GitSource(str(repository.path), mirror, limits=limits).fetch(None, never)
    assert commit[:12] in caught.value.message
    assert "source.git.path" in caught.value.remedy


async def test_a_change_that_is_too_much_is_refused_with_all_there_is(
    repository: Repository, mirror: Git
) -> None:
    first = repository.commit({"a.yaml": b"a" * 1000})
    source = GitSource(str(repository.path), mirror, limits=Limits(total_bytes=1500))
    await source.fetch(None, never)
    files = {"a.yaml": b"a" * 1000, "b.yaml": b"a" * 1000, "c.yaml": b"c" * 3000}
    repository.commit(files, parent=first)
    with pytest.raises(SourceError, match="has 5000 bytes of YAML; 1500 are read at most"):
        await source.fetch(first, never)


async def test_more_than_git_may_answer_is_refused(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.yaml": b"a" * 200_000})
    git = Git(tmp_path / "git.git", longest=100_000)
    with pytest.raises(SourceError, match="git cat-file answers more than 100000 bytes"):
        await GitSource(str(repository.path), git).fetch(None, never)


@pytest.mark.parametrize("count", [1, 31, 32, 70])
async def test_many_commits_in_one_push_are_followed(
    repository: Repository, source: GitSource, count: int
) -> None:
    first = repository.commit(FILES)
    await source.fetch(None, never)
    tree, head = repository.git("rev-parse", f"{first}^{{tree}}"), first
    for number in range(count):
        head = repository.git("commit-tree", tree, "-p", head, "-m", str(number))
    repository.git("update-ref", "refs/heads/main", head)
    snapshot = await source.fetch(first, never)
    assert (snapshot.version, snapshot.subject) == (head, str(count - 1))


def gone(repository: Repository) -> None:
    repository.path.rename(repository.path.with_name("elsewhere"))


def other_branch(repository: Repository) -> None:
    repository.commit(FILES, branch="trunk")
    repository.commit(FILES, branch="old")


def nothing(_: Repository) -> None:
    pass


def misplaced(repository: Repository) -> None:
    repository.commit(FILES)


@pytest.mark.parametrize(
    ("prepare", "expected", "remedy"),
    [
        pytest.param(gone, "there is no git repository at", "source.git.url", id="not there"),
        pytest.param(nothing, "is empty", "push a first commit to its branch main", id="empty"),
        pytest.param(
            other_branch, "has no branch main; it has old, trunk", "source.git.branch", id="no branch"
        ),
    ],
)
async def test_a_repository_that_gives_nothing_says_why(
    repository: Repository,
    source: GitSource,
    prepare: Callable[[Repository], None],
    expected: str,
    remedy: str,
) -> None:
    prepare(repository)
    with pytest.raises(SourceError, match=expected) as caught:
        await source.fetch(None, never)
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)


async def test_a_folder_that_is_not_committed_is_named(repository: Repository, mirror: Git) -> None:
    commit = repository.commit(FILES)
    source = GitSource(str(repository.path), mirror, folder="estate")
    with pytest.raises(SourceError, match=f"commit {commit[:12]} has no folder estate"):
        await source.fetch(None, never)


async def test_a_name_that_is_not_utf_8_is_refused(repository: Repository, source: GitSource) -> None:
    commit = repository.commit({"caf\udce9.yaml": b"x\n"})
    with pytest.raises(SourceError, match=f"commit {commit[:12]} .* is not UTF-8"):
        await source.fetch(None, never)


async def test_a_remote_that_does_not_listen_is_unreachable(mirror: Git, free_port: int) -> None:
    source = GitSource(f"http://anna:sesame@127.0.0.1:{free_port}/estate.git", mirror)
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        await source.fetch(None, never)
    assert "sesame" not in str(caught.value)
    assert "anna" not in str(caught.value)


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def test_a_transport_that_runs_programs_is_refused(tmp_path: Path, mirror: Git) -> None:
    proof = tmp_path / "ran"
    with pytest.raises(SourceError, match="of a kind that is not used"):
        await GitSource(f"ext::touch {proof}", mirror).fetch(None, never)
    assert not proof.exists()


class TestRewrittenHistory:
    async def test_it_is_refused_with_both_commits(self, repository: Repository, source: GitSource) -> None:
        old = repository.commit(FILES)
        await source.fetch(None, never)
        new = repository.commit({"a.yaml": b"x\n"})
        with pytest.raises(HistoryRewrittenError) as caught:
            await source.fetch(old, never)
        assert caught.value.commit == new
        assert f"{new[:12]} does not contain {old[:12]}" in caught.value.message
        assert f"setpoint approve {new}" in caught.value.remedy

    async def test_it_is_followed_once_approved(self, repository: Repository, source: GitSource) -> None:
        old = repository.commit(FILES)
        await source.fetch(None, never)
        new = repository.commit({"a.yaml": b"x\n"})
        assert (await source.fetch(old, new.__eq__)).version == new

    async def test_a_reset_to_an_ancestor_is_one_too(self, repository: Repository, source: GitSource) -> None:
        old = repository.commit(FILES)
        newer = repository.commit({"a.yaml": b"x\n"}, parent=old)
        await source.fetch(None, never)
        repository.git("update-ref", "refs/heads/main", old)
        with pytest.raises(HistoryRewrittenError):
            await source.fetch(newer, never)

    async def test_a_commit_nobody_knows_any_more_is_no_ancestor(
        self, repository: Repository, source: GitSource
    ) -> None:
        repository.commit(FILES)
        with pytest.raises(HistoryRewrittenError):
            await source.fetch("1" * 40, never)

    async def test_the_commit_in_force_stays_in_the_mirror(
        self, repository: Repository, source: GitSource, mirror: Git
    ) -> None:
        old = repository.commit(FILES)
        await source.fetch(None, never)
        repository.commit({"a.yaml": b"x\n"})
        with pytest.raises(HistoryRewrittenError):
            await source.fetch(old, never)
        assert (await mirror.ask("gc", "--quiet", "--prune=now")).code == 0
        assert (await mirror.ask("cat-file", "-e", f"{old}^{{tree}}")).code == 0


async def rung(source: GitSource, cause: Callable[[], object]) -> None:
    async with listening(source) as listener:
        await listener.until_rung(cause)


class TestWatching:
    async def test_it_rings_at_the_poll(self, mirror: Git) -> None:
        source = GitSource("https://example.invalid/x", mirror, poll=timedelta(milliseconds=20))
        await rung(source, lambda: None)

    async def test_it_rings_at_once_when_poked(self, mirror: Git) -> None:
        source = GitSource("https://example.invalid/x", mirror, poll=timedelta(hours=1))
        source.poke()
        await rung(source, lambda: None)

    async def test_pokes_while_nobody_waits_become_one(self, mirror: Git) -> None:
        source = GitSource("https://example.invalid/x", mirror, poll=timedelta(hours=1))
        source.poke()
        source.poke()
        async with listening(source) as listener:
            assert await listener.heard(10)
            assert not await listener.heard(0.1)

    @pytest.mark.parametrize("work_tree", ["", ".git"], ids=["bare", "with a work tree"])
    async def test_it_rings_at_a_push_to_a_repository_on_this_host_and_not_at_its_own_fetch(
        self, tmp_path: Path, mirror: Git, work_tree: str
    ) -> None:
        repository = Repository.make(tmp_path / "local" / work_tree)
        commits = [repository.commit(FILES)]
        source = GitSource(str(tmp_path / "local"), mirror, poll=timedelta(hours=1))

        def push() -> None:
            commits.append(repository.commit({"a.yaml": str(len(commits)).encode()}, parent=commits[-1]))

        async with listening(source) as listener:
            await listener.until_rung(push)
            await listener.until_quiet()
            assert (await source.fetch(None, never)).version == commits[-1]
            assert not await listener.heard(0.6)

    async def test_it_rings_when_the_refs_are_packed(self, repository: Repository, mirror: Git) -> None:
        repository.commit(FILES)
        source = GitSource(str(repository.path), mirror, poll=timedelta(hours=1))
        await rung(source, lambda: (repository.path / "packed-refs").write_text("# pack-refs\n"))
