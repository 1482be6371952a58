"""What tests of NixOS hosts ask for: Nix with a store of its own, a repository of systems, simulated hosts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.farm import Farm
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import call, make_nix, remove
from tests.systems.nixos.simhost import SimHost


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Generator[Nix]:
    """Nix of this machine with a store of its own, in which every test finds what those before it built."""
    folder = tmp_path_factory.mktemp("nix")
    yield make_nix(folder)
    remove(folder)


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A repository without hosts."""
    return Fleet(tmp_path / "fleet")


@pytest.fixture(scope="session")
def built(nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Builds a host that has these knobs: `built("web01", payload="two")` is the path of its system."""
    fleet = Fleet(tmp_path_factory.mktemp("shelf"))

    def build(name: str, **knobs: Any) -> str:
        fleet.host(name, **knobs)
        reference = fleet.reference(name, fleet.commit())
        drv = call(nix, "nix", "path-info", "--derivation", reference)
        return call(nix, "nix-store", "--realise", drv)

    return build


@pytest.fixture
def simhost() -> Generator[Callable[..., SimHost]]:
    """Starts a simulated host (`simhost("web01", systemd=True)`), and ends it after the test."""
    with ExitStack() as stack:

        def start(name: str, **options: Any) -> SimHost:
            return stack.enter_context(SimHost(name, **options))

        yield start


@pytest.fixture
def state(nix: Nix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory for a daemon whose Nix has the store of the tests."""
    for name, value in {**nix.environment, "NIX_REMOTE": nix.store}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def farm_of(nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[..., Farm]]:
    """Starts hosts for all tests of a module: `farm_of("web01", "web02")`."""
    with ExitStack() as stack:

        def start(*names: str) -> Farm:
            hosts = [stack.enter_context(SimHost(name, systemd=True)) for name in names]
            return Farm(tmp_path_factory.mktemp("farm"), nix, hosts)

        yield start
