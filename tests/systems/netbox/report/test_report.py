"""How things stand is shown by NetBox: sparingly, once, and over nothing that others write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from setpoint.model.standing import NotToldError, Stand
from setpoint_netbox.api.failures import DeniedError, OutageError, TokenError
from setpoint_netbox.report import report as reports
from tests.systems.netbox.ground import MACHINES, Middle, NetBox, between
from tests.systems.netbox.report.telling import (
    failed,
    fields,
    journal,
    make_fields,
    reporting,
    standing,
    updates,
)


@pytest.fixture
def machine(netbox: NetBox) -> int:
    """One with our fields and one of others; the cluster is there already."""
    (cluster,) = netbox.call("GET", "virtualization/clusters/")["results"]
    make_fields(netbox)
    make_fields(netbox, owner="text")
    return netbox.machine(cluster["id"], "web1")


async def aside(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """What a person does while the test's own server goes on."""
    return await asyncio.to_thread(call, *args, **more)


def of(middle: Middle, method: str) -> int:
    return sum(call.startswith(method) for call in middle.calls)


async def test_what_stands_is_shown_and_told_again_costs_no_call(netbox: NetBox, machine: int) -> None:
    async with between(netbox.url) as middle, reporting(middle.url) as report:
        await report.tell([standing(machine)])
        assert (await aside(fields, netbox, machine)) == {
            "setpoint_phase": "inSync",
            "setpoint_message": "in sync",
            "setpoint_observed_hash": "0123456789abcdef",
            "pve_vmid": 102,
            "pve_node": "pve1",
            "setpoint_addresses": "10.0.0.2, fd00::2",
        }
        before = len(middle.calls)
        await report.tell([standing(machine)])
        await report.tell([standing(machine)])
    assert len(middle.calls) == before == 2
    (change,) = updates(netbox, machine)
    assert change["message"] == "Setpoint home: inSync"


async def test_only_the_fields_that_differ_are_written(netbox: NetBox, machine: int) -> None:
    bodies: list[Any] = []

    async def listen(request: web.Request) -> None:
        if request.method == "PATCH":
            bodies.append(await request.json())

    async with between(netbox.url, listen) as middle, reporting(middle.url) as report:
        await report.tell([standing(machine)])
        await report.tell([standing(machine, Stand.HELD, "it waits")])
    assert bodies[1]["custom_fields"] == {"setpoint_phase": "held", "setpoint_message": "it waits"}
    assert [body.keys() for body in bodies] == [{"custom_fields", "changelog_message"}] * 2


async def test_after_a_restart_what_was_read_already_shows_what_is_right(
    netbox: NetBox, machine: int
) -> None:
    async with reporting(netbox.url) as report:
        await report.tell([standing(machine)])
    shown = {
        f"virtualization.virtualmachine/{machine}": netbox.call("GET", f"{MACHINES}/{machine}/")[
            "custom_fields"
        ]
    }
    async with between(netbox.url) as middle, reporting(middle.url, shown) as report:
        await report.tell([standing(machine)])
        assert middle.calls == []
        await report.tell([standing(machine, Stand.HELD, "it waits")])
        await report.tell([standing(machine)])
    # By then what was read at the start is not what NetBox holds any more.
    assert fields(netbox, machine)["setpoint_phase"] == "inSync"


async def test_numbers_that_move_in_a_sentence_are_not_written(netbox: NetBox, machine: int) -> None:
    async with between(netbox.url) as middle, reporting(middle.url) as report:
        for percent in range(5):
            await report.tell([standing(machine, Stand.CHANGING, f"clones, {percent} %")])
    assert of(middle, "PATCH") == 1


async def test_our_own_calls_are_known_by_the_changes_that_came_of_them(netbox: NetBox, machine: int) -> None:
    async with reporting(netbox.url) as report:
        await report.tell([failed(machine)])
        netbox.edit(MACHINES, machine, comments="by hand")
        ours, theirs = sorted(updates(netbox, machine), key=lambda row: int(row["id"]))
        assert report.is_ours(ours["request_id"])
        assert not report.is_ours(theirs["request_id"])


