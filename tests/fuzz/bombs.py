"""Small texts, and texts as large as they may be, that cost a careless reader minutes or gigabytes."""

from __future__ import annotations

_MACHINE = "kind: VirtualMachine\nmetadata: {name: web01}\nspec:\n"
_LAUGHS = "\n".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
_FAT = 900_000

YAML: dict[str, str] = {
    "a billion laughs": f"{_MACHINE}  a0: &a0 [x, x]\n{_LAUGHS}\n",
    "a value that holds itself": f"{_MACHINE}  a: &a [*a]\n",
    "lists in lists": _MACHINE + "  a: " + "[" * 100_000,
    "mappings in mappings": _MACHINE + "  a: " + "{a: " * 100_000,
    "blocks in blocks": _MACHINE + "".join(f"{' ' * n}a:\n" for n in range(2, 1200)),
    "dashes": _MACHINE + "  - " * 100_000,
    "questions": "? " * 100_000,
    "a long text": f"{_MACHINE}  description: {'x' * _FAT}\n",
    "a long name": f"{_MACHINE}  {'x' * _FAT}: 1\n",
    "a long number": f"{_MACHINE}  cores: {'9' * _FAT}\n",
    "a long fraction": f"{_MACHINE}  memory: 1.{'9' * _FAT}GiB\n",
    "a great exponent": f"{_MACHINE}  cores: 1e999999999\n",
    "many documents": "---\n" * 100_000,
    "many machines": "".join(f"---\nkind: VirtualMachine\nmetadata: {{name: w{n}}}\n" for n in range(4000)),
    "many unknown fields": _MACHINE + "".join(f"  fields{n}: 1\n" for n in range(20_000)),
    "many similar fields": _MACHINE + "".join(f"  memori{n}: 1\n" for n in range(20_000)),
    "a field many times": _MACHINE + "  cores: 1\n" * 8000,
    "many anchors": _MACHINE + "".join(f"  a{n}: &a{n} 1\n" for n in range(30_000)),
    "many tags": _MACHINE + "".join(f"  a{n}: !x{n} 1\n" for n in range(30_000)),
    "many disks": _MACHINE + "  disks:\n" + "".join(f"    scsi{n}: {{size: 1GiB}}\n" for n in range(2000)),
    "many wrong values": _MACHINE + "  tags: [" + "'!', " * 60_000 + "]\n",
    "many colons": _MACHINE + "  a: " + ": " * 100_000,
    "quotes": _MACHINE + '  a: "' + '\\"' * 300_000,
    "a folded text": _MACHINE + "  a: >\n" + "   x\n\n" * 100_000,
    "no text": "\x00" * _FAT,
    "a name for a slow pattern": f"kind: VirtualMachine\nmetadata: {{name: {'a-' * 100_000}!}}\n",
    "an address for a slow pattern": f"{_MACHINE}  cloudInit: {{ip: {{net0: {{ipv4: {'1.' * 100_000}}}}}}}\n",
    "a window for a slow pattern": f"kind: VirtualMachine\nmetadata: {{name: a}}\npolicy: {{window: '{'mon,' * 60_000}'}}\n",
    "labels": "kind: VirtualMachine\nmetadata: {name: a, labels: {"
    + ", ".join(f"l{n}: v" for n in range(40_000))
    + "}}\n",
}
