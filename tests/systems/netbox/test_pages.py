from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.secret import Secret
from setpoint_netbox.api import pages
from setpoint_netbox.api.failures import OutageError, RefusedError, StrangerError
from setpoint_netbox.api.line import Access, Line
from setpoint_netbox.api.pages import Row, rows, rows_of
from setpoint_netbox.api.urls import LONGEST, chunks
from tests.systems.netbox.ground import TOKEN, Middle, NetBox, between

INTERFACES = "virtualization/interfaces/"


@given(st.lists(st.integers(1, 10**9), max_size=2000), st.integers(0, 3000))
def test_ids_are_cut_so_that_each_url_is_short_and_none_is_lost(ids: list[int], other: int) -> None:
    query = (("fields", "x" * other),)
    parts = list(chunks(INTERFACES, query, "virtual_machine_id", ids))
    assert [one for part in parts for one in part] == ids
    for part in parts:
        asked = urlencode([*query, *(("virtual_machine_id", str(one)) for one in part)])
        assert len(f"/api/{INTERFACES}?{asked}") <= LONGEST or len(part) == 1


@asynccontextmanager
async def line_to(url: str) -> AsyncGenerator[Line]:
    line = Line(Access(url, lambda: Secret(TOKEN)))
    try:
        yield line
    finally:
        await line.close()


def owner(row: Row) -> int | None:
    return int(row["virtual_machine"]["id"])


@pytest.mark.integration
async def test_an_id_that_vanished_does_not_take_the_others_with_it(netbox: NetBox) -> None:
    ids = [netbox.machine(1, f"vm{one}") for one in range(3)]
    for one in ids:
        netbox.make("virtualization/interfaces", virtual_machine=one, name="net0")
    async with line_to(netbox.url) as line:
        asked = [ids[0], 4711, ids[2], 4712]
        found = await rows_of(line, INTERFACES, (), "virtual_machine_id", asked, owner)
        assert {owner(row) for row in found} == {ids[0], ids[2]}
        assert await rows_of(line, INTERFACES, (), "virtual_machine_id", [4711], owner) == []
        with pytest.raises(RefusedError, match="nope"):
            await rows_of(line, INTERFACES, (("cluster", "nope"),), "virtual_machine_id", ids, owner)


@pytest.mark.integration
async def test_a_filter_that_is_ignored_brings_nobody_elses_rows(netbox: NetBox) -> None:
    ids = [netbox.machine(1, f"vm{one}") for one in range(3)]
    for one in ids:
        netbox.make("virtualization/interfaces", virtual_machine=one, name="net0")
    async with line_to(netbox.url) as line:
        found = await rows_of(line, INTERFACES, (), "virtual_machien_id", ids[:1], owner)
        assert [owner(row) for row in found] == ids[:1]


@pytest.mark.integration
async def test_the_next_page_is_never_where_the_answer_says(
    netbox: NetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    ids = [netbox.machine(1, f"vm{one}") for one in range(5)]
    async with between(netbox.url) as elsewhere, between(netbox.url) as middle:

        async def lure(request: web.Request) -> web.StreamResponse | None:
            answer = await middle.forward(request)
            told: dict[str, Any] = json.loads(answer.body)  # type: ignore[arg-type]
            if told["next"]:
                told["next"] = f"{elsewhere.url}/api/stolen/"
            return web.json_response(told)

        middle.spoil = lure
        async with line_to(middle.url) as line:
            found = await rows(line, "virtualization/virtual-machines/")
        assert [row["id"] for row in found] == ids
        assert elsewhere.calls == []


def paged(middle: Middle, answers: list[dict[str, Any]]) -> None:
    left = list(answers)

    async def answer(_: web.Request) -> web.StreamResponse | None:
        return web.json_response(left.pop(0) if len(left) > 1 else left[0])

    middle.spoil = answer


def page(count: int | None, following: str | None, *ids: int) -> dict[str, Any]:
    return {"count": count, "next": following, "previous": None, "results": [{"id": one} for one in ids]}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([page(None, "x", 1, 2), page(None, "x", 1, 2)], id="the same page again"),
        pytest.param([page(None, "x")], id="an empty page that has a next one"),
    ],
)
async def test_pages_that_go_in_circles_are_no_list(answers: list[dict[str, Any]]) -> None:
    async with between("http://127.0.0.1:1") as middle, line_to(middle.url) as line:
        paged(middle, answers)
        with pytest.raises(StrangerError, match="do not follow one another"):
            await rows(line, "ipam/vlans/")
        assert len(middle.calls) <= 2


async def test_a_list_by_offset_counts_only_when_it_stood_still() -> None:
    """The first page tells that there are no cursors; then three readings, of which the last is whole."""
    moving = [page(3, None, 1, 2), page(2, None, 1, 2), page(3, None, 1)]
    still = [page(2, None, 1, 2), page(2, None, 1)]
    async with between("http://127.0.0.1:1") as middle, line_to(middle.url) as line:
        paged(middle, [moving[0], moving[0], moving[2], moving[1], moving[2], *still])
        assert [row["id"] for row in await rows(line, "ipam/vlans/")] == [1, 2]
        paged(middle, [page(3, None, 1, 2)])
        with pytest.raises(OutageError, match="changed while it was read"):
            await rows(line, "ipam/vlans/")
