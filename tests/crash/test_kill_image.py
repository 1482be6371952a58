"""The daemon is killed at every moment while an image is downloaded or uploaded: it is there once, and whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.crash.forge import Ended
from tests.crash.ground import CHUNKS, Base, Ground, kill_at_every_moment, open_ground
from tests.crash.scenarios import SCENARIOS, Document, Scenario
from tests.systems.proxmox.drive import ROLES, world

URL = "https://images.example.org/debian.iso"
TEXT = "what an image holds"
VOLUME = "local:iso/debian.iso"
_CONTENT = TEXT.encode()
_FROM_URL: dict[str, Any] = {
    "node": "pve1",
    "storage": "local",
    "url": URL,
    "checksum": f"sha256:{hashlib.sha256(_CONTENT).hexdigest()}",
}
NAMES = ("download-image", "upload-image")


_WORLD = world(
    {**ROLES, "/storage": "PVEDatastoreAdmin", "/nodes": "Fetch"},
    roles=[{"roleid": "Fetch", "privs": "Sys.AccessNetwork,Sys.Audit"}],
    web=[{"url": URL, "text": TEXT}],
    pace="realistic",
)


def _scenario(spec: Document) -> Scenario:
    return Scenario(None, spec, {"volume_made": 1}, {}, state=_WORLD, kind="GuestImage")


class ImageGround(Ground):
    """Where what comes of a life is told by the files of the world."""

    def check(self, scenario: Scenario, base: Base, ended: Ended) -> None:
        del base
        outcomes = {name: told.partition(":")[0] for name, told in ended.outcomes.items()}
        assert outcomes == {"ProxmoxCluster/lab": "Done", "GuestImage/web01": "Done"}, ended.outcomes
        assert (ended.differing, ended.again) == ((), 0)
        assert dict(Counter(effect["kind"] for effect in self.plane.get("effects"))) == scenario.effects
        assert [row["volid"] for row in self.plane.get("state")["content"]] == [VOLUME]


@pytest.fixture(scope="module", name="ground")
def made_ground() -> Generator[Ground]:
    with open_ground(ImageGround) as ground:
        image = ground.folder / "debian.iso"
        image.write_bytes(_CONTENT)
        uploaded = {"node": "pve1", "storage": "local", "path": str(image)}
        SCENARIOS.update(
            {
                "download-image": _scenario(_FROM_URL),
                "upload-image": _scenario(uploaded),
            }
        )
        yield ground


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_at_any_moment_the_file_is_there_once_and_was_compared(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, name, chunk, record_property)
