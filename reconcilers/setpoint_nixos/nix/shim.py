"""Stands in for `ssh` where Nix reads from a store of a host: it leads Nix to the bridge that we hold to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

# Run by the bare interpreter, so that it starts quickly. Newer Nix asks whether a master connection is there, and, as it is
# not, has its ssh say that it is connected.
_PROGRAM: Final = """\
#!{python} -IS
import json, os, socket, sys, threading
places = json.load(open({places!r}))
words = sys.argv[1:]
place = next((places[word] for word in words if word in places), None)
if place is None:
    os.environ["PATH"] = {path!r}
    os.execvp("ssh", ["ssh", *words])
if "-O" in words:
    sys.exit(255)
if any(word.endswith("LocalCommand=echo started") for word in words):
    os.write(1, b"started\\n")
link = socket.socket(socket.AF_UNIX)
link.connect(place)
def there():
    while data := os.read(0, 1 << 18):
        link.sendall(data)
    link.shutdown(socket.SHUT_WR)
threading.Thread(target=there, daemon=True).start()
while data := link.recv(1 << 18):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]
"""


def shim(folder: Path, sockets: Mapping[str, Path], path: str) -> Mapping[str, str]:
    """The environment in which `ssh-ng://NAME` is the store behind the socket of that name; of others ssh decides.

    Args:
        folder: of ours, for the program.
        sockets: of the bridges, by name.
        path: the PATH till now.
    """
    places = folder / "places.json"
    places.write_text(json.dumps({name: str(socket) for name, socket in sockets.items()}))
    program = folder / "ssh"
    program.write_text(_PROGRAM.format(python=sys.executable, places=str(places), path=path))
    program.chmod(0o700)
    return {"PATH": f"{folder}:{path}"}
