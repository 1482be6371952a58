"""How Proxmox writes what it makes up by itself: task names, digests, addresses, times and the like."""

from __future__ import annotations

HEX = "[0-9A-Fa-f]"

FORMS = {
    "upid": rf"UPID:[A-Za-z0-9-]+:{HEX}{{8}}:{HEX}{{8,9}}:{HEX}{{8}}:[^:\s/]+:[^:\s/]*:[^:\s/]+:",
    "ticket": r"PVE:[^:\s]+:[0-9A-F]{8}::[A-Za-z0-9+/=]{4,}",
    "fingerprint": rf"\b(?:{HEX}{{2}}:){{31}}{HEX}{{2}}\b",
    "mac": rf"\b(?:{HEX}{{2}}:){{5}}{HEX}{{2}}\b",
    "uuid": rf"\b{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}\b",
    "interface": rf"\b{HEX}{{1,4}}:{HEX}{{0,2}}ff:fe{HEX}{{2}}:{HEX}{{1,4}}\b",
    "digest": r"\b[0-9a-f]{40}\b",
    "upload": r"(?<=pveupload-)[0-9a-f]{32}\b",
    "pid": r"(?<=\.tmp\.)\d+\b",
    "csrf": r"\b[0-9A-F]{8}:[A-Za-z0-9+/]{20,}=*",
    "stamp": r"\b\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d\b",
    "moment": r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b",
    "date": r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d "
    r"\d\d:\d\d:\d\d \d{4}\b",
    "time": r"\b1[6-9]\d{8}\b",
}
"""The classes of made-up values, and how a value of each looks."""


def address_of_interface(identifier: str) -> str:
    """The MAC address from which the second half of a link-local address was made."""
    number = "".join(part.rjust(4, "0") for part in identifier.split(":"))
    parts = [number[at : at + 2] for at in range(0, len(number), 2)]
    first = f"{int(parts[0], 16) ^ 2:02x}"
    return ":".join([first, *parts[1:3], *parts[5:]]).lower()
