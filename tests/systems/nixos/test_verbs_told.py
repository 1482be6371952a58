"""What `setpoint hosts` and `setpoint deploy` tell, from what the daemon said; without a host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from setpoint.cli.output import Ending
from setpoint.cli.tables import Cell
from setpoint.model.errors import SetpointError
from setpoint_nixos.verbs.choose import chosen
from setpoint_nixos.verbs.follow import Following
from setpoint_nixos.verbs.host_row import HostRow, host_rows


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def condition(kind: str, status: str, since: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "since": since}


def row(kind: str = "Host", name: str = "web01", **fields: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": f"{kind}/{name}", "namespace": "default", "kind": kind, "name": name, "labels": {}, "target": None,
        "outcome": "Done", "ready": "True", "sentence": "in sync", "holds": [], "renewedAt": None, "measured": None,
        "detail": {}, "conditions": [condition("Synced", "True", ago(days=3, hours=1))],
    }  # fmt: skip
    return {**told, **fields}


def numbers(**values: float | Mapping[str, float]) -> dict[str, Any]:
    """Numbers without labels, or by one label."""
    found = {
        name: [{"labels": [label], "value": one} for label, one in value.items()]
        if isinstance(value, Mapping)
        else [{"labels": [], "value": value}]
        for name, value in values.items()
    }
    return {"at": ago(), "numbers": found}


WELL = row(
    detail={"os": "NixOS 24.11", "kernel": "6.6.1", "memory": "1GiB of 2GiB available"},
    measured=numbers(
        uptime_seconds=7300.0,
        units_failed=0.0,
        generation=42.0,
        reboot_needed=0.0,
        filesystem_size_bytes={"/": 100.0, "/var": 200.0},
        filesystem_free_bytes={"/": 60.0, "/var": 20.0},
    ),
)
SYSTEM = row("NixosHost", target="Host/web01", renewedAt=ago(days=8, hours=1))


def texts(host: dict[str, Any], *systems: dict[str, Any]) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in HostRow(host, systems).cells()]


def test_a_host_is_told_in_a_line() -> None:
    assert texts(WELL, SYSTEM) == [
        "web01", "NixOS 24.11 #42", "6.6.1", "2h", "8d", "/var 90%", "0", "for 3d", "well",
    ]  # fmt: skip


def test_what_is_not_known_is_never_a_number() -> None:
    bare = row(detail={"os": "not known: nobody told"}, measured=None, conditions=[])
    assert texts(bare) == ["web01", "?", "?", "?", "-", "?", "?", "never", "well"]
    document = HostRow(bare, ()).document()
    assert (document["failedUnits"], document["uptimeSeconds"], document["worstDisk"]) == (None, None, None)


def test_a_host_that_is_away_or_wants_a_reboot_says_so() -> None:
    away = {
        **WELL,
        "ready": "Unknown",
        "outcome": "Failed",
        "sentence": "no answer",
        "conditions": [condition("Synced", "Unknown", ago(minutes=5))],
        "measured": {**WELL["measured"], "numbers": numbers(reboot_needed=1.0)["numbers"]},
    }
    told = texts(away, {**SYSTEM, "ready": "False", "outcome": "Held", "sentence": "waits for its window"})
    assert told[2] == "6.6.1 (another after a reboot)"
    assert told[7:] == ["away 5m", "no answer; NixosHost: waits for its window"]
    assert HostRow(away, (SYSTEM,)).ending is Ending.ERROR


def test_a_system_belongs_to_the_host_that_holds_it() -> None:
    other = row(name="web02")
    first, second = host_rows([WELL, other], [WELL, other, SYSTEM])
    assert (len(first.systems), len(second.systems)) == (1, 0)


NAMES = [
    row("NixosHost", "web01", labels={"web": "", "canary": ""}),
    row("NixosHost", "web02", labels={"web": ""}),
    row("NixosHost", "db01"),
    row("Host", "web01"),
]


@pytest.mark.parametrize(
    ("words", "selector", "meant"),
    [
        pytest.param((), None, ["web01", "web02", "db01"], id="all"),
        pytest.param(("db01",), None, ["db01"], id="a name"),
        pytest.param(("NixosHost/db01", "web01"), None, ["web01", "db01"], id="a key and a name"),
        pytest.param(("web and not canary",), None, ["web02"], id="a selector"),
        pytest.param(("web", "db01"), None, ["web01", "web02", "db01"], id="a label and a name"),
        pytest.param((), "name:web*", ["web01", "web02"], id="by option"),
    ],
)
def test_hosts_are_chosen_by_names_keys_and_selectors(
    words: tuple[str, ...], selector: str | None, meant: list[str]
) -> None:
    found = chosen(NAMES, words, kind="NixosHost", namespace="default", only=None, selector=selector)
    assert [one["key"] for one in found] == [f"NixosHost/{name}" for name in meant]


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        pytest.param(NAMES, ("NixosHost/web09",), "nothing declared is called", id="no such key"),
        pytest.param(NAMES, ("Host/web01",), "nothing declared is called", id="a key of another kind"),
        pytest.param(NAMES, ("db",), "db", id="no such word"),
        pytest.param(NAMES[3:], ("web01",), "no NixosHost is declared", id="none at all"),
    ],
)
def test_what_means_no_host_is_refused(rows: list[dict[str, Any]], words: tuple[str, ...], said: str) -> None:
    with pytest.raises(SetpointError) as error:
        chosen(rows, words, kind="NixosHost", namespace="default", only=None, selector=None)
    assert said in error.value.message


def member(ended: bool = True, **fields: Any) -> dict[str, Any]:  # noqa: FBT001, FBT002  # most have ended
    return {
        "key": "NixosHost/web01",
        "ended": ended,
        "looked": True,
        "resource": row("NixosHost", target="Host/web01", **fields),
    }


REBOOT = {"rule": "RebootPending", "passing": False}
WINDOW = {"rule": "Window", "passing": True}
CONSENT = {"rule": "Consent", "passing": False}


async def _nothing() -> Mapping[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("one", "boots", "ending"),
    [
        pytest.param(member(), False, Ending.FINE, id="in sync"),
        pytest.param(member(ready="False"), False, Ending.ERROR, id="in sync and ill"),
        pytest.param(member(ended=False), False, Ending.DIFFERENT, id="goes on"),
        pytest.param(member(outcome="Held", holds=[WINDOW]), False, Ending.DIFFERENT, id="its window comes"),
        pytest.param(member(outcome="Held", holds=[CONSENT]), False, Ending.HELD, id="somebody is asked"),
        pytest.param(member(outcome="Held", holds=[REBOOT]), False, Ending.HELD, id="waits for a reboot"),
        pytest.param(member(outcome="Held", holds=[REBOOT]), True, Ending.DIFFERENT, id="boots as ordered"),
        pytest.param(member(outcome="Held", holds=[REBOOT, CONSENT]), True, Ending.HELD, id="boots and asks"),
        pytest.param(member(outcome="Failed"), False, Ending.ERROR, id="failed"),
        pytest.param(member(outcome="Blocked"), False, Ending.ERROR, id="away"),
        pytest.param({**member(), "resource": None}, False, Ending.ERROR, id="declared no more"),
    ],
)
def test_how_a_deploy_ended(one: dict[str, Any], boots: bool, ending: Ending) -> None:  # noqa: FBT001  # a column of the table
    assert Following(_nothing, boots=boots).ending(one) is ending


async def test_what_goes_on_is_told_once_and_an_end_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    def looks() -> Iterator[list[dict[str, Any]]]:
        old = {**member(ended=False, sentence="of before"), "looked": False}
        building = member(ended=False, outcome="Wait", sentence="deliver goes on: building nginx")
        yield from ([old], [building], [building], [member(detail={"revision": "f" * 40})])

    said = looks()

    async def look() -> Mapping[str, Any]:
        return {"members": next(said)}

    following = Following(look)
    members = await following.until(asyncio.get_running_loop().time() + 60)
    assert following.lines(members) == [
        "NixosHost/web01: in sync, revision ffffffffffff",
        "1 host: 1 in sync",
    ]
    assert capsys.readouterr().err == "NixosHost/web01: deliver goes on: building nginx\n"


async def test_what_does_not_end_in_time_is_told_to_go_on() -> None:
    async def look() -> Mapping[str, Any]:
        return {"members": [member(ended=False, outcome="Wait", sentence="activate goes on")]}

    following = Following(look)
    members = await following.until(0.0)
    assert following.lines(members) == [
        "NixosHost/web01: not done in time, and goes on: activate goes on",
        "1 host: 1 not there yet",
    ]
