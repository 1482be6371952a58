"""What the rehearsal tells: what happens, one line each, and what to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from setpoint.cli.tables import field, paint, seen, value
from setpoint_lab.rehearsal_folder import Folder
from setpoint_lab.rehearsal_world import NODES

TOLD = frozenset({"step", "drift", "outcome", "released", "approved", "source"})
"""Kinds of events worth a line; what a commit declared is told by its steps."""
_COLOURS = {"drift": "yellow", "step": "cyan", "source": "blue", "released": "magenta"}


def welcome(folder: Folder, url: str) -> str:
    """Where everything is, and what to try."""
    here = _shown(folder.root)
    _, authorization = folder.reach()
    return f"""\
The rehearsal data centre is in {here}; Ctrl-C ends it, and the next start goes on from there.
  API         {url} (emulated: {", ".join(NODES)})
  Repository  {here}/estate.git, cloned to {here}/estate

In another terminal, first:  export SETPOINT_CONFIG={folder.settings}
  See how it is              setpoint status
  Change the declarations    cd {here}/estate
                             sed -i 's/Front end/Face/; s/2GiB/3GiB/' prod/web01.yaml
                             git commit -am "Say it better, and more memory"; git push
  See a plan before a push   setpoint plan --source {here}/estate
  Change something by hand   setpoint lab --dir {here} poke VirtualMachine/web01 onboot=0 memory=1024
  ... of a database          setpoint lab --dir {here} poke VirtualMachine/db01 onboot=0
  ... or with curl           curl -X PUT -H 'Authorization: {authorization}' \\
                               {url}/api2/json/nodes/pve1/qemu/VMID/config -d onboot=0
  Look now, not in a minute  setpoint resync --all --wait
  See what was found         setpoint drift; setpoint history VirtualMachine/web01
"""


def event_lines(event: dict[str, Any]) -> Iterator[str]:
    """One event of the history; a drift or a step with its fields."""
    clock = event["at"][11:19]
    key = event["key"] or "source"
    yield f"{clock}  {key:28} {paint(event['sentence'], _COLOURS.get(event['kind']))}"
    if event["kind"] == "drift":
        for change in event["changes"]:
            where = field(change["path"])
            yield f"{'':10}{'':28} {where}: seen {seen(change)}, declared {value(change['desired'])}"


def fresh_events(events: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of `events`, newest first, that are newer than what was `told`; oldest first."""
    if not told:
        return list(reversed(events))
    newest = told[0]
    count = next((number for number, event in enumerate(events) if event == newest), len(events))
    return list(reversed(events[:count]))


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
