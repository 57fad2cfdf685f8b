"""What a session tells about itself: title, description, files, folder, role, and the texts behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct, json

from opensession.hail import times
from opensession.hail.actions import (
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    ToolCall,
    ToolResult,
    UserMessage,
)
from opensession.hail.model import Context, Event, Session, Text

T = TypeVar("T")

PRIMARY = "primary"
AUXILIARY = "auxiliary"
TITLE_BYTES = 80
DESCRIPTION_BYTES = 500
LOOK_AHEAD = 7


class Upload(Struct, frozen=True):
    """What a server keeps beside an uploaded session. File lists are JSON arrays as text."""

    title: str | None
    description: str | None
    tags: str | None
    created_at: str
    working_directory: str | None
    files_modified: str | None
    files_read: str | None
    has_errors: bool


def upload(session: Session) -> Upload:
    """Return the metadata of an uploaded session."""
    context, events = session.header.context, session.events
    return Upload(
        title=title(context, events),
        description=description(context, events),
        tags=",".join(context.tags) if context.tags else None,
        created_at=times.offset_form(context.created_at),
        working_directory=stated_directory(context),
        files_modified=_json_list(files_modified(events)),
        files_read=_json_list(files_read(events)),
        has_errors=has_errors(events),
    )


def title(context: Context, events: Iterable[Event]) -> str | None:
    """Return the title that was given, untouched, else the first words of the user."""
    if context.title:
        return context.title
    words = first_user_text(events)
    return truncate(words, TITLE_BYTES) if words else None


def description(context: Context, events: Iterable[Event]) -> str | None:
    """Return the description that was given, untouched, else the first three texts of the user."""
    if context.description:
        return context.description
    words = " ".join(user_texts(events, 3))
    return truncate(words, DESCRIPTION_BYTES) if words else None


def user_text(event: Event) -> str:
    """Return the first Text block that is not blank, trimmed; empty when there is none."""
    for block in event.content.blocks:
        if type(block) is Text and (words := block.text.strip()):
            return words
    return ""


def first_user_text(events: Iterable[Event]) -> str:
    """Return the text of the first user message that has one, or an empty string."""
    return next(_user_texts(events), "")


def user_texts(events: Iterable[Event], limit: int | None = None) -> list[str]:
    """Return the texts of the user messages, one each; blank ones do not use up the limit."""
    return list(islice(_user_texts(events), limit))


def _user_texts(events: Iterable[Event]) -> Iterator[str]:
    return (words for event in events if type(event.action) is UserMessage and (words := user_text(event)))


def truncate(words: str, nbytes: int) -> str:
    """Return `words` within `nbytes` of UTF-8, ending in `...` when something was cut off."""
    encoded = words.encode("utf-8", "replace")
    if len(encoded) <= nbytes:
        return words
    return encoded[: max(nbytes - 3, 0)].decode("utf-8", "ignore") + "..."


def collapse(words: str) -> str:
    """Return `words` with every run of white space made one space, and trimmed."""
    return " ".join(words.split())


def condense(items: Sequence[T], head: int, total: int) -> list[T]:
    """Return at most `total` items: the first `head` and the last of the rest."""
    if len(items) <= total:
        return list(items)
    return [*items[:head], *items[len(items) - (total - head) :]]


def duration_text(seconds: int) -> str:
    """Return a duration as `45s`, `12m 30s` or `1h 1m 1s`."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    if hour:
        return f"{hour}h {minute}m {second}s"
    return f"{minute}m {second}s" if minute else f"{second}s"


def files_modified(events: Iterable[Event]) -> tuple[str, ...]:
    """Return the paths that were edited, created or deleted, sorted."""
    return _paths(events, FileEdit, FileCreate, FileDelete)


def files_read(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the paths that were read and not modified, sorted."""
    return tuple(sorted(set(_paths(events, FileRead)).difference(files_modified(events))))


def changed_paths(events: Sequence[Event]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the modified paths and the deleted ones; what was ever written counts as modified only."""
    modified = _paths(events, FileEdit, FileCreate)
    return modified, tuple(sorted(set(_paths(events, FileDelete)).difference(modified)))


def _paths(events: Iterable[Event], *kinds: type[FileRead | FileEdit | FileCreate | FileDelete]) -> tuple[str, ...]:
    return tuple(sorted({event.action.path for event in events if isinstance(event.action, kinds)}))


def _json_list(paths: Sequence[str]) -> str | None:
    return json.encode(paths).decode() if paths else None


def has_errors(events: Iterable[Event]) -> bool:
    """Tell whether a command or a tool is known to have failed."""
    return any(failed(event) for event in events)


def failed(event: Event) -> bool:
    """Tell whether `event` is a command or a tool result known to have failed."""
    action = event.action
    if isinstance(action, ShellCommand):
        return bool(action.exit_code)
    return isinstance(action, ToolResult) and action.is_error


def usable(attributes: Mapping[str, Any], key: str) -> str | None:
    """Return the attribute trimmed when it is a string that is not blank."""
    value = attributes.get(key)
    return (value.strip() or None) if isinstance(value, str) else None


def working_directory(context: Context) -> str | None:
    """Return the folder the session worked in."""
    return usable(context.attributes, "cwd") or usable(context.attributes, "working_directory")


def stated_directory(context: Context) -> str | None:
    """Return the folder as uploads store it: raw, and `cwd` hides `working_directory` whatever it holds."""
    attributes = context.attributes
    value = attributes["cwd"] if "cwd" in attributes else attributes.get("working_directory")
    return value if isinstance(value, str) else None


def source_path(context: Context) -> str | None:
    """Return the path of the log this session was read from."""
    return usable(context.attributes, "source_path")


def role(context: Context) -> str:
    """Return whether this is a session of its own (`primary`) or belongs to another one (`auxiliary`)."""
    stated = (usable(context.attributes, "session_role") or "").lower()
    if stated in (PRIMARY, AUXILIARY):
        return stated
    related = context.related_session_ids or usable(context.attributes, "parent_session_id")
    return AUXILIARY if related else PRIMARY


def call_id(event: Event) -> str | None:
    """Return the id that a tool call and its result share."""
    attributes, action = event.attributes, event.action
    if stated := usable(attributes, "semantic.call_id"):
        return stated
    if isinstance(action, ToolResult) and action.call_id and (stated := action.call_id.strip()):
        return stated
    return usable(attributes, "call_id")


def pairs(events: Sequence[Event]) -> dict[int, int]:
    """Return, for the index of every tool call that has a result, the index of that result."""
    results = {
        identity: index
        for index, event in enumerate(events)
        if type(event.action) is ToolResult and (identity := call_id(event))
    }
    found: dict[int, int] = {}
    for index, event in enumerate(events):
        if isinstance(event.action, ToolCall):
            result = results.get(call_id(event) or event.event_id)
            result = _next_result(events, index, event.action.name) if result is None else result
            if result is not None:
                found[index] = result
    return found


def _next_result(events: Sequence[Event], call: int, name: str) -> int | None:
    """Look a few events ahead for a result of the same tool: older logs carry no call ids."""
    for index in range(call + 1, min(call + 1 + LOOK_AHEAD, len(events))):
        action = events[index].action
        if isinstance(action, ToolCall):
            return None
        if isinstance(action, ToolResult) and action.name == name:
            return index
    return None
