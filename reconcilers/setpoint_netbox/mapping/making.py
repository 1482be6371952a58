"""From one object and its map to a sheet, or to why there is none. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from setpoint.model.key import is_namespace
from setpoint.model.kind import NAME, Kind
from setpoint.model.printable import brief
from setpoint.model.tree import Json
from setpoint_netbox.mapping.branch import Branch, Cell, lay_below
from setpoint_netbox.mapping.model import Map
from setpoint_netbox.mapping.paths import Scope, find, parse
from setpoint_netbox.mapping.rules import Context, fill, holds, text_of
from setpoint_netbox.mapping.sheet import written
from setpoint_netbox.mapping.trouble import TroubleError

SEGMENTS: Final = {
    "virtualization.virtualmachine": "virtual-machines",
    "virtualization.cluster": "clusters",
    "ipam.prefix": "prefixes",
    "ipam.vlan": "vlans",
    "netbox_dns.zone": "zones",
}
"""What NetBox's addresses call its types; people read it."""
_DELETION: Final = "deletion"
_TOLD: Final = 3


@dataclass(frozen=True)
class Made:
    """What became of one object.

    Attributes:
        sheet: empty when there is none.
        note: why there is none; empty for what no map takes.
        map: the map that took it; empty when none did.
    """

    sheet: bytes = b""
    note: str = ""
    map: str = ""
    left_out: bool = False


@dataclass(frozen=True)
class _Who:
    """The name of a resource, and its namespace."""

    name: Cell
    namespace: Cell | None


def make(
    path: str, view: bytes, former: str, maps: Mapping[str, Map], kinds: Mapping[str, Kind[Any, Any]]
) -> Made:
    """The sheet of an object.

    Args:
        path: of its view, `virtualization.virtualmachine/17`.
        view: what NetBox says of it.
        former: the name that it had in NetBox; empty when it always had this one.
        maps: in the order in which they are tried.
        kinds: by name.
    """
    of = path.partition("/")[0]
    item = _object(view)
    scope = Scope(item)
    for name, one in maps.items():
        if one.of != of:
            continue
        context = Context(name, one.units)
        try:
            if not holds(one.when, scope, context):
                continue
            if one.leave_out is not None and holds(one.leave_out, scope, context):
                return Made(map=name, left_out=True)
        except TroubleError as error:
            return Made(note=f"{_called(path, item)} is left out: {error.what}; {error.remedy}", map=name)
        return _Making(path, item, former, one, kinds[one.kind], context).made()
    return Made()


def _object(view: bytes) -> dict[str, Json]:
    try:
        found = json.loads(view)
    except ValueError:
        return {}
    return cast("dict[str, Json]", found) if isinstance(found, dict) else {}


def _called(path: str, item: Mapping[str, Json]) -> str:
    """`virtual-machines/17 web01`, as people find it."""
    name = item.get("name") or item.get("prefix") or item.get("display") or ""
    return brief(f"{_place(path)} {name}".rstrip(), 200)


def _place(path: str) -> str:
    of, _, number = path.partition("/")
    return f"{SEGMENTS.get(of, of)}/{number}"


