"""The how-tos, followed in a rehearsal that is in sync: whatever in them can be run there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from setpoint_proxmox.doctor_needs import grant_commands, named, requirements
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from tests.docs.console import AGAIN, FIRST, ROOT, Command, Reader, blocks, commands, reader

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


def alone(page: Path) -> bool:
    """Whether it does something to the rehearsal itself, or something else that others would see in what is told of before."""
    typed = [
        (command.line, block.info) for block in blocks(page) if block.runs for command in commands(block)
    ]
    signs = (" push", " lab lose", " --yes")
    return any(info == FIRST or any(sign in line for sign in signs) for line, info in typed)


ELSEWHERE = {"deploy-nixos-hosts", "take-guests-from-netbox"}
"""Pages for which a rehearsal has not what they need, by their names; tests/systems/ follows them."""
PAGES = [
    page
    for page in sorted(ROOT.glob("docs/how-to/*.md"))
    if page.stem not in ELSEWHERE and any(block.runs for block in blocks(page))
]


def begin(somebody: Reader) -> None:
    """The first two commands of the tutorial."""
    start, export = [
        (command, block)
        for block in blocks(ROOT / "docs/tutorial/first-steps.md")
        if block.runs
        for command in commands(block)
    ][:2]
    assert (start[1].info, export[1].info) == (FIRST, "")
    somebody.do(*start)
    somebody.do(*export)


def follow(somebody: Reader, page: Path) -> None:
    """A page, once all is in sync; `followed` tells that it had something to be typed.

    What met the trouble that a page before this one made is looked at now, and not when its turn comes.
    """
    look = "setpoint resync --all --wait > .lab/told 2>&1; setpoint status > .lab/told"
    somebody.do(Command(f"{look} && echo in sync || cat .lab/told  {AGAIN}", ("in sync",)), blocks(page)[0])
    before = somebody.followed
    somebody.follow(page)
    assert somebody.followed > before


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """One rehearsal for all pages that leave it as it was."""
    with reader(tmp_path_factory.mktemp("checkout")) as somebody:
        begin(somebody)
        yield somebody


@pytest.mark.parametrize("page", [page for page in PAGES if not alone(page)], ids=lambda page: page.stem)
def test_a_page_goes_as_it_shows(page: Path, everybody: Reader) -> None:
    follow(everybody, page)


@pytest.mark.parametrize("page", [page for page in PAGES if alone(page)], ids=lambda page: page.stem)
def test_a_page_that_changes_the_rehearsal_goes_as_it_shows(
    page: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # The path of a socket must be short, and the name of this test is not.
    with reader(tmp_path_factory.mktemp("page")) as somebody:
        begin(somebody)
        follow(somebody, page)


def test_there_are_pages_to_follow() -> None:
    assert {page.stem for page in PAGES} >= {"force-a-resync", "read-drift", "recover-a-lost-database"}


def test_the_commands_that_grant_are_those_of_doctor() -> None:
    page = ROOT / "docs/how-to/connect-a-cluster.md"
    machine = next(
        block.text for block in blocks(page) if block.file == "my-estate/estate/machines/web01.yaml"
    )
    spec = VirtualMachineSpec.model_validate(yaml.safe_load(machine)["spec"])
    needed = [named(one, frozenset({"VM.GuestAgent.Audit"})) for one in requirements([spec], {}, ())]
    shown = [command.line for block in blocks(page) for command in commands(block)]
    assert [line for line in shown if line.startswith(("pveum role", "pveum acl"))] == list(
        grant_commands(needed, needed, (), "setpoint@pve!controller")
    )
