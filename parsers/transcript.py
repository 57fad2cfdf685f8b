"""Write the events of one thread in the way that is common to most agents (`spec/parsers.md` 2.8).

A parser says what happened, in order; the transcript gives ids, attributes and actions, pairs results with their calls
and keeps the facts of the header. All that it remembers is its `facts`, so it serves resumable readers and documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field, to_builtins

from opensession.hail import times
from opensession.hail.actions import (
    Action,
    AgentMessage,
    CodeSearch,
    Custom,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Thinking,
    ToolResult,
    UserMessage,
)
from opensession.hail.model import EMPTY, Agent, Code, Content, Context, Event, Header, Json, Text
from opensession.hail.stats import changed_lines
from parsers.base import Amendment, Output
from parsers.common import language_of, result_content, short_title, strip_reminders
from parsers.models import provider_of
from parsers.titles import native_title
from parsers.toolcalls import usual, usual_kind, written

MAX_CALLS = 256
"""Calls that wait for their result. What was interrupted never gets one."""

AUXILIARY, PRIMARY = "auxiliary", "primary"


class Call(Struct, array_like=True, gc=False):
    """A call that waits for its result: its native name, the path it names, and the number of its event."""

    name: str
    path: str | None
    number: int
    is_shell: bool = False
    is_edit: bool = False
    kind: str = "other"


class Facts(Struct):
    """What is known of a session, and the calls that are open. A reader keeps it in its state.

    `title` is the agent's own, maybe a placeholder; `said` the first words of the user, which serve where it has none.
    `born` is a time for what happened before the log told any; `last` that of the last event.
    """

    session_id: str = ""
    title: str = ""
    said: str = ""
    model: str = ""
    provider: str = ""
    version: str = ""
    cwd: str = ""
    git_branch: str = ""
    git_repo_name: str = ""
    parent_session_id: str = ""
    is_auxiliary: bool = False
    created: str = ""
    updated: str = ""
    born: str = ""
    first: str = ""
    last: str = ""
    made: int = 0
    calls: dict[str, Call] = field(default_factory=dict)
    last_call: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)

    def learn(self, **told: str | None) -> None:
        """Take facts that are not known yet; what is missing or blank tells nothing."""
        for name, value in told.items():
            if value and not getattr(self, name) and not value.isspace():
                setattr(self, name, value)


class Usage(Struct, frozen=True, omit_defaults=True):
    """The tokens of one response. Where the agent counts so, `input_tokens` includes what came from a cache."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0

    def attributes(self) -> dict[str, Any]:
        """Return the counts that are above zero, as attributes of an event."""
        return {name: count for name, count in to_builtins(self).items() if count > 0}


class At(Struct, frozen=True):
    """Where in the source an event comes from.

    `time` is a normal time stamp, empty where the source has none; `raw` the source's name for the record, with the
    kind of block behind a colon; `group` the native id of the message or turn; `marks` are attributes of each event.
    """

    time: str = ""
    raw: str = ""
    group: str = ""
    marks: Mapping[str, Any] = {}


