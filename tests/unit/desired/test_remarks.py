"""What of an inventory a value was made of, as its sheet says behind each line."""

from __future__ import annotations

import pytest

from setpoint.desired.remarks import remark
from setpoint.model.origin import Origin

SHEET = b"""\
kind: Thing                            # machines/17
metadata:
  name: "web 1"                        # name
  labels:
    tier: front                        # role
spec:
  image: "a # b"                       # platform, said twice
  nics:
    net0: {name: "# c", mac: "a:b"}    # interfaces[0]
  memory: 4096MiB # \x1b[31mred
"""

PLACES = {
    "the object": (1, "stock machines/17 web 1"),
    "a field": (5, "stock machines/17 web 1: role"),
    "a text with the sign": (7, "stock machines/17 web 1: platform, said twice"),
    "a mapping": (8, "stock machines/17 web 1"),
    "in a flow": (9, "stock machines/17 web 1: interfaces[0]"),
    "signs that steer a terminal": (10, "stock machines/17 web 1: \\x1b[31mred"),
    "the whole file": (0, "stock machines/17 web 1"),
    "behind its end": (99, "stock machines/17 web 1"),
}


@pytest.mark.parametrize(("line", "said"), PLACES.values(), ids=PLACES)
def test_a_value_is_told_by_the_object_and_by_what_became_it(line: int, said: str) -> None:
    assert remark(Origin("@stock/machine/17.yaml", line, 3), SHEET) == said


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("vms/web.yaml", SHEET),
        ("@stock/machine/17.yaml", b""),
        (
            "@stock/machine/17.yaml",
            b"kind: Thing\nmetadata:\n  name: web\nspec:\n  a: 'x#y'\n  b: 1\n  c: 2\n",
        ),
    ],
    ids=["a file of the repository", "a sheet that is gone", "a sheet that says nothing"],
)
def test_what_says_nothing_of_itself_is_told_by_its_place_alone(path: str, content: bytes) -> None:
    assert remark(Origin(path, 5, 3), content) == ""


def test_a_sheet_that_is_no_text_is_told_as_far_as_it_is() -> None:
    assert remark(Origin("@stock/1.yaml", 1, 1), b"kind: \xff # machines/1\n") == "stock machines/1"
