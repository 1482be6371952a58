"""The pages in docs and the README say nothing that is not so: YAML is valid, commands are understood, links lead somewhere,
every page says whom it is for and is found from the map."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from setpoint.cli.main import setpoint
from setpoint.desired.compile import compile_set
from setpoint.desired.overlay import FILE as OVERLAY
from setpoint.desired.overlay import read_overlay
from setpoint.settings import Settings
from setpoint.settings_file import read_settings
from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.names import METRICS
from setpoint.systems import installed_kinds
from setpoint_netbox.report.settings import FieldNames
from tests.docs.console import FIRST, NO_RUN, ROOT, Block, blocks, commands

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
RUNBOOKS = DOCS / "runbooks"
CLUSTER = (ROOT / "examples/estate/cluster.yaml").read_bytes()
RULES = ROOT / "deploy/prometheus/setpoint.rules.yml"
ALERTS = {page for page in PAGES if page.parent == RUNBOOKS and page.name != "README.md"}
"""Their reader is whoever got the alert, as their list says."""
READERS = [page for page in PAGES if DOCS in page.parents and page not in ALERTS]
SETTINGS = "settings"
MISTAKEN = "mistaken"
SERVER = b"kind: DnsServer\nmetadata: {name: ns1}\nspec: {powerdns: {endpoint: 'http://127.0.0.1:8081', key: {env: KEY}}}\n"
"""What a zone on a page is on."""
ZONE = b"kind: DnsZone\nmetadata: {name: example.org}\nspec: {nameservers: [ns1.example.net.]}\n"
"""What records on a page are in."""
HOST = (ROOT / "reconcilers/setpoint_nixos/kinds/host/examples/host.yaml").read_bytes()
"""What a system of NixOS on a page runs on."""
NODE = HOST.replace(b"name: web01", b"name: pve1")
"""The node of a container on a page that is a host."""
SHARED = b"kind: Host\nspec: {key: {file: /etc/setpoint/deploy-key}}\n---\nkind: NixosHost\nspec: {flake: {url: 'git+https://git.example.net/infra'}}\n"
"""What the hosts on a page share."""

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(setpoint [a-z][^`]*)`")
_LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def found(wanted: Callable[[Block], bool]) -> list[object]:
    return [pytest.param(block, id=block.place) for page in PAGES for block in blocks(page) if wanted(block)]


def manifests(block: Block) -> bool:
    return block.language == "yaml" and (not block.info or bool(block.file)) and not overlay(block)


def overlay(block: Block) -> bool:
    return block.language == "yaml" and (block.info == f"of {OVERLAY}" or block.file.endswith(f"/{OVERLAY}"))


def typed() -> Iterator[object]:
    """Every command line of ours, in a console block or in the text."""
    for page in PAGES:
        lines = [one.line for block in blocks(page) if block.language == "console" for one in commands(block)]
        lines = [line for line in lines if line.startswith("setpoint ")]
        for line in dict.fromkeys([*lines, *_INLINE.findall(_FENCE.sub("", page.read_text("utf-8")))]):
            yield pytest.param(line, id=f"{named(page)} {line}")


def prose(page: Path) -> str:
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link."""
    headings = re.findall(
        r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")).replace("`", ""), re.MULTILINE
    )
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(page))}


def test_there_are_pages_with_all_of_it() -> None:
    assert len(PAGES) >= 20
    assert len(found(manifests)) >= 10
    assert len(list(typed())) >= 40


@pytest.mark.parametrize("block", found(lambda block: block.language in ("yaml", "console")))
def test_a_block_says_what_it_is(block: Block) -> None:
    if block.language == "console":
        assert block.info in ("", FIRST) or re.fullmatch(f"{NO_RUN}\\w.*", block.info)
    else:
        assert block.info in ("", SETTINGS) or block.file or block.info.startswith("of ")


@pytest.mark.parametrize("block", found(manifests))
def test_a_manifest_is_valid(block: Block) -> None:
    # A page may show what lies in a defaults.yaml: it has no name.
    place = "page.yaml" if "metadata: {name:" in block.text else "defaults.yaml"
    tables = {
        Path(one.file).name: one.text.encode()
        for one in blocks(block.page)
        if one.file.endswith((".csv", "estate/defaults.yaml"))
    }
    files = {"cluster.yaml": CLUSTER, place: block.text.encode(), **tables}
    if "kind: DnsZone" in block.text or "kind: DnsRecords" in block.text:
        files["server.yaml"] = SERVER
    if "kind: DnsRecords" in block.text:
        files["zone.yaml"] = ZONE
    if "kind: NixosHost" in block.text and "kind: Host\n" not in block.text:
        files["host.yaml"] = HOST
    beside = 0
    if place == "page.yaml" and re.search(r"^  host:", block.text, re.MULTILINE):
        files |= {"pve1.yaml": NODE}
        beside = 1 + ("nixos:" in block.text)
    shared = {"defaults.yaml": SHARED} if beside else {}
    compiled = compile_set(files | shared, installed_kinds(), version="test")
    if MISTAKEN in block.info:
        assert compiled.problems
    else:
        assert compiled.problems == ()
        makes = len(files) - len(tables) + block.text.count("\n---\n") + ("kind: ResourceSet" in block.text)
        assert len(compiled.resources) == (makes + beside if place == "page.yaml" else len(files) - 1)


@pytest.mark.parametrize("block", found(overlay))
def test_an_overlay_is_valid(block: Block) -> None:
    assert read_overlay(f"dev/{OVERLAY}", block.text.encode(), installed_kinds()).problems == ()


@pytest.mark.parametrize("block", found(lambda block: block.language == "yaml" and block.info == SETTINGS))
def test_settings_are_valid(block: Block, tmp_path: Path) -> None:
    place = tmp_path / "setpoint.yaml"
    place.write_text(block.text)
    assert read_settings(place, Settings).estate


@pytest.mark.parametrize("line", list(typed()))
def test_a_command_is_understood(line: str) -> None:
    _, *words = shlex.split(line.partition("  #")[0].partition(" > ")[0].partition(" | ")[0])
    command: click.Command = setpoint
    while isinstance(command, click.Group) and words:
        name, *words = words
        if name in options(command):
            words = words[1:]
            continue
        below = command.get_command(click.Context(command), name)
        assert below is not None, f"there is no verb {name}"
        command = below
    assert {word for word in words if word.startswith("-")} <= options(command)


def options(command: click.Command) -> set[str]:
    return {option for one in command.params if isinstance(one, click.Option) for option in one.opts} | {
        "--help"
    }


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_metrics_and_alerts_that_it_names_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    suffixes = ("", "_bucket", "_sum", "_count")
    measured = (one for of_kind in metrics_of(installed_kinds()).values() for one in of_kind.values())
    metrics = {f"{metric.name}{suffix}" for metric in (*METRICS, *measured) for suffix in suffixes}
    fields = FieldNames().named().values()  # which are ours in NetBox, and named alike
    assert set(re.findall(r"\bsetpoint_[a-z_]+_[a-z_]+\b", text)) <= {*metrics, *fields}
    alerts = re.findall(r"alert: (\w+)", RULES.read_text("utf-8"))
    assert set(re.findall(r"`(Setpoint[A-Z]\w+)`", _FENCE.sub("", text))) <= {*alerts}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), link
        assert not anchor or anchor in anchors(place), link


@pytest.mark.parametrize("page", READERS, ids=named)
def test_its_first_line_says_whom_it_is_for(page: Path) -> None:
    title, empty, first = page.read_text("utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert not empty
    assert first.startswith("For "), first


def test_every_page_is_on_the_map() -> None:
    """Straight, or over the list of its own folder."""
    lists = [DOCS / "README.md", DOCS / "reference/README.md", RUNBOOKS / "README.md"]
    reached = set().union(*(linked(page) for page in lists if page.exists()))
    assert [
        named(page) for page in PAGES if page not in reached and page not in (lists[0], ROOT / "README.md")
    ] == []
    assert DOCS / "README.md" in linked(ROOT / "README.md")
