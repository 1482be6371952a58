"""The pure parts of networks: what may be declared, how it compares, and the calls that stage what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.decide.diff import diff
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Acting
from setpoint.model.plan import Disruption
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.kinds.network import KIND
from setpoint_proxmox.kinds.network.describe import describe
from setpoint_proxmox.kinds.network.plan import remark, remove
from setpoint_proxmox.kinds.network.project import UP, declare, project
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.network.staged import foreign
from setpoint_proxmox.kinds.network.state import AVAILABLE, NetworkState, Standing, problems
from setpoint_proxmox.kinds.network.wanted import Call, Seen, calls
from setpoint_proxmox.mark import parse_inline, with_inline, without_inline
from setpoint_proxmox.sdn import MARK, Sdn, Section
from tests.systems.proxmox.made import facts

OWNER = Owner("home", Key("default", "Network", "lan"))
OURS = OWNER.mark("lan")
MARKED = with_inline("people", OURS, MARK)
ALIAS = re.compile(r"[\(\)-_.\w\d\s]{0,256}", re.IGNORECASE)
"""What Proxmox takes as an alias."""


def spec(**fields: Any) -> NetworkSpec:
    return NetworkSpec.model_validate({"type": "simple", "vnets": {"desks": {}}, **fields})


def tagged(**fields: Any) -> dict[str, Any]:
    return {"vnets": {"desks": {"tag": 20, **fields}}}


def subnet(cidr: str, **fields: Any) -> dict[str, Any]:
    return {"vnets": {"desks": {"subnets": {cidr: fields}}}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"vnets": {}}, "at least 1 item"),
        ({"zone": "toolongid"}, "pattern"),
        ({"zone": "z-1"}, "pattern"),
        ({"vnets": {"toolongid": {}}}, "'toolongid' is no id of a vnet"),
        ({"vnets": {"x": {}}}, "'x' is no id of a vnet"),
        (tagged(), "a zone of type simple takes none; leave it out"),
        ({"type": "vlan", **tagged()}, "a zone of type vlan needs bridge"),
        ({"type": "vlan", "bridge": "vmbr0"}, "vnet desks needs a tag in a zone of type vlan"),
        ({"type": "vlan", "bridge": "vmbr0", **tagged(tag=4095)}, "takes up to 4094"),
        (
            {"type": "vlan", "bridge": "vmbr0", "vnets": {"one": {"tag": 5}, "two": {"tag": 5}}},
            "vnets one and two have the same tag 5",
        ),
        ({"type": "vxlan", **tagged()}, "needs peers, the addresses of its nodes, or a fabric"),
        (
            {"bridge": "vmbr0"},
            "bridge is for a zone of type vlan, qinq, and this one is simple; leave it out",
        ),
        ({"type": "qinq", "bridge": "vmbr0", **tagged()}, "needs serviceTag"),
        ({"type": "evpn", **tagged()}, "needs controller"),
        (subnet("10.0.0.0"), "write 10.0.0.0/32"),
        (subnet("10.0.0.1/24"), "write 10.0.0.0/24"),
        (subnet("lan"), "'lan' is no subnet"),
        (subnet("10.0.0.0/24", gateway="10.0.1.1"), "10.0.1.1 is not in subnet 10.0.0.0/24"),
        (subnet("10.0.0.0/24", gateway="lan"), "'lan' is no IP address"),
        (
            subnet("10.0.0.0/24", dhcpRanges=[{"from": "10.0.0.9", "to": "10.0.2.9"}]),
            "10.0.2.9 is not in subnet",
        ),
        (
            {"vnets": {"one": {"subnets": {"10.0.0.0/24": {}}}, "two": {"subnets": {"10.0.0.0/24": {}}}}},
            "declared for both one and two",
        ),
        ({"vnets": {"desks": {"alias": "a|b"}}}, "Proxmox takes letters"),
        ({"vnets": {"desks": {"alias": "two\nlines"}}}, "Proxmox takes letters"),
        ({"vnets": {"desks": {"alias": "x[y]"}}}, "Proxmox takes letters"),
        ({"vnets": {"desks": {"alias": "x "}}}, "begins or ends with a blank"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_told_with_its_remedy(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        spec(**fields)


@pytest.mark.parametrize(
    "text", ["", "people", "a (b), c: d/e=f", "Mixed CASE_and-more.", "ends with [", "[setpoint: nothing]"]
)
def test_a_mark_is_found_behind_any_text_and_proxmox_takes_it(text: str) -> None:
    mark = Mark(
        "home-of-forty-letters-home-of-forty-letter", Key("n" * 63, "Network", "lanlanla"), "lanlanla"
    )
    alias = with_inline(text, mark, MARK)
    assert parse_inline(alias, MARK) == mark
    assert without_inline(alias, MARK) == text
    assert ALIAS.fullmatch(with_inline("x" * 100, mark, MARK))


@pytest.mark.parametrize(
    "alias", ["", "people", MARKED + " and more", "[setpoint: a b zone=c]", MARKED.upper()]
)
def test_no_mark_is_found_where_there_is_none(alias: str) -> None:
    assert parse_inline(alias, MARK) is None
    assert without_inline(alias, MARK) == alias


def state(
    zone: dict[str, Json],
    vnets: dict[str, dict[str, Json]],
    subnets: dict[str, dict[str, Json]],
    nodes: Mapping[str, Standing] | None = None,
) -> NetworkState:
    """A zone that runs as it is staged, on two nodes."""
    return NetworkState(
        zone="lan",
        settings=Section(zone, zone),
        vnets={name: Section(options, options) for name, options in vnets.items()},
        subnets={
            name: {cidr: Section(options, options) for cidr, options in subnets.items()}
            for name in list(vnets)[:1]
        },
        nodes=nodes or {"pve1": Standing(AVAILABLE), "pve2": Standing(AVAILABLE)},
        foreign=(),
        elsewhere={},
    )


_SUBNET = "10.20.0.0/24"


@pytest.mark.parametrize(
    ("fields", "zone", "vnet", "net"),
    [
        pytest.param({"nodes": ["pve2", "pve1"]}, {"nodes": "pve1,pve2"}, {}, {}, id="nodes in any order"),
        pytest.param({"nodes": []}, {}, {}, {}, id="all nodes"),
        pytest.param({"mtu": 1450}, {"mtu": "1450"}, {}, {}, id="a number as text"),
        pytest.param({"dhcp": True}, {"dhcp": "dnsmasq"}, {}, {}, id="dhcp"),
        pytest.param({"dhcp": False, "ipam": ""}, {}, {}, {}, id="what is off is not there"),
        pytest.param(
            {"vnets": {"desks": {"vlanAware": False, "isolatePorts": True}}},
            {},
            {"vlanaware": 0, "isolate-ports": "1"},
            {},
            id="flags",
        ),
        pytest.param(
            {"vnets": {"desks": {"alias": "people"}}},
            {},
            {"alias": MARKED},
            {},
            id="the mark is no part of an alias",
        ),
        pytest.param(
            subnet(_SUBNET, gateway="10.20.0.1", snat=True),
            {},
            {},
            {"gateway": "10.20.0.1", "snat": 1},
            id="subnet",
        ),
        pytest.param(
            subnet(_SUBNET, dhcpRanges=[{"from": "10.20.0.5", "to": "10.20.0.9"}]),
            {},
            {},
            {"dhcp-range": [{"start-address": "10.20.0.5", "end-address": "10.20.0.9"}]},
            id="ranges as objects",
        ),
        pytest.param(
            subnet(_SUBNET, dhcpRanges=[{"from": "10.20.0.5", "to": "10.20.0.9"}]),
            {},
            {},
            {"dhcp-range": ["end-address=10.20.0.9,start-address=10.20.0.5"]},
            id="ranges as text",
        ),
        pytest.param(subnet(_SUBNET, dhcpRanges=[], snat=False), {}, {}, {"dhcp-range": []}, id="no ranges"),
        pytest.param(
            {
                "vnets": {
                    "desks": {
                        "subnets": {
                            "2001:db8::/64": {"gateway": "2001:DB8:0::1", "dhcpDns": "2001:db8::0:53"}
                        }
                    }
                }
            },
            {},
            {},
            {"gateway": "2001:db8::1", "dhcp-dns-server": "2001:db8::53"},
            id="addresses in any writing",
        ),
        pytest.param(
            {"type": "vxlan", "peers": ["10.0.0.2", "10.0.0.1"], **tagged()},
            {"type": "vxlan", "peers": "10.0.0.1,10.0.0.2"},
            {"tag": 20},
            {},
            id="peers",
        ),
        pytest.param(
            {"type": "evpn", "controller": "c1", "vrfVxlan": 9, "mac": "bc:24:11:00:00:01", **tagged()},
            {"type": "evpn", "controller": "c1", "vrf-vxlan": 9, "mac": "BC:24:11:00:00:01"},
            {"tag": "20"},
            {},
            id="evpn",
        ),
    ],
)
def test_what_proxmox_tells_of_what_was_sent_does_not_differ(
    fields: dict[str, Any], zone: dict[str, Json], vnet: dict[str, Json], net: dict[str, Json]
) -> None:
    declared = spec(**fields)
    cidr = next(iter(declared.vnets["desks"].subnets), _SUBNET)
    seen = state(
        {"type": "simple", **zone},
        {"desks": {"type": "vnet", "zone": "lan", "alias": MARKED, **vnet}},
        {cidr: net},
    )
    assert diff(declare(declared), project(seen), KIND.treatments, applied=None).changes == ()
    told = describe(seen)
    assert (
        diff(declare(NetworkSpec.model_validate(told)), project(seen), KIND.treatments, applied=None).changes
        == ()
    )


def test_what_is_staged_differs_and_shows_both() -> None:
    seen = state({"type": "simple"}, {}, {})
    vnet = Section({"zone": "lan", "alias": MARKED}, {"zone": "lan", "alias": MARKED, "vlanaware": 1})
    seen = replace(seen, vnets={"desks": vnet})
    (change,) = diff(
        declare(spec(vnets={"desks": {"vlanAware": True}})), project(seen), KIND.treatments, applied=None
    ).changes
    assert (change.path, change.observed) == ("/vnets/desks/vlanAware", {"running": False, "staged": True})


@pytest.mark.parametrize(
    ("standing", "up", "reason"),
    [
        (Standing(AVAILABLE), True, []),
        (
            Standing("pending", "too old", {"desks": "pending: too old"}),
            "pve2: pending: too old",
            ["NodeFailed"],
        ),
        (Standing("error", "missing vmbr9"), "pve2: error: missing vmbr9", ["NodeFailed"]),
        (Standing("error", "", {"other": "error: no"}), True, ["NodeFailed"]),
        (Standing("", "pve2 is offline"), None, ["NodeUnknown"]),
    ],
    ids=["available", "pending", "error of the zone", "error of another vnet", "offline"],
)
def test_what_a_node_says_is_told(standing: Standing, up: object, reason: list[str]) -> None:
    seen = state(
        {"type": "simple"},
        {"desks": {"zone": "lan", "alias": MARKED}},
        {},
        nodes={"pve1": Standing(AVAILABLE), "pve2": standing},
    )
    found = project(seen)
    vnets = found.tree["vnets"]
    assert isinstance(vnets, dict)
    desks = vnets["desks"]
    assert isinstance(desks, dict)
    place = f"/vnets/desks/{UP}"
    assert (None if place in found.unseen else desks[UP]) == up
    assert [one.reason for one in problems(seen)] == reason


def test_every_vnet_without_a_mark_keeps_the_zone() -> None:
    seen = state({"type": "simple"}, {"desks": {"alias": MARKED}, "spare": {"alias": "mine"}}, {})
    (step,) = remove(OWNER, seen, facts())
    assert step.obstacle is not None
    assert "spare without the mark" in step.obstacle.why


def test_a_removal_destroys_and_is_stopped_by_what_somebody_staged() -> None:
    seen = state({"type": "simple"}, {"desks": {"alias": MARKED}}, {})
    (step,) = remove(OWNER, seen, facts())
    assert (step.verb, step.disruption, step.scopes) == ("destroy", Disruption.DESTROY, ("sdn",))
    (held,) = remove(OWNER, replace(seen, foreign=("zone dmz (new)",)), facts())
    assert held.obstacle is not None
    assert "zone dmz (new)" in held.obstacle.why


def test_a_former_name_is_written_anew_and_a_wiped_mark_is_not() -> None:
    renamed = Owner("home", Key("default", "Network", "newlan"), OWNER.key)
    seen = state({"type": "simple"}, {"desks": {"alias": MARKED}, "spare": {"alias": "mine"}}, {})
    step = remark(renamed, seen)
    assert step is not None
    assert step.arguments["vnets"] == {"desks": {"alias": with_inline("people", renamed.mark("lan"), MARK)}}
    assert remark(OWNER, seen) is None


def applied(seen: Seen, made: tuple[Call, ...]) -> Seen:
    """What the staged configuration is after some calls; refuses what Proxmox refuses."""
    settings = seen.settings
    vnets = {name: dict(vnet.staged or {}) for name, vnet in seen.vnets.items()}
    subnets = {
        name: {cidr: dict(one.staged or {}) for cidr, one in members.items()}
        for name, members in seen.subnets.items()
    }
    for call in made:
        params: dict[str, Any] = dict(call.params)
        gone = str(params.pop("delete", "")).split(",")
        match call.method, call.path[2:]:
            case "POST", ("zones",):
                assert settings is None
                settings = Section(params, params)
            case "PUT", ("zones", _):
                assert settings is not None
                options = {**(settings.staged or {}), **params}
                settings = Section(options, {key: value for key, value in options.items() if key not in gone})
            case "POST", ("vnets",):
                name = str(params.pop("vnet"))
                assert name not in vnets
                vnets[name] = params
                subnets[name] = {}
            case "PUT", ("vnets", name):
                vnets[str(name)] = {k: v for k, v in {**vnets[str(name)], **params}.items() if k not in gone}
            case "DELETE", ("vnets", name):
                assert not subnets.pop(str(name), {})
                del vnets[str(name)]
            case "POST", ("vnets", name, "subnets"):
                cidr = str(params.pop("subnet"))
                assert not any(cidr in members for members in subnets.values())
                subnets[str(name)][cidr] = params
            case "PUT", ("vnets", name, "subnets", which):
                cidr = str(which).removeprefix("lan-").replace("-", "/")
                old = {**subnets[str(name)][cidr], **params}
                subnets[str(name)][cidr] = {k: v for k, v in old.items() if k not in gone}
            case "DELETE", ("vnets", name, "subnets", which):
                del subnets[str(name)][str(which).removeprefix("lan-").replace("-", "/")]
            case _:
                raise AssertionError(call)
        tags = [vnet["tag"] for vnet in vnets.values() if vnet.get("tag")]
        assert len(tags) == len(set(tags)), "Proxmox refuses a tag that another vnet has"
    return Seen(
        settings,
        {name: Section(vnet, vnet) for name, vnet in vnets.items()},
        {
            name: {cidr: Section(one, one) for cidr, one in members.items()}
            for name, members in subnets.items()
        },
    )


NAMES = ("one", "two", "three", "four")
CIDRS = ("10.1.0.0/24", "10.2.0.0/24")


@st.composite
def wanted(draw: st.DrawFn) -> Tree:
    """Vnets with tags and subnets, some of them to be removed."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    tags = draw(st.permutations(range(1, 6)))
    cidrs = {
        cidr: draw(st.sampled_from(names)) for cidr in draw(st.lists(st.sampled_from(CIDRS), unique=True))
    }
    vnets: Tree = dict.fromkeys(NAMES)
    for name, tag in zip(names, tags, strict=False):
        subnets: Tree = {
            cidr: {"snat": draw(st.booleans())} if cidrs.get(cidr) == name else None for cidr in CIDRS
        }
        vnets[name] = {"tag": tag, "vlanAware": draw(st.booleans()), "alias": MARKED, "subnets": subnets}
    return {
        "type": "vlan",
        "zone": {"bridge": "vmbr0", "mtu": draw(st.sampled_from([1400, 1500]))},
        "vnets": vnets,
    }


