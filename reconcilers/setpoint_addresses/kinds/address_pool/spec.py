"""What people declare of a pool of addresses."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import ClassVar

from pydantic import model_validator

from setpoint.model.spec import Spec, described
from setpoint_addresses.texts import AddressText, NetworkText, SpanText, ends


class AddressPoolSpec(Spec):
    """Addresses of one network, IPv4 or IPv6."""

    also_called: ClassVar[Mapping[str, str]] = {
        "network": "cidr",
        "subnet": "cidr",
        "prefix": "cidr",
        "range": "ranges",
        "router": "gateway",
        "except": "exclude",
        "reserved": "exclude",
        "description": "comment",
    }

    cidr: NetworkText = described("The network, with its prefix length.", examples=["192.0.2.0/24"])
    ranges: tuple[SpanText, ...] = described(
        "What is handed out, as ranges or single addresses; the whole network when left out.",
        (),
        examples=[["192.0.2.100-192.0.2.199"]],
    )
    gateway: AddressText | None = described(
        "Gateway that is set together with an address; null for none. It is never handed out.",
        None,
        examples=["192.0.2.1"],
    )
    exclude: tuple[SpanText, ...] = described(
        "What is never handed out anew, as ranges or single addresses.", (), examples=[["192.0.2.150"]]
    )
    isolated: bool = described(
        "Whether the same addresses may exist elsewhere, as in a network of its own that nothing else reaches: then only "
        "what takes from this pool counts.",
        default=False,
    )
    comment: str | None = described("What people read beside it.", None)

    @model_validator(mode="after")
    def _of_one_network(self) -> AddressPoolSpec:
        network = ip_network(self.cidr)
        for word, spans in (("ranges", self.ranges), ("exclude", self.exclude)):
            for text in spans:
                low, high = ends(text)
                if low not in network or high not in network:
                    raise ValueError(
                        f"{text} in {word} is not within {self.cidr}; write addresses of that network"
                    )
        if self.gateway is not None and ip_address(self.gateway).version != network.version:
            raise ValueError(
                f"the gateway {self.gateway} is not of the same version as {self.cidr}; write one that is"
            )
        return self
