"""What a person writes about cloud-init and about what a VM is a clone of."""

from __future__ import annotations

from enum import StrEnum

from pydantic import model_validator

from setpoint.model.handed import FromOutput
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.handed import FromPool4, FromPool6
from setpoint_proxmox.guest.spec import PublicKeys
from setpoint_proxmox.guest.texts import (
    DOMAIN,
    STORAGE,
    VOLUME,
    CdromSlot,
    Gateway4,
    Gateway6,
    Ipv4,
    Ipv6,
    NicSlot,
    Server,
)


class CloudInitType(StrEnum):
    """How the settings are written for the guest."""

    NOCLOUD = "nocloud"
    CONFIGDRIVE2 = "configdrive2"
    OPENNEBULA = "opennebula"


class IpConfig(Spec):
    """The addresses of one NIC."""

    ipv4: Ipv4 | FromPool4 | None = described(
        "Address with prefix length, dhcp, or `{pool: NAME}` for one of an AddressPool; null for none.",
        None,
        examples=["192.0.2.10/24", {"pool": "lan"}],
    )
    gateway4: Gateway4 | None = described("IPv4 gateway; null for none.", None)
    ipv6: Ipv6 | FromPool6 | None = described(
        "Address with prefix length, dhcp, auto, or `{pool: NAME}` for one of an AddressPool; null for none.",
        None,
    )
    gateway6: Gateway6 | None = described("IPv6 gateway; null for none.", None)

    @model_validator(mode="after")
    def _reachable(self) -> IpConfig:
        if self.ipv4 is None and self.ipv6 is None:
            raise ValueError("write ipv4 or ipv6; leave the NIC out when it is to have no address")
        for version, own, gateway in ((4, self.ipv4, self.gateway4), (6, self.ipv6, self.gateway6)):
            plain = own is None or (isinstance(own, str) and "/" not in own)
            if gateway is not None and plain:
                raise ValueError(f"gateway{version} needs an address of its own in ipv{version}")
        return self


class Snippets(Spec):
    """Files that replace what Proxmox writes for cloud-init; they must be on a storage for snippets already."""

    user: str | None = described("Volume of the user data; null for Proxmox's.", None, pattern=VOLUME)
    network: str | None = described("Volume of the network data; null for Proxmox's.", None, pattern=VOLUME)
    meta: str | None = described("Volume of the meta data; null for Proxmox's.", None, pattern=VOLUME)
    vendor: str | None = described("Volume of the vendor data; null for none.", None, pattern=VOLUME)


class CloudInit(Spec):
    """What cloud-init sets up in the guest; written to a drive that is made when the VM has none."""

    storage: str | None = described(
        "Storage of the drive; that of the first disk when left out.", None, pattern=STORAGE
    )
    slot: CdromSlot | None = described("Where the drive is attached; ide2 when it is free.", None)
    user: str | None = described(
        "Login; null for the image's own.", None, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$"
    )
    password: SecretRef | None = described("Where the login's password is found.", None)
    ssh_keys: PublicKeys = described("Public keys that may log in, without order.", ())
    ip: dict[NicSlot, IpConfig] = described("Addresses by NIC.", default_factory=dict)
    nameservers: tuple[Server | FromOutput, ...] = described(
        "DNS servers, first asked first; empty for the node's. `{from: KIND/NAME, output: PATH}` takes what another "
        "resource publishes.",
        (),
        examples=[["192.0.2.53"]],
    )
    search_domain: str | None = described("DNS search domain; null for the node's.", None, pattern=DOMAIN)
    upgrade: bool = described("Whether packages are upgraded at the first start.", default=True)
    type: CloudInitType | None = described(
        "How settings are written; null for the usual one of the OS.", None
    )
    snippets: Snippets = described("Files that replace what Proxmox writes.", default_factory=Snippets)
