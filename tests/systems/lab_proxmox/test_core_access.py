from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.proxmox.access import Access
from setpoint_lab.proxmox.acl import AclEntry, Kind, is_acl_path, normalize_path
from setpoint_lab.proxmox.ledger import Ledger
from setpoint_lab.proxmox.roles import BUILT_IN, PRIVILEGES
from setpoint_lab.proxmox.users import Group, Token, User
from setpoint_lab.proxmox.world import Pool
from tests.systems.lab_proxmox.core_api import FORM, Client, as_token

if TYPE_CHECKING:
    from collections.abc import Iterable

USER, TOKEN = "u@pve", "u@pve!t"

Grant = tuple[str, Kind, str, str, bool]


def access(grants: Iterable[Grant], *, privsep: bool = True, pools: dict[str, Pool] | None = None) -> Access:
    made = Access(Ledger(), pools or {})
    made.groups["g"] = Group("g")
    made.users[USER] = User(USER, groups={"g"}, tokens={"t": Token("secret", privsep)})
    for path, kind, owner, role, propagate in grants:
        made.grant(AclEntry(path, kind, owner, role), propagate=propagate)
    return made


@pytest.mark.parametrize(
    ("grants", "path", "expected"),
    [
        ([], "/vms/100", ""),
        ([("/vms", "user", USER, "PVEPoolUser", True)], "/vms/100", "Pool.Audit"),
        ([("/vms", "user", USER, "PVEPoolUser", False)], "/vms/100", ""),
        ([("/vms", "user", USER, "PVEPoolUser", False)], "/vms", "Pool.Audit"),
        ([("/vms/100", "user", USER, "PVEPoolUser", True)], "/vms/1000", ""),
        ([("/vms", "group", "g", "PVEPoolUser", True)], "/vms/100", "Pool.Audit"),
        (
            [("/vms", "group", "g", "PVEPoolUser", True), ("/vms", "user", USER, "PVETemplateUser", True)],
            "/vms/100",
            "VM.Audit VM.Clone",
        ),
        (
            [("/", "user", USER, "Administrator", True), ("/vms", "user", USER, "PVEPoolUser", True)],
            "/vms/101",
            "Pool.Audit",
        ),
        (
            [("/", "user", USER, "Administrator", True), ("/vms", "user", USER, "NoAccess", True)],
            "/vms/100",
            "",
        ),
        ([("/pool/p", "user", USER, "PVETemplateUser", True)], "/vms/100", "VM.Audit VM.Clone"),
        ([("/pool/p", "user", USER, "PVETemplateUser", True)], "/vms/101", ""),
        (
            [("/pool", "user", USER, "NoAccess", True), ("/vms", "user", USER, "PVEVMAdmin", True)],
            "/vms/100",
            "",
        ),
        ([("/vms", "user", USER, "NoRole", True)], "/vms/100", ""),
    ],
    ids=[
        "nothing",
        "propagated",
        "not-propagated",
        "on-the-path-itself",
        "no-mere-prefix",
        "by-group",
        "user-before-group",
        "deepest-wins",
        "no-access-wins",
        "by-pool",
        "other-pool",
        "no-access-by-pool",
        "unknown-role",
    ],
)
def test_privileges_add_up(grants: list[Grant], path: str, expected: str) -> None:
    pools = {"p": Pool("p", guests={100})}
    assert access(grants, pools=pools).privileges(USER, path) == frozenset(expected.split())


def test_root_may_everything_and_its_separated_token_nothing_of_itself() -> None:
    made = access([])
    made.users["root@pam"].tokens |= {"sep": Token("s"), "full": Token("s", privsep=False)}
    assert made.privileges("root@pam", "/vms/1") == PRIVILEGES
    assert made.privileges("root@pam!full", "/vms/1") == PRIVILEGES
    assert made.privileges("root@pam!sep", "/vms/1") == frozenset()
    assert made.privileges("root@pam!none", "/vms/1") == frozenset()


paths = st.sampled_from(["/", "/vms", "/vms/100", "/storage", "/storage/local", "/pool/p"])
grants = st.lists(
    st.tuples(
        paths,
        st.sampled_from(["user", "token", "group"]),
        st.sampled_from([USER, TOKEN, "g"]),
        st.sampled_from(sorted(BUILT_IN)),
        st.booleans(),
    )
)


@given(grants, paths)
def test_a_separated_token_may_no_more_than_its_user_and_than_its_own_grants(
    given_grants: list[Grant], path: str
) -> None:
    made = access(given_grants, pools={"p": Pool("p", guests={100}, storages={"local"})})
    of_token = made.privileges(TOKEN, path)
    assert of_token <= made.privileges(USER, path)
    made.users[USER].tokens["t"].privsep = False
    made.changed()
    assert made.privileges(TOKEN, path) == made.privileges(USER, path)


