"""Lists: pages, order, filters and the choice of fields."""

from __future__ import annotations

import pytest

from tests.systems.netbox.emulator.api import VMS, Client


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["db1", "web2", "web10"], id="names as people count"),
        pytest.param("ordering=-id", ["db1", "web10", "web2"], id="downwards"),
        pytest.param("ordering=status,-name", ["web2", "db1", "web10"], id="two fields"),
        pytest.param("ordering=nope", ["db1", "web2", "web10"], id="unknown order"),
        pytest.param("tag=managed&tag=web", ["web2"], id="tags are all wanted"),
        pytest.param("tag__n=web", ["db1", "web10"], id="without a tag"),
        pytest.param("tag_id=1", ["web2", "web10"], id="tag by id"),
        pytest.param("status=active&status=failed", ["db1", "web2"], id="one of two"),
        pytest.param("status__n=active", ["db1", "web10"], id="not that choice"),
        pytest.param("name=WEB2", ["web2"], id="a name whatever its case"),
        pytest.param("name__ic=eb", ["web2", "web10"], id="contains"),
        pytest.param("name__isw=w", ["web2", "web10"], id="starts with"),
        pytest.param("name__nic=eb", ["db1"], id="does not contain"),
        pytest.param("q=db", ["db1"], id="search"),
        pytest.param("id=1&id=3&id=77", ["db1", "web2"], id="by ids, unknown ones too"),
        pytest.param("id__gt=1&id__lte=2", ["web10"], id="between ids"),
        pytest.param("memory__gte=2048", ["web2"], id="a number"),
        pytest.param("memory__empty=true", ["db1", "web10"], id="no number"),
        pytest.param("cluster=east&site=home", ["db1", "web2", "web10"], id="by names of others"),
        pytest.param("cluster_id=1&tenant=null", ["db1", "web2", "web10"], id="by id, and nobody's"),
        pytest.param("cf_number=101", ["web2"], id="custom number"),
        pytest.param("cf_number__gt=101", [], id="custom number above"),
        pytest.param("cf_number__empty=true", ["db1", "web10"], id="custom number unset"),
        pytest.param("cf_phase=done", ["web2"], id="custom choice"),
        pytest.param("cf_nope=x", ["db1", "web2", "web10"], id="unknown custom field"),
        pytest.param("nonsense=x&name__zzz=y", ["db1", "web2", "web10"], id="unknown filters"),
        pytest.param("last_updated__gte=2026-11-21", ["db1", "web2", "web10"], id="since a day"),
        pytest.param("last_updated__gt=2027-01-01T00:00:00Z", [], id="since a time"),
        pytest.param("limit=1&offset=1", ["web2"], id="a page"),
        pytest.param("limit=1&offset=99", [], id="beyond the end"),
        pytest.param("limit=-1", ["db1", "web2", "web10"], id="no number of a page"),
        pytest.param("limit=0", ["db1", "web2", "web10"], id="as many as there can be"),
        pytest.param("start=2", ["web10", "db1"], id="a cursor goes by id"),
    ],
)
def test_a_query_finds_what_it_asks_for(client: Client, query: str, names: list[str]) -> None:
    assert client.ask("GET", f"{VMS}?{query}").names == names


NOT_A_CHOICE = "Select a valid choice. {} is not one of the available choices."


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("cluster=nope", {"cluster": [NOT_A_CHOICE.format("nope")]}),
        ("cluster_id=99", {"cluster_id": [NOT_A_CHOICE.format("99")]}),
        ("tag=nope", {"tag": [NOT_A_CHOICE.format("nope")]}),
        ("status=bogus", {"status": [NOT_A_CHOICE.format("bogus")]}),
        ("last_updated__gte=yesterday", {"last_updated__gte": ["Enter a valid date/time."]}),
        ("start=x", ["Invalid 'start' parameter: must be a non-negative integer."]),
        ("start=0&offset=0", ["'start' and 'offset' are mutually exclusive."]),
        (
            "start=0&ordering=id",
            ["Ordering cannot be specified in conjunction with cursor-based pagination."],
        ),
    ],
)
def test_values_that_name_nothing_are_refused(client: Client, query: str, body: object) -> None:
    got = client.ask("GET", f"{VMS}?{query}")
    assert (got.status, got.document) == (400, body)


def test_pages_by_offset_count_and_name_their_neighbours(client: Client) -> None:
    page = client.get(f"{VMS}?limit=1&offset=1&tag=managed&cluster=east")
    assert page["count"] == 2
    assert page["next"] is None
    assert page["previous"] == f"{client.url}{VMS}?cluster=east&limit=1&tag=managed"


def test_pages_by_cursor_do_not_count_and_end_with_a_page_that_is_not_full(client: Client) -> None:
    page = client.get(f"{VMS}?start=0&limit=3")
    assert (page["count"], page["previous"]) == (None, None)
    assert page["next"] == f"{client.url}{VMS}?limit=3&start=4"
    assert client.get(f"{VMS}?start=4&limit=3") == {
        "count": None,
        "next": None,
        "previous": None,
        "results": [],
    }


def test_a_page_has_fifty_rows_and_at_most_a_thousand(client: Client) -> None:
    rows = [{"id": n, "name": f"t{n:04}", "slug": f"t{n:04}"} for n in range(1, 1003)]
    state = client.lab("GET", "state")
    state["objects"] = {name: state["objects"][name] for name in ("users/users", "users/tokens")}
    state["objects"]["extras/tags"] = rows
    client.lab("POST", "state", state)
    for query, count in (("", 50), ("?limit=0", 1000), ("?limit=5000", 1000), ("?limit=7", 7)):
        assert len(client.get(f"/api/extras/tags/{query}")["results"]) == count


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("fields=id,name", {"id", "name"}),
        ("brief=1", {"id", "url", "display", "name", "description"}),
    ],
)
def test_a_client_chooses_fields(client: Client, query: str, keys: set[str]) -> None:
    assert set(client.get(f"{VMS}?{query}")["results"][0]) == keys
    got = client.ask("GET", f"{VMS}1/?{query}")
    assert set(got.document) == keys
    assert got.headers["ETag"].startswith('W/"')


def test_a_client_leaves_fields_out(client: Client) -> None:
    full = set(client.get(VMS + "1/"))
    assert full - set(client.get(VMS + "1/?omit=tags,comments")) == {"tags", "comments"}
    assert full - set(client.get(VMS + "1/?exclude=config_context")) == {"config_context"}


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        ("virtualization/interfaces/?virtual_machine_id=1&virtual_machine_id=2", [2, 1]),
        ("virtualization/interfaces/?virtual_machine=web2", [1]),
        ("ipam/ip-addresses/?virtual_machine_id=1", [1]),
        ("ipam/ip-addresses/?vminterface_id=1&vminterface_id=2", [1]),
        ("ipam/ip-addresses/?address=192.0.2.10", [1]),
        ("ipam/ip-addresses/?address=192.0.2.10/24", [1]),
        ("ipam/ip-addresses/?parent=192.0.2.0/24", [1]),
        ("ipam/ip-addresses/?assigned_to_interface=false", [2]),
        ("ipam/ip-addresses/?dns_name=web2.example", [1]),
        ("ipam/ip-addresses/?assigned_object_type=virtualization.vminterface", [1]),
        ("ipam/prefixes/?contains=192.0.2.77", [1]),
        ("ipam/prefixes/?contains=198.51.100.1", []),
    ],
)
def test_what_belongs_together_is_found(client: Client, target: str, ids: list[int]) -> None:
    assert sorted(client.ask("GET", f"/api/{target}").ids) == sorted(ids)
