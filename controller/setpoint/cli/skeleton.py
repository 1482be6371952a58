"""The files of a first estate; what is declared in it comes from the systems, what surrounds it from templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from importlib.resources import files

from setpoint.desired.compile import compile_set
from setpoint.desired.schema import EDITORS, schema_files
from setpoint.model.kind import System
from setpoint.systems import registry

DECLARATIONS = "estate"
SCHEMAS = "schemas"


class Forge(StrEnum):
    """Where the repository will be, which decides how pull requests are checked."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    NONE = "none"


_CI = {
    Forge.GITHUB: ".github/workflows/setpoint.yaml",
    Forge.GITLAB: ".gitlab-ci.yml",
    Forge.FORGEJO: ".forgejo/workflows/setpoint.yaml",
}


@dataclass(frozen=True)
class Wanted:
    """What a person said about the estate.

    Attributes:
        url: of the repository that the daemon follows.
    """

    estate: str
    url: str
    forge: Forge


def skeleton_files(
    wanted: Wanted, systems: Iterable[System], taken: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Text by path; every path is relative to the top of the repository.

    Args:
        wanted: what a person said.
        systems: what is installed.
        taken: the declarations of an estate that is there already, instead of a first one to fill in.
    """
    declared = _declarations(systems) if taken is None else taken
    kinds = registry(systems)
    schemas = {f"{SCHEMAS}/{path}": text for path, text in schema_files(kinds).items()}
    ci = _CI.get(wanted.forge)
    words = {
        "ESTATE": wanted.estate,
        "URL": json.dumps(wanted.url) if set(wanted.url) & set("#'\"{}[],&*!|>%@`") else wanted.url,
        "VERSION": version("setpoint"),
        "CI_ROW": f"| `{ci}` | checks pull requests, and shows their plan |" if ci else "",
    }
    found = {
        "README.md": _filled("README.md", words).replace("\n\n\n", "\n\n"),
        ".gitignore": _filled("gitignore", words),
        "setpoint.yaml": _filled("setpoint.yaml", words),
        ".vscode/settings.json": _editor(),
        **{
            f"{DECLARATIONS}/{path}": text if taken is not None else _with_schema(path, text)
            for path, text in declared.items()
        },
        **schemas,
    }
    if ci is not None:
        found[ci] = _ci(wanted.forge, words, _variables(declared, systems))
    return found


def _declarations(systems: Iterable[System]) -> dict[str, str]:
    """What all systems declare; what two of them have for one path becomes documents of one file."""
    found: dict[str, str] = {}
    for system in systems:
        for path, text in system.skeleton().items():
            found[path] = f"{found[path]}---\n{text}" if path in found else text
    return found


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (files("setpoint.cli") / "templates" / template).read_text(encoding="utf-8")
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text


def _editor() -> str:
    """The YAML extension's own setting: which schema counts for which files."""
    schema = f"./{SCHEMAS}/{EDITORS}"
    return json.dumps({"yaml.schemas": {schema: f"{DECLARATIONS}/**/*.yaml"}}, indent=2) + "\n"


def _with_schema(path: str, text: str) -> str:
    """The text with the line by which other editors find the schema; layers are less than a declaration."""
    if path.rpartition("/")[2] == "defaults.yaml":
        return text
    up = "../" * (path.count("/") + 1)
    return f"# yaml-language-server: $schema={up}{SCHEMAS}/{EDITORS}\n{text}"


def _variables(declared: Mapping[str, str], systems: Iterable[System]) -> list[str]:
    """The environment variables that hold the secrets of the declared targets."""
    kinds = registry(systems)
    content = {path: text.encode() for path, text in declared.items()}
    compiled = compile_set(content, kinds, version="skeleton")
    names = {
        ref.env
        for key, resource in compiled.resources.items()
        if (port := kinds[key.kind].port) is not None
        for ref in port.secrets(kinds[key.kind].spec.model_validate(resource.spec)).values()
    }
    return sorted(name for name in names if name is not None)


def _ci(forge: Forge, words: Mapping[str, str], variables: list[str]) -> str:
    if forge is Forge.GITLAB:
        return _filled("gitlab.yaml", {**words, "SECRETS": ", ".join(variables)})
    lines = "\n".join(f"          {name}: ${{{{ secrets.{name} }}}}" for name in variables)
    return _filled(f"{forge}.yaml", {**words, "SECRETS": lines})
