"""The pages of `docs/reference`, made from what they describe: kinds, settings, verbs, metrics and the words of the model.

`python -m setpoint.cli.reference --write DIR` writes them; those who make kinds of their own get their pages as well.
"""

from __future__ import annotations

from setpoint.cli.reference.pages import reference_pages

__all__ = ["reference_pages"]
