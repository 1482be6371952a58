"""The models of the plugin: choices are bare words, and much is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Computed, Fixed
from setpoint_lab.netbox.dns.names import absolute
from setpoint_lab.netbox.fields import Choice, Field, Flag, Integer, JsonObject, Text
from setpoint_lab.netbox.model import MODELS, PLAIN_BRIEF, Model, Unique, register
from setpoint_lab.netbox.models.common import COMMENTS, DESCRIPTION, OWNER, TAGS, TENANT, TIMES, custom
from setpoint_lab.netbox.relations import Ref, RefMany

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

VIEWS = "plugins/netbox-dns/views"
ZONES = "plugins/netbox-dns/zones"
RECORDS = "plugins/netbox-dns/records"
NAMESERVERS = "plugins/netbox-dns/nameservers"
DAY = 86400
LONGEST_NAME = 255
ZONE_STATUS = ("active", "reserved", "deprecated", "parked", "dynamic")
LIVE = ("active", "dynamic")
"""The states of a zone that is served."""

RECORD_TYPES = (
    *("A", "AAAA", "CAA", "CNAME", "DNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "NSEC"),
    *("OPENPGPKEY", "PTR", "RRSIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
)
RECORD_KEYS = (
    "id",
    "url",
    "display",
    "display_url",
    "type",
    "name",
    "value",
    "status",
    "ttl",
    "zone",
    "managed",
)
"""What a record shows of another."""


@dataclass(frozen=True)
class Told(Flag):
    """A flag that only the server sets."""

    writable = False


@dataclass(frozen=True)
class ToldText(Text):
    """Text that only the server writes."""

    writable = False


def _words(*values: str) -> dict[str, str]:
    return {value: value for value in values}


def _zones_of(view: View, row: Row) -> list[Any]:
    found = view.world.table(ZONES).where("nameservers", row["id"])
    return [view.brief(MODELS[ZONES], each) for each in found]


register(
    Model(
        endpoint=VIEWS,
        type="netbox_dns.view",
        class_name="View",
        verbose="View",
        natural="name",
        brief=(*PLAIN_BRIEF, "default_view"),
        unique=(Unique(("name",)),),
        fields=(
            Text("name", required=True, longest=LONGEST_NAME),
            DESCRIPTION,
            COMMENTS,
            TAGS,
            Told("default_view"),
            *TIMES,
            custom("netbox_dns.view"),
            TENANT,
            RefMany("prefixes", to="ipam/prefixes"),
            JsonObject("ip_address_filter"),
            OWNER,
        ),
    )
)

register(
    Model(
        endpoint=NAMESERVERS,
        type="netbox_dns.nameserver",
        class_name="NameServer",
        verbose="Nameserver",
        natural="name",
        brief=PLAIN_BRIEF,
        unique=(Unique(("name",), folded=True),),
        fields=(
            Text("name", required=True, longest=LONGEST_NAME),
            DESCRIPTION,
            COMMENTS,
            TAGS,
            Computed("zones", function=_zones_of),
            *TIMES,
            custom("netbox_dns.nameserver"),
            TENANT,
            OWNER,
        ),
    )
)


def is_live(row: Row) -> bool:
    """Whether a zone is served."""
    return row["status"] in LIVE


def _zone_active(_view: View, row: Row) -> bool:
    return is_live(row)


register(
    Model(
        endpoint=ZONES,
        type="netbox_dns.zone",
        class_name="Zone",
        verbose="Zone",
        natural="name",
        brief=("id", "url", "display", "display_url", "name", "view", "status", "active", "rfc2317_prefix"),
        unique=(Unique(("view", "name"), folded=True),),
        fields=(
            Text("name", required=True, longest=LONGEST_NAME),
            DESCRIPTION,
            COMMENTS,
            TAGS,
            Ref("view", to=VIEWS),
            RefMany("nameservers", to=NAMESERVERS),
            Choice("status", labels=_words(*ZONE_STATUS), default="active", bare=True),
            *TIMES,
            Integer("default_ttl", default=DAY, least=1),
            Integer("soa_ttl", default=DAY, least=1),
            Ref("soa_mname", to=NAMESERVERS),
            Text("soa_rname", longest=LONGEST_NAME),
            Integer("soa_serial", least=1, most=4294967295),
            Flag("soa_serial_auto", default=True),
            Integer("soa_refresh", default=43200, least=1),
            Integer("soa_retry", default=7200, least=1),
            Integer("soa_expire", default=2419200, least=1),
            Integer("soa_minimum", default=3600, least=1),
            Text("rfc2317_prefix", null=True, default=None),
            Flag("rfc2317_parent_managed"),
            *(Fixed(name) for name in ("rfc2317_parent_zone", "dnssec_policy")),
            *(Fixed(name, logged=False) for name in ("inline_signing",)),
            Fixed("rfc2317_child_zones", value=[], logged=False),
            Fixed("parental_agents", value=[]),
            *(
                Fixed(name)
                for name in ("registrar", "registry_domain_id", "expiration_date", "domain_status")
            ),
            *(Fixed(name) for name in ("registrant", "tech_c", "admin_c", "billing_c")),
            Computed("active", function=_zone_active),
            custom("netbox_dns.zone"),
            TENANT,
            OWNER,
        ),
    )
)


def _record_name(_world: World, row: Row) -> str:
    return f"{row['fqdn'].rstrip('.')} [{row['type']}]"


def zone_of(world: World, row: Row) -> Row:
    """The zone of a record."""
    return world.table(ZONES).rows[row["zone"]]


def is_active(world: World, row: Row) -> bool:
    """Whether a record is served."""
    return row["status"] == "active" and is_live(zone_of(world, row))


def _active(view: View, row: Row) -> bool:
    return is_active(view.world, row)


def _absolute(view: View, row: Row) -> str:
    return absolute(row["type"], row["value"], zone_of(view.world, row)["name"])


def _shown(view: View, row: Row) -> dict[str, Any]:
    return view.select(MODELS[RECORDS], row, list(RECORD_KEYS))


def _pointer(view: View, row: Row) -> Any:
    """The record that leads back; it does not say whether it is active."""
    found = view.world.row(RECORDS, row.get("ptr_record"))
    return _shown(view, found) | {"active": None} if found is not None else None


def _pointing(view: View, row: Row) -> list[Any]:
    found = view.world.table(RECORDS).where("ptr_record", row["id"])
    return [_shown(view, each) | {"active": is_active(view.world, each)} for each in found]


def _address(view: View, row: Row) -> Any:
    return view.reference("ipam/ip-addresses", row.get("ipam_ip_address"))


register(
    Model(
        endpoint=RECORDS,
        type="netbox_dns.record",
        class_name="Record",
        verbose="Record",
        display=_record_name,
        natural="name",
        ordering=("fqdn", "zone", "type", "value"),
        brief=(*RECORD_KEYS, "active"),
        search=("name", "value", "description"),
        fields=(
            Ref("zone", to=ZONES, null=False, required=True, on_delete="cascade"),
            Choice("type", labels=_words(*RECORD_TYPES), required=True, bare=True),
            Text("name", required=True, longest=LONGEST_NAME),
            DESCRIPTION,
            COMMENTS,
            TAGS,
            ToldText("fqdn"),
            Text("value", required=True, longest=65535),
            Choice("status", labels=_words("active", "inactive"), default="active", bare=True),
            Integer("ttl", least=0, most=2147483647),
            *TIMES,
            Told("managed"),
            Flag("disable_ptr"),
            Computed("ptr_record", function=_pointer, logged=True),
            Computed("address_records", function=_pointing),
            Computed("active", function=_active),
            custom("netbox_dns.record"),
            TENANT,
            Computed("ipam_ip_address", function=_address, logged=True),
            Computed("absolute_value", function=_absolute),
            Field("expiration_date"),
            Fixed("expired", value=False, logged=False),
            OWNER,
        ),
    )
)
