"""What a person writes about a cluster: where it is asked, as whom, and which ids are ours to give."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_proxmox.endpoint import Endpoint

_TOKEN = r"^[^\s:/!]+@[A-Za-z][A-Za-z0-9._-]*![A-Za-z][A-Za-z0-9._-]*$"  # noqa: S105  # a pattern
_FINGERPRINT = re.compile(r"[0-9A-F]{64}")


class Token(Spec):
    """An API token; unlike a ticket it needs no renewal and no password."""

    id: str = described(
        "The token's full id, user@realm!name.", pattern=_TOKEN, examples=["setpoint@pve!controller"]
    )
    secret: SecretRef = described("Where the token's value is found.")


class VmidRange(Spec):
    """The ids that new guests get; others may use them too, a used one is skipped."""

    low: int = described("First id that a new guest may get.", 1000, alias="from", ge=100, le=999_999_999)
    high: int = described("Last id that a new guest may get.", 1999, alias="to", ge=100, le=999_999_999)

    @model_validator(mode="after")
    def _ordered(self) -> VmidRange:
        if self.low > self.high:
            raise ValueError(f"the range begins at {self.low} and ends at {self.high}; swap them")
        return self


class Budgets(Spec):
    """How much is done side by side: a node answers with three workers, and storages are locked while disks are made."""

    per_node: int = described("How many changes one node works on side by side, 1-16.", 2, ge=1, le=16)
    per_storage: int = described("How many changes use one storage side by side, 1-16.", 2, ge=1, le=16)


class ProxmoxClusterSpec(Spec):
    """A Proxmox VE cluster, or a single node."""

    endpoints: tuple[str, ...] = described(
        "Nodes to ask, tried in turn: https://host:port or just the host (port 8006); "
        "http only for an address of this machine itself.",
        min_length=1,
        examples=[["pve1.example.org", "pve2.example.org"]],
    )
    token: Token = described("The API token that Setpoint uses.")
    ca: str | None = described(
        "Path of a PEM file with the authority that signed the nodes' certificates, e.g. a copy of "
        "/etc/pve/pve-root-ca.pem; without ca and fingerprint the system's authorities count.",
        None,
    )
    fingerprint: str | None = described(
        "SHA-256 fingerprint of the certificate, the same for every endpoint, instead of ca; hex, colons allowed.",
        None,
    )
    vmids: VmidRange = described(
        "Range of ids for new guests that declare none; the default 1000-1999 stays clear of the ids that "
        "the web interface proposes.",
        VmidRange(),
    )
    budgets: Budgets = described(
        "How many changes go on side by side; more are waited for.",
        Budgets(),
    )

    @field_validator("endpoints")
    @classmethod
    def _endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            Endpoint.parse(text)
        return value

    @field_validator("fingerprint")
    @classmethod
    def _sha256(cls, value: str | None) -> str | None:
        if value is None:
            return None
        digits = value.replace(":", "").upper()
        if not _FINGERPRINT.fullmatch(digits):
            raise ValueError(
                "a SHA-256 fingerprint has 64 hex digits; see the node's certificates in the web interface"
            )
        return digits

    @model_validator(mode="after")
    def _one_trust(self) -> ProxmoxClusterSpec:
        if self.ca is not None and self.fingerprint is not None:
            raise ValueError("ca and fingerprint exclude each other; keep one")
        return self
