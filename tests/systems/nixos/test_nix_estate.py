"""The page on data of the estate, end to end with real Nix: its flake, what it is given, and the file that it makes."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from setpoint.desired.compile import compile_set
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.systems import installed_kinds
from setpoint_nixos.nix.data_slice import INPUT, Slice, Slices
from setpoint_nixos.nix.evaluate import Evaluated, Evaluations, Wanted
from setpoint_nixos.nix.failures import EvaluationError
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.flake_url import FlakeUrl
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.nix.workshop import Workshop
from tests.docs.console import blocks
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, remove
from tests.systems.nixos.nixing import AMPLE
from tests.systems.nixos.shelf import ROOT, Answer, Shelf, commit, evaluate, repository

KINDS: Final = installed_kinds()
SERVER: Final = b"kind: DnsServer\nmetadata: {name: ns1}\nspec: {powerdns: {endpoint: 'http://[::1]:8081', key: {env: KEY}}}\n"
ZONE: Final = b"kind: DnsZone\nmetadata: {name: example.net}\nspec: {nameservers: [ns1.example.org.]}\n"
PAGE: Final = ROOT / "docs/how-to/give-data-to-nixos-hosts.md"
GIVEN: Final = Slice(
    "home", "default", "web01", {"env": "prod"}, {"domain": "example.net", "address": "192.0.2.10"}
)


class Estate:
    """A repository with the flake of the page, and a Nix that deploys it."""

    def __init__(self, nix: Nix, shelf: Shelf, folder: Path, text: str) -> None:
        self.nix, self.shelf = nix, shelf
        self.place = shelf.flake(folder / "infra", text)
        call(nix, "nix", "flake", "lock", str(self.place))
        commit(self.place)
        self.slices = Slices(folder / "slices")
        self.flakes = Flakes(folder / "mirrors", timedelta())
        self.evaluations = Evaluations(nix, folder / "evaluations", Workshop(), AMPLE)

    async def system(self, given: Slice | None) -> Evaluated:
        """The system that the daemon would deploy."""
        flake = await self.flakes.pin(FlakeUrl(f"file://{self.place}"))
        inputs = {INPUT: self.slices.place(given)} if given is not None else {}
        wanted = Wanted(flake, "web01", inputs, given.digest if given is not None else "")
        return await self.evaluations.evaluate(wanted)

    def read(self, attribute: str, given: Slice | None = None) -> Answer:
        """What the flake says at an attribute."""
        options = ("--override-input", INPUT, self.slices.place(given)) if given is not None else ()
        return evaluate(self.nix, *options, f"git+file://{self.place}#{attribute}")


def page_flake() -> str:
    """The flake of the page, with the inputs of these tests."""
    (text,) = (block.text for block in blocks(PAGE) if block.file == "flake.nix")
    text, ours = re.subn(r'inputs\.setpoint\.url = "[^"]+"', 'inputs.setpoint.url = "OURS"', text)
    text, theirs = re.subn(r'inputs\.nixpkgs\.url = "[^"]+"', 'inputs.nixpkgs.url = "NIXPKGS"', text)
    assert ours == theirs == 1
    return text


@pytest.fixture(scope="module", params=VERSIONS)
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Estate]:
    folder = tmp_path_factory.mktemp("estate")
    yield Estate(make_nix(folder / "nix", request.param), Shelf(folder), folder, page_flake())
    remove(folder)


async def test_what_is_given_reaches_the_configuration_and_evaluates_it_once(estate: Estate) -> None:
    first = await estate.system(GIVEN)
    assert (await estate.system(replace(GIVEN))).remembered
    other = await estate.system(replace(GIVEN, data={**GIVEN.data, "address": "192.0.2.11"}))
    assert not other.remembered
    assert other.system.out != first.system.out
    found = estate.read("nixosConfigurations.web01.config.networking", GIVEN)
    assert (found.value["domain"], found.value["hosts"]) == (
        "example.net",
        {"192.0.2.10": ["web01.internal"]},
    )


async def test_what_changes_nothing_in_the_configuration_is_the_same_system(estate: Estate) -> None:
    more = await estate.system(replace(GIVEN, data={**GIVEN.data, "unread": 1}))
    assert not more.remembered
    assert more.system == (await estate.system(GIVEN)).system


async def test_a_configuration_that_lacks_what_it_wants_says_what_to_declare(estate: Estate) -> None:
    with pytest.raises(
        EvaluationError, match=r"has no address; declare it in the NixosHost, spec\.data\.address"
    ) as told:
        await estate.system(replace(GIVEN, data={"domain": "example.net"}))
    assert "or take one that is there (domain)" in str(told.value)


async def test_without_setpoint_there_is_no_data_and_the_lock_holds(estate: Estate) -> None:
    with pytest.raises(EvaluationError, match=r"has no address; .* \(none is\)"):
        await estate.system(None)
    assert estate.read("nixosConfigurations.web01.config.networking.domain").value == "example.org"


def test_what_the_configurations_declare_becomes_a_file_that_setpoint_takes(estate: Estate) -> None:
    text = estate.read("manifests").value
    assert text == estate.read("manifests", GIVEN).value
    made = compiled_with(text)[Key.parse("DnsRecords/web01")]
    assert made.spec == {"zone": "example.net", "records": {"www": {"A": "192.0.2.10"}}}
    assert max(map(len, text.splitlines())) < 80, "a line per value"


def compiled_with(text: str) -> dict[Key, Resource]:
    """The resources of this file, in an estate that has what it names."""
    found = compile_set(
        {"from-nix.yaml": text.encode(), "dns.yaml": SERVER + b"---\n" + ZONE}, KINDS, version="1"
    )
    assert found.problems == ()
    return {**found.resources}


NEITHER: Final = """{
  outputs = { self }: {
    nixosConfigurations.web01.config.system.build.toplevel =
      derivation { name = "web01"; system = "x86_64-linux"; builder = "/bin/sh"; };
  };
}
"""


async def test_a_flake_that_would_not_take_its_data_is_refused(estate: Estate, tmp_path: Path) -> None:
    place = repository(tmp_path / "infra", None, "")
    (place / "flake.nix").write_text(NEITHER)
    commit(place)
    flake = await estate.flakes.pin(FlakeUrl(f"file://{place}"))
    wanted = Wanted(flake, "web01", {INPUT: estate.slices.place(GIVEN)}, GIVEN.digest)
    with pytest.raises(
        EvaluationError, match=r"takes no data: it has no input estate; add `inputs\.estate\.follows"
    ):
        await estate.evaluations.evaluate(wanted)
    assert (await estate.evaluations.evaluate(Wanted(flake, "web01"))).system.out


def test_the_package_is_made_of_the_checkout_that_the_flake_is_in(estate: Estate) -> None:
    stand_in = f"git+file://{estate.shelf.nixpkgs}?ref=main"
    name = f"git+file://{estate.shelf.ours}?dir=nix#packages.x86_64-linux.default.pname"
    answer = evaluate(estate.nix, "--no-write-lock-file", "--override-input", "nixpkgs", stand_in, name)
    assert answer.value == "setpoint", answer.errors


@pytest.mark.parametrize(
    ("hosts", "made"),
    [
        ("{ a = host { z = zone 1; }; b = host { z = zone 1; }; }", [1]),
        ("{ a = host { }; b = { config = { }; }; }", []),
        ('{ a = host { z = zone 1; y = zone 2 // { metadata = { name = "a"; }; }; }; }', [2, 1]),
        ('{ a = host { z = zone 1; }; b = host { z = zone 2 // { metadata = { name = "example.net"; namespace = "lab"; }; }; }; }', [1, 2]),
    ],
    ids=["twice-the-same", "none", "sorted", "namespaces"],
)  # fmt: skip
def test_each_resource_is_declared_once_in_an_order_that_stays(
    estate: Estate, hosts: str, made: list[int]
) -> None:
    answer = evaluate(estate.nix, "--impure", "--expr", manifests_of(estate, hosts))
    assert [one["spec"]["about"] for one in answer.value] == made, answer.errors


def test_two_that_declare_it_differently_are_both_named(estate: Estate) -> None:
    hosts = "{ a = host { z = zone 1; }; b = host { z = zone 2; }; }"
    answer = evaluate(estate.nix, "--impure", "--expr", manifests_of(estate, hosts))
    assert answer.value is None
    assert (
        "default/DnsZone/example.net is declared by a and b, each in another way; declare it once"
        in answer.errors
    )


def test_modules_and_functions_may_be_taken_from_the_folder_alone(estate: Estate) -> None:
    stand_in = f"git+file://{estate.shelf.nixpkgs}?ref=main"
    options = (
        "--no-write-lock-file",
        "--override-input",
        "nixpkgs",
        stand_in,
        "--apply",
        "builtins.attrNames",
    )
    for output, names in (("lib", ["estate", "manifests"]), ("nixosModules", ["default", "guest"])):
        answer = evaluate(estate.nix, *options, f"path:{estate.shelf.ours}/nix#{output}")
        assert {*names} <= {*(answer.value or ())}, answer.errors


def manifests_of(estate: Estate, hosts: str) -> str:
    """The expression for the manifests of these configurations."""
    return f"""
      let
        host = manifests: {{ config.setpoint.manifests = manifests; }};
        zone = about: {{ kind = "DnsZone"; metadata.name = "example.net"; spec = {{ inherit about; }}; }};
      in (import {estate.shelf.ours}/nix/lib.nix).manifests {hosts}"""
