"""Data of the estate reaches a host through the real engine: as declared, as published, and never less than was declared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import alive
from tests.systems.nixos.nixes import call
from tests.systems.nixos.shelf import Shelf
from tests.systems.nixos.simhost import PROFILE

NAME: Final = "NixosHost/given"
FLAKE: Final = """{
  inputs.nixpkgs.url = "NIXPKGS";
  inputs.setpoint.url = "OURS";
  inputs.setpoint.inputs.nixpkgs.follows = "nixpkgs";
  inputs.estate.follows = "setpoint";
  outputs = { setpoint, estate, ... }: {
    nixosConfigurations = builtins.mapAttrs (name: knobs: {
      config.system.build.toplevel = import ./toplevel.nix {
        inherit name;
        revision = "";
        knobs = knobs // {
          payload = "${setpoint.lib.want estate "word"} ${setpoint.lib.want estate "system"} ${estate.labels.env}";
        };
      };
    }) (builtins.fromJSON (builtins.readFile ./hosts.json));
  };
}
"""


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm], nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> Farm:
    """A host whose flake takes data."""
    made, shelf = farm_of("given"), Shelf(tmp_path_factory.mktemp("shelf"))
    place = made.fleet.write("flake.nix", shelf.inputs(FLAKE))
    call(nix, "nix", "flake", "lock", f"path:{place.parent}")
    made.fleet.commit()
    return made


async def test_a_host_is_deployed_with_what_is_declared_and_published_and_again_when_that_changes(
    farm: Farm, state: Path
) -> None:
    def files(**data: Any) -> dict[str, str]:
        return farm.files(given={"spec": {"data": data}, "labels": {"env": "prod"}})

    given, system = farm.hosts["given"], {"from": "Host/given", "output": "system"}
    before = given.points(PROFILE)
    async with alive(
        state, **files(word="one", system=system, other={"from": "Host/given", "output": "lateness"})
    ) as life:
        await life.comes_to("Held", NAME)
        assert "data other is not published yet" in life.sentence(NAME)
        assert given.points(PROFILE) == before

        await life.declare(**files(word="one", system=system))
        await life.comes_to("Done", NAME)
        assert given.run("cat /run/current-system/etc/payload") == "one x86_64-linux prod"

        await life.declare(**files(word="two", system=system))
        await life.comes_to("Done", NAME)
        assert given.run("cat /run/current-system/etc/payload") == "two x86_64-linux prod"
