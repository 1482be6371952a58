"""What the rehearsal tells: what happens, one line each, and what to try."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setpoint.cli.tables import field, paint, seen, wanted
from setpoint_lab.rehearsal_folder import Folder
from setpoint_lab.rehearsal_world import NODES

_COLOURS = {"drift": "yellow", "step": "cyan", "source": "blue", "released": "magenta"}


def welcome(folder: Folder, url: str, netbox: str) -> str:
    """Where everything is, and what to try."""
    here = _shown(folder.root)
    _, authorization = folder.reach()
    return f"""\
The rehearsal data centre is in {here}; Ctrl-C ends it, and the next start goes on from there.
  API         {url} (emulated: {", ".join(NODES)})
  NetBox      {netbox} (emulated, REST only: shop01 and shop02 are entered there)
  Repository  {here}/estate.git, cloned to {here}/estate
  Metrics     {folder.metrics or "nowhere"} (/metrics, /healthz, /readyz)

In another terminal, first:  export SETPOINT_CONFIG={folder.settings}{_path()}
  See how it is              setpoint status
  Change the declarations    cd {here}/estate
                             sed -i 's/Front end/Face/; s/2GiB/3GiB/' prod/web01.yaml
                             git commit -am "Say it better, and more memory"; git push
  See a plan before a push   setpoint plan --source {here}/estate
  Change something by hand   setpoint lab --dir {here} poke VirtualMachine/web01 onboot=0 memory=1024
  ... of a database          setpoint lab --dir {here} poke VirtualMachine/db01 onboot=0
  ... or with curl           curl -X PUT -H 'Authorization: {authorization}' \\
                               {url}/api2/json/nodes/pve1/qemu/VMID/config -d onboot=0
  Change it in NetBox        curl -X PATCH -H "Authorization: Bearer $(cat {here}/netbox-token)" \\
                               -H 'Content-Type: application/json' -d '{{"vcpus": 4}}' \\
                               {netbox}/api/virtualization/virtual-machines/1/
  Break the cluster          setpoint lab --dir {here} trouble node pve2   (or network, permissions, quorum)
  ... and mend it            setpoint lab --dir {here} trouble calm
  Look now, not in a minute  setpoint resync --all --wait
  See what was found         setpoint drift; setpoint history VirtualMachine/web01
  See all about a machine    setpoint status VirtualMachine/app01
"""


def _path() -> str:
    """What makes the command known to a shell that does not know it."""
    return "" if shutil.which("setpoint") else f" PATH=$PATH:{Path(sys.executable).parent}"


def event_lines(event: dict[str, Any]) -> Iterator[str]:
    """One event of the history; a drift or a step with its fields."""
    clock = event["at"][11:19]
    key = event["key"] or "source"
    yield f"{clock}  {key:28} {paint(event['sentence'], _COLOURS.get(event['kind']))}"
    if event["kind"] == "drift":
        for change in event["changes"]:
            where = field(change["path"])
            yield f"{'':10}{'':28} {where}: seen {seen(change)}, declared {wanted(change)}"


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
