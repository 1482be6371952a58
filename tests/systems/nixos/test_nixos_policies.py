"""Each policy from its declaration to a host that runs the system: who built it, and who has it. One fleet for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.secret import Secret
from setpoint_nixos import SYSTEM
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.nix.sign import public_key
from setpoint_nixos.shop import apportion
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.living import alive, host, nixos, systems
from tests.systems.nixos.nixes import call, make_nix, remove
from tests.systems.nixos.nixing import has
from tests.systems.nixos.servers.cache import HttpCache, serving
from tests.systems.nixos.simhost import SimHost

HERE, FORGE, HOST, CACHE = "here", "forge", "host", "cache"


@dataclass
class Yard:
    """The hosts, and what they are given.

    Attributes:
        farm: `web01` is entered as root, `db01` as another user, `forge` builds for others.
        key: the file with the key that `db01` and users of the cache know; its public half is `public`.
        others: another Nix that knows the same fleet, such as that of a CI.
    """

    farm: Farm
    nix: Nix
    others: Nix
    key: Path
    public: str
    cache: HttpCache

    def commit(self, name: str, payload: str) -> str:
        return self.farm.commit({name: {"payload": payload}})[name]

    def files(self, name: str, build: Mapping[str, Any]) -> dict[str, str]:
        hosts = self.farm.hosts
        return {
            "forge": host(hosts["forge"]),
            "host": host(hosts[name], user="deploy" if name == "db01" else "root"),
            "system": nixos(self.farm.fleet.url, name=name, build=build),
        }

    def fill(self, name: str) -> None:
        """Have others build what was committed last, and publish it."""
        reference = self.farm.reference(name)
        out = call(self.others, "nix", "build", "--no-link", "--json", reference)
        assert out
        place = f"file://{self.cache.folder}?secret-key={self.key}"
        call(self.others, "nix", "copy", "--to", place, reference)

    def having(self, name: str, system: str) -> set[str]:
        """Who has the system."""
        narinfo = self.cache.folder / f"{system.removeprefix('/nix/store/')[:32]}.narinfo"
        found = {
            HERE: bool(call(self.nix, "nix", "path-info", system, check=False)),
            FORGE: has(self.farm.hosts["forge"], system),
            HOST: has(self.farm.hosts[name], system),
            CACHE: narinfo.exists(),
        }
        return {place for place, there in found.items() if there}


@pytest.fixture(scope="module")
def yard(nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> Generator[Yard]:
    folder = tmp_path_factory.mktemp("yard")
    secret = call(nix, "nix", "key", "generate-secret", "--key-name", "forge-1")
    key = folder / "key"
    key.touch(mode=0o600)
    key.write_text(secret)
    public = public_key(Secret(secret))
    others = make_nix(folder / "others")
    with ExitStack() as stack:
        cache = stack.enter_context(serving(folder / "cache"))
        hosts = [
            SimHost("web01", systemd=True),
            SimHost("forge", systemd=True),
            SimHost(
                "db01", systemd=True, daemon=True, users=("deploy",), sudo=True,
                nix_conf=f"trusted-public-keys = {public}\ntrusted-substituters = {cache.url}\n",
            ),
        ]  # fmt: skip
        for one in hosts:
            stack.enter_context(one)
        yield Yard(Farm(folder / "farm", nix, hosts), nix, others, key, public, cache)
    remove(folder / "others")


@pytest.fixture
def budget() -> Generator[Callable[..., None]]:
    """Sets how much of each sort of work goes on at once."""

    def most(**work: int) -> None:
        apportion({**SYSTEM.work, **work})

    yield most
    apportion(SYSTEM.work)


def told(yard: Yard, build: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration with what only the yard knows."""
    text = json.dumps(build).replace('"KEY"', json.dumps({"file": str(yard.key)}))
    made: dict[str, Any] = json.loads(text.replace("URL", yard.cache.url).replace("PUBLIC", yard.public))
    return made


POLICIES = [
    pytest.param("web01", {}, {HERE, HOST}, id="local"),
    pytest.param("web01", {"on": "target"}, {HOST}, id="target"),
    pytest.param("web01", {"builder": "forge"}, {FORGE, HOST}, id="builder"),
    pytest.param("web01", {"machines": [{"host": "forge"}]}, {HERE, FORGE, HOST}, id="distributed"),
    pytest.param("web01", {"caches": [{"url": "URL", "key": "PUBLIC"}]}, {CACHE, HOST}, id="cache"),
    pytest.param("web01", {"publish": {"url": "URL", "key": "KEY"}}, {HERE, CACHE, HOST}, id="published"),
    pytest.param("db01", {"signingKey": "KEY"}, {HERE, HOST}, id="signed"),
    pytest.param("db01", {"on": "target"}, {HOST}, id="target-by-another-user"),
    pytest.param("db01", {"builder": "forge", "signingKey": "KEY"}, {FORGE, HOST}, id="signed-at-the-builder"),
    pytest.param("db01", {"caches": [{"url": "URL"}]}, {CACHE, HOST}, id="cache-by-another-user"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "build", "having"), POLICIES)
async def test_a_system_is_built_where_it_is_declared_and_runs(
    yard: Yard,
    state: Path,
    request: pytest.FixtureRequest,
    name: str,
    build: dict[str, Any],
    having: set[str],
) -> None:
    wanted = yard.commit(name, request.node.callspec.id)
    if having == {CACHE, HOST}:
        yard.fill(name)
    async with alive(state, **yard.files(name, told(yard, build))) as life:
        await life.comes_to("Done", f"NixosHost/{name}")
        assert systems(yard.farm.hosts[name]) == (wanted, wanted)
        assert yard.having(name, wanted) == having


async def test_no_more_hosts_are_activated_at_once_than_there_are_places(
    yard: Yard, state: Path, budget: Callable[..., None]
) -> None:
    budget(activating=1)
    names = ("web01", "forge")
    wanted = yard.farm.commit(payload="in turns", slow=2)
    files = {name: text for name, text in yard.farm.files().items() if "db01" not in name}
    async with alive(state, **files) as life:
        for name in names:
            await life.comes_to("Done", f"NixosHost/{name}")
    first, second = sorted((yard.farm.deploy(name) for name in names), key=lambda deploy: deploy.began)
    assert {first.system, second.system} == {wanted[name] for name in names}
    assert first.ended <= second.began


async def test_what_nobody_signed_is_refused_with_what_to_do(yard: Yard, state: Path) -> None:
    before = systems(yard.farm.hosts["db01"])
    wanted = yard.commit("db01", "unsigned")
    async with alive(state, **yard.files("db01", {})) as life:
        said = await life.comes_to("Failed", "NixosHost/db01")
        assert "db01 cannot be given" in said
        assert "sign it: name by build.signingKey a key that is in the host's" in said
        assert systems(yard.farm.hosts["db01"]) == before
        assert HOST not in yard.having("db01", wanted)
