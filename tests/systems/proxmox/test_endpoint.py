"""Endpoints as people write them; the token never travels in clear."""

from __future__ import annotations

import pytest

from setpoint_proxmox.endpoint import Endpoint


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("pve1", "https://pve1:8006/api2/json"),
        ("pve1.example.org:443", "https://pve1.example.org:443/api2/json"),
        ("https://10.0.0.1", "https://10.0.0.1:8006/api2/json"),
        ("https://[2001:db8::1]:8006/", "https://[2001:db8::1]:8006/api2/json"),
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234/api2/json"),
        ("http://[::1]:1234", "http://[::1]:1234/api2/json"),
        ("http://localhost:1234", "http://localhost:1234/api2/json"),
    ],
)
def test_an_endpoint_is_read(text: str, url: str) -> None:
    assert Endpoint.parse(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "http://pve1:8006",
        "http://10.0.0.1",
        "ftp://pve1",
        "https://",
        "https://pve1/api2",
        "https://u:p@pve1",
        "pve1?x=1",
        "pve1:port",
    ],
)
def test_what_is_no_safe_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Endpoint.parse(text)
