"""Which files of an estate are declarations; sources read only these."""

from __future__ import annotations

from setpoint.model.inventory import PREFIX


def is_declaration(path: str) -> bool:
    """Whether a file may declare something: YAML or CSV, and nothing on its way is hidden (.github, .gitlab-ci.yml)."""
    return path.endswith((".yaml", ".yml", ".csv")) and not path.startswith(".") and "/." not in path


def is_table(path: str) -> bool:
    """Whether a declaration is a CSV file, which declares nothing by itself."""
    return path.endswith(".csv")


def is_sheet(path: str) -> bool:
    """Whether a declaration was made by an inventory, and so lies in no folder of the repository."""
    return path.startswith(PREFIX)


def inventory_of(path: str) -> str:
    """The name of the inventory that made a sheet."""
    return path.removeprefix(PREFIX).partition("/")[0]
