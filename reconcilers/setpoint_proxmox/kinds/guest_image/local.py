"""The file of the host that Setpoint runs on, from which an image is uploaded."""

from __future__ import annotations

from pathlib import Path

from setpoint.model.errors import RefusalError
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.sums import Sums


def find_file(spec: GuestImageSpec) -> Path:
    """The one file that the path, the folder or the pattern means.

    Raises:
        RefusalError: there is none, or more than one that could be meant.
    """
    assert spec.path is not None  # noqa: S101  # asked only for an image that is uploaded
    named = sorted(Path("/").glob(spec.path.lstrip("/")))
    found = [file for one in named for file in ([one] if one.is_file() else sorted(one.rglob("*")))]
    fitting = [file for file in found if file.is_file() and spec.fits(file.name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(map(str, fitting[:3]))
        raise RefusalError(
            f"{spec.path} means {len(fitting)} files: {names}", remedy="write a path that means one"
        )
    why = f"{spec.path} is no file that ends like {spec.purpose}, and holds none"
    raise RefusalError(why, remedy="build it on the host that Setpoint runs on, or correct spec.path")


async def sum_of(sums: Sums, file: Path) -> str:
    """Its checksum.

    Raises:
        RefusalError: it cannot be read.
    """
    try:
        return await sums.of(file)
    except OSError as error:
        raise RefusalError(f"{file} cannot be read: {error}") from error
