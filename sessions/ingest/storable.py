"""Make what was read of a source fit for every database: NUL, which PostgreSQL takes nowhere, becomes U+FFFD."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from opensession.hail.words import storable
from sessions.ingest.work import Answer, Contents, Failure, Increment, Made

T = TypeVar("T", bound=msgspec.Struct)

# An even number of backslashes before it are backslashes themselves.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def answer(one: Answer) -> Answer:
    """Return the answer with its names, titles and counts made fit. Events lie in frames, which hold any text."""
    match one:
        case Increment():
            return replace(one, strand=storable(one.strand), locator=storable(one.locator), made=_made(one.made))
        case Contents():
            moved = {storable(locator): tail for locator, tail in one.moved.items()}
            return replace(one, locators=[storable(each) for each in one.locators], moved=moved)
        case Failure():
            return replace(one, reason=storable(one.reason))


def _made(made: Made) -> Made:
    return replace(made, header=_struct(made.header), counts=_struct(made.counts), own_words=storable(made.own_words))


def _struct(value: T) -> T:
    encoded = msgspec.json.encode(value)
    if b"\\u0000" not in encoded:
        return value
    return msgspec.json.decode(_NUL.sub(rb"\1\\ufffd", encoded), type=type(value))
