"""What people are shown of zones that many contribute to: what is unwise, and who has declared what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.effective import effective
from setpoint.cli.main import run
from setpoint.desired.compile import compile_set
from setpoint.desired.gather import put_together, whence
from setpoint.model.key import Key
from setpoint_dns.kinds.dns_zone import KIND
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec
from tests.rig.living import KINDS, manifest
from tests.systems.dns.living import ZONE, zone

SERVER = manifest(
    "DnsServer", "ns1", {"powerdns": {"endpoint": "http://127.0.0.1:8081", "key": {"env": "KEY"}}}
)


def estate(root: Path, **records: Any) -> Path:
    (root / "server.yaml").write_text(SERVER)
    (root / "zone.yaml").write_text(zone(records))
    return root


def test_advice_stands_before_the_count_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(estate(tmp_path, wiki={"A": "10.0.0.1"}))]) == 0
    told, count = capsys.readouterr().out.splitlines()
    assert told.startswith("advice: zone.yaml:1:")
    assert "spec.records.wiki.A: wiki.example.test. A: 10.0.0.1 is private" in told
    assert count == "2 resources valid, 0 problems in 2 files"


def test_much_advice_is_cut_for_people_and_whole_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = {f"h{number}": {"A": f"10.0.0.{number}"} for number in range(30)}
    root = str(estate(tmp_path, **many))
    assert run(["validate", root]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[20:] == [
        "advice: and 10 more, which -o json shows",
        "2 resources valid, 0 problems in 2 files",
    ]
    assert run(["validate", root, "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["advice"]) == 30


def test_a_contributed_value_is_shown_with_who_contributed_it() -> None:
    files = {
        "server.yaml": SERVER,
        "zone.yaml": zone({"www": {"A": "192.0.2.1"}}),
        "shop.yaml": f"kind: DnsRecords\nmetadata: {{name: shop}}\nspec:\n  zone: {ZONE}\n  records:\n    shop: {{A: 192.0.2.2}}\n",
        "reverse.yaml": zone(name="2.0.192.in-addr.arpa", pointers=True),
    }
    compiled = compile_set({path: text.encode() for path, text in files.items()}, KINDS, version="v")
    resources = put_together(compiled, KINDS).resources
    told = whence(resources, KINDS)

    def origins(name: str) -> dict[str, str]:
        resource = resources[Key("default", KIND.name, name)]
        rows = effective(resource, DnsZoneSpec.model_validate(resource.spec), told[resource.key])
        return {row["path"]: row["origin"] for row in rows}

    assert origins(ZONE)["/records/shop/A"] == "shop.yaml:6:12, of DnsRecords/shop"
    assert origins(ZONE)["/records/www/A"].startswith("zone.yaml:1:")
    pointer = "/records/2.2.0.192.in-addr.arpa./PTR"
    assert origins("2.0.192.in-addr.arpa")[pointer] == "shop.yaml:6:12, of DnsRecords/shop"
