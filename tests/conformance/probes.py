"""Plays the rows of a probe table: each sends a value for a key of a guest's config and notes what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.conformance.model import Answer, Reply, Request
from tests.conformance.raw import data_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.model import Json, Probe

OK = 200
_RESTORED = {
    "qemu": frozenset({"boot", "smbios1", "vmgenid", "name"}),
    "lxc": frozenset({"hostname", "memory", "swap", "arch", "ostype", "rootfs"}),
}
"""Keys that a guest of a kind always has: they are set back, the others are deleted."""

_LEFT_ALONE = frozenset({"digest", "lock", "template"})
_UNUSED = re.compile(r"unused\d+")


class ProbeTable:
    """The rows of one table, about the guest whose config lies at `path`."""

    def __init__(self, path: str, send: Callable[[Request], Reply], finish: Callable[[Reply], None]) -> None:
        """Send with `send`; `finish` waits for the task that a reply names."""
        self._path = path
        self._kind = "lxc" if "/lxc/" in path else "qemu"
        self._send = send
        self._finish = finish
        self._base: dict[str, Json] | None = None

    def answer(self, probe: Probe) -> Answer:
        """Play one row; the body of the reply are the columns that the emulator earned."""
        if self._base is None:
            self._base = self._config()
        before = self._config()
        method = probe.method or "PUT"
        reply = self._send(Request(method, self._path, {probe.key: probe.sent}))
        if method == "POST" and reply.status == OK:
            self._finish(reply)
        after = self._config()
        columns: dict[str, Json] = {"status": reply.status, "reason": reply.reason}
        if probe.method is None:
            columns |= self._alone(probe, reply, before, after)
            self._clean_up(probe.key)
        else:
            changes: dict[str, Json] = {
                key: [before.get(key), after.get(key)] for key in _changed(before, after)
            }
            columns |= {"errors": _errors(reply), "changes": changes}
        return Answer(method, self._path, Reply(reply.status, reply.reason, columns, failure=reply.failure))

    def _alone(
        self, probe: Probe, reply: Reply, before: dict[str, Json], after: dict[str, Json]
    ) -> dict[str, Json]:
        returned = after.get(probe.key)
        good = reply.status == OK
        columns: dict[str, Json] = {"returned": returned, "same": good and returned == probe.sent}
        others = [key for key in _changed(before, after) if key != probe.key]
        if others:
            columns["other_changes"] = {key: [before.get(key), after.get(key)] for key in others}
        if (errors := _errors(reply)) is not None:
            columns["errors"] = errors
        if good and probe.key in after:
            resend = self._resend_container if self._kind == "lxc" else self._resend_machine
            columns |= resend(probe, after)
        return columns

    def _resend_machine(self, probe: Probe, after: dict[str, Json]) -> dict[str, Json]:
        columns: dict[str, Json] = {}
        if "resend_returned_changes_digest" in probe.columns:
            again = self._put({probe.key: after[probe.key]})
            columns["resend_returned_changes_digest"] = self._config().get("digest") != after.get("digest")
            if again.status != OK:
                columns["resend_error"] = again.body
        if "resend_sent_changes_digest" in probe.columns:
            start = self._config()
            self._put({probe.key: probe.sent})
            then = self._config()
            columns["resend_sent_changes_digest"] = then.get("digest") != start.get("digest")
            if then.get("digest") != start.get("digest"):
                columns["resend_sent_returned"] = then.get(probe.key)
        return columns

    def _resend_container(self, probe: Probe, after: dict[str, Json]) -> dict[str, Json]:
        if "resend_sent_changes_digest" not in probe.columns:
            return {}
        self._put({probe.key: probe.sent})
        then = self._config()
        again = self._put({probe.key: then.get(probe.key)})
        last = self._config()
        columns: dict[str, Json] = {
            "resend_sent_changes_digest": then.get("digest") != after.get("digest"),
            "resend_sent_returned": then.get(probe.key),
            "resend_returned_changes_digest": last.get("digest") != then.get("digest"),
        }
        return columns if again.status == OK else columns | {"resend_returned_error": again.body}

    def _clean_up(self, key: str) -> None:
        base, now = self._base or {}, self._config()
        if "lock" in now and self._kind == "qemu":
            self._put({"delete": "lock", "skiplock": 1})
        for name in now.keys() - base.keys() - _LEFT_ALONE:
            self._put({"delete": name, "force": 1} if self._kind == "qemu" else {"delete": name})
        for name in filter(_UNUSED.fullmatch, self._config() if self._kind == "lxc" else ()):
            self._put({"delete": name})
        if key in base and key in _RESTORED[self._kind]:
            self._put({key: base[key]})

    def _config(self) -> dict[str, Json]:
        reply = self._send(Request("GET", self._path))
        data = data_of(reply.body)
        return data if isinstance(data, dict) else {}

    def _put(self, params: dict[str, Json]) -> Reply:
        return self._send(Request("PUT", self._path, params))


def _errors(reply: Reply) -> Json:
    return reply.body.get("errors") if isinstance(reply.body, dict) else None


def _changed(before: dict[str, Json], after: dict[str, Json]) -> list[str]:
    keys = sorted((before.keys() | after.keys()) - {"digest"})
    return [key for key in keys if before.get(key) != after.get(key)]
