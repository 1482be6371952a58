"""What it means for a manifest to be declared through an overlay: its namespace, and what the names in it mean."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.desired.files import is_sheet
from setpoint.desired.node import Fields, Leaf, child, plain
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key, is_namespace
from setpoint.model.origin import Origin


@dataclass(frozen=True)
class Omission:
    """One that an overlay leaves out of what it copies, with the place where that is written."""

    kind: str
    name: str
    origin: Origin


@dataclass(frozen=True)
class Home:
    """The overlay through which a manifest is declared.

    Attributes:
        through: the `overlay.yaml` of each overlay on the way; the last one is its own.
        folder: what the paths of its own files begin with.
        namespace: into which it declares.
        origin: where that is written.
        formerly: the namespace in which it was declared before; empty when there was none.
        formerly_at: where that is written.
        own: the manifest lies in its folder; else it is a copy.
        former: namespaces that a copy had on its way here.
        without: what is left out of the copy.
    """

    through: tuple[str, ...]
    folder: str
    namespace: str
    origin: Origin
    own: bool
    formerly: str
    formerly_at: Origin
    former: frozenset[str] = frozenset()
    without: tuple[Omission, ...] = ()

    def omission(self, key: Key | None) -> Omission | None:
        """What leaves a copy out, if anything does."""
        if key is None or not self.without:
            return None
        return next((one for one in self.without if (one.kind, one.name) == (key.kind, key.name)), None)


@dataclass(frozen=True, slots=True)
class Settled:
    """A declaration in the namespace of its overlay.

    Attributes:
        former: namespaces that stand for the one it is in now.
    """

    root: Fields
    home: Home | None
    former: frozenset[str]
    problems: tuple[DeclarationProblem, ...] = ()

    @property
    def copied(self) -> bool:
        """Whether it is a copy."""
        return self.home is not None and not self.home.own


def settled(root: Fields, home: Home | None) -> Settled:
    """A declaration where its overlay has it: a copy leaves the namespace that it names, any other must not name one."""
    metadata = root.fields.get("metadata")
    if home is None or not isinstance(metadata, Fields):
        return Settled(root, home, frozenset())
    there = child(metadata, "namespace")
    named = plain(there) if there is not None else home.namespace
    if not isinstance(named, str) or not is_namespace(named):  # a mistake, which is told where it is judged
        return Settled(root, home, frozenset())
    problems: tuple[DeclarationProblem, ...] = ()
    if there is not None and home.own and named != home.namespace:
        what = f"all of this folder is declared into the namespace '{home.namespace}' of {home.through[-1]}"
        remedy = "remove this line, or move the file"
        problems = (DeclarationProblem(there.origin, what, remedy, "metadata.namespace"),)
    moved = metadata.replacing(namespace=Leaf(home.namespace, home.origin))
    if home.formerly and "formerly" not in metadata.fields:
        kind, name = (
            plain(found) if found else None for found in (child(root, "kind"), child(metadata, "name"))
        )
        moved = moved.replacing(formerly=Leaf(f"{home.formerly}/{kind}/{name}", home.formerly_at))
    return Settled(root.replacing(metadata=moved), home, former_of(home, named), problems)


def former_of(home: Home, named: str) -> frozenset[str]:
    """The namespaces that stand for that of the overlay in a manifest that names one itself."""
    return (home.former | {named}) - {home.namespace}


def text_for(text: str, origin: Origin, at: Settled) -> str:
    """The name that is meant by one written at `origin`."""
    return meant(text, origin, at.home, at.former)


def meant(text: str, origin: Origin, home: Home | None, former: frozenset[str]) -> str:
    """The name that is meant by one in a copy: what lies in the namespace it came from is the copy of that.

    What the overlay itself says is taken at its word, and so is what a sheet says.
    """
    prefix, _, name = text.partition("/")
    if home is None or not name or prefix not in former:
        return text
    if is_sheet(origin.path) or origin.path.startswith(home.folder):
        return text
    return f"{home.namespace}/{name}"
