"""Where a system is built, as people write it: what is left out follows from the rest, and a mistake names its remedy."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.secret import SecretRef
from setpoint_nixos.kinds.nixos_host import KIND
from setpoint_nixos.kinds.nixos_host.build import PUBLISHING, SIGNING, BuildOn, BuildSpec

CACHE = {"url": "https://cache.example.net", "key": "c-1:KEY"}
KEY = {"credential": "cache-key"}
PUBLISH = {"url": "s3://cache", "key": KEY}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        pytest.param({}, BuildOn.LOCAL, id="nothing"),
        pytest.param({"on": "target"}, BuildOn.TARGET, id="target"),
        pytest.param({"builder": "forge"}, BuildOn.BUILDER, id="builder"),
        pytest.param({"machines": [{"host": "forge"}]}, BuildOn.DISTRIBUTED, id="machines"),
        pytest.param({"caches": [CACHE]}, BuildOn.CACHE, id="caches"),
        pytest.param({"publish": PUBLISH}, BuildOn.CACHE, id="publish"),
        pytest.param({"on": "local", "builder": "forge", "caches": [CACHE]}, BuildOn.LOCAL, id="what-is-said-counts"),
    ],
)  # fmt: skip
def test_where_it_is_built_is_said_or_follows(written: dict[str, Any], place: BuildOn) -> None:
    assert BuildSpec.model_validate(written).place is place


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        pytest.param({"on": "builder"}, "needs `builder`, the name of a Host", id="no-builder"),
        pytest.param({"on": "distributed"}, "needs `machines`, each with the name of a Host", id="no-machines"),
        pytest.param({"on": "cache"}, "needs `caches` to fetch from, or `publish` to fill one", id="no-caches"),
        pytest.param({"builder": "f", "caches": [CACHE]}, "say by `on` which of them counts", id="two"),
        pytest.param({"caches": [{"url": "c"}]}, "write file://…, http://…, https://… or s3://…", id="no-cache"),
        pytest.param({"publish": {"url": "c", "key": KEY}}, "is no binary cache", id="no-cache-to-publish-to"),
        pytest.param({"publish": {"url": "file:///srv/c", "key": KEY}}, "write under `caches`", id="folder-alone"),
        pytest.param({"publish": {"url": "s3://c", "key": "AAAA"}}, "a secret is never written", id="key-in-clear"),
        pytest.param({"machines": [{"host": "f", "jobs": 0}]}, "greater than or equal to 1", id="no-jobs"),
        pytest.param({"machines": [{"host": "f", "features": ["a b"]}]}, "should match pattern", id="feature"),
        pytest.param({"on": "moon"}, "'local', 'target', 'builder', 'distributed' or 'cache'", id="elsewhere"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_remedy(written: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BuildSpec.model_validate(written)
    assert remedy in str(caught.value)


def test_other_hosts_and_keys_are_told_to_the_engine_wherever_it_is_built() -> None:
    build = {
        "on": "local",
        "builder": "forge",
        "machines": [{"host": "a"}, {"host": "ops/b"}],
        "publish": PUBLISH,
        "signingKey": {"file": "/k"},
    }
    spec = KIND.spec.model_validate({"flake": {"url": "github:a/b"}, "build": build})
    assert [(way, way.kind) for way in KIND.ways(spec)] == [
        ("forge", "Host"),
        ("a", "Host"),
        ("ops/b", "Host"),
    ]
    assert KIND.keys(spec) == {SIGNING: SecretRef(file="/k"), PUBLISHING: SecretRef(credential="cache-key")}


def test_what_a_step_is_given_is_read_back_as_it_was_written() -> None:
    build = BuildSpec.model_validate({"builder": "forge", "signingKey": KEY})
    assert BuildSpec.model_validate(build.model_dump(mode="json", by_alias=True)) == build
