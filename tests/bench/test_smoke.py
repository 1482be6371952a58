"""That each part of the bench still measures; what it measures is told by `make bench` alone."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.bench.__main__ import PARTS, main
from tests.bench.plan import Plan

FEW = 5


@pytest.mark.parametrize("part", PARTS)
def test_each_part_tells_figures(part: str, tmp_path: Path) -> None:
    # A socket's path must be short, and the names of tests are not.
    with TemporaryDirectory(prefix="bench-") as place:
        plan = Plan(Path(place), small=FEW, large=FEW, rounds=1, runs=1, profile=tmp_path / "profile.txt")
        figures = list(PARTS[part](plan))
    assert figures
    assert all(figure.part == part and figure.figure and figure.values for figure in figures)
    assert json.loads(json.dumps([figure.as_json() for figure in figures]))
    assert all((figure.met is None) == (not figure.aim) for figure in figures)


def test_one_table_tells_the_machine_and_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "figures.json"
    main(
        ["--only", "d", "--small", "5", "--large", "5", "--rounds", "1", "--runs", "1", "--json", str(place)]
    )
    first, *lines = capsys.readouterr().out.splitlines()
    assert "cores" in first
    told = json.loads(place.read_text())
    assert [figure["what"] for figure in told["figures"]] == ["cold load, 5", "one commit of one file, 5"]
    assert all(any(figure["what"] in line for line in lines) for figure in told["figures"])
