"""What a system says so that an estate which is there already can be taken over: the way in, and what a target holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from setpoint.model.secret import SecretRef
from setpoint.model.tree import Pointer, Tree


@dataclass(frozen=True)
class Access:
    """How a person says a target is reached, before anything is declared.

    Attributes:
        token: what the token is called; empty when it has no name.
        secret: where its value is found.
        ca: path of the authority's certificate; empty for the system's.
        fingerprint: of the target's certificate; empty when the authority tells enough.
        file: path of the file that is read, and `content` what it holds; empty where an entrance asks for none.
        only: ids of the objects that are meant; empty for all.
    """

    endpoints: tuple[str, ...]
    token: str
    secret: SecretRef
    ca: str = ""
    fingerprint: str = ""
    file: str = ""
    content: bytes = b""
    only: tuple[str, ...] = ()


def _nothing_assumed(_: Access) -> str:
    return ""


@dataclass(frozen=True)
class Entrance:
    """One way in which a system's estate is taken over.

    Attributes:
        kind: of the target.
        spec: the target's spec, as a person would write it. Raises ValueError, with a sentence, for what goes with none.
        groups: the sorts of groups that objects are in, the most telling first.
        apart: patterns of pointers by kind: what each object says for itself and no layer of defaults.
        endpoint: whether a person has to say where the target answers.
        secret: whether a token may be named.
        file: what the file is that a person has to name, e.g. `zone file`; empty when there is none.
        named: kind of the objects of which a person has to name each, as the target lists none; empty where it does.
        read: pure; everything that is to be declared, from what a person said alone: the target is then not called.
            None where the target tells what it holds. Raises ValueError, with a sentence, for what cannot be read.
        assumed: pure; what the target's spec takes for granted because a person did not say it, in a sentence without
            its full stop; empty when that is nothing.
    """

    kind: str
    spec: Callable[[Access], Tree]
    groups: tuple[str, ...] = ()
    apart: Mapping[str, tuple[Pointer, ...]] = field(default_factory=dict[str, tuple[Pointer, ...]])
    endpoint: bool = True
    secret: bool = True
    file: str = ""
    named: str = ""
    read: Callable[[Access], tuple[Stated, ...]] | None = None
    assumed: Callable[[Access], str] = _nothing_assumed


@dataclass(frozen=True)
class Listed:
    """An object of a target, ours or not, as a survey lists it.

    Attributes:
        kind: its kind.
        ident: its id, as `Kind.identity` reads it.
        title: what people call it, as far as the survey tells.
        groups: what it belongs to, by sort of group; the first of each is the one that counts.
        aside: why it is not to be declared although it is there, such as that it is a template; empty when it is.
    """

    kind: str
    ident: str
    title: str
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    aside: str = ""


@dataclass(frozen=True)
class Stated:
    """An object as something else than its target tells it.

    Attributes:
        spec: as a person would write it.
        untold: what it leaves out, each in a word.
    """

    listed: Listed
    spec: Tree
    untold: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing:
    """All objects of a target.

    Attributes:
        hidden: why there may be more than are listed; empty when all are.
    """

    objects: tuple[Listed, ...] = ()
    hidden: str = ""
