"""What reads what others wrote, each as a function of bytes that ends well or fails an assertion."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from setpoint.desired.compile import compile_set
from setpoint.model.errors import SettingsError
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.quantity import parse_bytes, parse_duration
from setpoint.model.selector import SelectorError
from setpoint.model.selector_text import parse_selector
from setpoint.model.window import Window
from setpoint.settings import load_settings
from setpoint.surface import bodies
from setpoint.systems import installed_kinds
from tests.docs.console import ROOT, blocks

LONGEST_SENTENCE = 2000
"""Characters of one mistake; longer ones repeat what was written instead of telling what is wrong."""


@dataclass(frozen=True)
class Target:
    """Reads bytes; `seeds` are such as people write."""

    seeds: Sequence[bytes]
    read: Callable[[bytes], None]


@cache
def kinds() -> Mapping[str, Kind[Any, Any]]:
    return installed_kinds()


def estate() -> dict[str, bytes]:
    """The example estate."""
    folder = ROOT / "examples/estate"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


def manifests() -> list[bytes]:
    places = [*(ROOT / "examples").rglob("*.yaml"), *(ROOT / "reconcilers").rglob("examples/*.yaml")]
    return [path.read_bytes() for path in sorted(places)]


def compiled(files: Mapping[str, bytes]) -> None:
    """Every mistake has a place in one of the files, and is a sentence."""
    made = compile_set(files, kinds(), version="fuzz")
    for problem in made.problems:
        assert problem.origin.path in files, problem
        assert problem.what
        assert len(str(problem)) < LONGEST_SENTENCE, str(problem)[:200]
        assert not set(str(problem)) & {"\n", "\0", "\x1b", "\r"}, repr(str(problem))


def manifest(data: bytes) -> None:
    compiled({"a.yaml": data})


def among_others(data: bytes) -> None:
    compiled({**estate(), "prod/web01.yaml": data, "prod/defaults.yaml": data, "@stock/machine/1.yaml": data})


def below_others(data: bytes) -> None:
    compiled({**estate(), "@stock/machine/1.yaml": data})


def refusal(read: Callable[[], object], *documented: type[Exception]) -> str | None:
    """What a reading says that refuses; None when it takes the input. Any other exception passes through."""
    try:
        read()
    except documented as error:
        return str(error)
    return None


def settings(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "setpoint.yaml"
        place.write_bytes(data)
        said = refusal(lambda: load_settings(place, {}), SettingsError)
    assert said is None or said.startswith(str(place)), said
    assert len(said or "") < 20 * LONGEST_SENTENCE


def body(data: bytes) -> None:
    for model in MODELS:
        assert refusal(partial(model.model_validate_json, data), ValidationError) != ""


def words(data: bytes) -> None:
    """The small languages inside of manifests and command lines."""
    text = data.decode(errors="surrogateescape")[:600]
    for parse in (Key.parse, parse_bytes, parse_duration, Window.parse):
        assert refusal(partial(parse, text), ValueError) != ""
    assert refusal(partial(parse_selector, text), SelectorError) != ""


MODELS: tuple[type[BaseModel], ...] = tuple(
    model
    for model in vars(bodies).values()
    if isinstance(model, type) and issubclass(model, bodies.Spec) and model is not bodies.Spec
)
BODIES = [
    b'{"keys": ["VirtualMachine/web01", "test/VirtualMachine/build01"], "namespace": "default"}',
    b'{"selector": "env=prod,tier=front", "namespaced": true}',
    b'{"kind": "VirtualMachine", "why": "a test", "until": 1e9}',
    b'{"token": "3f2a9c"}', b'{"all": true}', b'{"key": "VirtualMachine/web01", "number": 3, "wait": 0.5}',
]  # fmt: skip
WORDS = [
    b"VirtualMachine/web01", b"test/VirtualMachine/build01", b"nas/tank/photos", b"20GiB", b"512 MiB", b"1h30m", b"10m",
    b"sun 03:00-05:00 Europe/Berlin", b"mon-fri 22:00-06:00", b"00:00-24:00 UTC", b"anna@example.org",
    b"env=prod,tier!=front", b"web and not canary", b"name:web* or (kind:Box and not label:x)",
]  # fmt: skip


def settings_seeds() -> Iterable[bytes]:
    pages = (ROOT / "docs").rglob("*.md")
    shown = [
        block.text.encode() for page in sorted(pages) for block in blocks(page) if block.info == "settings"
    ]
    return [*shown, (ROOT / "controller/setpoint/cli/templates/setpoint.yaml").read_bytes()]


TARGETS: Mapping[str, Target] = {
    "manifest": Target(manifests(), manifest),
    "estate": Target(manifests(), among_others),
    "sheet": Target([*estate().values()], below_others),
    "settings": Target(list(settings_seeds()), settings),
    "body": Target(BODIES, body),
    "words": Target(WORDS, words),
}
