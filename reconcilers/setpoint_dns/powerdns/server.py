"""One PowerDNS as a `ZoneServer`. Its API has no compare-and-swap, so each write looks right before it writes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint.model.identity import Mark
from setpoint.model.kind import Gate
from setpoint.model.tree import Json
from setpoint_dns.content import Batch, Id, RRset, Zone
from setpoint_dns.powerdns import forms
from setpoint_dns.powerdns.access import Access, Line
from setpoint_dns.powerdns.batches import encoded, parts, patch
from setpoint_dns.powerdns.failures import NotFoundError, ServerError
from setpoint_dns.powerdns.forms import read_metadata
from setpoint_dns.powerdns.limits import Limits, read_limits
from setpoint_dns.powerdns.live import WRITABLE, Live, check_gone, fetch, look, only
from setpoint_dns.powerdns.seen import Row, Seen, is_signed, read_rows, told
from setpoint_dns.powerdns.settings import check_settings, fields_of, metadata_of
from setpoint_dns.server import Can, GoneError, ZoneRow

_NOTHING: Final = b"[]"


class PowerdnsServer:
    """See `ZoneServer`. The settings of a zone are those of `settings.read_settings`."""

    can: Can = Can.LIST | Can.CREATE | Can.SIGN | Can.SETTINGS | Can.NOTIFY | Can.OWN_TYPES

    def __init__(self, access: Access, gate: Gate) -> None:
        """Prepare; nothing is sent yet. Every call passes the gate."""
        self._line = Line(access, gate)
        self._limits: Limits | None = None
        self._seen: dict[str, Seen] = {}
        self._marks: dict[tuple[str, str], Mark | None] = {}

    async def identity(self) -> str:
        """The server's `server-id` and `config-name`, which tell those on one machine apart."""
        settings = await self._line.read("/config", _settings)
        self._limits = read_limits(settings)
        return "/".join(filter(None, (settings["server-id"], settings.get("config-name", ""))))

    async def version(self) -> str:
        """Such as `PowerDNS 4.7.3`."""
        version = await self._line.read("", lambda answer: str(answer["version"]))
        return f"PowerDNS {version}"

    async def zones(self) -> tuple[ZoneRow, ...]:
        """All zones. Marks are read where the account says that there is one, and again when the account changed."""
        rows = await self._line.read("/zones", read_rows)
        return tuple(await asyncio.gather(*map(self._with_mark, rows)))

    async def read(self, zone: str) -> Zone:
        """All of a zone; the same object as last time if nothing of it changed."""
        body, metadata = await _all(fetch(self._line, zone), fetch(self._line, zone, "/metadata"))
        keys = await fetch(self._line, zone, "/cryptokeys") if is_signed(body) else _NOTHING
        digest = hashlib.sha256(b"\0".join((body, metadata, keys))).digest()
        seen = self._seen.get(zone)
        if seen is None or seen.digest != digest:
            with self._line.understanding(f"/zones/{zone}"):
                answers = (json.loads(body), json.loads(metadata), json.loads(keys))
                seen = told(digest, *answers, before=seen)
            self._seen[zone] = seen
        self._marks[zone, seen.account] = seen.zone.mark
        if seen.is_shell:
            raise GoneError(f"of zone {zone} there is only the shell that a failed creation left")
        return seen.zone

    async def is_still(self, zone: Zone, sets: Collection[Id]) -> bool:
        """See `ZoneServer.is_still`: by what the zone says beside its records, its metadata and these sets."""
        seen = self._seen.get(zone.name)
        if seen is None or seen.zone is not zone:
            return False
        bodies = (fetch(self._line, zone.name, only(which)) for which in sets)
        *found, metadata = await _all(*bodies, fetch(self._line, zone.name, "/metadata"))
        with self._line.understanding(f"/zones/{zone.name}"):
            same = (seen.is_still(json.loads(one), which) for one, which in zip(found, sets, strict=True))
            return all(same) and read_metadata(json.loads(metadata)) == seen.metadata

    async def serial(self, zone: str) -> int:
        """The serial as it is answered over DNS."""
        return (await look(self._line, zone, (zone, "SOA"))).served

    async def create(
        self, zone: str, settings: Mapping[str, Json], rrsets: tuple[RRset, ...], mark: Mark
    ) -> None:
        """Make a zone; our mark is in the first call as a record that is not served, and in the metadata from then on."""
        check_settings(settings)
        if not any(rrset.id == (zone, "SOA") for rrset in rrsets):
            raise RefusalError(f"{zone} has no SOA to be made with")
        most = (await self._known_limits()).body
        first, *more = parts(
            [forms.mark_set(zone, mark), *map(forms.to_put, _apex_first(zone, rrsets))], most
        )
        fields = {"kind": "Native", "soa_edit_api": "DEFAULT", **fields_of(settings)}
        frame = encoded({"name": zone, "account": forms.account_of(mark), **fields})
        try:
            await self._line.write("POST", "/zones", frame[:-1] + b"," + patch(first)[1:])
        except ConflictError:
            if not await self._is_shell(zone, forms.account_of(mark)):
                raise
            await self._change("PUT", zone, "", fields)
            more = [first, *more]
        self._seen.pop(zone, None)
        async with _begun(zone):
            await self._put_metadata(zone, forms.OWNER, [mark.line("zone")])
            await self._put_settings(zone, settings)
            for part in more:
                await self._patch(await look(self._line, zone, (zone, "SOA")), patch(part))

    async def write(self, zone: str, batch: Batch) -> None:
        """Change records: all in one transaction unless it is more than the server takes in one call."""
        if not batch.put and not batch.drop:
            return
        live = await self._writable(zone)
        self._check_unmoved(live, batch.serial)
        first, *more = parts(self._changes(live, batch), (await self._known_limits()).body)
        await self._patch(live, patch(first))
        async with _begun(zone):
            for part in more:
                await self._patch(await look(self._line, zone, (zone, "SOA")), patch(part))

    async def mark(self, zone: str, mark: Mark | None) -> None:
        """Write our mark into the metadata, and into the account where nobody else wrote; or take both away."""
        await self.read(zone)
        seen, live = self._seen[zone], await self._writable(zone)
        await self._put_metadata(zone, forms.OWNER, [] if mark is None else [mark.line("zone")])
        async with _begun(zone):
            account = "" if mark is None else forms.account_of(mark)
            if account != live.account and (not live.account or forms.is_our_account(live.account)):
                await self._change("PUT", zone, "", {"account": account})
            if seen.record:
                await self._patch(live, patch([encoded(forms.to_drop((forms.mark_name(zone), "TXT"), None))]))

    async def configure(self, zone: str, settings: Mapping[str, Json]) -> None:
        """Change settings. One with which the serial would go down is refused."""
        check_settings(settings)
        live = await self._writable(zone)
        wanted = replace(live, soa_edit_api=str(settings.get("soaEditApi", live.soa_edit_api)))
        if wanted.rule.lowers_at(time.time() + 1):
            what = (
                f"with soa_edit_api EPOCH the serial of {zone}, {live.serial}, would be lowered to the time"
            )
            raise RefusalError(what, remedy="keep DEFAULT or INCREASE")
        if fields := fields_of(settings):
            await self._change("PUT", zone, "", fields)
        async with _begun(zone):
            await self._put_settings(zone, settings)

    async def sign(self, zone: str, nsec3: str) -> None:
        """Switch DNSSEC on; the server makes one key for all, of ECDSA P-256."""
        (await self._known_limits()).check_nsec3(nsec3)
        await (await self._writable(zone)).await_turn()
        await self._change("PUT", zone, "", {"dnssec": True, "api_rectify": True, "nsec3param": nsec3})

    async def unsign(self, zone: str) -> None:
        """Switch DNSSEC off; the server deletes the keys without a question."""
        await (await self._writable(zone)).await_turn()
        await self._change("PUT", zone, "", {"dnssec": False})

    async def destroy(self, zone: str) -> None:
        """Remove a zone with everything in it."""
        await self._writable(zone)
        await self._change("DELETE", zone, "")
        self._seen.pop(zone, None)

    async def notify(self, zone: str) -> None:
        """Have the server tell the secondaries now; by itself it looks for changes only once a minute."""
        await self._change("PUT", zone, "/notify")

    async def close(self) -> None:
        """Give sockets back."""
        await self._line.close()

    async def _known_limits(self) -> Limits:
        if self._limits is None:
            await self.identity()
        assert self._limits is not None  # noqa: S101  # just read
        return self._limits

    async def _is_shell(self, zone: str, account: str) -> bool:
        """Whether it is what a creation left that failed after its first step: no transaction holds all of one."""
        try:
            await self.read(zone)
        except GoneError:
            seen = self._seen.get(zone)
            return seen is not None and seen.account == account
        return False

    async def _with_mark(self, row: Row) -> ZoneRow:
        key = row.zone, row.account
        if key not in self._marks and forms.is_our_account(row.account):
            path = f"/zones/{forms.zone_id(row.zone)}/metadata/{forms.OWNER}"
            try:
                self._marks[key] = await self._line.read(path, _one_mark)
            except NotFoundError:
                self._marks[key] = None  # It went between the list and this.
        return ZoneRow(row.zone, row.serial, self._marks.get(key), row.kind not in WRITABLE)

    async def _writable(self, zone: str) -> Live:
        live = await look(self._line, zone, (zone, "SOA"))
        live.check_writable()
        return live

    def _check_unmoved(self, live: Live, decided: int) -> None:
        """Compare the stored serial where it is known: the one that is answered may move with the time of day alone."""
        seen = self._seen.get(live.zone)
        known = seen is not None and seen.zone.serial == decided
        now, then = (live.serial, seen.serial) if known and seen is not None else (live.served, decided)
        if now != then:
            raise ConflictError(f"{live.zone} was changed meanwhile: its serial is {now} and was {then}")

    def _changes(self, live: Live, batch: Batch) -> list[Mapping[str, Any]]:
        """Sets by name; the SOA last, which raises the serial where the server does not."""
        soa = (live.zone, "SOA")
        if soa in batch.drop:
            raise RefusalError(f"the SOA of {live.zone} cannot be removed")
        drops = [*batch.drop]
        seen = self._seen.get(live.zone)
        if seen is not None and seen.marked and seen.record:
            drops.append((forms.mark_name(live.zone), "TXT"))
        there: Mapping[Id, RRset] = {} if seen is None else seen.zone.rrsets
        puts = [_with_hidden(rrset, there.get(rrset.id)) for rrset in batch.put if rrset.id != soa]
        changes: list[Mapping[str, Any]] = [
            *(forms.to_drop(which, there.get(which)) for which in drops),
            *map(forms.to_put, puts),
        ]
        changes.sort(key=lambda change: str(change["name"]))
        wanted = [rrset for rrset in batch.put if rrset.id == soa] or live.unraised()
        return changes + [
            forms.to_put(replace(rrset, values=(live.rule.soa(*rrset.values),))) for rrset in wanted
        ]

    async def _patch(self, live: Live, body: bytes) -> None:
        """Send one transaction; when the server fails at it, see whether it came into force."""
        await live.await_turn()
        try:
            await self._change("PATCH", live.zone, "", body)
        except ServerError as error:
            try:
                after = await look(self._line, live.zone, (live.zone, "SOA"))
            except TargetError:
                raise error from None
            if not live.rule.raises or after.serial != live.serial:
                raise
            # Its serial would have risen in the same transaction; a locked database is the usual reason.
            raise BusyError(f"{error.message}, and nothing was changed", remedy=error.remedy) from None

    async def _put_settings(self, zone: str, settings: Mapping[str, Json]) -> None:
        for kind, lines in metadata_of(settings).items():
            await self._put_metadata(zone, kind, lines)

    async def _put_metadata(self, zone: str, kind: str, lines: Sequence[str]) -> None:
        await self._change("PUT", zone, f"/metadata/{kind}", {"metadata": list(lines)})

    async def _change(self, method: str, zone: str, path: str, body: object = None) -> None:
        try:
            await self._line.write(method, f"/zones/{forms.zone_id(zone)}{path}", body)
        except NotFoundError as error:
            await check_gone(self._line, zone, error)
            raise


