"""From a flake's URL to a revision: asked once for many hosts, kept when the forge is silent, and told as what it is."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.errors import SourceError
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.flake_url import FlakeUrl
from tests.systems.nixos.fleet import Fleet

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("git+https://f.test/a.git", FlakeUrl("https://f.test/a.git"), id="https"),
        pytest.param("https://f.test/a.git?ref=main", FlakeUrl("https://f.test/a.git", "main"), id="ref"),
        pytest.param(
            "git+ssh://git@f.test/a.git?ref=x/y&dir=nix/", FlakeUrl("ssh://git@f.test/a.git", "x/y", "", "nix"),
            id="ssh-dir",
        ),
        pytest.param("git@f.test:a/b.git", FlakeUrl("git@f.test:a/b.git"), id="scp"),
        pytest.param("github:o/n", FlakeUrl("https://github.com/o/n.git"), id="github"),
        pytest.param("github:o/n/rel-1", FlakeUrl("https://github.com/o/n.git", "rel-1"), id="github-branch"),
        pytest.param(f"gitlab:o/n/{SHA}", FlakeUrl("https://gitlab.com/o/n.git", "", SHA), id="gitlab-commit"),
        pytest.param(
            "gitlab:o/n?host=git.f.test&dir=d", FlakeUrl("https://git.f.test/o/n.git", "", "", "d"), id="own-gitlab"
        ),
        pytest.param("sourcehut:~u/n", FlakeUrl("https://git.sr.ht/~u/n"), id="sourcehut"),
        pytest.param(f"/srv/a.git?rev={SHA}", FlakeUrl("file:///srv/a.git", "", SHA), id="path-of-repository"),
    ],
)  # fmt: skip
def test_a_flake_is_read_as_nix_and_git_write_it(text: str, expected: FlakeUrl) -> None:
    assert FlakeUrl.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("path:./here", "has no revision", id="path"),
        pytest.param("github:o", "names no repository", id="no-name"),
        pytest.param("git+https://f.test/a#web01", "names an attribute", id="attribute"),
        pytest.param("nixpkgs", "is no git repository", id="registry"),
        pytest.param("https://f.test/a?ref=--upload-pack=x", "no name of a branch", id="option"),
        pytest.param("https://f.test/a?ref=a..b", "no name of a branch", id="range"),
        pytest.param("https://f.test/a?rev=abc", "write all 40", id="short"),
        pytest.param("https://f.test/a?dir=../x", "leads out", id="outside"),
        pytest.param("https://f.test/a?submodules=1", "is not known here", id="unknown"),
        pytest.param("ext::sh -c id", "is no git repository", id="command"),
    ],
)
def test_what_is_no_flake_in_git_is_refused_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        FlakeUrl.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        url = FlakeUrl.parse(text)
    except ValueError:
        return
    assert not url.ref.startswith("-")
    assert url.revision == "" or len(url.revision) == 40


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    made = Fleet(tmp_path)
    made.host("web01", payload="one")
    return made


def git(fleet: Fleet, *arguments: str) -> None:
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.test")
    subprocess.run(("git", "-C", str(fleet.repository), *author, *arguments), check=True)


def damage(mirrors: Path) -> None:
    for thing in mirrors.glob("*/objects/*"):
        shutil.rmtree(thing)


def give_away(repository: Path) -> None:
    subprocess.run(("chown", "-R", "nobody", str(repository)), check=True)


def flakes(tmp_path: Path, within: timedelta = timedelta()) -> Flakes:
    return Flakes(tmp_path / "mirrors", within)


async def test_a_push_is_seen_by_the_next_question_and_not_before(fleet: Fleet, tmp_path: Path) -> None:
    first = fleet.commit()
    patient, url = flakes(tmp_path, timedelta(hours=1)), FlakeUrl.parse(fleet.url)
    assert (await patient.pin(url)).revision == first
    second = fleet.commit()
    assert (await patient.pin(url)).revision == first
    assert (await patient.pin(url, since=monotonic())).revision == second


@pytest.mark.parametrize("ref", ["", "main", "v1", "refs/heads/main", "refs/tags/v1"])
async def test_a_branch_a_tag_and_the_default_lead_to_their_commit(
    fleet: Fleet, tmp_path: Path, ref: str
) -> None:
    commit = fleet.commit()
    git(fleet, "tag", "--annotate", "--message=v1", "v1")
    pinned = await flakes(tmp_path).pin(FlakeUrl(fleet.url, ref))
    assert (pinned.revision, pinned.stale) == (commit, "")


async def test_a_forge_that_is_down_leaves_the_last_revision_and_says_so(
    fleet: Fleet, tmp_path: Path
) -> None:
    commit, url = fleet.commit(), FlakeUrl.parse(fleet.url)
    assert (await flakes(tmp_path).pin(url)).stale == ""
    fleet.repository.rename(tmp_path / "away.git")
    after_restart = await flakes(tmp_path).pin(url)
    assert after_restart.revision == commit
    assert "there is no git repository at" in after_restart.stale
    (tmp_path / "away.git").rename(fleet.repository)
    assert (await flakes(tmp_path).pin(url)).stale == ""


async def test_a_forge_that_was_never_reached_gives_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no git repository"):
        await flakes(tmp_path).pin(FlakeUrl(f"file://{tmp_path}/nowhere.git"))


async def test_a_branch_that_was_deleted_is_an_error_and_not_stale(fleet: Fleet, tmp_path: Path) -> None:
    fleet.commit()
    url = FlakeUrl(fleet.url, "main")
    await flakes(tmp_path).pin(url)
    git(fleet, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(SourceError, match="has no branch or tag main"):
        await flakes(tmp_path).pin(url)


async def test_a_pinned_revision_needs_no_forge_once_it_is_here(fleet: Fleet, tmp_path: Path) -> None:
    commit = fleet.commit()
    fleet.commit()
    url = FlakeUrl(fleet.url, "", commit)
    assert (await flakes(tmp_path).pin(url)).revision == commit
    shutil.rmtree(fleet.repository)
    again = await flakes(tmp_path).pin(url)
    assert (again.revision, again.stale) == (commit, "")


async def test_a_revision_that_nobody_has_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    fleet.commit()
    with pytest.raises(SourceError, match=f"no branch, tag or commit '{SHA}'"):
        await flakes(tmp_path).pin(FlakeUrl(fleet.url, "", SHA))


async def test_a_damaged_mirror_is_made_anew(fleet: Fleet, tmp_path: Path) -> None:
    commit, url = fleet.commit(), FlakeUrl.parse(fleet.url)
    await flakes(tmp_path).pin(url)
    damage(tmp_path / "mirrors")
    assert (await flakes(tmp_path).pin(url)).revision == commit


async def test_history_that_was_rewritten_is_followed(fleet: Fleet, tmp_path: Path) -> None:
    first, url = fleet.commit(), FlakeUrl.parse(fleet.url)
    assert (await flakes(tmp_path).pin(url)).revision == first
    git(fleet, "update-ref", "-d", "HEAD")
    fleet.write("other", "history")
    second = fleet.commit()
    assert (await flakes(tmp_path).pin(url)).revision == second


@pytest.mark.parametrize(
    ("flake", "same"),
    [
        pytest.param("{ outputs = { self }: { }; }", True, id="tells-no-revision"),
        pytest.param("{ outputs = { self }: { x = self.rev or null; }; }", False, id="rev"),
        pytest.param("{ outputs = { self }: { x = self . shortRev; }; }", False, id="short-rev"),
        pytest.param("{ outputs = { self }: { inherit (self) rev; }; }", False, id="inherit"),
        pytest.param("{ outputs = { self }: { x = self.revenue; }; }", True, id="another-word"),
    ],
)
async def test_the_same_files_are_the_same_flake_unless_it_tells_its_revision(
    tmp_path: Path, flake: str, *, same: bool
) -> None:
    fleet = Fleet(tmp_path)
    fleet.write("flake.nix", flake)
    fleet.commit()
    at_hand, url = flakes(tmp_path), FlakeUrl.parse(fleet.url)
    before = await at_hand.pin(url)
    fleet.commit()
    after = await at_hand.pin(url)
    assert before.revision != after.revision
    assert (before.identity == after.identity) is same


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a repository to another user")
async def test_a_repository_of_another_user_is_told_with_what_to_do(fleet: Fleet, tmp_path: Path) -> None:
    fleet.commit()
    give_away(fleet.repository)
    with pytest.raises(SourceError, match=r"belongs to another user .*safe\.directory"):
        await flakes(tmp_path).pin(FlakeUrl.parse(fleet.url))
