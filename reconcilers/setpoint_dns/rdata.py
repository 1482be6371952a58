"""Names and record data in canonical form, by dnspython: equal data are equal texts.

Every call is memoised by its arguments, because the same thousands of records are looked at again in every pass.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

import dns.exception
import dns.ipv4
import dns.ipv6
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.TXT import TXT

MAX_TTL = 2**31 - 1
"""RFC 2181, section 8; servers store larger ones as something else."""

TEXTS = frozenset({"TXT", "SPF", "AVC", "NINFO", "RESINFO", "WALLET"})
"""Types whose data are nothing but strings."""

_TAILS = {"CAA": 2, "URI": 2}
"""Types that end in one text, which may be left unquoted, and how many fields stand before it."""

_ADDRESSES = {"A": "IPv4", "AAAA": "IPv6"}
_NAMES = ("ALIAS", "CNAME", "DNAME", "NS", "PTR")
POWERDNS = frozenset({"ALIAS", "LUA"})
"""Types that PowerDNS made up; no other server has them, and none of them is on any wire."""
BARE = {"MB": 1, "MD": 1, "MF": 1, "MG": 1, "MINFO": 2, "MR": 1}
"""Types that dnspython knows only as bytes, and how many names these are."""
_HEXES = frozenset({"L64", "NID"})
"""Types of which dnspython keeps hexadecimal digits as they were written."""
_NUMBER = re.compile(r"[0-9]{1,5}")
_MEMORY = 1 << 17
_STRING = 255
_BLANK, _LAST = 0x20, 0x7E
"""Of the signs that are printed."""
_RECORD = 65_535
_PLAIN = re.compile(r"[A-Za-z0-9_*-]{1,63}(\.[A-Za-z0-9_*-]{1,63})*")
_LONGEST = 254
"""Of a plain name as text, with its final dot: 255 bytes on the wire."""
_QUOTED = re.compile(r'"(\\.|[^"\\])*"')
_COMMENT = re.compile(r"(?<!\\);")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONCATENATED = re.compile(rb"v=", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _origin(text: str) -> dns.name.Name:
    return dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_Practical).canonicalize()


@lru_cache(maxsize=1024)
def _suffix(text: str) -> str:
    origin = _origin(text)
    return "" if origin == dns.name.root else origin.to_text()


@lru_cache(maxsize=_MEMORY)
def canonical_name(text: str, origin: str) -> str:
    """The absolute name that `text` means below `origin`: lower case, A-labels, final dot; `@` is the origin itself.

    Raises:
        ValueError: it is no name.
    """
    try:
        below = _origin(origin)
        if _PLAIN.fullmatch(text):
            plain = f"{text.lower()}.{_suffix(origin)}"
            if len(plain) <= _LONGEST:
                return plain
        if not text:
            raise ValueError("an empty text is no DNS name; write @ for the zone itself")
        name = dns.name.from_text(text, below, idna_codec=dns.name.IDNA_2008_Practical)
        return name.canonicalize().to_text()
    except dns.exception.DNSException as error:
        raise ValueError(f"'{text}' is no DNS name: {str(error).rstrip('.')}") from None


@lru_cache(maxsize=_MEMORY)
def canonical_type(text: str) -> str:
    """The mnemonic of a type; `TYPE65280` for one without a mnemonic.

    Raises:
        ValueError: there is no such type.
    """
    if text in POWERDNS:
        return text
    try:
        return dns.rdatatype.to_text(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"'{text}' is no type of DNS records") from None


@lru_cache(maxsize=_MEMORY)
def canonical(rtype: str, text: str, origin: str) -> str:
    """The data of one record as canonical text, names in it absolute and in lower case.

    A TXT may be written without quotes and of any length; what follows two fields of a CAA or URI without quotes. Strings
    of a TXT that are read as one text by what uses them (those that begin with `v=`) are joined and split anew, so that
    where they were split makes no difference; others keep their strings, which have a meaning of their own.

    Raises:
        ValueError: it is not what a record of this type holds.
    """
    try:
        if rtype in _ADDRESSES:
            return _address(rtype, text)
        if quick := _quick(rtype, text, origin):
            return quick
        if rtype == "LUA":
            return _script(text)
        if rtype in TEXTS:
            return _strings(_chunks(_parsed(text)))
        if rtype in BARE:
            return _bare(rtype, text, origin)
        known = "CNAME" if rtype == "ALIAS" else rtype
        canon = _lowered(_data(known, _prepared(rtype, text), origin)).to_text(chunksize=0)
        return canon.lower() if rtype in _HEXES else canon
    except dns.exception.DNSException as error:
        raise ValueError(f"'{text}' is no {rtype} record: {str(error).rstrip('.')}") from None
    except ValueError as error:
        raise ValueError(f"'{text}' is no {rtype} record: {error}") from None


@lru_cache(maxsize=_MEMORY)
def text_of(value: str) -> str:
    """What the strings of a canonical TXT say together; bytes that are no UTF-8 are replaced."""
    return b"".join(_parsed(value)).decode("utf-8", "replace")


def as_names(value: str) -> str:
    """Canonical data of one of the `BARE` types as the names that they are; as they are when they are none."""
    data = bytes.fromhex("".join(value.split()[2:]))
    return " ".join(one.to_text() for one in _names_in(data)) or value


def literal(text: str) -> str:
    """A text in quotes, as the presentation format has it, for what is no presentation format yet."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quick(rtype: str, text: str, origin: str) -> str:
    """Types that a zone may have by the thousands, in the usual spelling; empty for all else."""
    if rtype in _NAMES:
        return _quick_name(text, origin)
    if rtype == "MX":
        preference, _, host = text.partition(" ")
        known = _NUMBER.fullmatch(preference) and int(preference) <= _RECORD
        name = _quick_name(host, origin) if known else ""
        return f"{int(preference)} {name}" if name else ""
    return ""


