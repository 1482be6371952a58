"""What a server repeats of the secrets that it was sent ends in no message, no cause and no traceback."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from urllib.parse import quote

import pytest

from setpoint.model.errors import TargetError
from setpoint.model.examine import Check, Examination
from setpoint.model.secret import Secret, hush
from setpoint_proxmox.client import Client
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.kinds.proxmox_cluster import KIND
from setpoint_proxmox.transport import Login
from tests.security.planted import forms
from tests.systems.proxmox.gates import Register
from tests.systems.proxmox.served import answer, serve

TOKEN, PASSWORD = "4bb1e0c4-planted-token", 'geheim&"<ß 100%/planted'
LOGIN = Login("ctl@pve", "setpoint", TOKEN)


def in_body(status: str) -> Callable[[str], bytes]:
    """As a debugging proxy does: the whole request comes back."""
    return lambda request: answer(
        status, json.dumps({"message": request, "errors": {"cipassword": f"'{PASSWORD}' is bad"}})
    )


def in_reason(status: str) -> Callable[[str], bytes]:
    return lambda request: answer(f"{status} {TOKEN} {quote(PASSWORD)}", "{}")


def in_no_http(_request: str) -> bytes:
    return f"PVEAPIToken=ctl@pve!setpoint={TOKEN} {quote(PASSWORD)}\r\n\r\n".encode()


REPLIES = [
    *(pytest.param(in_body(status), id=f"body of {status}") for status in ("400 Bad", "401 No ticket", "403 No", "500 Oh", "595 Oh", "502 Bad")),
    *(pytest.param(in_reason(status), id=f"reason of {status}") for status in ("400", "401", "403", "500", "596")),
    pytest.param(in_no_http, id="no HTTP at all"),
    pytest.param(lambda request: answer("200 OK", request), id="a success that is none"),
]  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("method", ["get", "post", "put"])
async def test_a_reply_that_repeats_the_request_is_told_without_its_secrets(
    reply: Callable[[str], bytes], method: str
) -> None:
    async with serve(reply) as server:
        client = Client([Endpoint.parse(f"http://127.0.0.1:{server.port}")], LOGIN, Trust(), Register())
        with pytest.raises(TargetError) as caught:
            await getattr(client, method)("nodes", "pve1", "qemu", cipassword=PASSWORD)
        await client.close()
    assert TOKEN in server.requests[0], "the secret was sent"
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.remedy
    for form in (*forms(TOKEN), *forms(PASSWORD)):
        assert form not in told


@pytest.mark.parametrize("form", [TOKEN, quote(TOKEN), json.dumps(TOKEN)[1:-1]])
def test_every_way_to_write_a_secret_is_known(form: str) -> None:
    assert hush(f"a {form} b", [TOKEN]) == "a … b"


def test_the_longer_form_goes_first() -> None:
    assert hush("ab%26c ab", ["ab&c", "ab"]) == "… …"


@pytest.mark.parametrize(
    "reply", [in_reason("404"), in_reason("595"), in_no_http], ids=["404", "595", "no HTTP"]
)
async def test_doctor_tells_of_such_a_server_without_the_secret(reply: Callable[[str], bytes]) -> None:
    async with serve(reply) as server:
        checks = await examined(f"http://127.0.0.1:{server.port}")
    assert checks
    assert TOKEN not in str(checks)


async def examined(url: str) -> list[Check]:
    assert KIND.port is not None
    assert KIND.port.examine is not None
    spec = KIND.spec.model_validate(
        {"endpoints": [url], "token": {"id": "ctl@pve!setpoint", "secret": {"env": "X"}}}
    )
    return [check async for check in KIND.port.examine(Examination(spec, {"token": Secret(TOKEN)}, {}))]
