"""Webhooks: what is delivered and when nothing is, how it is signed, and what becomes of it on the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.systems.netbox.emulator.api import VMS, Client
from tests.systems.netbox.emulator.hooked import PATIENCE_SECONDS, Hooked

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.systems.netbox.emulator.hooked import Came

VM = "virtualization.virtualmachine"
ALL = ["object_created", "object_updated", "object_deleted"]
SECRET = "shared by both"
QUEUES = "/api/core/background-queues/"
MANAGED = {"and": [{"attr": "tags.slug", "value": "managed", "op": "contains"}]}


@pytest.fixture
def hooked() -> Generator[Hooked]:
    with Hooked() as receiver:
        yield receiver


def connect(client: Client, hooked: Hooked, rule: dict[str, Any] | None = None, **webhook: Any) -> int:
    """Make a webhook and a rule for all that happens to VMs; gives the number of the rule."""
    body = {"name": "w", "payload_url": hooked.url, "secret": SECRET} | webhook
    made = client.ask("POST", "/api/extras/webhooks/", body)
    assert made.status == 201, made.body
    said = {"name": "r", "object_types": [VM], "event_types": ALL, "action_type": "webhook"}
    said |= {"action_object_type": "extras.webhook", "action_object_id": made.document["id"]}
    got = client.ask("POST", "/api/extras/event-rules/", said | (rule or {}))
    assert got.status == 201, got.body
    return int(got.document["id"])


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


def rest(client: Client) -> dict[str, Any]:
    """The first queue, once no job waits or is worked on."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        troubles = client.lab("GET", "troubles")
        if not troubles["waiting_webhooks"] and not troubles["sending_webhooks"]:
            return dict(client.get(QUEUES)["results"][0])
        time.sleep(0.02)
    raise AssertionError("the queue does not come to rest")


def abouts(came: list[Came]) -> list[tuple[str, str, int]]:
    return [each.about for each in came]