@given(grants, paths)
def test_the_list_of_everything_agrees_with_each_path(given_grants: list[Grant], path: str) -> None:
    made = access(given_grants)
    everywhere = made.everywhere(USER)
    assert all(made.granted(USER, shown) == granted for shown, granted in everywhere.items())
    if path in everywhere:
        assert everywhere[path]


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("/", True),
        ("/vms/100", True),
        ("/vms/10", False),
        ("/pool/a/b/c", True),
        ("/pool/a/b/c/d", False),
        ("/sdn/zones/localnetwork/vmbr0", True),
        ("/storage/local", True),
        ("/nope", False),
        ("/vms/100/x", False),
    ],
)
def test_entries_stand_on_known_paths_only(path: str, good: bool) -> None:  # noqa: FBT001
    assert is_acl_path(path) is good


@pytest.mark.parametrize(
    ("path", "clean"), [("vms//100/", "/vms/100"), ("", "/"), ("/", "/"), ("/a b", None), ("/é", None)]
)
def test_paths_are_normalised(path: str, clean: str | None) -> None:
    assert normalize_path(path) == clean


@pytest.fixture
def controller(client: Client) -> dict[str, str]:
    """The headers of a separated token that has no rights."""
    client.ask("POST", "/access/users", userid="ctl@pve", password="12345678")
    made = client.ask("POST", "/access/users/ctl@pve/token/plumb", comment="t")
    assert made.data["info"] == {"privsep": 1, "comment": "t"}
    return as_token(made.data["full-tokenid"], made.data["value"])


def get(client: Client, headers: dict[str, str], path: str) -> Any:
    return client.raw("GET", f"/api2/json{path}", headers)


def grant(client: Client, path: str, role: str, **who: str) -> None:
    assert client.ask("PUT", "/access/acl", path=path, roles=role, **who).status == 200


def test_a_separated_token_needs_the_right_that_its_user_has(
    client: Client, controller: dict[str, str]
) -> None:
    path = "/nodes/pve1/status"
    refused = get(client, controller, path)
    assert (refused.status, refused.reason) == (403, "Permission check failed (/nodes/pve1, Sys.Audit)")
    grant(client, "/nodes", "PVEAuditor", users="ctl@pve")
    assert get(client, controller, path).status == 403
    grant(client, "/nodes", "PVEAuditor", tokens="ctl@pve!plumb")
    assert get(client, controller, path).status == 200


def test_lists_leave_out_what_may_not_be_seen(client: Client, controller: dict[str, str]) -> None:
    client.ask("POST", "/pools", poolid="p")
    for path in (
        "/pools",
        "/storage",
        "/nodes/pve1/storage",
        "/access/users",
        "/access/acl",
        "/nodes/pve1/tasks",
    ):
        assert get(client, controller, path).data == [], path
    assert [row["type"] for row in get(client, controller, "/cluster/resources").data] == ["node"]
    assert "maxmem" not in get(client, controller, "/nodes").data[0]


def test_what_needs_a_ticket_is_refused_to_every_token(client: Client) -> None:
    made = client.ask("POST", "/access/users/root@pam/token/full", privsep=0).data
    headers = {**as_token("root@pam!full", made["value"]), "Content-Type": FORM}
    got = client.raw("PUT", "/api2/json/access/password", headers, b"userid=root@pam&password=12345678")
    text = "Permission check failed (URI '/access/password' not available with API token, need proper ticket.\n)\n"
    assert (got.status, got.document["message"]) == (403, text)
    assert got.reason == text.splitlines()[0]


@pytest.mark.parametrize(
    ("change", "restore"),
    [
        (("/access/users/ctl@pve/token/plumb", {"expire": 1}), {"expire": 0}),
        (("/access/users/ctl@pve", {"enable": 0}), {"enable": 1}),
        (("/access/users/ctl@pve", {"expire": 1}), {"expire": 0}),
    ],
    ids=["expired-token", "disabled-user", "expired-user"],
)
def test_a_token_ends_with_its_time_and_with_its_user(
    client: Client, controller: dict[str, str], change: tuple[str, dict[str, int]], restore: dict[str, int]
) -> None:
    path, params = change
    client.ask("PUT", path, **params)
    got = get(client, controller, "/version")
    assert (got.status, got.reason, got.body) == (401, "Authentication failed!", b"")
    client.ask("PUT", path, **restore)
    assert get(client, controller, "/version").status == 200


@pytest.mark.parametrize(
    "header",
    [
        "PVEAPIToken=ctl@pve!plumb:{}",
        "PVEAPIToken=ctl@pve!other={}",
        "PVEAPIToken=garbage",
        "PVEAPIToken=x@pve!t={}",
    ],
)
def test_a_wrong_token_is_refused(client: Client, controller: dict[str, str], header: str) -> None:
    secret = controller["Authorization"].rpartition("=")[2]
    got = get(client, {"Authorization": header.format(secret)}, "/version")
    assert (got.status, got.reason) == (401, "Authentication failed!")


def test_another_scheme_of_authorization_is_no_ticket(client: Client) -> None:
    assert get(client, {"Authorization": "Bearer x"}, "/version").reason == "No ticket"


