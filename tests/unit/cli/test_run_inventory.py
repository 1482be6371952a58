"""`setpoint run` as a process with an inventory: what it declares survives kills, and that it is away changes nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.test_run import SETTINGS, Daemon, until

PATIENCE = 60.0


class Booked(Daemon):
    """A daemon with a ledger beside the folder of its declarations."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ledger = root / "ledger"
        self.ledger.mkdir()
        self.settings(f"{SETTINGS}inventories: {{bench: }}\n")

    def page(self, name: str, text: str) -> None:
        # At once and as a whole: the ledger is read again and again.
        fresh = self.root / "page"
        fresh.write_text(f"kind: Part\nmetadata: {{name: {name}}}\nspec: {{text: {text}}}\n")
        fresh.rename(self.ledger / f"{name}.yaml")

    def made(self, name: str) -> str:
        place = self.bench / name
        return place.read_text() if place.exists() else ""

    def said(self) -> list[str]:
        place = self.root / "said"
        return place.read_text().splitlines() if place.exists() else []

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        assert self.wait(PATIENCE) == 0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Booked]:
    made = Booked(tmp_path)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


def test_what_an_inventory_declares_comes_true_and_it_is_served_and_closed(daemon: Booked) -> None:
    daemon.page("x", "one")
    daemon.part("a", "one")
    daemon.start()
    until(lambda: (daemon.made("x"), daemon.made("a")) == ("one", "one"), PATIENCE)
    daemon.page("x", "two")
    until(lambda: daemon.made("x") == "two", PATIENCE)
    daemon.stop()
    said = daemon.said()
    assert "serving" in said
    assert said[-2:] == ["served", "closed"]


def test_after_a_kill_an_inventory_that_is_away_and_a_source_that_is_away_change_nothing(
    daemon: Booked,
) -> None:
    daemon.page("x", "one")
    daemon.start()
    until(lambda: daemon.made("x") == "one", PATIENCE)
    daemon.kill()
    away = daemon.ledger.rename(daemon.root / "away")
    daemon.start()
    daemon.part("a", "one")
    until(lambda: daemon.made("a") == "one", PATIENCE)
    (daemon.bench / "x").write_text("drifted")
    daemon.client.post("/v1/resync", {"all": True})
    until(lambda: daemon.made("x") == "one", PATIENCE)
    daemon.kill()
    (daemon.root / "estate").rename(daemon.root / "gone")
    away.rename(daemon.ledger)
    daemon.start()
    daemon.page("x", "two")
    until(lambda: daemon.made("x") == "two", PATIENCE)
    assert daemon.made("a") == "one"
    assert daemon.said().count("fetched") == 1


def test_a_mistake_in_what_the_settings_say_of_it_is_told_with_its_place(daemon: Booked) -> None:
    daemon.settings(f"{SETTINGS}inventories: {{bunch: {{}}}}\n")
    said = daemon.refuse()
    assert (
        ":6:15: inventories.bunch: no installed system has an inventory 'bunch'; did you mean bench?" in said
    )