@dataclass(frozen=True)
class _Making:
    """One object on its way to a sheet."""

    path: str
    item: dict[str, Json]
    former: str
    map: Map
    kind: Kind[Any, Any]
    context: Context

    @property
    def _scope(self) -> Scope:
        return Scope(self.item)

    def made(self) -> Made:
        """Its sheet; a refused one where something is wrong with it, none where nobody can say who it is."""
        try:
            who = self._who(self.item)
        except TroubleError as error:
            before = self._before()
            if before is None:
                why = f"{error.what}; {error.remedy}"
                return Made(note=f"{_called(self.path, self.item)} is left out: {why}", map=self.context.name)
            self.context.troubles["name"] = error
            who = before
        try:
            sheet = written(self._document(who))
        except TroubleError as error:
            self.context.troubles["text"] = error
            sheet = written(self._shell(who))
        return Made(sheet, map=self.context.name)

    def _who(self, item: dict[str, Json]) -> _Who:
        """The name and the namespace.

        Raises:
            TroubleError: it has none that can be.
        """
        scope = Scope(item)
        name = text_of(self.map.name, scope, self.context)
        if name is None:
            raise TroubleError(
                "it has no name", f"give it one in NetBox, or map another `name` in {self._where}"
            )
        if not isinstance(name.value, str) or not self.kind.names.fullmatch(name.value):
            rule = (
                "a-z, 0-9, - and ." if self.kind.names is NAME else f"what matches {self.kind.names.pattern}"
            )
            raise TroubleError(
                f"'{name.value}' is no name of a {self.kind.name}, which is made of {rule}",
                f"rename it in NetBox, or add `as: slug` to `name` in {self._where}",
            )
        namespace = None
        if self.map.namespace is not None:
            namespace = text_of(self.map.namespace, scope, self.context)
        if namespace is not None and not is_namespace(str(namespace.value)):
            raise TroubleError(
                f"'{namespace.value}' is no namespace, which is made of a-z, 0-9 and -",
                f"add `as: slug` to `namespace` in {self._where}",
            )
        return _Who(name, namespace)

    @property
    def _where(self) -> str:
        return f"the map {self.context.name}"

    def _before(self) -> _Who | None:
        """Who it was under its name before, if that can be told."""
        if not self.former:
            return None
        try:
            return self._who({**self.item, "name": self.former})
        except TroubleError:
            return None

    def _document(self, who: _Who) -> Branch:
        spec: Branch = {}
        policy: Branch = {}
        fill(self.map.fields, self._scope, self.context, spec)
        fill(self.map.policy, self._scope, self.context, policy)
        for text in self.map.merge:
            lay_below(spec, find(parse(text), self._scope), text)
        policy.setdefault(_DELETION, Cell("orphan", "by default"))
        labels = self._texts()
        target = self._target()
        document = self._shell(who)
        metadata = document["metadata"]
        if labels and isinstance(metadata, dict):
            metadata["labels"] = labels
        if target is not None:
            document["target"] = target
        return {**document, **self._refusal(), "policy": policy, **({"spec": spec} if spec else {})}

    def _shell(self, who: _Who) -> Branch:
        """Who it is, and nothing else; refused where something is wrong."""
        metadata: Branch = {"name": who.name}
        if who.namespace is not None:
            metadata["namespace"] = who.namespace
        before = self._before()
        if before is not None and before.name.value != who.name.value:
            metadata["formerly"] = Cell(before.name.value, "the name before")
        kind = Cell(self.kind.name, _place(self.path))
        return {"kind": kind, "metadata": metadata, **self._refusal()}

    def _refusal(self) -> Branch:
        """What the engine tells of this sheet alone, while it leaves in force what was."""
        why = self._why()
        return {"refused": Cell(why, ", ".join(self.context.troubles))} if why else {}

    def _why(self) -> str:
        """What is wrong with it; empty when nothing is."""
        told = [*dict.fromkeys(f"{one.what}; {one.remedy}" for one in self.context.troubles.values())]
        more = f" (and {len(told) - _TOLD} more)" if len(told) > _TOLD else ""
        return " / ".join(told[:_TOLD]) + more

    def _texts(self) -> Branch:
        labels: Branch = {}
        for name, rule in self.map.labels.items():
            try:
                cell = text_of(rule, self._scope, self.context)
            except TroubleError as error:
                self.context.troubles[f"labels.{name}"] = error
            else:
                if cell is not None:
                    labels[name] = cell
        return labels

    def _target(self) -> Cell | None:
        try:
            return None if self.map.target is None else text_of(self.map.target, self._scope, self.context)
        except TroubleError as error:
            self.context.troubles["target"] = error
            return None
