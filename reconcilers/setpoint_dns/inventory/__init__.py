"""What this package tells the inventories of others about its kinds: data in their language."""

from __future__ import annotations

from importlib.resources import files


def netbox() -> str:
    """The maps for what NetBox holds."""
    return (files(__name__) / "netbox.yaml").read_text(encoding="utf-8")
