"""Read the `key: value` lines of a small YAML file. What is nested, tagged or anchored in it stays unread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from parsers.fields import decoded

MAX_BYTES = 64 << 10

_PAIR = re.compile(r"([A-Za-z_][\w-]*):(?:[ \t]+(.*))?").fullmatch
_BLOCK = re.compile(r"([|>])[+-]?[0-9]?[+-]?(?: +#.*)?").fullmatch


def read(path: Path) -> dict[str, str]:
    """Return the pairs of the file at `path`; none when it is missing, a link, no file or too large."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return {}
        return pairs(path.read_bytes().decode("utf-8", "replace"))
    except OSError:
        return {}


def pairs(text: str) -> dict[str, str]:
    """Return the values of the outermost keys that are text, without their quotes."""
    return {key: _value(first, rest) for key, first, rest in _entries(text)}


def _entries(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with the rest of its line, and with the indented lines below it."""
    key, first, rest = "", "", list[str]()
    for line in text.removeprefix("\ufeff").splitlines():
        if line[:1] in (" ", "\t") or not line.strip():
            rest.append(line.strip())
        elif found := _PAIR(line.rstrip()):
            if key:
                yield key, first, rest
            key, first, rest = found[1], (found[2] or "").strip(), []
    if key:
        yield key, first, rest


def _value(first: str, rest: list[str]) -> str:
    if block := _BLOCK(first):
        return ("\n" if block[1] == "|" else " ").join(rest).strip()
    whole = " ".join((first, *rest)).strip() if first else ""
    if whole.startswith('"'):
        value = decoded(whole)
        return value if isinstance(value, str) else whole.strip('"')
    if whole.startswith("'"):
        return whole.removeprefix("'").removesuffix("'").replace("''", "'")
    plain = whole.partition(" #")[0].rstrip()
    return "" if plain in ("~", "null") else plain
