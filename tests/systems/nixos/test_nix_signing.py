"""Signatures and binary caches with real Nix: a host that does not trust its deploy user takes only what is signed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.secret import Secret
from setpoint_nixos.nix.build import FromCache, Local, OnBuilder
from setpoint_nixos.nix.cache import Cache
from setpoint_nixos.nix.failures import UnsignedError
from setpoint_nixos.nix.perform import Builds, Job
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.nix.sign import as_input, public_key
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, physical, remove
from tests.systems.nixos.nixing import Reach, builds, evaluated, has, reaching
from tests.systems.nixos.servers.cache import serving
from tests.systems.nixos.simhost import SimHost

Start = Callable[..., SimHost]


@pytest.fixture
async def reach() -> AsyncGenerator[Reach]:
    async with reaching() as way:
        yield way


@pytest.fixture
def own_nix(tmp_path: Path) -> Generator[Nix]:
    """A store of its own, for what is signed once stays signed."""
    yield make_nix(tmp_path / "nix")
    remove(tmp_path / "nix")


@pytest.fixture
def key(own_nix: Nix) -> Secret:
    return Secret(call(own_nix, "nix", "key", "generate-secret", "--key-name", "forge-1"))


@dataclass(frozen=True)
class Yard:
    """What a test builds with."""

    nix: Nix
    key: Secret
    fleet: Fleet
    folder: Path
    reach: Reach

    @property
    def work(self) -> Builds:
        return builds(self.nix, self.folder)

    async def system(self, payload: str) -> System:
        self.fleet.host("web01", payload=payload)
        return await evaluated(self.nix, self.fleet, "web01", self.folder)


@pytest.fixture
def yard(own_nix: Nix, key: Secret, fleet: Fleet, tmp_path: Path, reach: Reach) -> Yard:
    return Yard(own_nix, key, fleet, tmp_path, reach)


@pytest.fixture
def served(tmp_path: Path) -> Generator[tuple[str, Path]]:
    """A web server and its folder."""
    with serving(tmp_path / "cache") as cache:
        yield cache.url, cache.folder


@pytest.mark.parametrize("version", VERSIONS)
def test_the_public_half_is_what_nix_makes_of_it(tmp_path: Path, version: str) -> None:
    nix = make_nix(tmp_path / "nix", version)
    made = call(nix, "nix", "key", "generate-secret", "--key-name", "a.b-1")
    public = call(nix, "nix", "key", "convert-secret-to-public", given=made)
    assert public_key(Secret(f"{made}\n")) == public


@pytest.mark.parametrize("text", ["", "name", "name:", "name:AAAA", ":AAAA", "na me:AAAA", "name:***"])
def test_what_is_no_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(RefusalError) as caught:
        as_input(Secret(text))
    assert str(caught.value) == (
        "the signing key is not one of Nix; make one with nix key generate-secret --key-name NAME-1"
    )


async def test_a_host_that_does_not_trust_us_takes_only_what_is_signed(yard: Yard, simhost: Start) -> None:
    host = simhost(
        "web01", daemon=True, users=("deploy",), nix_conf=f"trusted-public-keys = {public_key(yard.key)}\n"
    )
    system = await yard.system("signed")
    work, remotes = yard.work, {"web01": yard.reach(host, "deploy")}
    await work.build(Job(Local(), system, "web01", remotes))
    with pytest.raises(UnsignedError, match=r"sign it: name by build\.signingKey"):
        await work.deliver(Job(Local(), system, "web01", remotes))
    assert not has(host, system.out)
    await work.deliver(Job(Local(), system, "web01", remotes, yard.key))
    assert has(host, system.out)
    host.run("nix-collect-garbage")
    assert has(host, system.out)


async def test_a_key_that_the_host_does_not_know_is_as_good_as_none(yard: Yard, simhost: Start) -> None:
    host = simhost("web01", daemon=True, users=("deploy",))
    system = await yard.system("strange")
    work, order = (
        yard.work,
        Job(Local(), system, "web01", {"web01": yard.reach(host, "deploy")}, yard.key),
    )
    await work.build(order)
    with pytest.raises(UnsignedError):
        await work.deliver(order)


async def test_what_a_builder_built_is_signed_there(yard: Yard, simhost: Start) -> None:
    host = simhost(
        "web01", daemon=True, users=("deploy",), nix_conf=f"trusted-public-keys = {public_key(yard.key)}\n"
    )
    builder = simhost("forge")
    system = await yard.system("signed at the forge")
    remotes = {"web01": yard.reach(host, "deploy"), "forge": yard.reach(builder)}
    work, order = yard.work, Job(OnBuilder("forge"), system, "web01", remotes, yard.key)
    await work.build(order)
    await work.deliver(order)
    assert has(host, system.out)


async def test_a_host_fetches_what_was_published(
    yard: Yard, simhost: Start, served: tuple[str, Path]
) -> None:
    url, folder = served
    host = simhost("web01")
    system = await yard.system("published")
    cache = Cache(url, public_key(yard.key))
    order = Job(FromCache((cache,), cache), system, "web01", {"web01": yard.reach(host)}, yard.key)
    work = yard.work
    await work.build(order)
    await work.deliver(order)
    assert has(host, system.out)
    assert not [file for file in folder.rglob("*") if yard.key.reveal() in str(file)]


async def test_a_host_fetches_what_others_put_into_a_folder(
    yard: Yard, simhost: Start, served: tuple[str, Path]
) -> None:
    url, folder = served
    host = simhost("web01")
    system = await yard.system("by others")
    elsewhere = Cache(url, public_key(yard.key), f"file://{folder}")
    order = Job(FromCache((elsewhere,), elsewhere), system, "web01", {"web01": yard.reach(host)}, yard.key)
    work = yard.work
    await work.build(order)
    await work.deliver(order)
    shutil.rmtree(folder)
    await work.deliver(Job(FromCache((elsewhere,)), system, "web01", order.remotes))
    assert has(host, system.out)


@pytest.mark.parametrize("damage", ["nar", "narinfo", "missing"])
async def test_a_damaged_cache_gives_an_error_and_no_system(
    yard: Yard, simhost: Start, served: tuple[str, Path], damage: str
) -> None:
    url, folder = served
    host = simhost("web01")
    system = await yard.system(f"damaged {damage}")
    cache = Cache(url, public_key(yard.key))
    work = yard.work
    published = Job(FromCache((cache,), cache), system, "web01", {"web01": yard.reach(host)}, yard.key)
    await work.build(published)
    call(yard.nix, "nix", "copy", "--to", f"file://{folder}", system.out)
    spoil(folder, damage, system.out)
    with pytest.raises(RefusalError) as caught:
        await work.deliver(Job(FromCache((cache,)), system, "web01", {"web01": yard.reach(host)}))
    assert "web01 cannot be given" in str(caught.value)
    assert not has(host, system.out)


def spoil(folder: Path, how: str, out: str) -> None:
    if how == "nar":
        for nar in folder.glob("nar/*"):
            nar.write_bytes(b"\0" * nar.stat().st_size)
        return
    info = folder / f"{out.removeprefix('/nix/store/')[:32]}.narinfo"
    if how == "narinfo":
        info.write_text("StorePath: rubbish\n")
    else:
        info.unlink()


async def test_a_cache_that_takes_only_what_is_signed_needs_a_key(yard: Yard, simhost: Start) -> None:
    host = simhost("web01")
    system = await yard.system("no key")
    cache = Cache(f"file://{yard.folder}/cache")
    work, order = (
        yard.work,
        Job(FromCache((cache,), cache), system, "web01", {"web01": yard.reach(host)}),
    )
    await work.build(order)
    with pytest.raises(RefusalError, match="declare the signing key"):
        await work.deliver(order)
    assert physical(yard.nix, system.out).exists()


@pytest.mark.parametrize(
    ("cache", "place"),
    [
        (Cache("file:///srv/cache"), "file:///srv/cache?compression=zstd&secret-key=/dev/stdin"),
        (Cache("http://c.test", upload="http://c.test:81/up?compression=xz"),
         "http://c.test:81/up?compression=xz&secret-key=/dev/stdin"),
        (Cache("https://c.test/x?priority=1"), "https://c.test/x?compression=zstd&priority=1&secret-key=/dev/stdin"),
    ],
    ids=["folder", "another-door", "options"],
)  # fmt: skip
def test_a_cache_is_published_to_signed_and_compressed(cache: Cache, place: str) -> None:
    assert cache.place == place


@pytest.mark.parametrize("url", ["/srv/cache", "c.test", "http://a b", "ssh://c.test", "--option"])
def test_what_is_no_cache_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no binary cache"):
        Cache(url)
