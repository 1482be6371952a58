"""What the members of an enumeration mean: the docstring that stands below each of them in the source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from enum import Enum
from itertools import pairwise


def meanings(values: type[Enum]) -> Mapping[str, str]:
    """Value -> meaning, in their order.

    Raises:
        KeyError: a member has no docstring.
    """
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(values))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101  # what the source of a class is
    found = {
        before.targets[0].id: after.value.value
        for before, after in pairwise(tree.body)
        if isinstance(before, ast.Assign)
        and isinstance(before.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }
    return {str(member.value): str(found[member.name]) for member in values}


def first_sentence(thing: type) -> str:
    """The summary of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