class Transcript:
    """Writes to `out` what happened in one thread. `schema` is `<tool>-<container>-v<n>`."""

    def __init__(self, tool: str, schema: str, facts: Facts, out: Output) -> None:
        self.tool, self.schema, self.facts, self.out = tool, schema, facts, out
        self.task: str | None = None  # Of all that is said from now on, where nothing else is told.

    def lane(self, task: str) -> Transcript:
        """Return a transcript that writes into the same thread what belongs to a task: what a subagent did."""
        lane = Transcript(self.tool, self.schema, self.facts, self.out)
        lane.task = task
        return lane

    def user(self, words: str, at: At, id: str = "") -> None:
        """The user typed `words`."""
        if words := strip_reminders(words):
            self.facts.said = self.facts.said or words
            self.emit(UserMessage(), _text(words), at, id)

    def agent(self, words: str, at: At, id: str = "", usage: Usage | None = None, model: str = "") -> bool:
        """The agent answered `words`. Return whether that gave an event, which then carries the `usage`."""
        marks = usage.attributes() if usage else {}
        if model:
            marks["model"] = model
            self.facts.learn(model=model)
        words = words.strip()
        return bool(words) and self.emit(AgentMessage(), _text(words), at, id, marks) >= 0

    def thinking(self, words: str, at: At, id: str = "") -> None:
        if words := words.strip():
            self.emit(Thinking(), _text(words), at, id)

    def system(self, words: str, at: At, id: str = "") -> None:
        """Words that neither the user typed nor the model said: injected context, hooks, notices."""
        if words := words.strip():
            self.emit(SystemMessage(), _text(words), at, id)

    def custom(self, kind: str, words: str, at: At, id: str = "", marks: Mapping[str, Any] | None = None) -> None:
        self.emit(Custom(kind=kind), _text(words) if words.strip() else EMPTY, at, id, marks)

    def compacted(self, summary: str, at: At, id: str = "") -> None:
        """The context was replaced by a summary of it."""
        self.custom("context_compacted", summary.strip() or "context compacted", at, id)

    def tokens(self, usage: Usage, at: At, id: str = "") -> None:
        """Tokens that no message of the agent can carry."""
        if marks := usage.attributes():
            self.custom("token_count", "", at, id, marks)

    def totals(self, usage: Usage, at: At, id: str = "") -> None:
        """All tokens of the session so far, where the source tells nothing else."""
        if marks := usage.attributes():
            counted = ("input_tokens", "output_tokens")
            named = {f"{name}_total" if name in counted else name: count for name, count in marks.items()}
            self.custom("token_count", "", at, id, named)

    def task_start(self, task: str, title: str, at: At, id: str = "") -> None:
        self.emit(TaskStart(title=title or None), EMPTY, at, id, task=task)

    def task_end(self, task: str, summary: str, at: At, id: str = "") -> None:
        self.emit(TaskEnd(summary=summary or None), EMPTY, at, id, task=task)

    def call(
        self,
        name: str,
        arguments: Any,
        at: At,
        call_id: str = "",
        id: str = "",
        action: Action | None = None,
        content: Content | None = None,
        marks: Mapping[str, Any] | None = None,
        task: str | None = None,
    ) -> int:
        """The agent used a tool. `action` and `content` are given where the tool is not one that most agents have.

        Return the number of the event.
        """
        name = name or "unknown"
        made = action or usual(name, arguments)
        kind = usual_kind(name, made)
        shown = call_content(made, arguments) if content is None else content
        told = _call_marks(call_id, kind)
        if marks:
            told.update(marks)
        number = self.emit(made, shown, at, id or (call_id and f"{call_id}-call"), told, task)
        key = call_id or f"#{number}"
        is_shell, lacks_diff = isinstance(made, ShellCommand), _lacks_diff(made)
        self._wait(key, Call(name, path_of(made), number, is_shell, lacks_diff, kind))
        return number

    def result(
        self,
        words: str,
        at: At,
        call_id: str = "",
        id: str = "",
        name: str = "",
        is_error: bool = False,
        exit_code: int | None = None,
        diff: str = "",
        duration_ms: int | None = None,
        content: Content | None = None,
        task: str | None = None,
    ) -> None:
        """A tool gave `words` back. Without an id it belongs to the oldest call without one that waits."""
        call = self.facts.calls.pop(self._key(call_id), None)
        name = name or (call.name if call else self.facts.last_call) or "unknown"
        kind = call.kind if call else usual_kind(name, usual(name, None))
        made = ToolResult(name=name, is_error=is_error, call_id=call_id or None)
        shown = result_content(name, call.path if call else None, words) if content is None else content
        native = id or (call_id and f"{call_id}-result")
        self.emit(made, shown, at, native, _call_marks(call_id, kind), task, duration_ms)
        if call:
            self._amend(call, is_error, exit_code, diff)

    def lacks_diff(self, call_id: str) -> bool:
        """Tell whether the result of a call may tell what it changed. Where the call told, its result is not needed."""
        call = self.facts.calls.get(self._key(call_id))
        return call is not None and call.is_edit

    def _key(self, call_id: str) -> str:
        return call_id or next((key for key in self.facts.calls if key.startswith("#")), "")

    def emit(
        self,
        action: Action,
        content: Content,
        at: At,
        id: str = "",
        marks: Mapping[str, Any] | None = None,
        task: str | None = None,
        duration_ms: int | None = None,
    ) -> int:
        """Write an event under its native id, or a counted one, and return its number."""
        facts = self.facts
        facts.made += 1
        time = at.time or facts.last or facts.created or facts.born
        facts.last = time
        if not facts.first:
            facts.first = time
        attributes = self._marks(at)
        if marks:
            attributes.update(marks)
        event = Event(
            event_id=id or f"{self.tool}-{facts.made}",
            timestamp=time,
            action=action,
            task_id=task or self.task,
            content=content,
            duration_ms=duration_ms if duration_ms is None or duration_ms > 0 else None,
            attributes=attributes,
        )
        return self.out.emit(event)

    def _marks(self, at: At) -> dict[str, Any]:
        marks: dict[str, Any] = {"source.schema_version": self.schema}
        if raw := at.raw.strip():
            marks["source.raw_type"] = raw
        if group := at.group.strip():
            marks["semantic.group_id"] = group
        if not at.time:
            marks["timestamp.estimated"] = True
        if at.marks:
            marks.update(at.marks)
        return marks

    def _wait(self, key: str, call: Call) -> None:
        calls = self.facts.calls
        calls[key] = call
        self.facts.last_call = call.name
        if len(calls) > MAX_CALLS:
            del calls[next(iter(calls))]

    def _amend(self, call: Call, is_error: bool, exit_code: int | None, diff: str) -> None:
        """Add to the call's event what only its result tells."""
        if call.is_shell and exit_code is not None and abs(exit_code) < 2**31:
            totals = {"has_errors": 1} if exit_code and not is_error else {}
            self.out.amend(Amendment(call.number, action={"exit_code": exit_code}, totals=totals))
        if call.is_edit and diff and not is_error:
            added, removed = changed_lines(diff)
            totals = {"lines_added": added, "lines_removed": removed}
            self.out.amend(Amendment(call.number, action={"diff": diff}, totals=totals))


