from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.proxmox import pending
from setpoint_lab.proxmox.config_file import digest
from setpoint_lab.proxmox.qemu.config import Config

VALUES = st.dictionaries(
    st.sampled_from(["name", "tags", "net0", "scsi0", "args", "cpu"]),
    st.text(string.ascii_letters + string.digits + " =,:;#%", min_size=1).filter(
        lambda text: text == text.strip()
    ),
)


def test_the_digest_is_that_of_the_text() -> None:
    assert digest(Config({"lock": "create"}).render()) == "a7e9f8c42935261b36fcd1d7d6cd8cd41648da49"


@given(VALUES, VALUES, st.dictionaries(st.sampled_from(["cores", "net1"]), st.booleans()))
def test_a_config_reads_back_as_it_was(
    current: dict[str, str], waiting: dict[str, str], deletes: dict[str, bool]
) -> None:
    config = Config(dict(current), dict(waiting), dict(deletes), {"cloudinit": {"ciuser": "a"}})
    again = Config.parse(config.render())
    assert again == config
    assert again.render() == config.render()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hello\n", "hello"),
        ("  lead trail  ", "  lead trail"),
        ("a\r\nb", "a\r\nb"),
        ("\n\nx", "\n\nx"),
        ('100% :# \\ "x"', '100% :# \\ "x"'),
        ("ümlaut ☃", "ümlaut ☃"),
    ],
)
def test_descriptions_lose_only_what_trails(written: str, read: str) -> None:
    assert Config.parse(Config({"description": written}).render()).current["description"] == read


def test_an_empty_description_is_none() -> None:
    assert Config.parse(Config({"description": ""}).render()).current == {}


def test_a_pending_empty_description_stays_pending() -> None:
    assert Config.parse(Config(pending={"description": ""}).render()).pending == {"description": ""}


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [("cores", "02", "2"), ("onboot", "yes", "1"), ("memory", "0512", "0512"), ("tags", "", " "), ("cpulimit", "1.50", "1.50")],
)  # fmt: skip
def test_values_come_back_in_their_stored_form(key: str, value: str, stored: str) -> None:
    assert Config.parse(Config({key: value}).render()).current == {key: stored}


def test_pending_covers_current_and_hides_what_is_deleted() -> None:
    config = Config(
        {"cores": "1", "memory": "512", "ostype": "l26"}, {"cores": "2", "name": "a"}, {"ostype": False}
    )
    assert pending.merged(config) == {"cores": 2, "memory": "512", "name": "a"}
    assert pending.current(config) == {"cores": 1, "memory": "512", "ostype": "l26"}


def test_the_list_of_changes_says_what_happens_to_each_option() -> None:
    config = Config(
        {"cores": "1", "net1": "x", "ostype": "l26"},
        {"cores": "2", "name": "a"},
        {"ostype": False, "net1": True},
    )
    assert sorted(pending.changes(config), key=lambda row: str(row["key"])) == [
        {"key": "cores", "value": 1, "pending": 2},
        {"key": "name", "pending": "a"},
        {"key": "net1", "value": "x", "delete": 2},
        {"key": "ostype", "value": "l26", "delete": 1},
    ]


def test_tidying_drops_what_changes_nothing() -> None:
    config = Config({"cores": "1"}, {"cores": "1", "name": "a"}, {"ostype": False})
    assert pending.tidy(config)
    assert (config.pending, config.deletes) == ({"name": "a"}, {})
    assert not pending.tidy(config)