async def test_what_somebody_wrote_over_is_put_right_when_something_changes(
    netbox: NetBox, machine: int
) -> None:
    async with reporting(netbox.url) as report:
        await report.tell([standing(machine)])
        netbox.edit(MACHINES, machine, custom_fields={"setpoint_phase": "mine", "pve_node": "pve9"})
        await report.tell([standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "mine"
        await report.tell([standing(machine, Stand.HELD, "it waits")])
        assert fields(netbox, machine)["setpoint_phase"] == "held"
        assert fields(netbox, machine)["pve_node"] == "pve1"


class TestOthers:
    """Whatever people write while we do is there afterwards."""

    @pytest.mark.parametrize("times", [1, 2, 3], ids=lambda times: f"{times}-in-a-row")
    async def test_what_they_write_between_our_look_and_our_write_is_kept(
        self, netbox: NetBox, machine: int, times: int
    ) -> None:
        left = list(range(times))

        async def interfere(request: web.Request) -> None:
            if request.method == "PATCH" and left:
                number = left.pop()
                await aside(
                    netbox.edit,
                    MACHINES,
                    machine,
                    custom_fields={"owner": f"p{number}"},
                    memory=1024 + number,
                )

        async with between(netbox.url, interfere) as middle, reporting(middle.url) as report:
            await report.tell([standing(machine)])
        held = netbox.call("GET", f"{MACHINES}/{machine}/")
        assert (held["custom_fields"]["owner"], held["memory"]) == ("p0", 1024)
        assert held["custom_fields"]["setpoint_phase"] == "inSync"
        assert of(middle, "PATCH") == times + 1

    async def test_who_writes_all_the_time_is_let_write_and_we_tell_later(
        self, netbox: NetBox, machine: int
    ) -> None:
        count = [0]

        async def interfere(request: web.Request) -> None:
            if request.method == "PATCH":
                count[0] += 1
                await aside(netbox.edit, MACHINES, machine, memory=1024 + count[0])

        async with between(netbox.url, interfere) as middle, reporting(middle.url) as report:
            with pytest.raises(NotToldError, match="others write") as refused:
                await report.tell([standing(machine)])
            assert refused.value.paths == {standing(machine).path}
            middle.spoil = None
            await report.tell([standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"
        assert netbox.call("GET", f"{MACHINES}/{machine}/")["memory"] == 1024 + count[0]

    async def test_they_may_have_written_what_we_want_by_then(self, netbox: NetBox, machine: int) -> None:
        async def interfere(request: web.Request) -> None:
            if request.method == "PATCH":
                wanted = (await request.json())["custom_fields"]
                await aside(netbox.edit, MACHINES, machine, custom_fields=wanted)

        async with between(netbox.url, interfere) as middle, reporting(middle.url) as report:
            await report.tell([standing(machine)])
        assert (of(middle, "PATCH"), len(updates(netbox, machine))) == (1, 1)


class TestOlder:
    """Before 4.6 NetBox tells no state of an object."""

    async def test_it_is_written_without_one(self, netbox: NetBox, machine: int) -> None:
        conditions: list[str | None] = []

        async def old(request: web.Request) -> web.StreamResponse:
            conditions.append(request.headers.get("If-Match"))
            answer = await middle.forward(request)
            answer.headers.popall("ETag", None)
            return answer

        async with between(netbox.url, old) as middle, reporting(middle.url) as report:
            await report.tell([standing(machine)])
        assert set(conditions) == {None}
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"


class TestFields:
    """Custom fields are whatever people made of them."""

    @pytest.fixture
    def bare(self, netbox: NetBox) -> int:
        (cluster,) = netbox.call("GET", "virtualization/clusters/")["results"]
        return netbox.machine(cluster["id"], "web1")

    async def test_those_that_are_missing_are_told_once_and_the_others_written(
        self, netbox: NetBox, bare: int
    ) -> None:
        make_fields(netbox, setpoint_phase="text")
        others = [netbox.machine(1, f"w{number}") for number in range(5)]
        async with between(netbox.url) as middle, reporting(middle.url) as report:
            with capture_logs() as logs, pytest.raises(NotToldError, match="setpoint netbox init"):
                await report.tell([standing(bare)])
            with capture_logs() as more, pytest.raises(NotToldError):
                await report.tell([standing(number) for number in (bare, *others)])
            before = len(middle.calls)
            with pytest.raises(NotToldError):
                await report.tell([standing(number) for number in (bare, *others)])
            assert len(middle.calls) == before
        assert {fields(netbox, one)["setpoint_phase"] for one in (bare, *others)} == {"inSync"}
        assert [one["event"] for one in (*logs, *more)].count("custom_fields_missing") == 1

    async def test_what_is_made_later_is_written_without_a_restart(
        self, netbox: NetBox, bare: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reports, "AGAIN", 0.0)
        async with reporting(netbox.url) as report:
            with pytest.raises(NotToldError):
                await report.tell([standing(bare)])
            make_fields(netbox)
            await report.tell([standing(bare)])
        assert fields(netbox, bare)["pve_vmid"] == 102

    async def test_one_that_is_removed_between_look_and_write_costs_the_others_nothing(
        self, netbox: NetBox, machine: int
    ) -> None:
        (drift,) = netbox.call("GET", "extras/custom-fields/?name=pve_node")["results"]
        gone: list[int] = []

        async def remove(request: web.Request) -> None:
            if request.method == "PATCH" and not gone:
                gone.append(drift["id"])
                await aside(netbox.remove, "extras/custom-fields", drift["id"])

        async with between(netbox.url, remove) as middle, reporting(middle.url) as report:
            with pytest.raises(NotToldError, match="pve_node"):
                await report.tell([standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"
        assert "pve_node" not in fields(netbox, machine)

    async def test_a_number_goes_into_a_text(self, netbox: NetBox, bare: int) -> None:
        make_fields(netbox, pve_vmid="text", setpoint_phase="text")
        names = dict.fromkeys(("message", "observedHash", "node", "addresses", "drift"))
        async with reporting(netbox.url, fields=names) as report:
            await report.tell([standing(bare)])
        assert fields(netbox, bare) == {"pve_vmid": "102", "setpoint_phase": "inSync"}

    async def test_objects_of_other_types_do_without(self, netbox: NetBox, machine: int) -> None:
        prefix = netbox.make("ipam/prefixes", prefix="10.0.0.0/24")
        async with reporting(netbox.url) as report:
            await report.tell([standing(path=f"ipam.prefix/{prefix}.yaml"), standing(path="other/odd.yaml")])


class TestTrouble:
    """Nothing is lost, repeated or asked again and again, whatever NetBox answers."""

    async def refused(
        self, netbox: NetBox, count: int, answer: Callable[[], Awaitable[web.Response]], method: str = "PATCH"
    ) -> tuple[Middle, list[Exception]]:
        """Telling of so many machines twice, of which each write is answered so."""

        async def refuse(request: web.Request) -> web.StreamResponse | None:
            return await answer() if request.method == method else None

        numbers = [await aside(netbox.machine, 1, f"v{number}") for number in range(count)]
        errors: list[Exception] = []
        async with between(netbox.url, refuse) as middle, reporting(middle.url) as report:
            for _ in range(2):
                try:
                    await report.tell([standing(number) for number in numbers])
                except Exception as error:  # noqa: BLE001  # whichever it is, is what the test judges
                    errors.append(error)
        return middle, errors

    async def test_what_may_not_be_written_is_left_for_a_while(self, netbox: NetBox, machine: int) -> None:
        async def deny() -> web.Response:
            text = "You do not have permission to perform this action."
            return web.json_response({"detail": text}, status=403)

        middle, errors = await self.refused(netbox, reports.ENOUGH - 1, deny)
        assert {type(error) for error in errors} == {NotToldError}
        assert "setpoint netbox init" in str(errors[0])
        assert of(middle, "PATCH") == reports.ENOUGH - 1

    async def test_when_nothing_may_be_written_not_everything_is_tried(
        self, netbox: NetBox, machine: int
    ) -> None:
        async def deny() -> web.Response:
            text = "You do not have permission to perform this action."
            return web.json_response({"detail": text}, status=403)

        middle, errors = await self.refused(netbox, 12, deny)
        assert isinstance(errors[0], DeniedError)
        assert of(middle, "PATCH") == 2 * reports.ENOUGH

    async def test_a_token_that_is_refused_ends_it_at_once(self, netbox: NetBox, machine: int) -> None:
        async def expired() -> web.Response:
            return web.json_response({"detail": "Token expired"}, status=403)

        middle, errors = await self.refused(netbox, 5, expired, "GET")
        assert isinstance(errors[0], TokenError)
        assert len(middle.calls) == 2

    @pytest.mark.parametrize("status", [500, 502, 503])
    async def test_a_netbox_that_is_away_takes_it_in_later(
        self, netbox: NetBox, machine: int, status: int
    ) -> None:
        async def fail(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, text="<html>", content_type="text/html")

        async with between(netbox.url, fail) as middle, reporting(middle.url) as report:
            with pytest.raises(OutageError):
                await report.tell([standing(machine)])
            middle.spoil = None
            await report.tell([standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"

    async def test_an_answer_that_does_not_come_is_given_up(self, netbox: NetBox, machine: int) -> None:
        async def hang(request: web.Request) -> None:
            await asyncio.sleep(60)

        async with between(netbox.url, hang) as middle, reporting(middle.url, read=0.3) as report:
            with pytest.raises(OutageError):
                await report.tell([standing(machine)])

    async def test_a_reply_lost_after_the_write_is_read_back_and_never_repeated(
        self, netbox: NetBox, machine: int
    ) -> None:
        async def lose(request: web.Request) -> web.StreamResponse | None:
            if request.method == "PATCH":
                await middle.forward(request)
                return web.Response(status=502, text="<html>", content_type="text/html")
            return None

        async with between(netbox.url, lose) as middle, reporting(middle.url) as report:
            with pytest.raises(OutageError):
                await report.tell([standing(machine)])
            await report.tell([standing(machine)])
        assert (of(middle, "PATCH"), len(updates(netbox, machine))) == (1, 1)

    async def test_an_object_that_is_gone_or_hidden_is_nobodys_trouble(
        self, netbox: NetBox, machine: int
    ) -> None:
        async with reporting(netbox.url) as report:
            await report.tell([standing(4711), standing(machine)])
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"


class TestJournal:
    """What went wrong stands in the object's journal, once."""

    async def test_a_failure_and_its_end_are_two_entries(self, netbox: NetBox, machine: int) -> None:
        async with reporting(netbox.url) as report:
            for _ in range(3):
                await report.tell([failed(machine)])
                await report.tell([failed(machine, at=9.0)])
            for _ in range(2):
                await report.tell([standing(machine, Stand.CHANGING, "goes on")])
                await report.tell([standing(machine)])
        first, second = journal(netbox)
        assert (first["kind"]["value"], second["kind"]["value"]) == ("danger", "success")
        assert r"it \*broke\*" in first["comments"]
        assert first["assigned_object_id"] == machine

    async def test_a_process_after_a_kill_repeats_no_entry_and_tells_the_end(
        self, netbox: NetBox, machine: int
    ) -> None:
        for told in (failed(machine), failed(machine), standing(machine), standing(machine)):
            async with reporting(netbox.url) as report:
                await report.tell([told])
        assert [one["kind"]["value"] for one in journal(netbox)] == ["danger", "success"]

    async def test_a_reply_lost_after_an_entry_makes_no_second_one(
        self, netbox: NetBox, machine: int
    ) -> None:
        lost: list[str] = []

        async def lose(request: web.Request) -> web.StreamResponse | None:
            if request.method == "POST" and not lost:
                lost.append(request.path)
                await middle.forward(request)
                return web.Response(status=502, text="<html>", content_type="text/html")
            return None

        async with between(netbox.url, lose) as middle, reporting(middle.url) as report:
            with pytest.raises(OutageError):
                await report.tell([failed(machine)])
            await report.tell([failed(machine)])
        assert len(journal(netbox)) == 1
        assert fields(netbox, machine)["setpoint_phase"] == "failed"

    async def test_a_kill_between_the_entry_and_the_phase_costs_neither(
        self, netbox: NetBox, machine: int
    ) -> None:
        async def die(request: web.Request) -> web.StreamResponse | None:
            return web.Response(status=502) if request.method == "PATCH" else None

        async with reporting(netbox.url) as report:
            await report.tell([failed(machine)])
        async with between(netbox.url, die) as middle, reporting(middle.url) as report:
            with pytest.raises(OutageError):
                await report.tell([standing(machine)])
        async with reporting(netbox.url) as report:
            await report.tell([standing(machine)])
        assert [one["kind"]["value"] for one in journal(netbox)] == ["danger", "success"]
        assert fields(netbox, machine)["setpoint_phase"] == "inSync"

    async def test_one_that_cannot_be_written_leaves_the_fields_written(
        self, netbox: NetBox, machine: int
    ) -> None:
        async def deny(request: web.Request) -> web.StreamResponse | None:
            text = "You do not have permission to perform this action."
            return web.json_response({"detail": text}, status=403) if "journal" in request.path else None

        async with between(netbox.url, deny) as middle, reporting(middle.url) as report:
            for _ in range(3):
                with pytest.raises(NotToldError, match="permission"):
                    await report.tell([failed(machine)])
            assert sum("journal" in call for call in middle.calls) == 1
        assert fields(netbox, machine)["setpoint_phase"] == "failed"

    async def test_none_is_written_where_none_is_wanted(self, netbox: NetBox, machine: int) -> None:
        async with reporting(netbox.url, journal="none") as report:
            await report.tell([failed(machine)])
        assert journal(netbox) == []
        assert fields(netbox, machine)["setpoint_phase"] == "failed"
