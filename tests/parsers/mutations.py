"""Make hostile inputs of good ones, by a seed: the same seed makes the same input."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Mutate = Callable[[bytes, random.Random], bytes]

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**70, -(2**63), 1.5, 1e308, "", " ", "\0", "\ud800", "NaN", "2026-13-45T99:00:00Z",
    "../../x", "a" * 5000, [], {}, [[]], [None], [{}], {"type": {}}, {"": None},
    ["text", 3, {"text": 4}], {"text": ["x"]},
)  # fmt: skip
DEEP = b'{"a":' * 3_000 + b"1" + b"}" * 3_000


def mutated(data: bytes, seed: int) -> bytes:
    """Return the data with one to four hostile changes."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(MUTATIONS)(data, chance)
    return data


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(changed), chance.randint(1, 20))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return (
        data[:at] + chance.choice((b"\0" * 50, b"\xff\xfe", b"}{", b"\n\n", b"\r", DEEP, b"NaN", b"1e999")) + data[at:]
    )


def _shuffled(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _repeated(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    return b"\n".join([*lines[: at + 1], *lines[at:]])


def _retyped(data: bytes, chance: random.Random) -> bytes:
    """Give some fields of the JSON in it a value that nobody expects there."""
    lines = data.split(b"\n")
    whole = _json(data)
    if whole is not None:
        return _text(_changed(whole, chance))
    for _ in range(3):
        at = chance.randrange(len(lines))
        value = _json(lines[at])
        if value is not None:
            lines[at] = _text(_changed(value, chance))
    return b"\n".join(lines)


MUTATIONS: tuple[Mutate, ...] = (_cut, _flipped, _inserted, _shuffled, _repeated, _retyped, _retyped, _retyped)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _changed(value: Any, chance: random.Random) -> Any:
    places = list(_places(value))
    for holder, key in chance.sample(places, min(len(places), chance.randint(1, 4))):
        if isinstance(holder, dict) and chance.random() < 0.2:
            holder.pop(key, None)
        else:
            holder[key] = chance.choice(ODD)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a JSON value that holds something."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder if isinstance(holder, list) else ())
        for key, inner in list(pairs):
            yield holder, key
            if isinstance(inner, dict | list):
                waiting.append(inner)
