"""One look at a host: the script once, over the connection that is there."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from importlib.resources import files
from secrets import token_hex
from typing import Final

from setpoint.model.errors import RefusalError, TransportError
from setpoint.model.printable import brief
from setpoint_nixos.facts.model import Facts
from setpoint_nixos.facts.parse import parse
from setpoint_nixos.ssh.session import Session

PATIENCE: Final = 10
"""Seconds for all parts together; one that takes longer is not known."""
_SPARE: Final = 15.0
"""Seconds beyond that for the way there and back."""
SCRIPT: Final = files(__package__ or "").joinpath("probe.sh").read_bytes()
_END: Final = re.compile(r"^@[0-9a-f]+ end$", re.MULTILINE)


async def look(session: Session, paths: Sequence[str] = (), patience: int = PATIENCE) -> Facts:
    """Look at a host; `paths` are those whose size is wanted, too.

    Raises:
        TargetError: nothing was told, or not to its end.
    """
    mark = token_hex(8)
    words = ("/bin/sh", "-s", mark, str(patience), *paths)
    begun = time.time()
    done = await session.run(f"exec {shlex.join(words)}", stdin=SCRIPT, timeout=patience + _SPARE)
    ended = time.time()
    text = done.out.decode("utf-8", "replace")
    if done.status:
        said = brief(done.err.decode("utf-8", "replace").strip(), 200)
        raise RefusalError(f"{session.access} could not be looked at: {said or f'status {done.status}'}")
    if not _END.search(text):
        raise TransportError(f"{session.access} told of itself only in part")
    return parse(text, mark, begun, ended, paths)
