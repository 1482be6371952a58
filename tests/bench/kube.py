"""A Kubernetes API with one kind, as far as a watching operator asks it: discovery, list, watch, patch. In memory.

It runs beside the operator, on the other core. Runs without Setpoint, so that it knows nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeGuard

from aiohttp import web

GROUP, VERSION, PLURAL = "bench.example.org", "v1", "things"
CRDS = "customresourcedefinitions"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
MERGE = 200
"""Events that are written at once."""


class Cluster:
    """The objects of one kind, and who watches them."""

    def __init__(self, count: int) -> None:
        self.version = 1
        self.objects: dict[str, dict[str, Any]] = {}
        self.watchers: list[web.StreamResponse] = []
        self.patched = 0
        self.wanted = 0
        self.done = asyncio.Event()
        self.prepared: list[bytes] = []
        for number in range(count):
            name = f"t{number:05}"
            self.objects[name] = {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": "Thing",
                "metadata": {
                    "name": name,
                    "namespace": "default",
                    "uid": f"00000000-0000-0000-0000-{number:012}",
                    "resourceVersion": "1",
                    "generation": 1,
                    "creationTimestamp": "2026-01-01T00:00:00Z",
                },
                "spec": {"number": number, "size": number % 7, "colour": "red", "labels": ["a", "b"]},
            }

    def move(self, found: dict[str, Any]) -> bytes:
        """Give an object its next version; the event that tells of it."""
        self.version += 1
        found["metadata"]["resourceVersion"] = str(self.version)
        return json.dumps({"type": "MODIFIED", "object": found}).encode() + b"\n"

    def prepare(self) -> None:
        """Change every object, and keep the events that tell of it."""
        self.prepared = []
        for found in self.objects.values():
            found["spec"]["size"] += 1
            found["metadata"]["generation"] += 1
            self.prepared.append(self.move(found))

    async def tell(self, events: list[bytes]) -> None:
        for start in range(0, len(events), MERGE):
            for watcher in list(self.watchers):
                await watcher.write(b"".join(events[start : start + MERGE]))


def merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396, for objects."""
    found = dict(old)
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif is_object(value):
            inner = found.get(name)
            found[name] = merged(inner if is_object(inner) else {}, value)
        else:
            found[name] = value
    return found


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _group(name: str, version: str) -> dict[str, Any]:
    told = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "preferredVersion": told, "versions": [told]}


def _resource(plural: str, kind: str, *, namespaced: bool) -> dict[str, Any]:
    verbs = ["get", "list", "watch", "patch", "update", "create", "delete"]
    return {
        "name": plural,
        "singularName": kind.lower(),
        "kind": kind,
        "namespaced": namespaced,
        "verbs": verbs,
    }


class Api:
    """The routes over a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    async def things(self, request: web.Request) -> web.StreamResponse:
        cluster = self.cluster
        if request.query.get("watch") != "true":
            version = {"resourceVersion": str(cluster.version)}
            return web.json_response({"metadata": version, "items": list(cluster.objects.values())})
        stream = web.StreamResponse(headers={"Content-Type": "application/json"})
        await stream.prepare(request)
        cluster.watchers.append(stream)
        try:
            await asyncio.Event().wait()
        finally:
            cluster.watchers.remove(stream)
        return stream

    async def patch(self, request: web.Request) -> web.Response:
        cluster, name = self.cluster, request.match_info["name"]
        before = cluster.objects[name]
        found = cluster.objects[name] = merged(before, await request.json())
        if found == before:
            return web.json_response(found)
        await cluster.tell([cluster.move(found)])
        cluster.patched += 1
        if cluster.patched == cluster.wanted:
            cluster.done.set()
        return web.json_response(found)

    async def prepare(self, request: web.Request) -> web.Response:
        cluster = self.cluster
        cluster.prepare()
        cluster.patched, cluster.wanted = 0, len(cluster.objects)
        cluster.done.clear()
        return web.json_response({})

    async def go(self, request: web.Request) -> web.Response:
        await self.cluster.tell(self.cluster.prepared)
        if request.query.get("patches"):
            await self.cluster.done.wait()
        return web.json_response({"patched": self.cluster.patched})

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response({"watchers": len(self.cluster.watchers), "patched": self.cluster.patched})


async def definitions(request: web.Request) -> web.StreamResponse:
    """A list of no definitions, and a watch of it in which nothing happens."""
    if request.query.get("watch") != "true":
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})
    stream = web.StreamResponse(headers={"Content-Type": "application/json"})
    await stream.prepare(request)
    await asyncio.Event().wait()
    return stream


def said(document: dict[str, Any]) -> Handler:
    """A handler that always answers the same."""

    async def handler(request: web.Request) -> web.Response:
        return web.json_response(document)

    return handler


def discovery() -> list[web.RouteDef]:
    """What an operator asks at its start: which kinds there are."""
    thing = _resource(PLURAL, "Thing", namespaced=True)
    kinds = {
        "/api/v1": [_resource("namespaces", "Namespace", namespaced=False)],
        "/apis/apiextensions.k8s.io/v1": [_resource(CRDS, "CustomResourceDefinition", namespaced=False)],
        f"/apis/{GROUP}/{VERSION}": [thing, {**thing, "name": f"{PLURAL}/status"}],
    }
    groups = [_group(GROUP, VERSION), _group("apiextensions.k8s.io", "v1")]
    return [
        web.get("/api", said({"versions": ["v1"]})),
        web.get("/apis", said({"groups": groups})),
        *(web.get(path, said({"resources": resources})) for path, resources in kinds.items()),
        web.get(f"/apis/apiextensions.k8s.io/v1/{CRDS}", definitions),
    ]


def application(cluster: Cluster) -> web.Application:
    api, app = Api(cluster), web.Application()
    base = f"/apis/{GROUP}/{VERSION}"
    one = f"{base}/namespaces/default/{PLURAL}/{{name}}"
    app.add_routes(discovery())
    app.add_routes(
        [
            web.get(f"{base}/{PLURAL}", api.things),
            web.patch(one, api.patch),
            web.patch(f"{one}/status", api.patch),
            web.post("/bench/prepare", api.prepare),
            web.post("/bench/go", api.go),
            web.get("/bench/state", api.state),
        ]
    )
    return app


async def main(count: int) -> None:
    runner = web.AppRunner(application(Cluster(count)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