@given(first=wanted(), second=wanted())
def test_from_any_network_to_any_other_by_calls_that_proxmox_takes(first: Tree, second: Tree) -> None:
    nothing = Seen(None, {}, {})
    there = applied(nothing, calls("lan", first, nothing))
    made = calls("lan", second, there)
    then = applied(there, made)
    assert calls("lan", second, then) == ()
    vnets = second["vnets"]
    assert isinstance(vnets, dict)
    assert {name: (vnet.staged or {})["tag"] for name, vnet in then.vnets.items()} == {
        name: vnet["tag"] for name, vnet in vnets.items() if isinstance(vnet, dict)
    }
    if first == second:
        assert made == ()


def acting(**arguments: Any) -> Acting:
    return Acting(OWNER, {"zone": "lan"}, arguments)


@pytest.mark.parametrize(
    ("zone", "vnet", "cut_off", "told"),
    [
        pytest.param(
            Section(None, {}), Section(None, {"zone": "lan", "alias": MARKED}), False, [], id="made by us"
        ),
        pytest.param(Section(None, {}), None, False, ["zone lan (new)"], id="an empty zone of anybody"),
        pytest.param(Section(None, {}), None, True, [], id="an empty zone that we were cut off at"),
        pytest.param(
            Section({}, {"mtu": 9}),
            Section({"zone": "lan", "alias": MARKED}, {"zone": "lan", "alias": MARKED, "tag": 9}),
            False,
            ["zone lan (changed)"],
            id="an option that we do not declare",
        ),
        pytest.param(
            Section({}, {}),
            Section({"zone": "lan", "alias": "mine"}, None),
            True,
            ["vnet desks (deleted)"],
            id="a vnet without our mark",
        ),
        pytest.param(
            Section({}, None),
            Section({"zone": "lan", "alias": MARKED}, None),
            True,
            [],
            id="a removal that was cut off",
        ),
    ],
)
def test_what_may_be_taken_back_is_ours(
    *, zone: Section, vnet: Section | None, cut_off: bool, told: list[str]
) -> None:
    sdn = Sdn({"lan": zone}, {} if vnet is None else {"desks": vnet})
    asked = acting(zone={}, vnets={"desks": {"tag": 9}})
    assert list(foreign(asked, sdn, {}, {"lan"} if cut_off else ())) == told
