"""Makes schema.json from a full API schema: what is checked and who may ask, without any prose.

Run as `python -m setpoint_lab.proxmox.reduce_schema SOURCE [TARGET]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

TARGET = Path(__file__).with_name("schema.json")
METHODS = ("GET", "POST", "PUT", "DELETE")
KEPT = (
    "type",
    "optional",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "requires",
    "alias",
    "keyAlias",
    "default_key",
    "instance-types",
    "type-property",
)
NUMBERS = ("minimum", "maximum")

Json = dict[str, Any]


def reduce(full: Json) -> Json:
    """The reduced schema of a full one: `shapes` (each once) and `paths` whose parameters name their shape's index."""
    shapes: dict[str, int] = {}
    paths = {
        path: {method: _method(methods[method], shapes) for method in METHODS if method in methods}
        for path, methods in sorted(full.items())
        if path.startswith("/")
    }
    return {
        "version": full["_meta"]["pve_version"].split()[0],
        "shapes": [json.loads(text) for text in shapes],
        "paths": paths,
    }


def _method(info: Json, shapes: dict[str, int]) -> Json:
    parameters: Json = info["parameters"]
    permissions: Json = info.get("permissions") or {}
    properties: Json = parameters.get("properties", {})
    found: Json = {
        "parameters": {name: _index(_shape(properties[name]), shapes) for name in sorted(properties)}
    }
    if parameters.get("additionalProperties") != 0:
        found["additional"] = 1
    found |= {key: permissions[key] for key in ("user", "check") if key in permissions}
    found |= {key: 1 for key in ("protected", "allowtoken") if int(info.get(key) or 0)}
    if "proxyto" in info:
        found["proxyto"] = info["proxyto"]
    links: list[dict[str, str]] = info["returns"].get("links") or []
    child = next((link["href"].strip("{}") for link in links if link["rel"] == "child"), None)
    return found | ({"child": child} if child else {})


def _index(shape: Json, shapes: dict[str, int]) -> int:
    return shapes.setdefault(json.dumps(shape, sort_keys=True), len(shapes))


def _shape(spec: Json) -> Json:
    shape = {key: spec[key] for key in KEPT if key in spec}
    shape |= {key: _number(spec[key]) for key in NUMBERS if key in spec}
    nested: Any = spec.get("format")
    if isinstance(nested, dict):
        parts = cast("Json", nested)
        shape["format"] = {name: _shape(parts[name]) for name in sorted(parts)}
    elif nested is not None:
        shape["format"] = nested
    if "items" in spec:
        shape["items"] = _shape(spec["items"])
    if "oneOf" in spec:
        shape["oneOf"] = [_shape(part) for part in spec["oneOf"]]
    return shape


def _number(value: float | str) -> float:
    return float(value) if "." in str(value) else int(value)


def dump(reduced: Json) -> str:
    """The text of schema.json: one line for each shape and each path, so that a change reads well."""
    shapes = ",\n".join(json.dumps(shape, sort_keys=True) for shape in reduced["shapes"])
    paths = ",\n".join(f"{json.dumps(path)}: {json.dumps(info)}" for path, info in reduced["paths"].items())
    version = json.dumps(reduced["version"])
    return f'{{"version": {version},\n"shapes": [\n{shapes}\n],\n"paths": {{\n{paths}\n}}}}\n'


def main(source: str, target: str = str(TARGET)) -> None:
    """Reduce the schema file `source` into `target`."""
    full = json.loads(Path(source).read_text(encoding="utf-8"))
    Path(target).write_text(dump(reduce(full)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
