"""The list of sessions, as a request asks for it: what to choose, in which order, and which part of it."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from django.db.models import Q
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.exceptions import ValidationError

from accounts.viewer import Viewer
from sessions.api import summaries
from sessions.api.summaries import SessionSummary
from sessions.querysets import LISTED_BY
from sessions.search import RANGES
from sessions.search.choose import Part, Wanted, choose

LAST_PAGE = 100
MOST_PER_PAGE = 100
LAST_CACHED_PAGE = 10
MOST_PER_CACHED_PAGE = 50

_DECODERS: Mapping[str, msgspec.json.Decoder[tuple[Any, ...]]] = {
    "recent": msgspec.json.Decoder(tuple[Literal["recent"], datetime, UUID]),
    "popular": msgspec.json.Decoder(tuple[Literal["popular"], int, datetime, UUID]),
    "longest": msgspec.json.Decoder(tuple[Literal["longest"], int, datetime, UUID]),
}
_decode_found = msgspec.json.Decoder(tuple[Literal["found"], int]).decode
_LARGEST = 2**63 - 1


class ListQuery(Struct, frozen=True):
    """The query parameters. A blank one counts as absent."""

    page: Annotated[
        int,
        Meta(ge=0, description="From 1 on; 0 means 1. To go further than 100, use `cursor`."),
        Meta(extra_json_schema={"maximum": LAST_PAGE}),
    ] = 1
    per_page: Annotated[int, Meta(ge=0, description="From 1 to 100; what is outside is moved there.")] = 20
    search: Annotated[
        str,
        Meta(description="Words that stand in one event, in the grammar of the pages; else a part of what is told."),
    ] = ""
    tool: Annotated[str, Meta(description="Exactly this tool.")] = ""
    sort: Annotated[
        Literal["recent", "popular", "longest"], Meta(description="By `created_at`, messages, or duration.")
    ] = "recent"
    time_range: Annotated[Literal["24h", "7d", "30d", "all"], Meta(description="By `created_at`.")] = "all"
    repository: Annotated[str, Meta(description="Exactly this name of a repository.")] = ""
    author: Annotated[str, Meta(description="Exactly this nickname.")] = ""
    model: Annotated[str, Meta(description="Exactly this model.")] = ""
    has_errors: Annotated[bool, Meta(description="Only sessions with failed calls, or without.")] | UnsetType = UNSET
    cursor: Annotated[
        str, Meta(description="The `next_cursor` of the page before; `page` then counts for nothing.")
    ] = ""

    @property
    def size(self) -> int:
        return min(max(self.per_page, 1), MOST_PER_PAGE)

    @property
    def may_be_cached(self) -> bool:
        is_near = self.page <= LAST_CACHED_PAGE and self.per_page <= MOST_PER_CACHED_PAGE
        return is_near and not self.search and not self.cursor


class SessionList(Struct, frozen=True):
    """A page of sessions. `next_cursor` is there when others follow."""

    sessions: tuple[SessionSummary, ...]
    total: int
    page: int
    per_page: int
    next_cursor: str | UnsetType = UNSET


def asked(query: Mapping[str, str]) -> ListQuery:
    """Read query parameters. Raises ValidationError, which names the first one that makes no sense."""
    given = {name: value for name, value in query.items() if value.strip()}
    if unreadable := next((name for name, value in given.items() if "\0" in value), ""):
        raise ValidationError({unreadable: "A NUL cannot be looked for."})
    try:
        found = msgspec.convert(given, ListQuery, strict=False)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error).replace("$.", "") + _choices(error)) from error
    if found.page > LAST_PAGE:
        raise ValidationError({"page": f"Pages go up to {LAST_PAGE}; from there on, follow `next_cursor`."})
    return found


def listed(viewer: Viewer, query: ListQuery, now: datetime) -> tuple[SessionList, bool]:
    """Return the page, and whether its total is an estimate. Raises ValidationError for a foreign cursor."""
    part = choose(viewer, _wanted(query, now), now=now)
    rows = summaries.columns(part.sessions)
    if part.rows:
        rows.sort(key=lambda row: part.rows[row["id"]], reverse=True)
    shown = rows[: query.size]
    page = SessionList(
        sessions=tuple(SessionSummary(**summaries.fields(row)) for row in shown),
        total=part.total,
        page=query.page,
        per_page=query.size,
        next_cursor=_encoded(query.sort, shown[-1], part) if len(rows) > query.size else UNSET,
    )
    return page, part.is_estimate


def _wanted(query: ListQuery, now: datetime) -> Wanted:
    return Wanted(
        condition=_condition(query, now),
        sort=query.sort,
        text=query.search,
        place=_decoded(query) if query.cursor else (),
        offset=0 if query.cursor else (max(query.page, 1) - 1) * query.size,
        size=query.size,
        name=msgspec.structs.replace(query, page=1, per_page=1, cursor="", sort="recent"),
    )


def _condition(query: ListQuery, now: datetime) -> Q:
    has_content = Q(event_count__gt=0) | Q(message_count__gt=0)
    exact = {"tool": query.tool, "repo": query.repository, "owner__nickname": query.author, "model": query.model}
    condition = has_content & Q(**{column: value for column, value in exact.items() if value})
    if query.has_errors is not UNSET:
        condition &= Q(has_errors=query.has_errors)
    span = RANGES[query.time_range]
    return condition & Q(created_at__gte=now - span) if span else condition


def _choices(error: msgspec.ValidationError) -> str:
    """Return what may stand in the parameter that an error is about, if that is one of some words."""
    name = str(error).rpartition("$.")[2].rstrip("`")
    kind = get_type_hints(ListQuery).get(name)
    return f"; it is one of {', '.join(get_args(kind))}" if get_origin(kind) is Literal else ""


def _encoded(sort: str, row: Mapping[str, Any], part: Part) -> str:
    place = ["found", part.rows[row["id"]]] if part.rows else [sort, *(row[name] for name in LISTED_BY[sort])]
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def _decoded(query: ListQuery) -> tuple[Any, ...]:
    try:
        data = urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
        if query.search and query.sort == "recent" and (place := _found(data)):
            return place
        _, *numbers, moment, row = _DECODERS[query.sort].decode(data)
        if moment.tzinfo and all(abs(number) <= _LARGEST for number in numbers):
            return (*numbers, moment.astimezone(UTC), row)
    except (binascii.Error, ValueError, OverflowError, msgspec.DecodeError):
        pass
    raise ValidationError({"cursor": "This is no `next_cursor` of a list in this order."})


def _found(data: bytes) -> tuple[int] | None:
    """Return the place of a cursor within what words found; None where it is that of a list."""
    try:
        _, row = _decode_found(data)
    except msgspec.ValidationError:
        return None
    return (row,)
