"""What each version of Nix prints, read: the cause of a failure in one line, whatever stands around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.errors import RefusalError, TransportError
from setpoint_nixos.nix import read
from setpoint_nixos.nix.events import Building, Copying, Counted, Event, Line, Told
from setpoint_nixos.nix.failures import UnsignedError, copying
from tests.systems.nixos.nixes import VERSIONS, call, make_nix

HASH = "0123456789abcdfghijklmnpqrsvwxyz"
DRV, OUT = f"/nix/store/{HASH}-web.drv", f"/nix/store/{HASH}-web"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("nix (Nix) 2.8.0\n", "Nix 2.8.0", id="debian"),
        pytest.param("nix (Nix) 2.34.8", "Nix 2.34.8", id="newest"),
        pytest.param("nix (Lix, like Nix) 2.91.0\nSystem type: x86_64-linux", "Lix, like Nix 2.91.0", id="lix"),
        pytest.param("nix (Nix) 2.30pre20250701_abc", "Nix 2.30pre20250701_abc", id="before-release"),
    ],
)  # fmt: skip
def test_each_make_of_nix_is_known_by_its_version(text: str, told: str) -> None:
    assert str(read.version(text)) == told


@pytest.mark.parametrize("which", VERSIONS)
def test_the_versions_that_are_tried_here_are_told(
    tmp_path: Path, which: str, record_property: Callable[[str, object], None]
) -> None:
    found = read.version(call(make_nix(tmp_path, which), "nix", "--version"))
    record_property("figure", f"tests/systems/nixos ran with {found} ({which})")
    assert found.make == "Nix"


@pytest.mark.parametrize("text", ["", "bash: nix: not found", "nix"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no version of Nix"):
        read.version(text)


ONE_LINE = "warning: Git tree is dirty\nerror: no root fs\n(use '--show-trace' to show detailed location information)\n"
TRACED = """\
warning: Git tree '/srv' is dirty
error:
       … while calling the 'throw' builtin
         at /nix/store/cs09j4hyj510fzqd5l45jajhx48nn9qn-source/lib/bad.nix:1:91:
            1| { name }: throw "error: not this"
             |           ^
            2|

       error: assertion failed: no root fs
"""
ASSERTIONS = """\
error:
       Failed assertions:
       - You must set the option 'boot.loader.grub.devices'
       - The 'fileSystems' option does not specify your root file system.
(use '--show-trace' to show detailed location information)
"""
FAILED_28 = f"""\
building '{DRV}'...
error: builder for '{DRV}' failed with exit code 3;
       last 2 log lines:
       > compiling
       > error: oops
       For full logs, run 'nix log {DRV}'.
error: 1 dependencies of derivation '/nix/store/{HASH}-top.drv' failed to build
"""
FAILED_234 = f"""\
error: Cannot build '{DRV}'.
       Reason: builder failed with exit code 3.
       Output paths:
         {OUT}
       Last 1 log lines:
       > oops
       For full logs, run:
         nix log {DRV}
error: Cannot build '/nix/store/{HASH}-top.drv'.
       Reason: 1 dependency failed.
       Output paths:
         {OUT}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(ONE_LINE, "no root fs", id="in-one-line"),
        pytest.param(TRACED, "assertion failed: no root fs", id="behind-a-trace"),
        pytest.param(
            ASSERTIONS,
            "Failed assertions: - You must set the option 'boot.loader.grub.devices' - The 'fileSystems' option does "
            "not specify your root file system.",
            id="assertions-of-nixos",
        ),
        pytest.param(
            FAILED_28,
            f"builder for '{DRV}' failed with exit code 3; last 2 log lines: > compiling > error: oops",
            id="build-before-what-follows",
        ),
        pytest.param(
            FAILED_234,
            f"Cannot build '{DRV}'. Reason: builder failed with exit code 3. Last 1 log lines: > oops",
            id="build-of-the-newest",
        ),
        pytest.param("\x1b[31;1merror:\x1b[0m \x1b[35;1mred\x1b[0m\n", "red", id="coloured"),
        pytest.param("sh: 1: nix: not found\n", "sh: 1: nix: not found", id="no-nix"),
        pytest.param("error:\n", "error:", id="without-words"),
        pytest.param("", "nothing was said", id="silent"),
        pytest.param("error: a\x1b]0;title\x07b\n", "ab", id="title-of-a-window"),
        pytest.param("error: bell\x07\n", "bell\\x07", id="signs-that-steer"),
    ],
)
def test_the_cause_is_what_a_person_needs(text: str, told: str) -> None:
    assert read.cause(text) == told


