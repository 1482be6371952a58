"""Every test of this folder kills on the same ground."""

from __future__ import annotations

from tests.crash.ground import made_ground

__all__ = ["made_ground"]