def test_a_ticket_needs_its_csrf_token_for_changes(client: Client) -> None:
    login = dict(client.root())
    assert client.raw("GET", "/api2/json/version", {"Cookie": login["Cookie"]}).status == 200
    for wrong in ({}, {"CSRFPreventionToken": "6B0108C0:AAAA"}):
        headers = {"Cookie": login["Cookie"], "Content-Type": FORM, **wrong}
        got = client.raw("POST", "/api2/json/pools", headers, b"poolid=a")
        assert (got.status, got.reason, got.body) == (401, "Permission denied - invalid csrf token", b"")
    assert client.ask("GET", "/pools").data == []


def test_a_ticket_lasts_two_hours_and_renews_itself(client: Client) -> None:
    got = client.raw(
        "POST", "/api2/json/access/ticket", {"Content-Type": FORM}, b"username=root@pam&password=setpoint"
    )
    cookie = {"Cookie": f"PVEAuthCookie={quote(got.data['ticket'])}"}
    client.lab("POST", "clock", {"advance": 7000})
    assert get(client, cookie, "/version").status == 200
    renewed = client.ask("POST", "/access/ticket", username="root@pam", password=got.data["ticket"])
    assert renewed.status == 200
    client.lab("POST", "clock", {"advance": 300})
    assert get(client, cookie, "/version").status == 401


@pytest.mark.parametrize("name", ["root@pam", "nobody@pam", "root", "root@nosuch"])
def test_a_wrong_login_is_refused_with_a_body(client: Client, name: str) -> None:
    got = client.ask("POST", "/access/ticket", username=name, password="wrong")
    assert (got.status, got.reason) == (401, "authentication failure")
    assert got.document == {"data": None, "message": "authentication failure\n"}


def test_an_entry_needs_a_known_path_role_and_owner(client: Client) -> None:
    client.ask("POST", "/access/users", userid="ctl@pve")
    put = {"path": "/vms", "roles": "PVEVMAdmin", "users": "ctl@pve"}
    assert client.ask("PUT", "/access/acl", **{**put, "path": "/nope"}).errors == {
        "path": "invalid ACL path '/nope'"
    }
    assert client.ask("PUT", "/access/acl", **{**put, "roles": "No"}).reason.endswith(
        "role 'No' does not exist"
    )
    assert client.ask("PUT", "/access/acl", **{**put, "users": "x@pve"}).status == 500
    assert set(client.ask("PUT", "/access/acl", path="/vms", roles="NoAccess").errors) == {
        "users",
        "groups",
        "tokens",
    }
    assert client.ask("GET", "/access/acl").data == []


def test_a_user_takes_tokens_and_entries_along_when_it_goes(
    client: Client, controller: dict[str, str]
) -> None:
    grant(client, "/vms", "PVEVMAdmin", users="ctl@pve", tokens="ctl@pve!plumb")
    assert len(client.ask("GET", "/access/acl").data) == 2
    client.ask("DELETE", "/access/users/ctl@pve")
    assert client.ask("GET", "/access/acl").data == []
    assert get(client, controller, "/version").status == 401


def test_own_roles_and_groups_work_like_the_built_in_ones(client: Client, controller: dict[str, str]) -> None:
    client.ask("POST", "/access/roles", roleid="Looker", privs="Sys.Audit")
    client.ask("POST", "/access/groups", groupid="ops")
    client.ask("PUT", "/access/users/ctl@pve", groups="ops")
    grant(client, "/nodes", "Looker", groups="ops", tokens="ctl@pve!plumb")
    assert get(client, controller, "/nodes/pve1/status").status == 200
    assert client.ask("GET", "/access/roles/Looker").data == {"Sys.Audit": 1}
    assert client.ask("GET", "/access/groups").data == [{"groupid": "ops", "users": "ctl@pve"}]
    client.ask("PUT", "/access/roles/Looker", privs="Sys.Syslog")
    assert get(client, controller, "/nodes/pve1/status").status == 403
    refused = client.ask("PUT", "/access/roles/PVEAdmin", privs="")
    assert refused.reason == "auto-generated role 'PVEAdmin' cannot be modified"
    client.ask("DELETE", "/access/groups/ops")
    assert client.ask("GET", "/access/users/ctl@pve").data["groups"] == []


def test_permissions_of_others_are_for_auditors(client: Client, controller: dict[str, str]) -> None:
    grant(client, "/vms", "PVETemplateUser", users="ctl@pve", tokens="ctl@pve!plumb")
    mine = get(client, controller, "/access/permissions").data
    assert mine == {"/vms": {"VM.Audit": 1, "VM.Clone": 1}}
    assert client.ask("GET", "/access/permissions", userid="ctl@pve", path="/vms/7").data == {
        "/vms/7": {"VM.Audit": 1, "VM.Clone": 1}
    }
    assert get(client, controller, "/access/permissions?userid=root@pam").reason == (
        "Permission check failed (/access, Sys.Audit)"
    )
