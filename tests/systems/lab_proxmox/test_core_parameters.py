from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.proxmox.check import MISSING, UNKNOWN, parse_property_string, verify
from setpoint_lab.proxmox.form import decode_form
from setpoint_lab.proxmox.properties import PropertyError, split_properties
from setpoint_lab.proxmox.reduce_schema import KEPT, NUMBERS, TARGET
from setpoint_lab.proxmox.routes import ROUTES
from setpoint_lab.proxmox.schema import COUNTS, load
from setpoint_lab.proxmox.unsupported import HEAD, LIST, unsupported

VM = "/nodes/{node}/qemu/{vmid}/config"


def errors_of(path: str = VM, method: str = "PUT", **params: object) -> dict[str, str]:
    given_all = {"node": "pve1", "vmid": "100", **{key.replace("_", "-"): params[key] for key in params}}
    return verify(load().methods[method, path], given_all)[1]


def nested(text: str) -> str:
    return f"invalid format - format error\n{text}\n"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("cores", "2", None),
        ("cores", 2, None),
        ("cores", "+2", None),
        ("cores", "2.0", "type check ('integer') failed - got '2.0'"),
        ("cores", "0", "value must have a minimum value of 1"),
        ("cores", None, None),
        ("cores", ["1", "2"], "type check ('integer') failed - got ARRAY"),
        ("cpulimit", "1.50", None),
        ("cpulimit", "129", "value must have a maximum value of 128"),
        ("onboot", True, None),
        ("onboot", "1", None),
        ("onboot", "yes", "type check ('boolean') failed - got 'yes'"),
        ("onboot", "True", "type check ('boolean') failed - got 'True'"),
        ("onboot", "", "type check ('boolean') failed - got ''"),
        ("bios", "efi", "value 'efi' does not have a value in the enumeration 'seabios, ovmf'"),
        ("digest", "a" * 41, "value may only be 40 characters long"),
        ("name", "foo_bar", "invalid format - value does not look like a valid DNS name\n"),
        ("vmid", "99", "invalid format - value does not look like a valid VM ID\n"),
        ("serial0", "bogus", "value does not match the regex pattern"),
        ("tags", "A/b", "invalid format - invalid characters in tag\n"),
        ("memory", "15", nested("memory.current: value must have a minimum value of 16")),
        ("memory", "lots", nested("memory.current: type check ('integer') failed - got 'lots'")),
        ("agent", "yes", None),
        ("net0", "virtio,bridge=vmbr0,firewall=on", None),
        ("net0", "bridge=vmbr0", nested(f"net0.model: {MISSING}")),
        ("net0", "virtio,bridge=vmbr0, tag=1", nested(f"net0. tag: {UNKNOWN}")),
        ("net31", "virtio", None),
        ("net32", "virtio", UNKNOWN),
        ("net00", "virtio", UNKNOWN),
        ("scsi31", "local:1", UNKNOWN),
        ("bogus", "x", UNKNOWN),
        ("ipconfig0", "gw=10.0.0.1", nested("ipconfig0.ip: missing property required by 'ipconfig0.gw'")),
        ("ipconfig0", "ip=10.0.0.2/24,gw=10.0.0.1,ip6=auto", None),
        ("boot", "", None),
        ("boot", "order=", "invalid format - missing key in comma-separated list property\n"),
        ("boot", "order=ide9", nested("boot.order: invalid format - invalid boot device 'ide9'\n")),
        ("cpu", "x86-64-v2-AES,flags=+aes;-pcid", None),
        (
            "cpu",
            "bogus",
            "invalid format - Built-in cputype 'bogus' is not defined (missing 'custom-' prefix?)\n",
        ),
        ("startup", "order=any", "invalid format - unable to parse startup options\n"),
        ("intel_tdx", "tdx", nested(f"intel-tdx.attestation: {MISSING}")),
    ],
)
def test_a_parameter_gets_the_words_of_the_real_check(name: str, value: object, text: str | None) -> None:
    assert errors_of(**{name: value}).get(name.replace("_", "-")) == text


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = errors_of("/nodes/{node}/qemu", "POST", vmid=None, cores="0", bogus="1", name="a b")
    assert set(wrong) == {"vmid", "cores", "bogus", "name"}


def test_a_parameter_may_need_another() -> None:
    assert errors_of(force="1") == {"delete": "missing property required by 'force'"}


