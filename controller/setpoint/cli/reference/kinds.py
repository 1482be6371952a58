"""A page per kind, and one for what is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from setpoint.cli.reference.fields import field_table
from setpoint.cli.reference.markdown import code, fenced, page, section, table
from setpoint.cli.reference.words import meanings
from setpoint.desired.draft7 import TEMPLATE, tidy
from setpoint.desired.envelope import Defaults, Envelope, OverlayFile, ResourceSetFile
from setpoint.desired.lessons import Book
from setpoint.desired.schema import kind_schema
from setpoint.model.diff import Treatment
from setpoint.model.kind import Kind
from setpoint.model.policy import Policy
from setpoint.model.tree import Pointer


def kind_page(kind: Kind[Any, Any]) -> str:
    """Everything that can be written in a manifest of a kind, and what it publishes."""
    book = Book(kind_schema(kind))
    return page(
        kind.name,
        f"For whoever writes manifests. {kind.summary}",
        list(_about(kind)),
        section("Example", fenced("yaml", kind.examples[0]) if kind.examples else []),
        section(
            "Fields of `spec`",
            [
                "A field that is not written is not compared. `NAME` stands for a name that you choose, `[]` for each of a list."
            ],
            field_table(book, ("spec",)),
        ),
        section("What is compared otherwise than value by value", _treatments(kind)),
        section("Outputs", _outputs(kind)),
        section("Steps", [", ".join(map(code, kind.acts))] if kind.acts else []),
    )


def manifest_page() -> str:
    """The parts of a manifest that are the same for all kinds."""
    envelope = Book(tidy(Envelope.model_json_schema(by_alias=True, ref_template=TEMPLATE)))
    policy = Book(tidy(Policy.model_json_schema(by_alias=True, ref_template=TEMPLATE)))
    made = Book(tidy(ResourceSetFile.model_json_schema(by_alias=True, ref_template=TEMPLATE)))
    overlay = Book(tidy(OverlayFile.model_json_schema(by_alias=True, ref_template=TEMPLATE)))
    defaults = Book(tidy(Defaults.model_json_schema(by_alias=True, ref_template=TEMPLATE)))
    return page(
        "Manifests",
        "For whoever writes manifests: what is the same for all kinds. Files end in `.yaml` or `.yml`; a file may hold "
        "several documents, parted by `---`. Sizes are written with a unit of 1024 (`512MiB`, `2GiB`, `1TiB`), durations as "
        "`30s`, `10m`, `2h`, `1d`.",
        section("Fields", field_table(envelope)),
        section("Fields of `policy`", field_table(policy)),
        section(
            "`defaults.yaml`",
            [
                "What the manifests in a folder and below have in common. Deeper folders lie above, the manifest on top."
            ],
            field_table(defaults),
        ),
        section(
            "`ResourceSet`",
            [
                (
                    "Makes a manifest for each row. A value that is nothing but a placeholder has the type that the row gives "
                    "it; in a longer text a placeholder is replaced by what is written. What is empty, or null, in a row leaves "
                    "its field out. A cell of a CSV file means what it would in YAML, in quotes it is text."
                )
            ],
            field_table(made),
        ),
        section(
            "`overlay.yaml`",
            [
                (
                    "Makes the folder that it lies in an environment: all that is declared there is declared into one namespace, "
                    "and so is a copy of what another folder declares. [Environments](../explanation/environments.md) says what "
                    "that means."
                )
            ],
            field_table(overlay),
        ),
    )


def kind_links(kinds: Mapping[str, Kind[Any, Any]]) -> Iterator[tuple[str, str]]:
    """A row for each kind in the list of pages."""
    for name in sorted(kinds):
        yield f"[{name}](kinds/{name}.md)", kinds[name].summary


def _about(kind: Kind[Any, Any]) -> Iterator[str]:
    if kind.hosted_by is not None:
        yield f"- Target: a [{kind.hosted_by}]({kind.hosted_by}.md); `target` may be left out when there is only one."
    yield f"- Names match {code(kind.names.pattern)}."
    if kind.stateful:
        yield "- It holds data: one that was there and is gone is made anew only after `setpoint approve`."
    yield "- `metadata`, `policy` and `target` are as for [every kind](../manifest.md)."


def _treatments(kind: Kind[Any, Any]) -> list[str]:
    fields = {
        how: [_dotted(path) for path, one in kind.treatments.items() if one is how] for how in Treatment
    }
    words = meanings(Treatment)
    rows = ((code(how), words[how], ", ".join(map(code, fields[how]))) for how in Treatment if fields[how])
    return table(("how", "meaning", "fields"), rows)


def _dotted(path: Pointer) -> str:
    return path.lstrip("/").replace("/*", ".NAME").replace("/", ".")


def _outputs(kind: Kind[Any, Any]) -> list[str]:
    fields = kind.outputs.model_fields
    rows = ((code(field.alias or name), field.description or "") for name, field in fields.items())
    return table(("output", "meaning"), rows)
