"""The files of this package in a first estate, as `setpoint init` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

_PLACES = {
    "cluster.yaml": "clusters/home.yaml",
    "defaults.yaml": "machines/defaults.yaml",
    "web01.yaml": "machines/web01.yaml",
}


def skeleton() -> Mapping[str, str]:
    """Text by path below the folder of the declarations."""
    folder = files(__name__)
    return {place: (folder / name).read_text(encoding="utf-8") for name, place in _PLACES.items()}
