"""What is made of git's own words: faults, listings, batches, its surroundings. No process is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired.files import is_declaration
from setpoint.model.errors import SourceError
from setpoint.sources.faults import LONGEST, condense, missing_branch, remote_fault
from setpoint.sources.mirror import MirrorDamagedError
from setpoint.sources.process import environment
from setpoint.sources.source import local_path
from setpoint.sources.tree import sort_out, split_batch

URL = "https://anna:ses@me@forge.example.org/estate.git"

SAYINGS = [
    ("@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.", "host key"),
    ("fatal: Authentication failed for 'https://forge.example.org/estate.git/'", "let us in"),
    ("fatal: could not read Username for 'https://forge': terminal prompts disabled", "let us in"),
    ("git@forge: Permission denied (publickey,password).", "let us in"),
    ("fatal: unable to access 'https://forge/x/': The requested URL returned error: 403", "let us in"),
    ("remote: HTTP Basic: Access denied", "let us in"),
    ("fatal: detected dubious ownership in repository at '/srv/estate.git'", "another user"),
    ("fatal: transport 'ext' not allowed", "not used"),
    ("git: 'remote-foo' is not a git command\nfatal: Unable to find remote helper for 'foo'", "not used"),
    ("fatal: '/srv/x' does not appear to be a git repository", "no git repository"),
    ("fatal: repository 'https://forge/x/' not found", "no git repository"),
    ("ERROR: Repository not found.", "no git repository"),
    ("remote: The project you were looking for could not be found", "no git repository"),
    ("fatal: unable to access 'https://forge/': server certificate verification failed", "certificate"),
    ("fatal: unable to access 'https://forge/': Could not resolve host: forge", "be reached"),
    ("ssh: Could not resolve hostname forge: Name or service not known", "be reached"),
    ("ssh: connect to host forge port 22: Connection timed out", "be reached"),
    ("fatal: unable to access 'https://forge/': The requested URL returned error: 502", "be reached"),
    ("fatal: the remote end hung up unexpectedly", "be reached"),
    ("fatal: unable to connect to 127.0.0.1:\n127.0.0.1: errno=Connection refused", "be reached"),
    ("error: file write error: No space left on device\nfatal: early EOF", "no room for the mirror"),
]


@pytest.mark.parametrize(("said", "expected"), SAYINGS, ids=[said[:40] for said, _ in SAYINGS])
def test_a_fault_of_the_remote_is_understood(said: str, expected: str) -> None:
    fault = remote_fault(URL, said)
    assert fault is not None
    assert expected in fault.message
    assert "forge.example.org/estate.git" in fault.message
    assert fault.remedy
    assert "\n" not in str(fault)
    assert "ses" not in str(fault)


@pytest.mark.parametrize(
    "said",
    [
        "fatal: not a git repository: '/var/lib/setpoint/git/git.git'",
        "fatal: update_ref failed for ref 'refs/setpoint/fetched': cannot lock ref 'refs/setpoint/fetched'",
        "error: object file objects/ab/cd is empty\nfatal: loose object abcd is corrupt",
        "fatal: bad config line 1 in file /var/lib/setpoint/git/git.git/config",
        "warning: unable to access '/root/.config/git/attributes': Permission denied\nfatal: bad object",
        "",
    ],
)
def test_anything_else_may_be_the_mirror(said: str) -> None:
    assert remote_fault(URL, said) is None


def test_gits_words_become_one_line_without_passwords() -> None:
    said = f"remote: \nerror: cannot reach {URL}/.\nhint: try again\nfatal: giving up.\n\n"
    assert condense(said) == "cannot reach https://forge.example.org/estate.git/; giving up"


@given(st.text())
def test_gits_words_never_become_long(said: str) -> None:
    assert len(condense(said)) <= LONGEST
    assert "\n" not in condense(said)


def test_many_branches_are_not_all_named() -> None:
    error = missing_branch(URL, "main", [f"b{number:02}" for number in range(12)])
    assert "it has b00, b01, " in error.message
    assert error.message.endswith("b09 and more")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.yaml", True),
        ("a/b/c.yml", True),
        ("a.YAML", False),
        ("a.json", False),
        ("a/b.csv", True),
        ("csv", False),
        ("yaml", False),
        (".yaml", False),
        ("a/.b.yaml", False),
        (".github/workflows/ci.yml", False),
        ("a.yaml/b", False),
        ("a..yaml", True),
    ],
)
def test_what_declares_something(path: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_declaration(path) is expected


def line(path: bytes, mode: str = "100644", blob: str = "1") -> bytes:
    return f"{mode} blob {blob * 40}\t".encode() + path


class TestListing:
    def test_paths_are_relative_to_the_folder(self) -> None:
        listing = sort_out([line(b"e/a.yaml"), line(b"e2/b.yaml"), line(b"e.yaml")], "c" * 40, "e")
        assert [entry.path for entry in listing.entries] == ["a.yaml"]

    def test_a_tab_belongs_to_the_name(self) -> None:
        listing = sort_out([line(b"a\tb.yaml")], "c" * 40, "")
        assert [entry.path for entry in listing.entries] == ["a\tb.yaml"]

    def test_a_folder_without_declarations_is_empty_and_there(self) -> None:
        assert sort_out([line(b"e/README.md")], "c" * 40, "e").entries == ()

    def test_names_outside_the_folder_may_be_anything(self) -> None:
        assert sort_out([line(b"caf\xe9.yaml"), line(b"e/a.md")], "c" * 40, "e").entries == ()

    def test_a_name_that_declares_nothing_may_be_anything(self) -> None:
        assert sort_out([line(b"caf\xe9.md"), line(b"a.yaml")], "c" * 40, "").notes == ()

    def test_a_submodule_is_noted(self) -> None:
        listing = sort_out([line(b"lib\xe9", "160000")], "c" * 40, "")
        assert listing.notes == ("lib\\xe9 is a submodule and not read",)

    @given(
        st.lists(st.sampled_from([b"e/a.yaml", b"e/b.yaml", b"e/l.yaml", b"e/x.md", b"f.yaml"]), unique=True),
        st.lists(st.sampled_from([b"e/a.yaml", b"e/b.yaml", b"e/l.yaml", b"e/x.md", b"f.yaml"]), unique=True),
        st.sampled_from("12"),
        st.sampled_from(["100644", "120000"]),
    )
    def test_an_earlier_listing_changes_nothing_but_the_time(
        self, before: list[bytes], after: list[bytes], blob: str, mode: str
    ) -> None:
        earlier = sort_out([line(one) for one in (*before, b"e/always.md")], "c" * 40, "e")
        lines = [line(one, mode, blob) for one in (*after, b"e/always.md")]
        assert sort_out(lines, "d" * 40, "e", earlier) == sort_out(lines, "d" * 40, "e")


class TestBatch:
    @given(st.lists(st.binary(max_size=20), max_size=5))
    def test_every_content_comes_back(self, contents: list[bytes]) -> None:
        told = b"".join(b"%s blob %d\n%s\n" % (b"1" * 40, len(one), one) for one in contents)
        assert list(split_batch(told)) == contents

    @pytest.mark.parametrize(
        "told",
        [
            pytest.param(b"1" * 40 + b" missing\n", id="missing"),
            pytest.param(b"1" * 40 + b" blob 9\nshort\n", id="cut off"),
            pytest.param(b"1" * 40 + b" blob 5\nshort", id="cut off at the end"),
            pytest.param(b"1" * 40 + b" tree 0\n\n", id="no blob"),
            pytest.param(b"garbage", id="garbage"),
        ],
    )
    def test_what_is_not_whole_is_damage(self, told: bytes) -> None:
        with pytest.raises(MirrorDamagedError):
            list(split_batch(told))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/srv/estate.git", Path("/srv/estate.git")),
        ("estate.git", Path("estate.git")),
        ("a/b:c", Path("a/b:c")),
        ("file:///srv/my%20estate", Path("/srv/my estate")),
        ("git@forge:estate.git", None),
        ("forge:estate.git", None),
        ("https://forge/estate.git", None),
        ("ssh://forge/estate.git", None),
    ],
)
def test_a_path_on_this_host_is_told_from_a_remote(url: str, expected: Path | None) -> None:
    assert local_path(url) == expected


def test_git_is_told_what_reaches_the_remote_and_nothing_that_points_elsewhere() -> None:
    kept = {
        "PATH": "/bin",
        "HOME": "/root",
        "GIT_SSH_COMMAND": "ssh -i k",
        "GIT_SSL_CAINFO": "/ca",
        "https_proxy": "p",
    }
    dropped = {"GIT_DIR": "/x", "GIT_ASKPASS": "/x", "SSH_ASKPASS": "/x", "GIT_CONFIG_PARAMETERS": "x"}
    told = environment({**kept, **dropped, "LC_ALL": "de_DE.UTF-8", "GIT_TERMINAL_PROMPT": "1"})
    assert kept.items() <= told.items()
    assert not dropped.keys() & told.keys()
    assert (told["LC_ALL"], told["GIT_TERMINAL_PROMPT"]) == ("C", "0")


def test_a_name_that_is_not_utf_8_names_the_commit() -> None:
    with pytest.raises(SourceError, match="commit cccccccccccc has a file whose name is not UTF-8"):
        sort_out([line(b"caf\xe9.yaml")], "c" * 40, "")
