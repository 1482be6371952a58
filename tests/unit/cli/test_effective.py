"""Every value in force with its origin, also where that is an inventory."""

from __future__ import annotations

from setpoint.cli.effective import effective
from setpoint.model.key import Key
from tests.unit.desired.estate import BOX, ThingSpec, compiled

SHEET = """\
kind: Thing                # machines/17
metadata:
  name: web                # name
policy:
  deletion: orphan         # by default
spec:
  image: plain             # platform
  memory: 4096MiB          # ram 4096, read as MiB
"""


def test_a_value_of_an_inventory_is_told_by_what_it_was_made_of() -> None:
    manifest = "kind: Thing\nmetadata: {name: web}\nspec:\n  image: own\n"
    files = {"box.yaml": BOX, "web.yaml": manifest, "@stock/machine/17.yaml": SHEET}
    web = compiled(files).resources[Key("default", "Thing", "web")]
    contents = {path: text.encode() for path, text in files.items()}
    rows = effective(web, ThingSpec.model_validate(web.spec), files=contents)
    told = {row["path"]: (row["origin"], row["remark"]) for row in rows}
    assert told["/image"] == ("web.yaml:4:3", "")
    assert told["/memory"] == ("@stock/machine/17.yaml:8:3", "stock machines/17 web: ram 4096, read as MiB")
    assert told["/policy/deletion"] == ("@stock/machine/17.yaml:5:3", "stock machines/17 web: by default")
    assert told["/cores"] == ("default", "")
