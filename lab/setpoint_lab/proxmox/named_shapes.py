"""Property strings that the schema only names; their parts, written down from what the schema's type texts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.schema import Shape

_FLAG = {"type": "boolean", "optional": 1}
_BASE64 = {"type": "string", "optional": 1, "pattern": "[A-Za-z0-9+\\/]+={0,2}"}
_COUNT = {"type": "integer", "optional": 1, "minimum": 0}
_HEX_ID = {"type": "string", "optional": 1, "pattern": "0x[0-9a-fA-F]{4}"}
_VOLUME = {"type": "string", "optional": 1, "format": "pve-volume-id"}
_BITS = {"type": "string", "optional": 1, "format": "pve-phys-bits"}


def _word(*values: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "optional": 1, "enum": list(values), **more}


NAMED: dict[str, Mapping[str, Shape]] = {
    "pve-qm-boot": {
        "legacy": {"type": "string", "optional": 1, "default_key": 1, "pattern": "[acdn]{1,4}"},
        "order": {"type": "string", "optional": 1, "format": "pve-qm-bootdev-list"},
    },
    "pve-qm-ipconfig": {
        "ip": {"type": "string", "optional": 1, "format": "pve-ipv4-config"},
        "gw": {"type": "string", "optional": 1, "format": "ipv4", "requires": "ip"},
        "ip6": {"type": "string", "optional": 1, "format": "pve-ipv6-config"},
        "gw6": {"type": "string", "optional": 1, "format": "ipv6", "requires": "ip6"},
    },
    "pve-qm-smbios1": {
        "uuid": {
            "type": "string",
            "optional": 1,
            "pattern": "[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}",
        },
        "base64": _FLAG,
        **dict.fromkeys(("version", "serial", "manufacturer", "product", "sku", "family"), _BASE64),
    },
    "pve-qm-watchdog": {
        "model": _word("i6300esb", "ib700", default_key=1),
        "action": _word("reset", "shutdown", "poweroff", "pause", "debug", "none"),
    },
    "pve-qm-rng": {
        "source": {
            "type": "string",
            "default_key": 1,
            "enum": ["/dev/urandom", "/dev/random", "/dev/hwrng"],
        },
        "max_bytes": {"type": "integer", "optional": 1},
        "period": {"type": "integer", "optional": 1},
    },
    "pve-sdn-dhcp-range": {
        key: {"type": "string", "format": "ip"} for key in ("start-address", "end-address")
    },
    "pve-qm-cicustom": dict.fromkeys(("meta", "network", "user", "vendor"), _VOLUME),
    "pve-vm-cpu-conf": {
        "cputype": {"type": "string", "optional": 1, "default_key": 1},
        "reported-model": {"type": "string", "optional": 1},
        "hidden": _FLAG,
        "hv-vendor-id": {"type": "string", "optional": 1, "pattern": "[a-zA-Z0-9]{1,12}"},
        "flags": {
            "type": "string",
            "optional": 1,
            "pattern": "[+-][a-zA-Z0-9\\-_\\.]+(?:;[+-][a-zA-Z0-9\\-_\\.]+)*",
        },
        "phys-bits": _BITS,
        "guest-phys-bits": {"type": "integer", "optional": 1, "minimum": 32, "maximum": 64},
        "level": {"type": "integer", "optional": 1, "minimum": 0, "maximum": 31},
    },
    "pve-qm-hostpci": {
        "host": {
            "type": "string",
            "optional": 1,
            "default_key": 1,
            "pattern": "(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?"
            "(?:;(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?)*",
        },
        "mapping": {"type": "string", "optional": 1, "format": "pve-configid"},
        "rombar": _FLAG,
        "romfile": {"type": "string", "optional": 1, "pattern": "[^,;]+"},
        "pcie": _FLAG,
        "x-vga": _FLAG,
        "legacy-igd": _FLAG,
        "mdev": {"type": "string", "optional": 1, "pattern": "[^/\\.:]+"},
        "driver": _word("vfio", "keep"),
        **dict.fromkeys(("vendor-id", "device-id", "sub-vendor-id", "sub-device-id"), _HEX_ID),
    },
    "pve-qemu-sev-fmt": {
        "type": {"type": "string", "default_key": 1, "enum": ["std", "es", "snp"]},
        **dict.fromkeys(("no-debug", "no-key-sharing", "kernel-hashes", "allow-smt"), _FLAG),
    },
    "pve-qemu-tdx-fmt": {
        "type": {"type": "string", "default_key": 1, "enum": ["tdx"]},
        "attestation": {"type": "boolean"},
        "vsock-cid": {"type": "integer", "optional": 1, "minimum": 2},
        "vsock-port": {"type": "integer", "optional": 1, "minimum": 0},
    },
    "prune-backups": {
        "keep-all": _FLAG,
        **dict.fromkeys(
            ("keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"), _COUNT
        ),
    },
    "backup-fleecing": {
        "enabled": _FLAG | {"default_key": 1},
        "storage": {"type": "string", "optional": 1, "format": "pve-storage-id"},
    },
    "backup-performance": {
        "max-workers": {"type": "integer", "optional": 1, "minimum": 1, "maximum": 256},
        "pbs-entries-max": {"type": "integer", "optional": 1, "minimum": 1},
    },
}

_CPU_TYPES = """
486 pentium pentium2 pentium3 coreduo core2duo athlon phenom kvm32 kvm64 qemu32 qemu64 host max
x86-64-v1 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4
Conroe Penryn Nehalem Nehalem-IBRS Westmere Westmere-IBRS SandyBridge SandyBridge-IBRS
IvyBridge IvyBridge-IBRS Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS
Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS
Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v4
Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Skylake-Server-v4 Skylake-Server-v5
Cascadelake-Server Cascadelake-Server-noTSX Cascadelake-Server-v2 Cascadelake-Server-v4
Cascadelake-Server-v5 Cooperlake Cooperlake-v2 KnightsMill Icelake-Client Icelake-Client-noTSX
Icelake-Server Icelake-Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5
Icelake-Server-v6 SapphireRapids SapphireRapids-v2 GraniteRapids
Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 EPYC EPYC-IBPB EPYC-v3 EPYC-v4
EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-Milan EPYC-Milan-v2 EPYC-Genoa
"""

CPU_TYPES = frozenset(_CPU_TYPES.split())
"""The CPU models that need no definition of their own."""
