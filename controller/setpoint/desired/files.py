"""Which files of an estate are declarations; sources read only these."""

from __future__ import annotations


def is_declaration(path: str) -> bool:
    """Whether a file may declare something: YAML, and nothing on its way is hidden (.github, .gitlab-ci.yml)."""
    return path.endswith((".yaml", ".yml")) and not path.startswith(".") and "/." not in path
