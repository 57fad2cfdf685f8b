"""What an event did: one small value per HAIL event type (`spec/hail.md` 2.1).

On the wire an action is adjacently tagged, `{"type": "FileEdit", "data": {...}}`; only `jsonl` knows that.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field


class Action(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """Base of all actions. `extra` keeps the keys that this version does not know."""

    extra: dict[str, Any] = field(default_factory=dict, name=" extra")


class UserMessage(Action, frozen=True):
    pass


class AgentMessage(Action, frozen=True):
    pass


class SystemMessage(Action, frozen=True):
    pass


class Thinking(Action, frozen=True):
    pass


class ToolCall(Action, frozen=True):
    name: str


class ToolResult(Action, frozen=True):
    """`call_id` is the provider's id of the call, or the `event_id` of the calling event."""

    name: str
    is_error: bool
    call_id: str | None = None


class FileRead(Action, frozen=True):
    path: str


class CodeSearch(Action, frozen=True):
    query: str


class FileSearch(Action, frozen=True):
    pattern: str


class FileEdit(Action, frozen=True):
    """The agent changed an existing file. `diff` is unified, or absent when the tool kept none."""

    path: str
    diff: str | None = None


class FileCreate(Action, frozen=True):
    path: str


class FileDelete(Action, frozen=True):
    path: str


class ShellCommand(Action, frozen=True):
    command: str
    exit_code: Annotated[int, Meta(ge=-(2**31), lt=2**31)] | None = None


class ImageGenerate(Action, frozen=True):
    prompt: str


class VideoGenerate(Action, frozen=True):
    prompt: str


class AudioGenerate(Action, frozen=True):
    prompt: str


class WebSearch(Action, frozen=True):
    query: str


class WebFetch(Action, frozen=True):
    url: str


class TaskStart(Action, frozen=True):
    title: str | None = None


class TaskEnd(Action, frozen=True):
    summary: str | None = None


class Custom(Action, frozen=True):
    kind: str


class UnknownAction(Action, frozen=True):
    """An event type of another version, kept as it came: its name and its raw `data`."""

    name: str
    data: Any = None


PLAIN: tuple[type[Action], ...] = (UserMessage, AgentMessage, SystemMessage, Thinking)
WITH_DATA: tuple[type[Action], ...] = (
    ToolCall,
    ToolResult,
    FileRead,
    CodeSearch,
    FileSearch,
    FileEdit,
    FileCreate,
    FileDelete,
    ShellCommand,
    ImageGenerate,
    VideoGenerate,
    AudioGenerate,
    WebSearch,
    WebFetch,
    TaskStart,
    TaskEnd,
    Custom,
)