def test_values_come_in_their_types() -> None:
    typed, wrong = verify(
        load().methods["PUT", VM],
        {"node": "pve1", "vmid": "100", "cores": "2", "onboot": True, "cpulimit": "1.5", "memory": 512},
    )
    assert wrong == {}
    assert typed == {
        "node": "pve1",
        "vmid": 100,
        "cores": 2,
        "onboot": 1,
        "cpulimit": 1.5,
        "memory": "512",
    }


@given(st.dictionaries(st.text(min_size=1), st.text()), st.sampled_from(sorted(load().methods)))
def test_no_parameter_breaks_the_check(params: dict[str, str], key: tuple[str, str]) -> None:
    method = load().methods[key]
    typed, wrong = verify(method, params)
    assert set(params) <= set(typed) | set(wrong)
    assert verify(method, params) == (typed, wrong)


@given(st.text())
def test_no_text_breaks_the_check_of_a_property_string(text: str) -> None:
    shape = load().methods["PUT", VM].shape("net0")
    assert shape is not None
    problem = verify(load().methods["PUT", VM], {"node": "a", "vmid": "100", "net0": text})[1].get("net0")
    if problem is None:
        assert "model" in parse_property_string(shape["format"], text, "net0")
    else:
        assert problem.startswith("invalid format - ")
        assert problem.endswith("\n")


def test_a_property_string_resolves_aliases_and_booleans() -> None:
    shape = load().methods["PUT", VM].shape("net0")
    assert shape is not None
    found = split_properties(shape["format"], "virtio=AA:BB:CC:DD:EE:FF,firewall=yes,,bridge=b")
    assert found == {"model": "virtio", "macaddr": "AA:BB:CC:DD:EE:FF", "firewall": "1", "bridge": "b"}


@pytest.mark.parametrize("text", ["virtio,e1000", "model=virtio,e1000", "rate=1,rate=2"])
def test_a_property_string_gives_each_key_once(text: str) -> None:
    shape = load().methods["PUT", VM].shape("net0")
    assert shape is not None
    with pytest.raises(PropertyError, match="duplicate key in comma-separated list property"):
        split_properties(shape["format"], text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a=b=c", {"a": "b"}),
        ("a=", {"a": ""}),
        ("a", {"a": None}),
        ("a+b=c+d%20e", {"a b": "c d e"}),
        ("a=%C3%A4", {"a": "ä"}),
        ("a=100%", {"a": "100%"}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
    ],
)
def test_a_form_is_decoded_as_perl_does(text: str, expected: dict[str, object]) -> None:
    assert decode_form(text) == expected


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_a_well_encoded_form_comes_back(params: dict[str, str]) -> None:
    encoded = "&".join(f"{quote(key, safe='')}={quote_plus(value)}" for key, value in params.items())
    assert decode_form(encoded) == params


@pytest.mark.parametrize(
    ("method", "path", "template", "params"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/nodes/a/qemu/100/config", VM, {"node": "a", "vmid": "100"}),
        (
            "GET",
            "/nodes/a/storage/local/content/local:100/vm-100-disk-0.raw",
            "/nodes/{node}/storage/{storage}/content/{volume}",
            {"node": "a", "storage": "local", "volume": "local:100/vm-100-disk-0.raw"},
        ),
    ],
)
def test_a_path_finds_its_template(method: str, path: str, template: str, params: dict[str, str]) -> None:
    found = load().find(method, path)
    assert found is not None
    assert (found[0].path, found[1]) == (template, params)


def test_every_numbered_parameter_has_a_count() -> None:
    numbered = {
        name.removesuffix("[n]")
        for method in load().methods.values()
        for name in method.parameters
        if "[n]" in name
    }
    assert numbered <= set(COUNTS)


def keys_of(shape: dict[str, Any]) -> set[str]:
    """The keys of a shape and of every shape inside it."""
    form = shape.get("format")
    inside = [shape["items"]] if "items" in shape else []
    inside += [*shape.get("oneOf", []), *(form.values() if isinstance(form, dict) else [])]
    return set(shape).union(*(keys_of(part) for part in inside))


def test_the_reduced_schema_holds_no_prose() -> None:
    shapes = json.loads(TARGET.read_text("utf-8"))["shapes"]
    assert set().union(*map(keys_of, shapes)) <= {*KEPT, *NUMBERS, "format", "items", "oneOf"}


def test_the_list_of_what_is_not_supported_is_exact() -> None:
    assert LIST.read_text("utf-8") == HEAD + "".join(f"{line}\n" for line in unsupported())


def test_every_handler_answers_a_method_of_the_schema() -> None:
    assert set(ROUTES) <= set(load().methods)