def test_a_change_is_told_with_what_was_and_what_is(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    done = client.ask("PATCH", VMS + "1/", {"memory": 4096})
    [came] = hooked.wait(1)
    said = came.document
    number = done.headers["X-Request-ID"]
    assert list(said) == [
        *("event", "timestamp", "object_type", "username", "request_id", "data", "request", "snapshots")
    ]
    assert (said["event"], said["object_type"], said["username"]) == ("updated", VM, "admin")
    assert said["request"] == {"id": number, "method": "PATCH", "path": VMS + "1/", "user": "admin"}
    assert (said["data"]["url"], said["data"]["memory"]) == (VMS + "1/", 4096)
    assert "config_context" not in said["data"]
    was, now = said["snapshots"]["prechange"], said["snapshots"]["postchange"]
    assert (was["memory"], now["memory"], now["tags"]) == (2048, 4096, ["Managed", "Web"])
    assert said["request_id"] == number


def test_a_delivery_is_signed_and_has_the_headers_of_its_sender(client: Client, hooked: Hooked) -> None:
    connect(client, hooked, additional_headers="X-Kind: {{ event }}\nX-Id: {{ data.id }}")
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    [came] = hooked.wait(1)
    assert (came.method, came.path) == ("POST", "/hook")
    signature = hmac.new(SECRET.encode(), came.body, hashlib.sha512).hexdigest()
    assert came.headers["X-Hook-Signature"] == signature
    assert (came.headers["X-Kind"], came.headers["X-Id"]) == ("updated", "1")
    assert (came.headers["Content-Type"], came.headers["Accept-Encoding"]) == ("application/json", "identity")
    assert came.headers["User-Agent"].startswith("python-urllib3/")
    assert came.body == json.dumps(came.document).encode()


def test_a_webhook_without_secret_is_not_signed_and_may_have_a_form_of_its_own(
    client: Client, hooked: Hooked
) -> None:
    template = '{"k":"{{ object_type }}","id":{{ data.id }},"n":{{ data.tenant | tojson }},"no":"{{ nothing.there }}"}'
    connect(client, hooked, secret="", body_template=template, http_method="PUT")
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    [came] = hooked.wait(1)
    assert came.body == b'{"k":"virtualization.virtualmachine","id":1,"n":null,"no":""}'
    assert came.method == "PUT"
    assert "X-Hook-Signature" not in came.headers


def test_a_template_that_cannot_be_filled_in_fails_its_job(client: Client, hooked: Hooked) -> None:
    connect(client, hooked, body_template="{% for x in y %}")
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert rest(client)["failed_jobs"] == 1
    assert not hooked.came


def test_one_delivery_for_each_object_of_a_request_in_order(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    made = client.ask("POST", VMS, {"name": "x", "cluster": 1}).document["id"]
    client.ask("PATCH", VMS, [{"id": 1, "memory": 1}, {"id": 3, "memory": 1}])
    client.ask("DELETE", f"{VMS}{made}/")
    came = hooked.wait(4)
    kind = "virtualmachine"
    assert abouts(came) == [
        ("created", kind, made),
        ("updated", kind, 3),
        ("updated", kind, 1),
        ("deleted", kind, made),
    ]
    assert came[0].document["snapshots"]["prechange"] is None
    assert came[3].document["snapshots"]["postchange"] is None
    assert came[3].document["data"]["name"] == "x"


def test_a_change_of_nothing_is_told_all_the_same(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    client.ask("PATCH", VMS + "1/", {"memory": 2048})
    [came] = hooked.wait(1)
    snapshots = came.document["snapshots"]
    assert snapshots["prechange"] == snapshots["postchange"]


@pytest.mark.parametrize(
    "rule",
    [
        {"enabled": False},
        {"event_types": ["object_created", "object_deleted"]},
        {"object_types": ["ipam.ipaddress"]},
        {"conditions": {"attr": "status.value", "value": "offline"}},
        {"conditions": {"attr": "no.such.path", "value": 1}},
        {
            "conditions": {
                "and": [{"attr": "name", "value": "web2"}, {"attr": "memory", "value": 9, "op": "gt"}]
            }
        },
        {"conditions": {"attr": "name", "value": "web2", "negate": True}},
        {"conditions": {"attr": "name", "value": 5, "op": "gt"}},
    ],
    ids=str,
)
def test_a_rule_that_is_not_met_tells_nothing(client: Client, hooked: Hooked, rule: dict[str, Any]) -> None:
    connect(client, hooked, rule)
    client.ask("PATCH", VMS + "1/", {"memory": 5})
    assert rest(client)["finished_jobs"] == 0
    assert not hooked.came


@pytest.mark.parametrize(
    "conditions",
    [
        None,
        MANAGED,
        {"or": [{"attr": "name", "value": "nobody"}, {"attr": "memory", "value": [1, 5], "op": "in"}]},
        {"AND": [{"attr": "name", "value": "^web", "op": "regex"}, {"or": [{"attr": "memory", "value": 5}]}]},
    ],
    ids=str,
)
def test_a_rule_that_is_met_tells(client: Client, hooked: Hooked, conditions: Any) -> None:
    connect(client, hooked, {"conditions": conditions})
    client.ask("PATCH", VMS + "1/", {"memory": 5})
    assert len(hooked.wait(1)) == 1


def test_conditions_see_only_the_new_state_so_that_leaving_is_not_told(
    client: Client, hooked: Hooked
) -> None:
    connect(client, hooked, {"conditions": MANAGED})
    client.ask("PATCH", VMS + "1/", {"remove_tags": [1]})
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert rest(client)["finished_jobs"] == 0
    client.ask("PATCH", VMS + "1/", {"add_tags": [1]})
    assert hooked.wait(1)[0].about == ("updated", "virtualmachine", 1)


def test_a_refused_write_tells_nothing(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    client.ask("PATCH", VMS, [{"id": 1, "memory": 1}, {"id": 2, "status": "zzz"}])
    assert rest(client)["finished_jobs"] == 0


def test_there_is_one_attempt_and_no_other(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    hooked.answers[:] = [500, 200]
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    client.ask("PATCH", VMS + "2/", {"memory": 1})
    came = hooked.wait(2)
    client.lab("POST", "clock", {"advance": 3600})
    queue = rest(client)
    assert (queue["failed_jobs"], queue["finished_jobs"], queue["jobs"]) == (1, 1, 0)
    assert [about[2] for about in abouts(came)] == [1, 2]
    assert len(hooked.came) == 2


def test_a_receiver_that_is_not_there_fails_the_job(client: Client) -> None:
    with Hooked() as gone:
        connect(client, gone)
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert rest(client)["failed_jobs"] == 1


def test_a_slow_receiver_holds_up_the_others(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    hooked.gate.clear()
    for number in (1, 2, 3):
        client.ask("PATCH", f"{VMS}{number}/", {"memory": 1})
    hooked.wait(1)
    troubles = client.lab("GET", "troubles")
    assert (troubles["sending_webhooks"], troubles["waiting_webhooks"]) == (1, 2)
    hooked.gate.set()
    assert [about[2] for about in abouts(hooked.wait(3))] == [1, 2, 3]


@pytest.mark.parametrize("order", [False, True], ids=["in order", "reversed"])
def test_without_a_worker_the_queue_grows_silently(client: Client, hooked: Hooked, *, order: bool) -> None:
    connect(client, hooked)
    happen(client, "webhook_workers", value=0)
    for number in (1, 2, 3):
        client.ask("PATCH", f"{VMS}{number}/", {"memory": 1})
    assert client.get("/api/status/")["rq-workers-running"] == 0
    queue = client.get(QUEUES)["results"][0]
    assert (queue["jobs"], queue["workers"]) == (3, 0)
    assert not hooked.came
    happen(client, "webhook_workers", value=1, reversed=order)
    assert [about[2] for about in abouts(hooked.wait(3))] == ([3, 2, 1] if order else [1, 2, 3])


def test_deliveries_are_lost_doubled_and_late(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    happen(client, "webhooks_lost", types=[VM])
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    happen(client, "webhooks_doubled")
    client.ask("PATCH", VMS + "2/", {"memory": 1})
    assert [about[2] for about in abouts(hooked.wait(2))] == [2, 2]
    happen(client, "webhooks_late", seconds=60)
    client.ask("PATCH", VMS + "1/", {"memory": 2})
    client.ask("PATCH", VMS + "3/", {"memory": 2})
    assert [about[2] for about in abouts(hooked.wait(3))] == [2, 2, 3]
    client.lab("POST", "clock", {"advance": 61})
    assert [about[2] for about in abouts(hooked.wait(4))] == [2, 2, 3, 1]


def test_held_work_is_told_when_it_comes_about(client: Client, hooked: Hooked) -> None:
    connect(client, hooked)
    happen(client, "commits_held", path=VMS + "1/")
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    assert rest(client)["finished_jobs"] == 0
    happen(client, "commits_released")
    assert hooked.wait(1)[0].document["data"]["memory"] == 1


@pytest.mark.parametrize(
    ("version", "has", "lacks"),
    [("4.5", {"username", "request_id"}, {"request"}), ("4.7", {"request"}, {"username", "request_id"})],
)
def test_other_versions_tell_otherwise(
    client: Client, hooked: Hooked, version: str, has: set[str], lacks: set[str]
) -> None:
    happen(client, "version", value=version)
    connect(client, hooked)
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    said = set(hooked.wait(1)[0].document)
    assert has <= said
    assert not lacks & said