def header(tool: str, facts: Facts, path: Path, fallback_id: str = "") -> Header:
    """Return the header that the facts make. A session without a native id is called `fallback_id`, or as its file."""
    model = facts.model or "unknown"
    created = facts.created or facts.first or facts.born
    told = {
        "source_path": str(path),
        "session_role": AUXILIARY if facts.is_auxiliary or facts.parent_session_id else PRIMARY,
        "cwd": facts.cwd,
        "git_branch": facts.git_branch,
        "git_repo_name": facts.git_repo_name,
        "parent_session_id": facts.parent_session_id,
    }
    return Header(
        session_id=facts.session_id or fallback_id or path.stem,
        agent=Agent(
            provider=facts.provider or provider_of(model), model=model, tool=tool, tool_version=facts.version or None
        ),
        context=Context(
            title=short_title((native_title(facts.title) or facts.said).strip()) or None,
            tags=(tool,),
            created_at=created,
            updated_at=max(facts.last or facts.updated or created, created, key=times.key),
            related_session_ids=(facts.parent_session_id,) if facts.parent_session_id else (),
            attributes={name: value for name, value in told.items() if value} | facts.attributes,
        ),
    )


def call_content(made: Action, arguments: Any) -> Content:
    """Return what a call shows: its command, its path or its query, else its arguments."""
    match made:
        case ShellCommand(command=command) if command:
            return Content(blocks=(Code(code=command, language="bash"),))
        case FileCreate():
            return created_content(made.path, written(arguments))
        case FileRead() | FileEdit() | FileDelete():
            return _text(made.path)
        case CodeSearch(query=words) | FileSearch(pattern=words) if words:
            return _text(words)
    return EMPTY if arguments is None else Content(blocks=(Json(data=arguments),))


def created_content(path: str, words: str) -> Content:
    """Return what the making of a file shows: its path and, where the log has it, what was written into it."""
    if not words:
        return _text(path)
    return Content(blocks=(Text(text=path), Code(code=words, language=language_of(path))))


def path_of(made: Action) -> str | None:
    return made.path if isinstance(made, _OF_A_FILE) else None


def born(path: Path) -> str:
    """Return when the file was written last, as a time for what tells none."""
    try:
        return times.from_ms(path.stat().st_mtime_ns // 1_000_000)
    except (OSError, OverflowError):
        return times.from_ms(0)


_OF_A_FILE = (FileRead, FileEdit, FileCreate, FileDelete)


def _call_marks(call_id: str, kind: str) -> dict[str, Any]:
    return {"semantic.call_id": call_id, "semantic.tool_kind": kind} if call_id else {"semantic.tool_kind": kind}


def _lacks_diff(made: Action) -> bool:
    return isinstance(made, FileEdit) and made.diff is None


def _text(words: str) -> Content:
    return Content(blocks=(Text(text=words),))
