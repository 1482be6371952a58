"""The how-tos, followed in a rehearsal that is in sync: whatever in them can be run there is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from setpoint_proxmox.doctor_needs import grant_commands, named, requirements
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from tests.docs.console import AGAIN, FIRST, ROOT, Command, Reader, blocks, commands, reader

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
PAGES = [page for page in sorted(ROOT.glob("docs/how-to/*.md")) if any(block.runs for block in blocks(page))]


def begin(somebody: Reader) -> None:
    """The first two commands of the tutorial, and patience until all is in sync."""
    steps = [
        (block, command)
        for block in blocks(ROOT / "docs/tutorial/first-steps.md")
        if block.runs
        for command in commands(block)
    ]
    (live, start), (here, export) = steps[0], steps[1]
    somebody.do(start, live)
    somebody.do(export, here)
    somebody.do(Command(f"setpoint status > /dev/null && echo in sync  {AGAIN}", ("in sync",)), here)
    assert live.info == FIRST


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_goes_as_it_shows(page: Path, tmp_path: Path) -> None:
    with reader(tmp_path) as somebody:
        begin(somebody)
        before = somebody.followed
        somebody.follow(page)
    assert somebody.followed > before


def test_there_are_pages_to_follow() -> None:
    assert {page.stem for page in PAGES} >= {"force-a-resync", "read-drift", "recover-a-lost-database"}


def test_the_commands_that_grant_are_those_of_doctor() -> None:
    page = ROOT / "docs/how-to/connect-a-cluster.md"
    machine = next(block.text for block in blocks(page) if block.file == "my-estate/estate/machines/web01.yaml")
    spec = VirtualMachineSpec.model_validate(yaml.safe_load(machine)["spec"])
    needed = [named(one, frozenset({"VM.GuestAgent.Audit"})) for one in requirements([spec], {}, ())]
    shown = [command.line for block in blocks(page) for command in commands(block)]
    assert [line for line in shown if line.startswith(("pveum role", "pveum acl"))] == list(
        grant_commands(needed, needed, (), "setpoint@pve!controller")
    )
