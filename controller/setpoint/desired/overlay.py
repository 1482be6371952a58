"""What one `overlay.yaml` says: the folder it is laid over, the namespace it declares into, what it leaves out and patches."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from posixpath import join, normpath

from setpoint.desired.envelope import OverlayFile
from setpoint.desired.files import is_sheet
from setpoint.desired.home import Omission
from setpoint.desired.layers import Layer, misplaced, without_empty
from setpoint.desired.node import Fields, Leaf, as_fields, child, nearest
from setpoint.desired.reader import read
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import is_namespace
from setpoint.model.origin import Origin

FILE = "overlay.yaml"
_MISNAMED = "overlay.yml"


@dataclass(frozen=True)
class Overlay:
    """One `overlay.yaml`, as far as it can be read. Folders are what paths in them begin with: `dev/`, empty for the root.

    Attributes:
        path: of the file.
        origin: of its one document.
        template: what is in the folder is declared only through overlays over it.
        over: the folder that it is laid over; None for nothing.
        namespace: empty when that cannot be told.
        formerly: the namespace before; empty when there was none.
        complete: both can be told.
    """

    path: str
    folder: str
    origin: Origin
    template: bool = False
    over: str | None = None
    namespace: str = ""
    formerly: str = ""
    without: tuple[Omission, ...] = ()
    patches: tuple[Layer, ...] = ()
    problems: tuple[DeclarationProblem, ...] = ()
    complete: bool = False
    namespace_at: Origin | None = None
    over_at: Origin | None = None
    formerly_at: Origin | None = None


def is_overlay(path: str) -> bool:
    """Whether a file says what its folder is laid over; a sheet never does."""
    return path.rpartition("/")[2] in (FILE, _MISNAMED) and not is_sheet(path)


def read_overlay(path: str, content: bytes, kinds: Collection[str]) -> Overlay:
    """What an `overlay.yaml` says; what is wrong is in its problems."""
    nothing = Overlay(path, path[: path.rfind("/") + 1], Origin(path))
    if path.endswith(_MISNAMED):
        return _wrong(nothing, "overlays are read from overlay.yaml only", "rename this file")
    parsed = read(path, content)
    if parsed.problems:
        return replace(nothing, problems=parsed.problems)
    if len(parsed.documents) != 1:
        return _wrong(
            nothing, "an overlay is one document", "write one, with over and namespace, or template: true"
        )
    root = parsed.documents[0].root
    if not isinstance(root, Fields):
        return _wrong(nothing, "an overlay is a mapping", "write over and namespace, or template: true")
    if "kind" in root.fields and "metadata" in root.fields:
        return _wrong(
            nothing, "this is a manifest, and overlay.yaml says what a folder is laid over", "rename the file"
        )
    return _read(replace(nothing, origin=root.origin), root, frozenset(kinds))


def _wrong(overlay: Overlay, what: str, remedy: str, field: str = "", at: Origin | None = None) -> Overlay:
    problem = DeclarationProblem(at or overlay.origin, what, remedy, field)
    return replace(overlay, problems=(*overlay.problems, problem))


def _read(nothing: Overlay, root: Fields, kinds: frozenset[str]) -> Overlay:
    said, problems = check(OverlayFile, root)
    namespace = _text(root, "namespace") or ""
    found = replace(
        nothing,
        namespace=namespace if is_namespace(namespace) else "",
        namespace_at=nearest(root, ("namespace",)).origin,
        over_at=nearest(root, ("over",)).origin,
        formerly_at=nearest(root, ("formerly",)).origin,
        problems=problems,
    )
    if said is not None:
        found = replace(
            found,
            template=said.template,
            formerly=said.formerly or "",
            without=tuple(
                Omission(one.kind, one.name, nearest(root, ("without", index)).origin)
                for index, one in enumerate(said.without)
            ),
            patches=tuple(_patches(root, said)),
            problems=(*problems, *_misplaced(root, said, kinds)),
        )
    text = _text(root, "over")
    if text is None:
        known = found.template or bool(found.namespace)
        return replace(found, complete=known and "over" not in root.fields)
    return _placed(found, text)


def _placed(overlay: Overlay, text: str) -> Overlay:
    """With the folder that `text` names."""
    over = normpath(join(overlay.folder, text))
    if text.startswith("/") or over.startswith(".."):
        what, remedy = f"'{text}' leads out of the declarations", "write a way from here, such as ../base"
    elif over == "." or overlay.folder.startswith(f"{over}/"):
        what, remedy = f"this overlay lies in '{text}' itself", "name a folder beside it"
    elif over.startswith(overlay.folder):
        what, remedy = f"'{text}' lies in the folder of the overlay", "move it beside that"
    else:
        return replace(overlay, over=f"{over}/", complete=bool(overlay.namespace))
    return _wrong(overlay, what, remedy, "over", overlay.over_at)


def _patches(root: Fields, said: OverlayFile) -> Iterator[Layer]:
    for index, patch in enumerate(said.patches):
        given = without_empty(as_fields(nearest(root, ("patches", index))))
        yield Layer.of(given, patch.kind, patch.labels, patch.name)


def _misplaced(root: Fields, said: OverlayFile, kinds: frozenset[str]) -> Iterator[DeclarationProblem]:
    for index, patch in enumerate(said.patches):
        given = as_fields(nearest(root, ("patches", index)))
        yield from misplaced(given, patch, kinds, f"patches[{index}].", "patch")


def _text(root: Fields, name: str) -> str | None:
    found = child(root, name)
    return found.value if isinstance(found, Leaf) and isinstance(found.value, str) else None