@given(st.text())
def test_any_words_give_a_cause_in_one_printable_line(text: str) -> None:
    assert read.cause(text)
    assert read.cause(text).isprintable()


@given(st.text())
def test_no_line_breaks_what_is_told(text: str) -> None:
    told = Told()
    for line in (text, f"@nix {text}", f"@nix {json.dumps(text)}"):
        told.take(line)
    assert told.cause


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["msg", "start", "stop", "result", "other"]) | JSON,
        "type": st.sampled_from([100, 101, 103, 104, 105, 106, 107]) | JSON,
        "id": st.integers(0, 3) | JSON,
        "level": st.integers(0, 7) | JSON,
        "msg": JSON,
        "raw_msg": JSON,
        "fields": JSON,
    },
)


@given(st.lists(EVENT))
def test_no_event_breaks_what_is_told(events: list[dict[str, object]]) -> None:
    told = Told(lambda _: None)
    for event in events:
        told.take(f"@nix {json.dumps(event)}")
    assert told.cause


def tell(*events: dict[str, object]) -> tuple[Told, list[Event]]:
    heard: list[Event] = []
    told = Told(heard.append)
    for event in events:
        told.take(f"@nix {json.dumps(event)}")
    return told, heard


def test_the_events_of_a_build_are_told() -> None:
    told, heard = tell(
        {"action": "start", "id": 1, "level": 0, "text": "", "type": 104},
        {"action": "start", "id": 2, "level": 3, "type": 105, "fields": [DRV, "", 1, 1]},
        {"action": "start", "id": 3, "level": 3, "type": 105, "fields": [DRV, "ssh-ng://forge", 1, 1]},
        {"action": "result", "id": 2, "type": 101, "fields": ["\x1b[1mhi\x1b[0m"]},
        {"action": "result", "id": 1, "type": 105, "fields": [1, 4, 1, 0]},
        {"action": "start", "id": 4, "level": 3, "type": 100, "fields": [OUT, "here", "there"]},
        {"action": "stop", "id": 2},
        {"action": "msg", "level": 0, "msg": "\x1b[31;1merror:\x1b[0m no", "raw_msg": "no"},
        {"action": "msg", "level": 0, "msg": "(use '--show-trace' to show detailed location information)"},
    )
    assert heard == [
        Building(DRV),
        Building(DRV, "ssh-ng://forge"),
        Line(DRV, "hi"),
        Counted("builds", 1, 4, 0),
        Copying(OUT),
    ]
    assert (told.cause, told.log) == ("no", ("hi",))


def test_the_log_is_that_of_the_builder_that_spoke_last() -> None:
    other = DRV.replace("web", "db")
    told, _ = tell(
        {"action": "start", "id": 1, "type": 105, "fields": [other]},
        {"action": "start", "id": 2, "type": 105, "fields": [DRV]},
        *({"action": "result", "id": 1, "type": 101, "fields": [f"db {n}"]} for n in range(3)),
        *({"action": "result", "id": 2, "type": 101, "fields": [f"web {n}"]} for n in range(40)),
    )
    assert told.log == tuple(f"web {n}" for n in range(15, 40))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(json.dumps({"drv": DRV, "out": OUT, "platform": "x", "more": 1}), read.System(DRV, OUT, "x"), id="more"),
        pytest.param(json.dumps({"drv": DRV, "out": OUT}), None, id="less"),
        pytest.param(json.dumps({"drv": DRV, "out": "/etc", "platform": "x"}), None, id="no-store-path"),
        pytest.param(json.dumps({"drv": DRV, "out": f"{OUT}/bin", "platform": "x"}), None, id="below-a-store-path"),
        pytest.param('"text"', None, id="text"),
        pytest.param('{"drv":', None, id="cut"),
        pytest.param("", None, id="empty"),
    ],
)  # fmt: skip
def test_an_answer_is_read_whole_or_refused(text: str, expected: read.System | None) -> None:
    if expected is not None:
        assert read.system(text) == expected
        return
    with pytest.raises(ValueError, match=r".*"):
        read.system(text)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (f"cannot add path '{OUT}' because it lacks a signature by a trusted key", UnsignedError),
        (f"cannot add path '{OUT}' because it lacks a valid signature", UnsignedError),
        ("unexpected end-of-file", TransportError),
        ("writing to file: Broken pipe", TransportError),
        ("cannot connect to daemon at '/run/x': Connection refused", TransportError),
        ("writing to file: No space left on device", RefusalError),
        ("hash mismatch importing path", RefusalError),
        ("anything else", RefusalError),
    ],
)
def test_a_copy_that_fails_is_told_by_what_can_be_done(cause: str, kind: type[Exception]) -> None:
    assert type(copying(cause, "web01 cannot be given x")) is kind
