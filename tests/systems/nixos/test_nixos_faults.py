"""What goes wrong on the way to a host: a reply is lost, the controller dies, a builder, a cache or a disk gives up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.waiting import until
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.killing import process
from tests.systems.nixos.living import NAME, alive, host, nixos, systems
from tests.systems.nixos.servers.cache import HttpCache, serving
from tests.systems.nixos.simhost import SimHost

MIB = 1 << 20
BREAKS = """\
#!/bin/sh
/usr/local/bin/systemd-run.real "$@"
[ -e /run/broken ] || { touch /run/broken; kill -9 $(pgrep -f '^sshd: root@notty'); }
"""


@pytest.fixture(scope="module")
def farm(farm_of: Callable[..., Farm]) -> Farm:
    return farm_of("web01", "forge")


@pytest.fixture
def web(farm: Farm) -> SimHost:
    return farm.hosts["web01"]


@pytest.fixture
def cache(tmp_path: Path) -> Generator[HttpCache]:
    with serving(tmp_path / "binaries") as cache:
        yield cache


def files(farm: Farm, **build: Any) -> dict[str, str]:
    return {
        "forge": host(farm.hosts["forge"]),
        "host": host(farm.hosts["web01"]),
        "system": nixos(farm.fleet.url, build=build),
    }


def arrived(one: SimHost) -> int:
    """Bytes of ballast that a host has so far."""
    return sum(file.stat().st_size for file in (one.root / "nix/store").glob("*ballast*") if file.is_file())


async def test_an_activation_whose_reply_was_lost_is_found_and_not_begun_again(
    farm: Farm, web: SimHost, state: Path
) -> None:
    wanted = farm.commit(payload="lost reply")["web01"]
    place = (
        "cd /usr/local/bin && mv systemd-run systemd-run.real && cat >systemd-run && chmod 755 systemd-run"
    )
    web.run(place, BREAKS.encode())
    async with alive(state, **files(farm)) as life:
        await life.until(lambda: life.looked_at(NAME) and "was lost during" in life.sentence(NAME))
        await life.comes_to("Done")
    assert systems(web) == (wanted, wanted)
    assert web.log().count(("test", wanted)) == 1


async def test_a_controller_that_is_killed_while_it_copies_copies_on_in_its_next_life(
    farm: Farm, web: SimHost, state: Path
) -> None:
    wanted = farm.commit(payload="killed", ballast=300 * MIB)["web01"]
    farm.build("web01")
    with process(state, files(farm)):
        until(lambda: arrived(web) > MIB, "it is on its way", 90)
    assert systems(web)[0] != wanted
    async with alive(state, **files(farm)) as life:
        await life.comes_to("Done")
    assert systems(web) == (wanted, wanted)
    assert web.log().count(("test", wanted)) == 1


async def test_a_builder_that_is_down_stops_only_what_it_is_to_build(
    farm: Farm, web: SimHost, state: Path
) -> None:
    before, forge = systems(web), farm.hosts["forge"]
    async with alive(state, **files(farm, builder="forge")) as life:
        wanted = farm.commit(payload="by a builder that is down")["web01"]
        forge.kill()
        said = await life.comes_to("Failed")
        assert "forge" in said or f"{forge.address}:{forge.port}" in said
        assert systems(web) == before
        forge.start()
        await life.comes_to("Done")
        assert systems(web) == (wanted, wanted)


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_a_cache_that_gives_nothing_is_told_and_leaves_what_runs(
    farm: Farm, web: SimHost, state: Path, cache: HttpCache, how: str
) -> None:
    before = systems(web)
    farm.commit(payload=f"a cache that {how}")
    cache.fails, cache.hangs = (500, False) if how == "fails" else (0, True)
    async with alive(state, **files(farm, caches=[{"url": cache.url}])) as life:
        said = await life.comes_to("Failed")
        assert "web01 cannot be given" in said
        assert "by its caches" in said
        assert "see that the cache answers the host" in said
        assert cache.asked
        assert systems(web) == before


async def test_a_disk_that_is_full_is_told_with_what_to_do(farm: Farm, state: Path) -> None:
    forge = farm.hosts["forge"]
    before = systems(forge)
    farm.commit(payload="too large", ballast=60 * MIB)
    forge.run(
        "nix-collect-garbage >/dev/null 2>&1; mkdir -p /mnt/small && mount -t tmpfs -o size=30m small /mnt/small && "
        "cp -a /nix/. /mnt/small && mount --rbind /mnt/small /nix"
    )
    made = {"host": host(forge), "system": nixos(farm.fleet.url, name="forge")}
    async with alive(state, **made) as life:
        said = await life.comes_to("Failed", "NixosHost/forge")
        assert "No space left on device" in said
        assert "free some space in /nix" in said
        assert systems(forge) == before
