"""A plan tells which packages change between what runs and what is wanted, and builds nothing to know it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from setpoint.cli.plan_text import text_lines
from setpoint.cli.plan_view import plan_view
from setpoint.run.preview import Preview
from setpoint_nixos.shop import Latest, shop
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import NAME, Life, alive
from tests.systems.nixos.nixes import call


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm]) -> Farm:
    return farm_of("web01")


async def planned(life: Life) -> list[str]:
    reports = await Preview(life.estate).of([life.key(NAME)])
    view = plan_view(life.estate, reports, version="v", memory=True, detailed=False)
    return [line.strip() for line in text_lines(view)]


async def test_packages_are_told_once_they_are_built(farm: Farm, state: Path) -> None:
    async with alive(state, **farm.files()) as life:
        await life.comes_to("Done")
        wanted = farm.commit(kernel="6.6.9", payload="another")["web01"]
        told = "\n".join(await planned(life))
        assert "it is not built yet, so which packages change is not known" in told
        assert "packages." not in told
        assert call(farm.nix, "nix", "path-info", wanted, check=False) == ""
        call(farm.nix, "nix", "build", "--no-link", farm.reference("web01"))
        lines = await planned(life)
        assert "packages.linux: 6.6.1 → 6.6.9" in lines
        assert any("packages that change: 2, +0.0 MiB" in line for line in lines)
        farm.hosts["web01"].receive(farm.nix, wanted)
        farm.hosts["web01"].run(
            f"mkdir -p /nix/var/nix/gcroots && ln -sfn {wanted} /nix/var/nix/gcroots/setpoint-next"
        )
        shop().compared = Latest()
        assert "packages.linux: 6.6.1 → 6.6.9" in await planned(life)
        await life.comes_to("Held")
        assert "packages." not in "\n".join(await planned(life)), (
            "it runs, and only its kernel waits for a reboot"
        )


async def test_a_commit_that_brings_nothing_but_its_revision_is_told_as_that(farm: Farm, state: Path) -> None:
    farm.commit(stamp=True)
    async with alive(state, **farm.files()) as life:
        await life.comes_to("Done")
        farm.commit(stamp=True)
        assert "nothing differs but the revision" in "\n".join(await planned(life))
        farm.commit(stamp=True, payload="more")
        told = "\n".join(await planned(life))
        assert "not built yet" in told
        assert "nothing differs but the revision" not in told
