"""Where a page ends: the sort value and the id of its last session, opaque to those who carry it. Pure."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec


class Cursor(NamedTuple):
    value: datetime | int
    row: UUID


_moment = msgspec.json.Decoder(tuple[datetime, UUID]).decode
_number = msgspec.json.Decoder(tuple[int, UUID]).decode
_LARGEST = 2**63 - 1


def encode(cursor: Cursor) -> str:
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def decode(text: str, sort: str) -> Cursor | None:
    """Return the cursor in `text`, or None when it is none, or one of another sort."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if sort == "recent":
            moment, row = _moment(data)
            return Cursor(moment.astimezone(UTC), row) if moment.tzinfo else None
        number, row = _number(data)
        return Cursor(number, row) if abs(number) <= _LARGEST else None
    except (binascii.Error, ValueError, OverflowError, msgspec.DecodeError):
        return None
