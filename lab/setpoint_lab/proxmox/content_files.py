"""Files that people put on storages: what they may be called and where they go; neighbours: upload and download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import World

_ENDINGS = {
    "iso": re.compile(r"[^/]+\.(?:iso|img)$", re.IGNORECASE),
    "vztmpl": re.compile(r"[^/]+\.tar\.(?:gz|xz|zst|bz2)$", re.IGNORECASE),
    "import": re.compile(r"[a-zA-Z0-9_.+=-]+\.(?:ova|qcow2|raw|vmdk)$"),
}
_FORMATS = {"gz": "tgz", "xz": "txz", "zst": "tzst", "bz2": "tbz2"}


def plain_name(text: str) -> str:
    """The name that a file gets: its folders are cut off, and what is no plain character becomes `_`."""
    return re.sub(r"[^a-zA-Z0-9_.-]", "_", re.sub(r"^.*[/\\]", "", text, flags=re.DOTALL))


def check_name(content: str, name: str) -> None:
    """Raise 400 unless a file of that name can be such content (`iso`, `vztmpl`, `import`)."""
    if _ENDINGS[content].fullmatch(name) is None:
        wrong = "invalid filename or wrong extension" if content == "import" else "wrong file extension"
        raise ApiError.parameters({"filename": wrong})


def put_file(world: World, storage: Storage, node: str, content: str, name: str, size: int) -> Volume:
    """Let a file lie on the storage, in the place of one of that name."""
    volid = f"{storage.id}:{content}/{name}"
    old = world.volumes.find(volid, None if storage.shared else node)
    if old is not None:
        world.volumes.remove(old)
    ending = name.rpartition(".")[2].lower()
    form = _FORMATS.get(ending, ending) if content == "vztmpl" else ("iso" if content == "iso" else ending)
    return world.volumes.add(Volume(volid, node, content, form, size, ctime=int(world.clock.now())))
