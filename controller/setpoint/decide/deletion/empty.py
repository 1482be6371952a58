"""A set of declarations that is empty deletes nothing: it is a wrong branch or path far more often than a wish."""

from __future__ import annotations

from collections.abc import Sized


def empties(before: Sized, after: Sized, problems: Sized) -> bool:
    """Whether a version that seems to be sound declares nothing at all although something is in force."""
    return bool(before) and not after and not problems
