"""The examples of a kind: files beside it, shown by `explain` and the docs, validated by tests."""

from __future__ import annotations

from importlib.resources import files


def examples(package: str) -> tuple[str, ...]:
    """The text of every file in the folder `examples` of a kind's package, by name."""
    folder = files(package) / "examples"
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in found if file.name.endswith(".yaml"))
