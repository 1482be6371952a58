from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint_netbox.settings import NetBoxSettings, WebhookSettings

TOKEN = {"env": "TOKEN"}


def test_an_address_and_a_token_are_enough() -> None:
    read = NetBoxSettings.model_validate({"url": "https://netbox.example.org/", "token": TOKEN})
    assert read.url == "https://netbox.example.org"
    assert (read.poll, read.snapshot) == (timedelta(seconds=15), timedelta(minutes=15))
    assert read.zones is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"url": "netbox"}, "is no address of a NetBox"),
        ({"url": "ftp://netbox"}, "is no address of a NetBox"),
        ({"url": "https://anna:secret@netbox"}, "write the URL without one"),
        ({"token": "nbt_abc.def"}, "a secret is never written in a declaration"),
        ({"ca": "netbox.pem"}, "is no whole path"),
        ({"poll": "0s"}, "write at least 1s"),
        ({"snapshot": "10s"}, "write at least 1m"),
        ({"webhook": {"listen": "everywhere", "secret": TOKEN}}, "is no address with a port"),
        ({"select": {"customFields": {"a-b": 1}}}, "is no name of a custom field"),
        ({"select": {"tag": ["x"]}}, "Extra inputs"),
    ],
)
def test_a_mistake_says_what_would_be_right(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        NetBoxSettings.model_validate({"url": "https://netbox", "token": TOKEN, **wrong})


@pytest.mark.parametrize(
    ("listen", "address"), [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:9647", ("::1", 9647))]
)
def test_the_address_of_the_webhook_is_a_host_and_a_port(listen: str, address: tuple[str, int]) -> None:
    assert WebhookSettings.model_validate({"listen": listen, "secret": TOKEN}).address == address
