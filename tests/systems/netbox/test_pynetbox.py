"""pynetbox as it is published, against the emulated NetBox: every call that its users make, and the traps that it has."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pynetbox
import pytest
import requests

from setpoint_lab.process import start_netbox
from tests.systems.netbox.emulator.api import ESTATE, TOKEN, Client

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_netbox(clock="virtual", seed=11) as running:
        yield running.url


@pytest.fixture
def api(url: str) -> Iterator[Any]:
    Client(url).lab("POST", "state", ESTATE)
    yield (made := pynetbox.api(url, token=TOKEN))
    made.http_session.close()


@pytest.fixture
def sent(api: Any) -> list[str]:
    """What was sent: method and path with query, one each."""
    log: list[str] = []

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        log.append(f"{response.request.method} {response.request.path_url}")

    api.http_session.hooks["response"].append(note)
    return log


def test_version_and_status_are_told(api: Any) -> None:
    assert api.version == "4.6"
    assert api.status()["netbox-version"].startswith("4.6")


def test_a_token_is_made_of_a_name_and_a_password(url: str, api: Any) -> None:
    fresh = pynetbox.api(url)
    fresh.create_token("admin", "secret")
    assert fresh.token.startswith("nbt_")
    assert fresh.virtualization.virtual_machines.count() == 3
    fresh.http_session.close()


def test_all_is_one_page_of_a_thousand_and_can_be_read_only_once(api: Any, sent: list[str]) -> None:
    found = api.virtualization.virtual_machines.all()
    assert [one.name for one in found] == ["db1", "web2", "web10"]
    assert list(found) == []
    assert sent == ["GET /api/virtualization/virtual-machines/?limit=0"]


def test_the_limit_is_that_of_a_page(api: Any, sent: list[str]) -> None:
    found = api.virtualization.virtual_machines.filter(limit=1)
    assert sorted(one.name for one in found) == ["db1", "web10", "web2"]
    assert len(sent) == 3


def test_an_offset_is_kept(api: Any) -> None:
    found = api.virtualization.virtual_machines.all(limit=1, offset=1)
    assert [one.name for one in found][:1] == ["web2"]


def test_pages_by_cursor_follow_the_ids(url: str, api: Any) -> None:
    by_cursor = pynetbox.api(url, token=TOKEN, pagination="cursor")
    found = by_cursor.virtualization.virtual_machines.all(limit=2)
    assert [one.id for one in found] == [1, 2, 3]
    by_cursor.http_session.close()


def test_threads_give_all_pages(url: str, api: Any) -> None:
    threaded = pynetbox.api(url, token=TOKEN, threading=True)
    assert {one.id for one in threaded.virtualization.virtual_machines.all(limit=1)} == {1, 2, 3}
    threaded.http_session.close()


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param({"tag": ["managed", "web"]}, {"web2"}, id="tags-and"),
        pytest.param({"status": ["active", "staged"]}, {"web2", "web10"}, id="states-or"),
        pytest.param({"name__ic": "web"}, {"web2", "web10"}, id="lookup"),
        pytest.param({"cf_number": 101}, {"web2"}, id="custom-field"),
        pytest.param({"nonsense": 1}, {"web2", "web10", "db1"}, id="unknown-is-ignored"),
    ],
)
def test_filter_asks_the_server(api: Any, filters: dict[str, Any], names: set[str]) -> None:
    assert {one.name for one in api.virtualization.virtual_machines.filter(**filters)} == names


def test_count_is_asked_without_rows(api: Any) -> None:
    assert api.virtualization.virtual_machines.count(status="active") == 1


def test_get_gives_one_none_or_refuses_to_choose(url: str, api: Any) -> None:
    machines = api.virtualization.virtual_machines
    assert machines.get(1).name == "web2"
    assert machines.get(name="db1").id == 3
    assert machines.get(999) is None
    assert machines.get(name="nobody") is None
    with pytest.raises(ValueError, match="more than one"):
        machines.get(status=["active", "staged"])


def test_get_takes_a_wrong_address_for_a_missing_object(url: str, api: Any) -> None:
    elsewhere = pynetbox.api(f"{url}/below", token=TOKEN)
    assert elsewhere.virtualization.virtual_machines.get(1) is None
    elsewhere.http_session.close()


def test_create_update_save_and_delete_change_one_object(api: Any, sent: list[str]) -> None:
    machines = api.virtualization.virtual_machines
    made = machines.create(name="new1", cluster=1, vcpus=2, memory=2048, status="active")
    assert (made.vcpus, made.memory, made.status.value, str(made.status)) == (2.0, 2048, "active", "Active")
    assert (made.status == "active") is False
    assert made.update({"memory": 4096}) is True
    made.comments = "by hand"
    assert made.save() is True
    assert made.save() is False
    assert made.delete() is True
    assert machines.get(made.id) is None
    assert [one.split()[0] for one in sent] == ["POST", "PATCH", "PATCH", "DELETE", "GET"]


def test_many_are_created_updated_and_deleted_in_one_request(api: Any, sent: list[str]) -> None:
    machines = api.virtualization.virtual_machines
    made = machines.create([{"name": f"many{index}", "cluster": 1} for index in range(3)])
    assert machines.update([{"id": one.id, "memory": 512} for one in made])
    assert machines.delete([one.id for one in made]) is True
    assert [one.split()[0] for one in sent] == ["POST", "PATCH", "DELETE"]
    assert machines.count() == 3


def test_record_sets_are_updated_and_deleted(api: Any) -> None:
    machines = api.virtualization.virtual_machines
    assert machines.filter(status="failed").update(comments="gone soon")
    assert machines.get(3).comments == "gone soon"
    assert machines.filter(status="failed").delete()
    assert machines.get(3) is None


def test_saving_custom_fields_sends_all_and_an_update_of_the_endpoint_only_its_own(api: Any) -> None:
    machines = api.virtualization.virtual_machines
    bodies: list[Any] = []
    api.http_session.hooks["response"].append(
        lambda response, *_a, **_k: bodies.append(response.request.body)
    )
    one = machines.get(1)
    one.custom_fields["number"] = 202
    one.save()
    machines.update([{"id": 1, "custom_fields": {"number": 203}}])
    assert b"phase" in bodies[1]
    assert b"phase" not in bodies[2]
    assert machines.get(1).custom_fields["number"] == 203


def test_choices_are_told(api: Any) -> None:
    told = api.virtualization.virtual_machines.choices()
    assert {"active", "offline", "staged"} <= {one["value"] for one in told["status"]}


def test_a_missing_attribute_of_a_nested_record_costs_a_request_each(api: Any, sent: list[str]) -> None:
    found = list(api.virtualization.virtual_machines.all())
    before = len(sent)
    assert {one.cluster.type.name for one in found} == {"Hypervisor"}
    assert len(sent) - before == 3
    assert all("/virtualization/clusters/1/" in one for one in sent[before:])


def test_rows_as_dicts_cost_nothing_and_equal_the_answer(url: str, api: Any, sent: list[str]) -> None:
    found = [dict(one) for one in api.virtualization.virtual_machines.all()]
    plain = Client(url).get("/api/virtualization/virtual-machines/?limit=0")["results"]
    assert [one["custom_fields"] for one in found] == [one["custom_fields"] for one in plain]
    assert len(sent) == 1


def test_fields_without_an_address_have_no_way_to_ask_for_more(api: Any, sent: list[str]) -> None:
    (one,) = api.virtualization.virtual_machines.filter(id=1, fields="id,name")
    with pytest.raises(AttributeError):
        _ = one.memory
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("call", "status", "told"),
    [
        pytest.param(lambda api: api.virtualization.virtual_machines.create(name=""), 400, "name", id="invalid"),
        pytest.param(
            lambda api: api.extras.tags.create(name="Managed", slug="managed"), 400, "already exists", id="twice"
        ),
        pytest.param(
            lambda api: api.virtualization.virtual_machines.update([{"id": 1, "custom_fields": {"nope": 1}}]),
            400, "nope", id="unknown-custom-field",
        ),
        pytest.param(lambda api: list(api.virtualization.virtual_machines.filter(tag="no")), 400, "choice", id="choice"),
        pytest.param(lambda api: api.virtualization.clusters.delete([1]), 409, "dependent", id="protected"),
    ],
)  # fmt: skip
def test_what_is_refused_is_a_request_error(
    api: Any, call: Callable[[Any], Any], status: int, told: str
) -> None:
    with pytest.raises(pynetbox.RequestError) as refused:
        call(api)
    assert refused.value.req.status_code == status
    assert told in refused.value.error


def test_a_bad_token_is_refused_with_403(url: str, api: Any) -> None:
    stranger = pynetbox.api(url, token="0" * 40)
    with pytest.raises(pynetbox.RequestError) as refused:
        stranger.virtualization.virtual_machines.get(1)
    assert refused.value.req.status_code == 403
    stranger.http_session.close()


def test_addresses_are_handed_out_until_there_are_none(api: Any) -> None:
    small = api.ipam.prefixes.create(prefix="198.51.100.0/30")
    assert [str(one) for one in small.available_ips.list()] == ["198.51.100.1/30", "198.51.100.2/30"]
    assert str(small.available_ips.create()) == "198.51.100.1/30"
    assert [str(one) for one in small.available_ips.create([{}])] == ["198.51.100.2/30"]
    with pytest.raises(pynetbox.AllocationError):
        small.available_ips.create()


def test_what_is_no_json_is_a_content_error(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        response._content = b"<html>"

    api.http_session.hooks["response"].append(spoil)
    with pytest.raises(pynetbox.ContentError):
        api.virtualization.virtual_machines.get(1)


def test_a_server_that_is_silent_is_waited_for_as_long_as_an_adapter_says(api: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        alone = pynetbox.api(f"http://127.0.0.1:{port}", token=TOKEN)
        assert alone.http_session.get_adapter("http://x").max_retries.total == 0
        with pytest.raises(requests.ReadTimeout):
            alone.http_session.get(f"{alone.base_url}/status/", timeout=0.2)
        alone.http_session.close()


def test_the_set_up_of_custom_fields_tags_and_webhooks_works(api: Any) -> None:
    chosen = api.extras.custom_field_choice_sets.create(name="colours", extra_choices=[["red", "Red"]])
    api.extras.custom_fields.create(
        name="colour", type="select", choice_set=chosen.id, object_types=["virtualization.virtualmachine"]
    )
    assert api.virtualization.virtual_machines.update([{"id": 1, "custom_fields": {"colour": "red"}}])
    hook = api.extras.webhooks.create(name="h", payload_url="http://127.0.0.1:1/", secret="s")
    rule = api.extras.event_rules.create(
        name="r", object_types=["virtualization.virtualmachine"], event_types=["object_updated"],
        action_type="webhook", action_object_type="extras.webhook", action_object_id=hook.id,
    )  # fmt: skip
    assert rule.action_object_id == hook.id
    entry = api.extras.journal_entries.create(
        assigned_object_type="virtualization.virtualmachine",
        assigned_object_id=1,
        comments="seen",
        kind="info",
    )
    assert entry.kind.value == "info"
