"""What the tests of the emulator share: a client of plain HTTP that hides nothing, and a small estate."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TOKEN = "nbt_setpointlab0.0123456789abcdef0123456789abcdef01234567"
VMS = "/api/virtualization/virtual-machines/"
CHANGES = "/api/core/object-changes/"


@dataclass(frozen=True)
class Got:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.document["results"]]

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.document["results"]]


@dataclass
class Client:
    """Asks one emulator; as the superuser unless told otherwise."""

    url: str

    def raw(self, method: str, target: str, headers: dict[str, str], body: bytes | None = None) -> Got:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return Got(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Got:
        """A request with the superuser's token; `_` in names of headers stands for `-`."""
        sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.raw(method, target, sent, None if body is None else json.dumps(body).encode())

    def get(self, target: str) -> Any:
        found = self.ask("GET", target)
        assert found.status == 200, found.body
        return found.document

    def lab(self, method: str, name: str, body: Any = None) -> Any:
        found = self.ask(method, f"/lab/{name}", body)
        assert found.status == 200, found.body
        return found.document


SUPERUSER: dict[str, Any] = {
    "users/users": [{"id": 1, "username": "admin", "password": "secret", "is_superuser": True}],
    "users/tokens": [
        {"id": 1, "user": 1, "version": 2, "key": "setpointlab0", "token": TOKEN.partition(".")[2]},
        {"id": 2, "user": 1, "version": 1, "token": "1" * 40},
        {"id": 3, "user": 1, "version": 1, "token": "2" * 40, "write_enabled": False},
        {"id": 4, "user": 1, "version": 1, "token": "3" * 40, "enabled": False},
        {"id": 5, "user": 1, "version": 1, "token": "4" * 40, "expires": "2020-01-01T00:00:00Z"},
        {"id": 6, "user": 1, "version": 1, "token": "5" * 40, "allowed_ips": ["192.0.2.0/24"]},
        {"id": 7, "user": 2, "version": 1, "token": "6" * 40},
    ],
}

ESTATE: dict[str, Any] = {
    "clock": "2026-11-21T03:00:00Z",
    "next_id": {"virtualization/virtual-machines": 10},
    "objects": SUPERUSER
    | {
        "users/users": [*SUPERUSER["users/users"], {"id": 2, "username": "nobody"}],
        "dcim/sites": [{"id": 1, "name": "Home", "slug": "home", "status": "active"}],
        "extras/tags": [
            {"id": 1, "name": "Managed", "slug": "managed"},
            {"id": 2, "name": "Web", "slug": "web"},
        ],
        "virtualization/cluster-types": [{"id": 1, "name": "Hypervisor", "slug": "hypervisor"}],
        "virtualization/clusters": [
            {"id": 1, "name": "east", "type": 1, "status": "active", "scope_type": "dcim.site", "scope_id": 1}
        ],
        "extras/custom-field-choice-sets": [
            {"id": 1, "name": "phases", "extra_choices": [["new", "New"], ["done", "Done"]]}
        ],
        "extras/custom-fields": [
            {"id": 1, "name": "number", "type": "integer", "unique": True, "validation_minimum": 100.0}
            | {"object_types": ["virtualization.virtualmachine"], "filter_logic": "loose"},
            {"id": 2, "name": "phase", "type": "select", "choice_set": 1, "default": "new"}
            | {"object_types": ["virtualization.virtualmachine"], "filter_logic": "exact"},
        ],
        "virtualization/virtual-machines": [
            {"id": 1, "name": "web2", "cluster": 1, "site": 1, "status": "active", "tags": ["managed", "web"]}
            | {"memory": 2048, "custom_fields": {"number": 101, "phase": "done"}},
            {"id": 2, "name": "web10", "cluster": 1, "site": 1, "status": "staged", "tags": ["managed"]},
            {"id": 3, "name": "db1", "cluster": 1, "site": 1, "status": "failed"},
        ],
        "virtualization/interfaces": [
            {"id": 1, "name": "net0", "virtual_machine": 1, "enabled": True},
            {"id": 2, "name": "net0", "virtual_machine": 2, "enabled": True},
        ],
        "ipam/ip-addresses": [
            {"id": 1, "address": "192.0.2.10/24", "status": "active", "dns_name": "web2.example"}
            | {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": 1},
            {"id": 2, "address": "2001:db8::10/64", "status": "active"},
        ],
        "ipam/prefixes": [{"id": 1, "prefix": "192.0.2.0/24", "status": "active"}],
    },
}
