"""Settings of a zone: by the names that declarations have for them, and by the server's own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json
from setpoint_dns.powerdns.serials import SELF_RAISING, SILENT

_FIELDS: Final = {
    "kind": "kind",
    "soaEditApi": "soa_edit_api",
    "apiRectify": "api_rectify",
    "transferKeys": "master_tsig_key_ids",
}
"""Settings that are fields of a zone."""
_METADATA: Final = {"alsoNotify": "ALSO-NOTIFY", "allowTransfer": "ALLOW-AXFR-FROM"}
"""Settings that are metadata of a zone."""
_MAKES: Final = ("native", "primary")
_OLD: Final = {"master": "primary", "slave": "secondary"}
"""Names of kinds that the server still answers, by new ones that it takes as well."""


def kind_of(raw: Mapping[str, Any]) -> str:
    """A zone's kind in lower case and by its new name, such as `primary`."""
    kind = str(raw["kind"]).lower()
    return _OLD.get(kind, kind)


def read_settings(raw: Mapping[str, Any], metadata: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    """Every setting that can be changed; lists sorted."""
    keys = (str(key) for key in raw.get("master_tsig_key_ids", ()))
    return {
        "kind": kind_of(raw),
        "soaEditApi": str(raw.get("soa_edit_api", "")),
        "apiRectify": bool(raw.get("api_rectify", False)),
        "transferKeys": list[Json](sorted(keys)),
        **{name: list[Json](sorted(metadata.get(theirs, ()))) for name, theirs in _METADATA.items()},
    }


def fields_of(settings: Mapping[str, Json]) -> dict[str, Json]:
    """What goes into the zone itself."""
    found = {theirs: settings[name] for name, theirs in _FIELDS.items() if name in settings}
    return found | {"kind": str(found["kind"]).title()} if "kind" in found else found


def metadata_of(settings: Mapping[str, Json]) -> dict[str, list[str]]:
    """What goes into its metadata, by their kind."""
    return {
        theirs: [str(line) for line in cast("Sequence[Json]", settings[name])]
        for name, theirs in _METADATA.items()
        if name in settings
    }


def check_settings(settings: Mapping[str, Json]) -> None:
    """Refuse what the server would take for something else without a word.

    Raises:
        RefusalError: it is no setting, or no value of it.
    """
    unknown = sorted(settings.keys() - _FIELDS.keys() - _METADATA.keys())
    if unknown:
        raise RefusalError(f"PowerDNS has no setting {', '.join(unknown)} of a zone")
    if (kind := settings.get("kind", "native")) not in _MAKES:
        raise RefusalError(f"'{kind}' is no kind of zone to write", remedy=f"use {' or '.join(_MAKES)}")
    if (how := str(settings.get("soaEditApi", ""))) not in SELF_RAISING | SILENT:
        raise RefusalError(
            f"'{how}' is no soa_edit_api", remedy=f"use one of {', '.join(sorted(SELF_RAISING))}"
        )
