"""Follows what a write to NetBox that is not yet supported would have changed, by the endpoints that it touches."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.conformance.raw import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conformance.dependence import Unsupported
    from tests.conformance.model import Difference, Json, Request

_ENDPOINT = re.compile(r"/api/(?:plugins/)?[^/]+/[^/]+/")


class NetboxDoubt:
    """What the writes so far have left in doubt."""

    def __init__(self, unsupported: Unsupported, state: Mapping[str, Json]) -> None:
        """Begin with the objects of the state that the emulator cannot hold."""
        self._everything = False
        self._endpoints = {
            path
            for name, rows in as_object(state.get("objects")).items()
            if objects(rows) and unsupported.find("POST", path := f"/api/{name}/") is not None
        }

    def spread_everywhere(self) -> None:
        """Doubt all that follows, as after an event that did not happen."""
        self._everything = True

    def spread(self, request: Request, recorded: Json = None) -> None:
        """Doubt the endpoint that this request writes to."""
        del recorded
        found = _ENDPOINT.match(request.path)
        if found is not None:
            self._endpoints.add(found.group())

    def reaches(self, request: Request, differences: Iterable[Difference]) -> bool:
        """Whether the request goes to an endpoint that is in doubt, or a difference of its reply shows one."""
        if self._everything or any(request.path.startswith(endpoint) for endpoint in self._endpoints):
            return True
        found = [[item.recorded, item.emulated] for item in differences if item.path != "status"]
        text = json.dumps(found, ensure_ascii=False)
        return any(endpoint in text for endpoint in self._endpoints)
