"""Tool calls as OpenCode logs them: one part holds the call, what became of it, and both times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit, ShellCommand
from opensession.hail.model import EMPTY, Content, Json
from parsers.codex.patches import FilePatch, files
from parsers.common import tool_kind
from parsers.fields import joined, mapping, number, objects, placeholder, text
from parsers.opencode.model import Message, Part, moment
from parsers.toolcalls import first_text, usual
from parsers.transcript import At, Transcript, call_content

FAILED = frozenset({"error", "failed"})
OVER = FAILED | {"completed", "complete", "done", "success"}
CANCELLED = frozenset({"cancelled", "canceled"})
PATCHES = frozenset({"apply_patch", "patch"})
MOST_FILES = 256
"""Files of one patch that become events."""


class Tool:
    """A call of a tool. It begins at `start`; `end` is when its result came, in milliseconds."""

    def __init__(self, message: Message, part: Part, start: int) -> None:
        self.message, self.part, self.start = message, part, start
        self.state = mapping(part.data, "state")
        self.metadata = mapping(self.state, "metadata") or mapping(self.state, "structured")
        self.name = text(part.data, "tool").strip() or "unknown"
        self.status = text(self.state, "status").strip().lower() or "unknown"
        self.is_over = self.status in OVER or self.status in CANCELLED
        self.end = max(start, part.end)
        native = text(part.data, "callID").strip()
        self.call_id = native or f"{part.id}-call"
        self.task = native or f"opencode-task-{part.id}"

    @property
    def failed(self) -> bool:
        # The tool `invalid` is called in place of one whose arguments were refused.
        return self.status in FAILED or self.name == "invalid"

    def begin(self, to: Transcript) -> None:
        title = text(self.state, "title").strip() or self.name
        to.task_start(self.task, title, self._at("task-start"), f"{self.part.id}-task-start")
        for n, (action, content) in enumerate(self._calls(), 1):
            native = f"{self.part.id}-call" if n == 1 else f"{self.part.id}-call-{n}"
            to.call(
                self.name,
                self.state.get("input"),
                self._at("tool-call"),
                self.call_id,
                native,
                action,
                content,
                self._child(),
                self.task,
            )

    def finish(self, to: Transcript) -> None:
        if self.status in OVER:
            to.result(
                self._output(),
                self._at("tool-result", self.end),
                self.call_id,
                f"{self.part.id}-result",
                self.name,
                is_error=self.failed,
                duration_ms=self.end - self.start,
                task=self.task,
            )
        word = "failed" if self.status in FAILED else self.status
        summary = text(self.state, "title").strip() or f"{self.name} {word}"
        to.task_end(self.task, summary, self._at("task-end", self.end), f"{self.part.id}-task-end")

    def abandon(self, to: Transcript) -> None:
        """End a task whose result is not in the log."""
        at = At(time=moment(self.start), raw="synthetic:task-end", group=self.task)
        to.task_end(self.task, "closed at EOF", at, f"{self.part.id}-task-end-eof")

    def _at(self, step: str, time: int = 0) -> At:
        raw = f"{self.message.record}:{step}" if step.startswith("tool") else f"{self.message.record}:tool-{step}"
        marks = {"semantic.call_id": self.call_id, "semantic.tool_kind": tool_kind(self.name)}
        return At(time=moment(time or self.start), raw=raw, group=self.message.id, marks=marks)

    def _child(self) -> dict[str, Any]:
        """Return which session a subagent has, whose log is one of its own."""
        child = text(self.metadata, "sessionId", "sessionID")
        return {"child_session_id": child} if child else {}

    def _calls(self) -> Iterator[tuple[Action, Content]]:
        """Yield what was done: mostly one thing, but a patch may change several files."""
        told = self.state.get("input")
        if self.name in PATCHES and (patched := list(self._patched())):
            yield from patched
            return
        action = self._action(told)
        is_shown = not isinstance(action, ShellCommand) and not (isinstance(action, FileEdit) and action.diff)
        yield action, _arguments(told) if is_shown else call_content(action, told)

    def _action(self, told: Any) -> Action:
        action = usual(self.name, told)
        if isinstance(action, ShellCommand):
            code = number(self.metadata, "exit")
            return replace(action, exit_code=code if code is not None and abs(code) < 2**31 else None)
        if isinstance(action, FileEdit) and self.status in OVER:
            return replace(action, diff=None if self.failed else self._diff() or action.diff)
        return action

    def _diff(self) -> str:
        """Return what an edit changed: the tool compares the file before and after."""
        each = [self.metadata, *objects(self.metadata, "results")]
        return "".join(hunks(text(found, "diff") or text(mapping(found, "filediff"), "patch")) for found in each)

    def _patched(self) -> Iterator[tuple[Action, Content]]:
        done = objects(self.metadata, "files")[:MOST_FILES]
        for change in done:
            yield from _changed(change)
        if not done:
            patch = first_text(self.state.get("input"), ("patchText", "patch", "input"))
            for file in files(patch)[:MOST_FILES]:
                yield from _asked(file)

    def _output(self) -> str:
        state = self.state
        words = _words(state.get("output")) or _words(state.get("error"))
        if not words or self.failed:
            partial = _words(self.metadata.get("output"))
            words = "\n".join(dict.fromkeys(filter(None, (words, partial))))
        attached = (picture(file) for file in objects(state, "attachments"))
        return "\n".join(filter(None, (words, *attached)))


def hunks(diff: str) -> str:
    """Return a unified diff without the lines that name the file."""
    at = f"\n{diff}".find("\n@@ ")
    return diff[at:] if at >= 0 else ""


def picture(file: dict[str, Any]) -> str:
    """Return what stands for a file that came with a result."""
    mime = text(file, "mime")
    kind = mime.partition("/")[0]
    kind = kind if kind in ("image", "audio", "video") else "file"
    return placeholder({"type": kind, "mime": mime, "url": text(file, "url", "uri")})


def _changed(change: dict[str, Any]) -> Iterator[tuple[Action, Content]]:
    """Yield what became of a file, as the tool tells it."""
    path, verb, moved = text(change, "filePath") or "unknown", text(change, "type"), text(change, "movePath")
    diff = hunks(text(change, "patch", "diff"))
    if verb == "delete":
        yield FileDelete(path=path), call_content(FileDelete(path=path), None)
    elif verb == "add":
        added = "".join(f"{line[1:]}\n" for line in diff.split("\n") if line.startswith("+"))
        yield FileCreate(path=path), _arguments({"content": added})
    else:
        edit = FileEdit(path=path, diff=diff or None)
        yield edit, call_content(edit, None)
    if moved:
        yield FileCreate(path=moved), call_content(FileCreate(path=moved), None)


def _asked(file: FilePatch) -> Iterator[tuple[Action, Content]]:
    """Yield what a patch asks for."""
    if file.verb == "Delete":
        yield FileDelete(path=file.path), call_content(FileDelete(path=file.path), None)
    elif file.verb == "Add":
        yield FileCreate(path=file.path), _arguments({"content": file.text()})
    else:
        edit = FileEdit(path=file.path, diff=file.diff() or None)
        yield edit, call_content(edit, None)
    if file.moved:
        yield FileCreate(path=file.moved), call_content(FileCreate(path=file.moved), None)


def _arguments(told: Any) -> Content:
    return EMPTY if told is None else Content(blocks=(Json(data=told),))


def _words(value: Any) -> str:
    """Return what was put out, as text; pictures in it are named only."""
    if isinstance(value, str | list):
        return joined(value).strip()
    if isinstance(value, dict) and value:
        return text(value, "message", "text") or msgspec.json.encode(value).decode()
    return ""
