"""How an estate on Proxmox that is there already is taken over: the cluster's declaration, and the list of its guests."""

from __future__ import annotations

from typing import Final

from setpoint.model.stock import Access, Entrance, Listed, Listing
from setpoint.model.tree import Tree
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.mark import TAG

_KINDS = {True: "Container", False: "VirtualMachine"}


def listing(facts: Facts) -> Listing:
    """Every guest of the cluster, by its id."""
    guests = (guest for _, guest in sorted(facts.guests.items()))
    return Listing(tuple(_listed(guest) for guest in guests), facts.blind)


def _listed(guest: Guest) -> Listed:
    groups = {"pool": (guest.pool,) if guest.pool else (), "tag": tuple(sorted(guest.tags - {TAG}))}
    aside = "it is a template, which is cloned and never run" if guest.template else ""
    return Listed(_KINDS[guest.kind == CONTAINER.path], str(guest.vmid), guest.name, groups, aside)


def _cluster(access: Access) -> Tree:
    given: Tree = {
        "endpoints": list(access.endpoints),
        "token": {"id": access.token, "secret": access.secret.model_dump(exclude_none=True)},
    }
    trust = {"ca": access.ca, "fingerprint": access.fingerprint}
    return {**given, **{name: value for name, value in trust.items() if value}}


_OWN = ("/node", "/vmid", "/description", "/nics/*/mac")
ENTRANCE: Final = Entrance(
    "ProxmoxCluster",
    _cluster,
    ("pool", "tag"),
    {
        "VirtualMachine": (*_OWN, "/disks/*/size", "/cloudInit/ip"),
        "Container": (*_OWN, "/rootfs/size", "/mountPoints/*/size", "/nics/*/ipv4", "/nics/*/ipv6"),
    },
)
"""What each guest says for itself: who and where it is, and how large its volumes are, which never become smaller."""
