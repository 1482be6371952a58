"""What NetBox, its proxy, its database and its permissions do to whoever follows it: nothing of it deletes or loses anything."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from setpoint.model.errors import SourceError
from setpoint.model.inventory import DoubtError
from setpoint_netbox.api import pages
from setpoint_netbox.api.failures import DeniedError
from tests.systems.netbox.ground import MACHINES, Middle, NetBox, Spoil, between, following

CLUSTER = 1
VM = "virtualization.virtualmachine"
TAGGED = {"select": {"tags": ["setpoint"]}}
HIDDEN = "NetBox does not show it any more, and nobody was seen to delete it"
pytestmark = pytest.mark.integration


def machines(netbox: NetBox, number: int) -> list[int]:
    return [netbox.machine(CLUSTER, f"vm{one:02}") for one in range(number)]


def changed(middle: Middle, change: Callable[[web.Request, dict[str, Any]], None], path: str) -> Spoil:
    """Lets answers of lists at `path` through after `change` had its way with them."""

    async def spoil(request: web.Request) -> web.StreamResponse | None:
        if not request.path.endswith(path) or request.method != "GET":
            return None
        answer = await middle.forward(request)
        told = json.loads(answer.body)  # type: ignore[arg-type]
        change(request, told)
        return web.json_response(told, headers={"API-Version": "4.6"})

    return spoil


def without(*parameters: str, middle: Middle) -> Spoil:
    """A NetBox that does not know some parameters, so ignores them."""

    async def spoil(request: web.Request) -> web.StreamResponse | None:
        kept = [(name, value) for name, value in request.query.items() if name not in parameters]
        changed_url = request.rel_url.with_query(kept)
        return await middle.forward(request.clone(rel_url=changed_url))

    return spoil


async def test_a_restart_costs_one_reading_and_knows_what_was_deleted_meanwhile(netbox: NetBox) -> None:
    first, second, third, fourth = machines(netbox, 4)
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
    netbox.remove(MACHINES, first)
    netbox.edit(MACHINES, second, tags=[])
    netbox.edit(MACHINES, third, memory=512)
    async with between(netbox.url) as middle, following(netbox.url, before, **TAGGED) as one:
        middle.calls.clear()
        await one.fetch()
        await one.fetch()
        assert one.names().keys() == {third, fourth}
        assert one.view(third)["memory"] == 512
        assert one.released().keys() == {f"{VM}/{second}"}
        assert one.kept is not None
        assert one.kept.files[f"{VM}/{fourth}"] is before.files[f"{VM}/{fourth}"]


async def test_a_restart_without_news_gives_the_very_content_that_was_kept(netbox: NetBox) -> None:
    machines(netbox, 2)
    async with following(netbox.url, **TAGGED) as one:
        kept = await one.fetch()
    async with between(netbox.url) as middle, following(netbox.url, kept, **TAGGED) as one:
        assert await one.fetch() is kept
        assert sum(f"{MACHINES}/?" in call for call in middle.calls) <= 1


async def test_a_change_that_becomes_visible_late_is_seen(netbox: NetBox) -> None:
    """Ids of changes are given when rows are saved, and shown when the transaction ends."""
    slow, quick = machines(netbox, 2)
    held: set[int] = set()

    def hide(_: web.Request, told: dict[str, Any]) -> None:
        told["results"] = [row for row in told["results"] if row["changed_object_id"] not in held]

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        middle.spoil = changed(middle, hide, "/object-changes/")
        held.add(slow)
        netbox.edit(MACHINES, slow, memory=111)
        netbox.edit(MACHINES, quick, memory=222)
        await one.fetch()
        assert (one.view(slow)["memory"], one.view(quick)["memory"]) == (None, 222)
        held.clear()
        await one.fetch()
        assert one.view(slow)["memory"] == 111


async def test_a_database_that_was_restored_deletes_nothing_and_is_followed_from_there(
    netbox: NetBox,
) -> None:
    kept = machines(netbox, 3)
    backup = netbox.lab("GET", "state")
    late = netbox.machine(CLUSTER, "late")
    for memory in range(5):
        netbox.edit(MACHINES, kept[0], memory=memory + 1)
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        netbox.lab("POST", "state", backup)
        netbox.remove(MACHINES, kept[1])
        await one.fetch()
        await one.fetch(900.0)
        await one.fetch()
        assert late not in one.names()
        assert one.released().keys() == {f"{VM}/{late}", f"{VM}/{kept[1]}"}
        netbox.edit(MACHINES, kept[0], memory=4096)
        await one.fetch()
        assert one.view(kept[0])["memory"] == 4096


async def test_another_object_under_an_old_number_releases_what_had_it(netbox: NetBox) -> None:
    kept = machines(netbox, 3)
    backup = netbox.lab("GET", "state")
    lost = netbox.machine(CLUSTER, "lost")
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        netbox.lab("POST", "state", backup)
        assert netbox.machine(CLUSTER, "new") == lost
        await one.fetch(900.0)
        assert one.names()[lost] == "new"
        assert f"{VM}/{lost}" in one.released()
        assert len(one.names()) == len(kept) + 1
        from setpoint_netbox.content import renamed

        assert one.kept is not None
        assert renamed(one.kept) == {}


@pytest.mark.parametrize("whole", [False, True], ids=["in a poll", "in a reading of everything"])
async def test_too_much_that_leaves_is_not_believed_until_a_person_says_so(
    netbox: NetBox, *, whole: bool
) -> None:
    ids = machines(netbox, 10)
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        for number in ids[:6]:
            if whole:
                netbox.lab("POST", "events", {"row_lost": {"endpoint": MACHINES, "id": number}})
            else:
                netbox.edit(MACHINES, number, tags=[])
        with pytest.raises(DoubtError, match="shows 4 of 10") as told:
            await one.fetch(900.0)
        assert one.kept is before
        requests = one.line.traffic.requests
        with pytest.raises(DoubtError):
            await one.fetch()
        assert one.line.traffic.requests == requests
        one.approved.add(told.value.token)
        one.watcher.poke()
        await one.fetch()
        await one.fetch()
        assert one.names().keys() == set(ids[6:])
        assert one.released().keys() == {f"{VM}/{number}" for number in ids[:6]}


async def test_many_that_were_seen_deleted_are_believed(netbox: NetBox) -> None:
    ids = machines(netbox, 10)
    async with following(netbox.url, **TAGGED) as one:
        await one.fetch()
        for number in ids[:9]:
            netbox.remove(MACHINES, number)
        await one.fetch()
        assert one.names().keys() == {ids[9]}
        assert one.released() == {}


async def test_rows_that_a_permission_hides_are_released_and_come_back(netbox: NetBox) -> None:
    ids = machines(netbox, 5)
    hidden: set[int] = set()

    def hide(_: web.Request, told: dict[str, Any]) -> None:
        told["results"] = [row for row in told["results"] if row["id"] not in hidden]

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        middle.spoil = changed(middle, hide, f"/{MACHINES}/")
        await one.fetch()
        hidden.add(ids[0])
        await one.fetch(900.0)
        assert ids[0] in one.names()
        await one.fetch()
        assert ids[0] not in one.names()
        assert one.released() == {f"{VM}/{ids[0]}": HIDDEN}
        hidden.clear()
        await one.fetch(900.0)
        assert ids[0] in one.names()
        assert one.released() == {}


async def test_a_deletion_that_is_seen_while_the_object_is_there_deletes_nothing(netbox: NetBox) -> None:
    """A row of changes is no proof by itself."""
    web_id, _ = machines(netbox, 2)

    def lie(_: web.Request, told: dict[str, Any]) -> None:
        for row in told["results"]:
            row["action"] = {"value": "delete", "label": "Deleted"}

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        middle.spoil = changed(middle, lie, "/object-changes/")
        netbox.edit(MACHINES, web_id, memory=77)
        await one.fetch()
        assert one.view(web_id)["memory"] == 77


async def test_what_was_saved_without_a_change_is_found_half_way_between_readings(netbox: NetBox) -> None:
    web_id, lost, *_ = machines(netbox, 5)
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        fields = {"endpoint": MACHINES, "id": web_id, "fields": {"memory": 99}, "touch": True}
        netbox.lab("POST", "events", {"row_written": fields})
        netbox.lab("POST", "events", {"row_lost": {"endpoint": MACHINES, "id": lost}})
        await one.fetch()
        assert one.view(web_id)["memory"] is None
        await one.fetch(450.0)
        assert one.view(web_id)["memory"] == 99
        await one.fetch()
        assert one.released() == {f"{VM}/{lost}": HIDDEN}


async def test_a_filter_that_netbox_ignores_takes_nothing_more(netbox: NetBox) -> None:
    taken, other = netbox.machine(CLUSTER, "web"), netbox.machine(CLUSTER, "other", tagged=False)
    async with between(netbox.url) as middle:
        middle.spoil = without("tag", "virtual_machine_id", "id", middle=middle)
        async with following(middle.url, **TAGGED) as one:
            await one.fetch()
            netbox.edit(MACHINES, other, memory=5)
            await one.fetch()
            assert one.names().keys() == {taken}
            assert one.released() == {}


async def test_an_older_netbox_without_cursors_is_followed_as_well(
    netbox: NetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    ids = machines(netbox, 5)
    async with between(netbox.url) as middle:
        middle.spoil = without("start", middle=middle)
        async with following(middle.url, **TAGGED) as one:
            await one.fetch()
            assert one.names().keys() == set(ids)
            netbox.edit(MACHINES, ids[2], memory=5)
            netbox.remove(MACHINES, ids[0])
            await one.fetch()
            assert one.view(ids[2])["memory"] == 5
            assert one.names().keys() == set(ids[1:])


def once(then: Callable[[], None], middle: Middle, when: Callable[[web.Request], bool]) -> Spoil:
    """Somebody does something right after an answer was made."""
    done: list[bool] = []

    async def spoil(request: web.Request) -> web.StreamResponse | None:
        if done or not when(request):
            return None
        done.append(True)
        answer = await middle.forward(request)
        then()
        return answer

    return spoil


@pytest.mark.parametrize("cursor", [True, False], ids=["by cursor", "by offset"])
async def test_what_is_deleted_between_two_pages_takes_nobody_else_out_of_both(
    netbox: NetBox, monkeypatch: pytest.MonkeyPatch, *, cursor: bool
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    ids = machines(netbox, 6)
    async with between(netbox.url) as middle:
        shift = once(
            lambda: netbox.remove(MACHINES, ids[0]),
            middle,
            lambda request: request.path.endswith(f"/{MACHINES}/"),
        )
        older = without("start", middle=middle)

        async def spoil(request: web.Request) -> web.StreamResponse | None:
            if cursor or request.query.get("offset"):
                return await shift(request)
            return await older(request)

        middle.spoil = spoil
        async with following(middle.url, **TAGGED) as one:
            await one.fetch()
            await one.fetch()
            assert one.names().keys() == set(ids[1:])


async def test_an_upgrade_has_everything_read_again(netbox: NetBox) -> None:
    machines(netbox, 1)
    version = ["4.6"]

    async def upgraded(request: web.Request) -> web.StreamResponse | None:
        answer = await middle.forward(request)
        answer.headers["API-Version"] = version[0]
        return answer

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        middle.spoil = upgraded
        await one.fetch()
        middle.calls.clear()
        version[0] = "4.7"
        await one.fetch()
        assert any(f"{MACHINES}/?" in call for call in middle.calls)
        middle.calls.clear()
        await one.fetch()
        assert len(middle.calls) == 1


async def test_without_the_permission_nothing_changes_and_afterwards_all_is_caught_up(netbox: NetBox) -> None:
    ids = machines(netbox, 2)

    async def denied(request: web.Request) -> web.StreamResponse | None:
        if MACHINES not in request.path:
            return None
        told = {"detail": "You do not have permission to perform this action."}
        return web.json_response(told, status=403)

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        before = await one.fetch()
        middle.spoil = denied
        netbox.edit(MACHINES, ids[0], memory=5)
        netbox.remove(MACHINES, ids[1])
        with pytest.raises(DeniedError, match="run `setpoint netbox init`"):
            await one.fetch()
        assert one.kept is before
        middle.spoil = None
        await one.fetch(301.0)
        assert one.names().keys() == {ids[0]}
        assert one.view(ids[0])["memory"] == 5
        assert one.released() == {}


@pytest.mark.parametrize(
    "where", ["/object-changes/", f"/{MACHINES}/"], ids=["in a poll", "in a reading of everything"]
)
async def test_what_is_deleted_in_the_middle_of_a_reading_is_deleted_and_not_released(
    netbox: NetBox, where: str
) -> None:
    """It is not shown any more, and the change that tells why is read a moment later."""
    gone, stays = machines(netbox, 2)
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit(MACHINES, gone, memory=5)
        if where == "/object-changes/":
            middle.spoil = once(
                lambda: netbox.remove(MACHINES, gone), middle, lambda request: request.path.endswith(where)
            )
            await one.fetch()
        else:
            await one.fetch()
            middle.spoil = once(
                lambda: netbox.remove(MACHINES, gone), middle, lambda request: "ordering" in request.query
            )
            await one.fetch(900.0)
        assert one.names().keys() == {gone, stays}
        await one.fetch()
        assert one.names().keys() == {stays}
        assert one.released() == {}


@pytest.mark.parametrize("how", ["an edit of one", "a reading of everything", "a restart"])
async def test_parts_that_a_permission_hides_are_not_taken_off_machines(netbox: NetBox, how: str) -> None:
    ids = machines(netbox, 3)
    for one in ids:
        netbox.make("virtualization/interfaces", virtual_machine=one, name="net0")

    def hide(_: web.Request, told: dict[str, Any]) -> None:
        told["results"] = []

    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        before = await one.fetch()
        middle.spoil = changed(middle, hide, "/virtualization/interfaces/")
        if how == "an edit of one":
            netbox.edit(MACHINES, ids[0], memory=5)
        if how == "a restart":
            async with following(middle.url, before, **TAGGED) as another:
                with pytest.raises(DoubtError, match=r"shows 0 of 3 virtualization.vminterface"):
                    await another.fetch()
        else:
            with pytest.raises(DoubtError, match=r"shows 0 of \d virtualization.vminterface"):
                await one.fetch(900.0)
        assert one.kept is before
        middle.spoil = None
        await one.fetch(900.0)
        assert len(one.view(ids[0])["interfaces"]) == 1


async def test_parts_that_somebody_took_away_are_gone_at_once_and_after_a_restart(netbox: NetBox) -> None:
    ids = machines(netbox, 3)
    nics = [netbox.make("virtualization/interfaces", virtual_machine=one, name="net0") for one in ids]
    async with following(netbox.url, **TAGGED) as one:
        before = await one.fetch()
        for nic in nics:
            netbox.remove("virtualization/interfaces", nic)
        await one.fetch()
        assert [one.view(number)["interfaces"] for number in ids] == [[], [], []]
    async with following(netbox.url, before, **TAGGED) as one:
        await one.fetch()
        assert [one.view(number)["interfaces"] for number in ids] == [[], [], []]


async def test_a_part_that_is_taken_away_in_the_middle_of_a_reading_raises_no_doubt(netbox: NetBox) -> None:
    (web_id,) = machines(netbox, 1)
    nic = netbox.make("virtualization/interfaces", virtual_machine=web_id, name="net0")
    async with between(netbox.url) as middle, following(middle.url, **TAGGED) as one:
        await one.fetch()
        netbox.edit(MACHINES, web_id, memory=5)
        middle.spoil = once(
            lambda: netbox.remove("virtualization/interfaces", nic),
            middle,
            lambda request: request.path.endswith("/object-changes/"),
        )
        await one.fetch()
        assert one.view(web_id)["interfaces"] == []


DEEP: Any = 0
for _ in range(400):
    DEEP = {"a": [DEEP]}
JUNK = [DEEP, 10**40, -1, True, None, 5, "x", [], {}, [None], [5], {"id": None}]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: str(junk)[:20])
async def test_objects_of_another_shape_are_read_or_told_and_never_more(netbox: NetBox, junk: Any) -> None:
    (web_id,) = machines(netbox, 1)
    netbox.make("virtualization/interfaces", virtual_machine=web_id, name="net0")
    fields = {
        "/object-changes/": ["id", "time", "changed_object_id", "results", "count", "next"],
        f"/{MACHINES}/": ["id", "tags", "custom_fields", "cluster", "results"],
        "/virtualization/interfaces/": ["id", "virtual_machine", "mac_addresses"],
        "/status/": ["netbox-version"],
    }
    async with between(netbox.url) as middle:
        for place, name in [(place, name) for place, names in fields.items() for name in names]:

            def other(_: web.Request, told: dict[str, Any], name: str = name) -> None:
                for row in [told, *told.get("results", [])]:
                    row.update({name: junk} if name in row else {})

            async with following(middle.url, **TAGGED) as one:
                middle.spoil = changed(middle, other, place)
                with contextlib.suppress(SourceError):
                    await one.fetch()