def _quick_name(text: str, origin: str) -> str:
    bare = text.removesuffix(".")
    if not _PLAIN.fullmatch(bare) or len(text) >= _LONGEST:
        return ""
    return text.lower() if text.endswith(".") else canonical_name(text, origin)


def _address(rtype: str, text: str) -> str:
    try:
        if rtype == "A":
            return dns.ipv4.inet_ntoa(dns.ipv4.inet_aton(text))
        return dns.ipv6.inet_ntoa(dns.ipv6.inet_aton(text))
    except dns.exception.DNSException:
        raise ValueError(f"it is not one {_ADDRESSES[rtype]} address and nothing else") from None


def _data(rtype: str, text: str, origin: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(
        dns.rdataclass.IN,
        dns.rdatatype.from_text(rtype),
        text,
        _origin(origin),
        relativize=False,
        idna_codec=dns.name.IDNA_2008_Practical,
    )


def _script(text: str) -> str:
    """A type and a program, in strings of any length: PowerDNS puts a blank between two of them."""
    rtype, _, program = text.partition(" ")
    strings = _parsed(program.lstrip())
    return " ".join((canonical_type(rtype.upper()), *(f'"{_escaped(one)}"' for one in strings)))


def _escaped(data: bytes) -> str:
    return "".join(
        f"\\{chr(one)}" if one in b'"\\' else chr(one) if _BLANK <= one <= _LAST else f"\\{one:03d}"
        for one in data
    )


def _bare(rtype: str, text: str, origin: str) -> str:
    """The names as bytes, in the form of RFC 3597; bytes that are no such names stay what they are."""
    known = dns.rdatatype.from_text(rtype)
    if text.startswith("\\#"):
        data = _data(rtype, text, origin).to_wire() or b""
        names = _names_in(data)
    else:
        names = tuple(
            dns.name.from_text(canonical_name(one, origin)) for one in _prepared(rtype, text).split()
        )
        if len(names) != BARE[rtype]:
            raise ValueError("it holds two names" if BARE[rtype] > 1 else "it holds one name")
        data = b""
    if len(names) == BARE[rtype]:
        data = b"".join(one.canonicalize().to_wire() or b"" for one in names)
    return dns.rdata.GenericRdata(dns.rdataclass.IN, known, data).to_text()


def _names_in(data: bytes) -> tuple[dns.name.Name, ...]:
    """The names that bytes are; none when they are something else."""
    found: list[dns.name.Name] = []
    try:
        while data:
            name, used = dns.name.from_wire(data, 0)
            data = data[used:]
            found.append(name)
    except dns.exception.DNSException:
        return ()
    return tuple(found)


def _prepared(rtype: str, text: str) -> str:
    """The presentation format of what a person may write shorter."""
    if _CONTROL.search(text):
        raise ValueError("it has a line break or a control character in it")
    fields = text.split(None, _TAILS.get(rtype, 0))
    if (
        rtype in _TAILS
        and len(fields) > _TAILS[rtype]
        and fields[0] != "\\#"
        and not fields[-1].startswith('"')
    ):
        return " ".join((*fields[:-1], literal(fields[-1].rstrip())))
    if _COMMENT.search(_QUOTED.sub("", text)):
        raise ValueError("what follows ';' would be a comment; put the text in quotes, or leave it out")
    return text


def _lowered(data: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """The same data with its names, and what else is read without regard to case, in lower case."""
    old = {slot: getattr(data, slot) for slot in _slots(data) if hasattr(data, slot)}
    new = {slot: _lower(value) for slot, value in old.items()}
    changed = {slot: new[slot] for slot in new if str(new[slot]) != str(old[slot])}
    if isinstance(data, CAA) and not data.tag.islower():
        changed["tag"] = data.tag.lower()
    return data.replace(**changed) if changed else data


def _lower(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_lower, cast("tuple[object, ...]", value)))
    return value.canonicalize() if isinstance(value, dns.name.Name) else value


def _slots(data: dns.rdata.Rdata) -> tuple[str, ...]:
    return tuple(slot for one in type(data).__mro__ for slot in getattr(one, "__slots__", ()))


def _parsed(text: str) -> tuple[bytes, ...]:
    """The strings of a TXT: those in quotes, or all of a text that does not begin with one."""
    if not text.startswith('"'):
        if not text or _CONTROL.search(text):
            raise ValueError("it is empty or has a line break in it; put it in quotes when it is meant so")
        return (text.encode(),)
    tokens = dns.tokenizer.Tokenizer(text).get_remaining()
    if not all(token.is_quoted_string() for token in tokens):
        raise ValueError("a part of it stands outside of the quotes")
    return tuple(token.unescape_to_bytes().value for token in tokens)


def _chunks(strings: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Strings of at most 255 bytes."""
    if _CONCATENATED.match(strings[0]):
        strings = (b"".join(strings),)
    return tuple(
        one[start : start + _STRING] for one in strings for start in range(0, max(len(one), 1), _STRING)
    )


def _strings(strings: tuple[bytes, ...]) -> str:
    if sum(len(one) + 1 for one in strings) > _RECORD:
        raise ValueError("it is longer than a record can be, 65535 bytes")
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings).to_text()
