"""What counts as a difference, and what does not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.binding import Bindings
from tests.conformance.compare import compare_reply
from tests.conformance.model import Exchange, Reply, Request
from tests.conformance.proxmox import PROXMOX
from tests.conformance.rules import is_trivial

if TYPE_CHECKING:
    from tests.conformance.model import Json

UPID = "UPID:pve1:00000352:00043DFA:6B010ADB:qmcreate:100:root@pam:"
OTHER = "UPID:pve1:00000999:00099999:6B020ADB:qmcreate:100:root@pam:"
MACS = ("BC:24:11:00:00:01", "BC:24:11:00:00:02", "BC:24:11:00:00:03")
DIGESTS = ("a" * 40, "b" * 40)
LOG = "/nodes/pve1/tasks/x/log"


def exchange(
    body: Any, path: str = "/x", params: Any = None, reason: str = "OK", headers: Any = None
) -> Exchange:
    return Exchange(0, Request("GET", path, params), Reply(200, reason, body, headers or {}))


def paths(recorded: Exchange, body: Any, bindings: Bindings | None = None, reason: str = "OK") -> list[str]:
    found = compare_reply(recorded, Reply(200, reason, body), bindings or Bindings(PROXMOX))
    return [difference.path for difference in found]


def lines(*texts: str) -> dict[str, Any]:
    return {"data": [{"n": at, "t": text} for at, text in enumerate(texts, 1)], "total": len(texts)}


ALIKE: dict[str, tuple[Any, Any]] = {
    "order of members": ({"data": [1, 2, {"a": 1}]}, {"data": [{"a": 1}, 2, 1]}),
    "another task of the same kind": ({"data": UPID}, {"data": OTHER}),
    "a made-up address inside a text": ({"net0": f"virtio={MACS[0]},x=1"}, {"net0": f"virtio={MACS[1]},x=1"}),
    "a load figure": ({"cpu": 0, "netin": 7}, {"cpu": 0.3, "netin": 0}),
    "size of a storage": ({"total": 1, "storage": "local"}, {"total": 2, "storage": "local"}),
    "order inside a content string": ({"content": "images,iso"}, {"content": "iso,images"}),
    "a cut secret": ({"value": "3e45ff6b-20a6-...<cut>"}, {"value": "00000000-0000-0000-0000-000000000001"}),
    "a time": ({"ctime": 1_795_230_430}, {"ctime": 1_800_000_000}),
}

UNLIKE: dict[str, tuple[Any, Any, list[str]]] = {
    "a number is no text": ({"a": 1}, {"a": "1"}, ["a"]),
    "a boolean is no number": ({"a": 1}, {"a": True}, ["a"]),
    "absent is not null": ({"a": None}, {}, ["a"]),
    "more than recorded": ({}, {"a": None}, ["a"]),
    "how often counts": ({"data": [1, 1, 2]}, {"data": [1, 2, 2]}, ["data[1]", "data[2]"]),
    "a member of a row": (
        {"data": [{"vmid": 1, "a": 1}]},
        {"data": [{"vmid": 1, "a": 2}]},
        ["data[vmid=1].a"],
    ),
    "another kind of task": ({"data": UPID}, {"data": OTHER.replace("qmcreate", "qmstart")}, ["data"]),
    "a text where an address belongs": ({"net0": f"virtio={MACS[0]}"}, {"net0": "virtio"}, ["net0"]),
    "no load figure": ({"cpu": 0}, {}, ["cpu"]),
    "a load figure as text": ({"cpu": 0}, {"cpu": "0"}, ["cpu"]),
    "size of a guest": ({"maxmem": 1, "vmid": 1}, {"maxmem": 2, "vmid": 1}, ["maxmem"]),
    "count of rows": ({"data": [], "total": 1}, {"data": [], "total": 2}, ["total"]),
    "a secret without form": ({"value": "3e45ff6b-20a6-...<cut>"}, {"value": "secret"}, ["value"]),
    "body where there was none": ("", {"data": None}, ["body"]),
}


@pytest.mark.parametrize(("recorded", "emulated"), ALIKE.values(), ids=ALIKE)
def test_no_difference(recorded: Any, emulated: Any) -> None:
    assert paths(exchange(recorded), emulated) == []


@pytest.mark.parametrize(("recorded", "emulated", "expected"), UNLIKE.values(), ids=UNLIKE)
def test_a_difference(recorded: Any, emulated: Any, expected: list[str]) -> None:
    assert paths(exchange(recorded), emulated) == expected


def test_one_recorded_value_is_one_emulated_value() -> None:
    recorded = exchange({"data": [{"vmid": 1, "mac": MACS[0]}, {"vmid": 2, "mac": MACS[0]}]})
    same = {"data": [{"vmid": 1, "mac": MACS[1]}, {"vmid": 2, "mac": MACS[1]}]}
    split = {"data": [{"vmid": 1, "mac": MACS[1]}, {"vmid": 2, "mac": MACS[2]}]}
    assert paths(recorded, same) == []
    assert paths(recorded, split) == ["data[vmid=2].mac"]


def test_a_link_local_address_is_that_of_the_card() -> None:
    recorded = exchange({"mac": "bc:24:11:d0:1c:21", "inet6": "fe80::be24:11ff:fed0:1c21/64"})
    assert paths(recorded, {"mac": "bc:24:11:00:0a:01", "inet6": "fe80::be24:11ff:fe00:a01/64"}) == []
    assert paths(recorded, {"mac": "bc:24:11:00:0a:01", "inet6": "fe80::be24:11ff:fe00:a02/64"}) == ["inet6"]


def test_two_recorded_values_are_two_emulated_values() -> None:
    recorded = exchange({"a": DIGESTS[0], "b": DIGESTS[1]})
    assert paths(recorded, {"a": DIGESTS[1], "b": DIGESTS[0]}) == []
    assert paths(recorded, {"a": DIGESTS[0], "b": DIGESTS[0]}) == ["b"]


def test_what_the_emulator_was_told_stays_what_it_is() -> None:
    told = Bindings(PROXMOX, {"net0": MACS[0], "starttime": 1_795_230_430})
    assert paths(exchange({"mac": MACS[0]}), {"mac": MACS[1]}, told) == ["mac"]
    assert paths(exchange({"mac": MACS[1]}), {"mac": MACS[0]}, told) == ["mac"]


def test_a_second_of_the_recording_is_about_a_second() -> None:
    bindings = Bindings(PROXMOX)
    recorded = exchange({"ctime": 1_795_230_430})
    found = [
        paths(recorded, {"ctime": second}, bindings)
        for second in (1_800_000_000, 1_800_000_002, 1_800_000_003)
    ]
    assert found == [[], [], ["ctime"]]


def test_the_order_of_tasks_and_pages_counts() -> None:
    assert paths(exchange({"data": [1, 2]}, "/cluster/tasks"), {"data": [2, 1]}) == ["data[0]", "data[1]"]
    assert paths(exchange({"data": [1, 2]}, "/x", {"limit": 2}), {"data": [2, 1]}) == ["data[0]", "data[1]"]


def test_of_a_log_the_last_line_and_the_lines_with_volumes_count() -> None:
    disk = "scsi0: successfully created disk 'local-zfs:vm-1-disk-0,size=1G'"
    recorded = exchange(lines("transferred 1", disk, "TASK OK"), LOG)
    assert paths(recorded, lines(disk, "half", "more", "TASK OK")) == []
    assert paths(recorded, lines(disk.replace("1G", "2G"), "TASK OK")) == ["data[0]"]
    assert paths(recorded, lines(disk, "TASK ERROR: no")) == ["data[1]"]
    assert paths(recorded, lines("TASK OK")) == ["data[0]", "data[1]"]


def test_reason_phrase_and_recorded_headers_count_but_dates_do_not() -> None:
    assert paths(exchange(None, reason="OK"), None, reason="Ok") == ["reason"]
    recorded = exchange(None, headers={"Server": "a", "Date": "yesterday", "Content-Length": "1"})
    emulated = Reply(200, "OK", None, {"server": "a", "date": "today"})
    assert compare_reply(recorded, emulated, Bindings(PROXMOX)) == ()
    missing = compare_reply(recorded, Reply(200, "OK", None, {}), Bindings(PROXMOX))
    assert [difference.path for difference in missing] == ["headers.Server"]


def test_a_missing_reply_is_one_difference() -> None:
    (found,) = compare_reply(exchange({"a": 1}), Reply(None, failure="TimeoutError"), Bindings(PROXMOX))
    assert found.path == "status"


@pytest.mark.parametrize(
    ("data", "trivial"),
    [
        (None, True),
        ([], True),
        (UPID, True),
        ({"status": "stopped", "exitstatus": "OK", "upid": UPID}, True),
        ([{"n": 1, "t": "TASK OK"}], True),
        ({"status": "stopped", "exitstatus": "VM is locked"}, False),
        ("102", False),
        ([1], False),
    ],
)
def test_replies_that_say_next_to_nothing_are_trivial(data: Any, *, trivial: bool) -> None:
    assert is_trivial(exchange({"data": data})) is trivial


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


def shuffled(value: Json, chance: random.Random) -> Json:
    match value:
        case dict():
            return {key: shuffled(value[key], chance) for key in chance.sample(list(value), len(value))}
        case list():
            return [shuffled(item, chance) for item in chance.sample(value, len(value))]
        case _:
            return value


@given(plain, st.randoms(use_true_random=False))
def test_any_value_equals_itself_in_any_order(value: Any, chance: random.Random) -> None:
    assert paths(exchange({"data": value}), {"data": shuffled(value, chance)}) == []


@given(plain, plain)
def test_values_are_alike_only_when_they_are_equal_up_to_order(one: Any, other: Any) -> None:
    alike = paths(exchange({"data": one}), {"data": other}) == []
    assert alike == (canonical(one) == canonical(other))


def canonical(value: Json) -> str:
    match value:
        case dict():
            return f"{{{sorted((key, canonical(item)) for key, item in value.items())}}}"
        case list():
            return f"[{sorted(canonical(item) for item in value)}]"
        case _:
            return repr(value)
