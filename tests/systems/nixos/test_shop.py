"""What is kept on the disk of this machine stays bounded: once a day, what nobody needs any more is forgotten."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from setpoint.model.key import Key
from setpoint_nixos import shop as module
from setpoint_nixos.nix import evaluate
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.shop import Shop, link_of, open_shop

HOUR, DAY = 3600.0, 86_400.0
WEB, OPS = Key("default", "NixosHost", "web01"), Key("ops", "NixosHost", "web01")


def make(folder: Path, *, old: bool) -> set[Path]:
    """A file or folder of each sort, of today or of long ago."""
    age = "old" if old else "new"
    link, evaluation, mirror = (
        folder / part for part in (f"roots/{age}", f"evaluations/{age}.json", f"flakes/{age}")
    )
    for place in (link, evaluation):
        place.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/nix/store/gone")
    evaluation.write_text("{}")
    (mirror / "objects").mkdir(parents=True)
    for place in (link, evaluation, mirror):
        if old:
            os.utime(place, (0, 0), follow_symlinks=False)
    return {link, evaluation, mirror}


def there(folder: Path) -> set[Path]:
    return {place for part in ("roots", "evaluations", "flakes") for place in (folder / part).iterdir()}


async def tidied(at: Shop) -> bool:
    work = at.work("tidy")
    if work is None:
        return False
    await work.task
    return True


async def test_once_a_day_what_was_of_no_use_for_long_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    at, recent = open_shop(tmp_path, Nix()), make(tmp_path, old=False)
    old = make(tmp_path, old=True)
    at.declared(WEB)
    assert not await tidied(at), "not before all that is declared was looked at"
    clock[0] += HOUR + 1
    at.declared(WEB)
    assert await tidied(at)
    assert there(tmp_path) == recent
    old = make(tmp_path, old=True)
    at.declared(WEB)
    await asyncio.sleep(0)
    assert there(tmp_path) == recent | old
    clock[0] += DAY + 1
    at.declared(WEB)
    assert await tidied(at)
    assert there(tmp_path) == recent


async def test_what_no_resource_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    at = open_shop(tmp_path, Nix())
    shared = at.begin("shared", asyncio.Event().wait()).task
    for key in (WEB, OPS):
        at.wants(key, "shared")
    at.wants(WEB, "newer")
    await asyncio.sleep(0)
    assert not shared.cancelled(), "another one waits for it"
    at.wants(OPS, "newer")
    await asyncio.wait({shared})
    assert shared.cancelled()
    assert at.work("shared") is None


async def test_what_failed_and_is_of_use_to_nobody_complains_nowhere(tmp_path: Path) -> None:
    complaints = list[dict[str, object]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
    at = open_shop(tmp_path, Nix())

    async def fail() -> None:
        raise ValueError("no root file system")

    at.wants(WEB, "torn")
    await asyncio.wait({at.begin("torn", fail()).task})
    at.wants(WEB, "mended")
    gc.collect()
    assert at.work("torn") is None
    assert not complaints


async def test_what_was_built_for_a_host_is_kept_while_that_is_declared(tmp_path: Path) -> None:
    at, (roots,) = open_shop(tmp_path, Nix()), [tmp_path / "roots"]
    roots.mkdir()
    links = {name: roots / name for name in (link_of(WEB), link_of(OPS), "gone01")}
    assert len(links) == 3
    for link in links.values():
        link.symlink_to("/nix/store/built")
        os.utime(link, (0, 0), follow_symlinks=False)
    at.declared(WEB)
    at.declared(OPS)
    assert await at.tidy() == 1
    assert set(roots.iterdir()) == {links["web01"], links["ops_web01"]}


async def test_a_folder_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    assert await open_shop(tmp_path / "none", Nix()).tidy() == 0


async def test_no_more_evaluations_are_remembered_than_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "_MOST", 2)
    folder = tmp_path / "evaluations"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.json").write_text("{}")
        os.utime(folder / f"{number}.json", (2e9 + number, 2e9 + number))
    assert await open_shop(tmp_path, Nix()).tidy() == 2
    assert {place.name for place in folder.iterdir()} == {"2.json", "3.json"}