def _settings(answer: Any) -> dict[str, str]:
    settings = {str(one["name"]): str(one.get("value", "")) for one in answer}
    return {"server-id": settings["server-id"], **settings}  # Without one it is no configuration.


def _one_mark(answer: Any) -> Mark | None:
    return forms.owner_of(forms.read_metadata([answer]))


def _with_hidden(rrset: RRset, there: RRset | None) -> RRset:
    """The set with the values that the server keeps beside it and does not serve: somebody switched them off by hand."""
    return replace(rrset, hidden=there.hidden) if there is not None and there.hidden else rrset


def _apex_first(zone: str, rrsets: Sequence[RRset]) -> list[RRset]:
    """By name, so that what is about one name is sent together; the SOA and NS sets in the first call."""
    return sorted(rrsets, key=lambda rrset: (rrset.name != zone, rrset.name))


async def _all(*reads: Coroutine[None, None, bytes]) -> list[bytes]:
    """What several reads at once give; of their failures the first one's is told, and none goes on behind it."""
    begun = [asyncio.ensure_future(one) for one in reads]
    try:
        return [await one for one in begun]
    finally:
        for one in begun:
            one.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


@asynccontextmanager
async def _begun(zone: str) -> AsyncGenerator[None]:
    """For calls after a first one: what they fail at does not mean that nothing was done."""
    try:
        yield
    except (TransportError, BusyError) as error:
        what = f"{zone} was changed in part: {error.message}"
        raise OutcomeUnknownError(what, remedy=error.remedy) from error
