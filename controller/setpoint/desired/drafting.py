"""From the documents of one file to drafts, carefully: with the place of everything, so that every mistake is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from setpoint.desired.conflicts import conflicts
from setpoint.desired.drafts import Draft, Piece, Wish, Writing, claim_of
from setpoint.desired.envelope import Envelope
from setpoint.desired.expand import Growth, grown
from setpoint.desired.home import Settled, settled, text_for
from setpoint.desired.layers import Below, Stack, tree, whole, without_empty
from setpoint.desired.lifespan import fault
from setpoint.desired.node import Fields, Leaf, Node, Origins, Path, child, nearest
from setpoint.desired.places import rendered
from setpoint.desired.reader import Document, Parsed, read
from setpoint.desired.references import names_in
from setpoint.desired.remarks import remark
from setpoint.desired.sets import Made, is_set, make
from setpoint.desired.sheet import Sheet, Sheets, no_sheets
from setpoint.desired.suggest import remedy as suggestion
from setpoint.desired.taking import (
    Spoilt,
    formerly_of,
    is_for_every_kind,
    laid_under,
    misnamed,
    unknown_field,
)
from setpoint.desired.validate import check
from setpoint.model.conflict import Conflict
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace
from setpoint.model.kind import NAME, Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.spec import Spec

M = TypeVar("M", bound=BaseModel)
Quick: TypeAlias = Callable[
    [Fields, Writing, Mapping[str, Kind[Any, Any]], Sheets], tuple[Draft, frozenset[Origin]] | None
]


def read_carefully(
    path: str,
    content: bytes,
    stack: Stack,
    kinds: Mapping[str, Kind[Any, Any]],
    tables: Mapping[str, bytes],
    *,
    quick: Quick | None = None,
    sheets: Sheets = no_sheets,
) -> Piece:
    """Every declaration of a file with what it gets from around it; where that is not valid, only who is declared.

    Args:
        path: of the file.
        content: of the file.
        stack: what it gets from around it.
        kinds: by name.
        tables: the CSV files by path.
        quick: a way to read what a row makes, which gives up where this one has to judge; it only saves time.
        sheets: what inventories declare below its manifests.
    """
    parsed = read(path, content)
    every: list[_Drafting | _Quick] = []
    sets: list[Made] = []
    for index, document in enumerate(parsed.documents):
        writing = Writing(path, content, index, stack, "")
        root = document.root
        if _is_for_an_inventory(root):
            continue
        if not isinstance(root, Fields) or not is_set(root):
            every.append(_Drafting(document, writing, kinds, sheets))
            continue
        made = make(path, root, tables) if document.whole else Made()
        sets.append(made)
        sound = quick if document.sound and stack.below is not None else None
        every.extend(
            _made(
                Document(manifest, document.sound, whole=True),
                replace(writing, row=row),
                kinds,
                sheets,
                sound,
            )
            for row, manifest in made.manifests
        )
    every.extend([beside for drafting in every for beside in drafting.beside(kinds)])
    return _piece(parsed, every, sets)


def _piece(parsed: Parsed, every: list[_Drafting | _Quick], sets: list[Made]) -> Piece:
    """What the documents of a file amount to."""
    found = [drafting for drafting in every if not drafting.left_out]
    problems = [problem for made in sets for problem in made.problems]
    problems += [problem for drafting in found for problem in drafting.problems]
    return Piece(
        drafts=tuple(drafting.draft for drafting in found if drafting.draft is not None),
        declared=tuple((d.key, d.origin) for d in found if d.key is not None),
        wishes=tuple((d.key, d.wishes) for d in found if d.key is not None and d.draft is None and d.wishes),
        former=tuple((d.key, d.former) for d in found if d.key is not None and d.former is not None),
        held=tuple(
            (d.key, d.spoilt.at(d.origin)) for d in found if d.key is not None and d.spoilt is not None
        ),
        problems=(*parsed.problems, *dict.fromkeys(problems)),
        hides=not parsed.complete
        or any(drafting.key is None or drafting.hides for drafting in found)
        or not all(made.complete for made in sets),
        fitted=frozenset(origin for drafting in every for origin in drafting.fitted),
        tables=frozenset(made.table for made in sets if made.table is not None),
    )


def _is_for_an_inventory(root: Node) -> bool:
    """Whether a document declares nothing, and says how an inventory is read: that one judges it."""
    return isinstance(root, Fields) and "inventory" in root.fields and "kind" not in root.fields


@dataclass(frozen=True, slots=True)
class _Quick:
    """What is known of a draft that was quickly read."""

    draft: Draft
    key: Key
    origin: Origin
    fitted: frozenset[Origin]
    problems: tuple[DeclarationProblem, ...] = ()
    wishes: tuple[Wish, ...] = ()
    former: Key | None = None
    spoilt: Spoilt | None = None
    left_out: bool = False
    hides: bool = False

    def beside(self, _: Mapping[str, Kind[Any, Any]]) -> tuple[_Drafting, ...]:
        """Nothing: what makes more is left to care."""
        return ()


def _made(
    document: Document,
    writing: Writing,
    kinds: Mapping[str, Kind[Any, Any]],
    sheets: Sheets,
    quick: Quick | None,
) -> _Drafting | _Quick:
    """What a row made."""
    if quick is not None and isinstance(document.root, Fields):
        found = quick(document.root, writing, kinds, sheets)
        if found is not None:
            draft, fitted = found
            return _Quick(draft, draft.key, draft.origin, fitted)
    return _Drafting(document, writing, kinds, sheets)


class _Drafting:
    """One document on its way to a draft; it stops nowhere, so that every mistake is told."""

    def __init__(
        self,
        document: Document,
        writing: Writing,
        kinds: Mapping[str, Kind[Any, Any]],
        sheets: Sheets,
        growth: Growth | None = None,
    ) -> None:
        self.document = document
        self.writing = writing
        self.sheets = sheets
        self.below: Sequence[Sheet] = ()
        self.spoilt: Spoilt | None = None
        self.growth = growth
        self.growths: tuple[Growth, ...] | None = None
        self.hides = False
        self.origin = document.root.origin
        self.fitted: frozenset[Origin] = frozenset()
        self.left_out = False
        self.problems: list[DeclarationProblem] = []
        self.key: Key | None = None
        self.former: Key | None = None
        self.draft: Draft | None = None
        self.wishes: tuple[Wish, ...] = ()
        if not isinstance(document.root, Fields):
            self._say(document.root.origin, "a declaration is a mapping", "write kind, metadata and spec")
            return
        at = settled(without_empty(document.root), writing.stack.home)
        self.problems.extend(at.problems)
        kind = self._kind(at.root, kinds)
        self.key = self._key(at.root, kind)
        if at.home is not None and (omission := at.home.omission(self.key)) is not None:
            self.fitted, self.left_out = frozenset((omission.origin,)), True
            return
        stack = self._around(at.root, kind)
        self.former = self._former(at.root, kind, stack)
        if document.whole and self.spoilt is None and stack.below is not None:
            self._judge(at, kind, replace(writing, stack=stack))
        self.hides = kind is not None and kind.expand is not None and self.growths is None

    def beside(self, kinds: Mapping[str, Kind[Any, Any]]) -> tuple[_Drafting, ...]:
        """What it makes, valid itself or not."""
        sound = self.document.sound
        return tuple(
            _Drafting(
                Document(one.manifest, sound, whole=True),
                replace(self.writing, manifest=one.manifest),
                kinds,
                self.sheets,
                one,
            )
            for one in self.growths or ()
        )

    def _kind(self, root: Fields, kinds: Mapping[str, Kind[Any, Any]]) -> Kind[Any, Any] | None:
        name = _text(root, "kind")
        if name is None or name in kinds:
            return kinds.get(name or "")
        remedy = suggestion(name, kinds, otherwise="the kinds are")
        self._say(root.fields["kind"].origin, f"there is no kind '{name}'", remedy, "kind")
        return None

    def _key(self, root: Fields, kind: Kind[Any, Any] | None) -> Key | None:
        """Who it is, if that can be told at all; names are judged here, everything else with the envelope."""
        metadata = root.fields.get("metadata", root)
        name, namespace = _text(metadata, "name"), _text(metadata, "namespace")
        if kind is None or name is None or "metadata" not in root.fields:
            return None
        if not kind.names.fullmatch(name):
            what, remedy = f"'{name}' is no name of a {kind.name}", name_rule(kind)
            self._say(nearest(metadata, ("name",)).origin, what, remedy, "metadata.name")
            return None
        if namespace is None:
            return None if child(metadata, "namespace") else Key(DEFAULT_NAMESPACE, kind.name, name)
        return Key(namespace, kind.name, name) if is_namespace(namespace) else None

    def _around(self, root: Fields, kind: Kind[Any, Any] | None) -> Stack:
        """What is around it, with what it takes of an inventory."""
        stack = self.writing.stack
        self.below = self.sheets(self.key) if self.key is not None else ()
        if kind is None or not self.below or not self.document.whole or stack.below is None:
            return stack
        policy = tree(whole(stack, kind.name, root).root.fields["policy"])
        around = laid_under(stack, self.below, policy.get("take"))
        if isinstance(around, Stack):
            return around
        self.spoilt = around
        return stack

    def _judge(self, at: Settled, kind: Kind[Any, Any] | None, writing: Writing) -> None:
        """Merge, then hold every part against its own model."""
        root = at.root
        found = whole(writing.stack, kind.name if kind else "", root)
        merged, self.fitted = found.root, found.fitted
        envelope = self._check(Envelope, merged, ())
        policy, spec = merged.fields["policy"], merged.fields["spec"]
        if kind is None or not isinstance(policy, Fields) or not isinstance(spec, Fields):
            return
        if self.key is not None and isinstance(self.document.root, Fields):
            self.growths = grown(kind, self.key, self.document.root, merged)
        value, target = self._check(kind.spec, spec, ("spec",)), self._target(at, merged, kind)
        references = () if value is None else _references(value, spec, at)
        self.wishes = (*references, target) if target else references
        judged = self._policy(policy, kind, writing.stack)
        if self.key is None or envelope is None or judged is None or value is None:
            return
        if self.problems or not self.document.sound:
            return
        self.draft = Draft(
            key=self.key,
            origin=root.origin,
            spec=tree(spec),
            policy=judged,
            labels=envelope.metadata.labels,
            origins=Origins(replace(writing, kind=kind.name).trees),
            references=references,
            hosted_by=kind.hosted_by,
            target=target,
            formerly=self.former,
            formerly_at=self._said_former(root, writing.stack)[1],
            claim=claim_of(kind, value),
            through=writing.through,
            conflicts=self._conflicts(writing.stack.sheet, merged, value, kind),
        )

    def _conflicts(
        self, sheet: Below | None, merged: Fields, value: Spec, kind: Kind[Any, Any]
    ) -> tuple[Conflict, ...]:
        """What the sheet below it says otherwise, with what that was made of."""
        if sheet is None or self.key is None:
            return ()
        content = next(one.content for one in self.below if one.path == sheet.path)
        found = conflicts(sheet.layer, merged, value, self.key, kind)
        return tuple(replace(one, remark=remark(one.sheet_origin, content)) for one in found)

    def _policy(self, policy: Fields, kind: Kind[Any, Any], stack: Stack) -> Policy | None:
        judged = self._check(Policy, policy, ("policy",))
        if judged is None:
            return None
        wrong = fault(judged, kind)
        if wrong is not None:
            self._say(nearest(policy, ("lifecycle",)).origin, *wrong, "policy.lifecycle")
        unknown = unknown_field(judged, kind)
        if unknown is not None and is_for_every_kind(stack, policy, unknown):
            unknown = None
        for one in (unknown, misnamed(judged.take, self.below)):
            if one is not None:
                place = rendered(("policy", *one.path))
                self._say(nearest(policy, one.path).origin, one.what, one.remedy, place)
        return judged

    def _target(self, at: Settled, merged: Fields, kind: Kind[Any, Any]) -> Wish | None:
        name = _text(merged, "target")
        if name is None:
            return None
        if kind.hosted_by is not None:
            origin = merged.fields["target"].origin
            return Wish(kind.hosted_by, text_for(name, origin, at), "target", origin, copied=at.copied)
        if "target" in at.root.fields:
            self._say(at.root.fields["target"].origin, f"a {kind.name} has no target", "remove it", "target")
        return None

    def _said_former(self, root: Fields, stack: Stack) -> tuple[str | None, Origin]:
        """What is said of a name before, and where; what a sheet says counts where the manifest says nothing."""
        said = child(root.fields.get("metadata", root), "formerly") or formerly_of(stack)
        text = said.value if isinstance(said, Leaf) and isinstance(said.value, str) else None
        return text, said.origin if said is not None else nearest(root, ("metadata",)).origin

    def _former(self, root: Fields, kind: Kind[Any, Any] | None, stack: Stack) -> Key | None:
        """The key that it had before: a name, or namespace/Kind/name when it moves between namespaces."""
        text, origin = self._said_former(root, stack)
        if text is None or kind is None or self.key is None:
            return None
        key = Key(self.key.namespace, kind.name, text)
        if f"{kind.name}/" in text:
            with suppress(ValueError):
                key = Key.parse(text, namespace=self.key.namespace)
        if key.kind == kind.name and kind.names.fullmatch(key.name) and key != self.key:
            return key
        remedy = "write the name that it had before, or remove formerly"
        self._say(origin, f"'{text}' is no former name of {self.key}", remedy, "metadata.formerly")
        return None

    def _check(self, model: type[M], part: Fields, at: Path) -> M | None:
        value, problems = check(model, part, at)
        self.problems.extend(map(self._told, problems))
        return value

    def _say(self, origin: Origin, what: str, remedy: str, field: str = "") -> None:
        self.problems.append(self._told(DeclarationProblem(origin, what, remedy, field)))

    def _told(self, problem: DeclarationProblem) -> DeclarationProblem:
        return problem if self.growth is None else self.growth.told(problem)


def _references(value: BaseModel, spec: Fields, at: Settled) -> tuple[Wish, ...]:
    return tuple(
        Wish(name.kind, text_for(str(name), origin, at), rendered(("spec", *path)), origin, copied=at.copied)
        for path, name in names_in(value)
        for origin in (nearest(spec, path).origin,)
    )


def name_rule(kind: Kind[Any, Any]) -> str:
    """How the names of a kind look, as a remedy."""
    if kind.names is NAME:
        return "use a-z, 0-9, - and ., beginning and ending with a letter or digit"
    return f"it has to match {kind.names.pattern}"


def _text(node: Node, name: str) -> str | None:
    below = child(node, name)
    return below.value if isinstance(below, Leaf) and isinstance(below.value, str) else None
