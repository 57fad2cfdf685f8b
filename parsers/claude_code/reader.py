"""Reads the log of a Claude Code session, or of one of its subagents, line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from opensession.hail import times
from opensession.hail.model import Agent, Context, Event, Header
from parsers.base import MAIN, Output
from parsers.claude_code import files
from parsers.claude_code.messages import read_assistant, read_user
from parsers.claude_code.notices import emit_held, held_events, read_progress, read_queue, read_summary, read_system
from parsers.claude_code.records import Line, decode
from parsers.claude_code.state import MAX_CWDS, State, Turn
from parsers.titles import native_title

TOOL = "claude-code"

Handler = Callable[[State, Line, Turn, Output], None]

HANDLERS: Mapping[str, Handler] = {
    "user": read_user,
    "assistant": read_assistant,
    "system": read_system,
    "progress": read_progress,
    "queue-operation": read_queue,
    "summary": read_summary,
}
SPOKEN = frozenset({"user", "assistant"})

SILENT = frozenset(
    {
        "agent-name",
        "agent-setting",
        "ai-title",
        "attachment",
        "bridge-session",
        "custom-title",
        "file-history-delta",
        "file-history-snapshot",
        "frame-link",
        "last-prompt",
        "mode",
        "permission-mode",
        "pr-link",
        "relocated",
        "started",
        "tag",
        "worktree-state",
    }
)
"""Records that are understood and tell nothing that happened: settings, titles, snapshots, what the model was shown."""


class ClaudeCodeReader:
    """`state` is all that it remembers; the rest comes from the path."""

    def __init__(self, path: Path) -> None:
        self.state = State()
        self.path = path
        self.native = files.native_id(path)
        self.subagent = files.is_subagent(path)
        self.meta = files.meta(path) if self.subagent else files.Meta()
        self.is_meta = files.is_meta(path)
        self.mtime = _mtime(path)

    def read(self, line: bytes, out: Output) -> None:
        """Read one line; see `Reader.read`."""
        if self.is_meta:
            out.record("meta")
            out.ignore("meta")
            return
        records = decode(line)
        for record in records:
            out.record(record.type or "no type", line)
            self._read_record(record, out)
        if not records and line.strip(b"\0 \t\r"):
            out.record("bad line")
            out.skip("bad line")

    def _read_record(self, line: Line, out: Output) -> None:
        self.state.records += 1
        self._learn(line)
        handler = HANDLERS.get(line.type)
        if handler is None:
            (out.ignore if line.type in SILENT else out.skip)(line.type or "no type")
            return
        at = self._time(line)
        if not at and line.type in SPOKEN:
            out.skip("no timestamp")
            return
        if at and self.state.held:
            emit_held(self.state, at, out)
        before = len(out.events)
        handler(self.state, line, Turn(line.uuid or f"line-{self.state.records}", at, self._marks(line)), out)
        if len(out.events) > before:
            self.state.created = self.state.created or at
            self.state.updated = at

    def _learn(self, line: Line) -> None:
        """Take the facts about the session. All but titles keep their first value."""
        state = self.state
        if state.session is None:
            state.session = line.session_id
        if state.version is None:
            state.version = line.version
        if state.branch is None:
            state.branch = line.git_branch
        if state.slug is None:
            state.slug = line.slug
        if line.cwd and line.cwd not in state.cwds and len(state.cwds) < MAX_CWDS:
            state.cwds.append(line.cwd)
        if line.custom_title or line.ai_title:
            state.custom_title = line.custom_title or state.custom_title
            state.ai_title = line.ai_title or state.ai_title
        if line.type in SPOKEN:
            self._learn_from_speech(line)

    def _learn_from_speech(self, line: Line) -> None:
        state = self.state
        if state.side is None:
            state.side = bool(line.is_sidechain and line.agent_id)
        if state.agent is None:
            state.agent = line.agent_id
        # The harness signs its own messages, such as API errors, with a name in angle brackets.
        if state.model is None and line.message and line.message.model and line.message.model[0] != "<":
            state.model = line.message.model

    def _time(self, line: Line) -> str:
        """Return the line's time, else the last event's; empty when none is known yet."""
        at = times.normal(line.timestamp) if line.timestamp else None
        if at is None:
            line.timestamp = None
            return self.state.updated or ""
        return at

    def _marks(self, line: Line) -> dict[str, Any]:
        """Return the attributes of all events of the line: that its time, or that it itself, came from elsewhere."""
        marks = self._replay_marks(line)
        return marks if line.timestamp else {"timestamp.estimated": True} | marks

    def _replay_marks(self, line: Line) -> dict[str, Any]:
        """Return the mark of a line that was copied in from a forked parent."""
        if line.forked_from is None and (not line.session_id or line.session_id == (self.native or self.state.session)):
            return {}
        if self._is_side():
            return {}
        if self.state.forked_from is None:
            self.state.forked_from = (line.forked_from and line.forked_from.session_id) or line.session_id
        return {"replayed": True}

    def _is_side(self) -> bool:
        return self.subagent or bool(self.state.side)

    def strand(self) -> str:
        """Return `MAIN`, or the id of the subagent whose log this is."""
        if not self._is_side():
            return MAIN
        return self.state.agent or self.path.stem.removeprefix("agent-")

    def header(self) -> Header:
        """Return what is known so far; see `Reader.header`."""
        state = self.state
        return Header(
            session_id=self._session_id(),
            agent=Agent(
                provider="anthropic", model=state.model or "unknown", tool=TOOL, tool_version=state.version or None
            ),
            context=Context(
                title=self._title(),
                tags=(TOOL,),
                created_at=state.created or self.mtime,
                updated_at=state.updated or self.mtime,
                attributes=self._attributes(),
            ),
        )

    def _session_id(self) -> str:
        if self._is_side():
            return files.parent_id(self.path) or self.state.session or self.path.stem
        return self.native or self.state.session or self.path.stem

    def _title(self) -> str | None:
        state = self.state
        if self._is_side():
            return self.meta.description or self.meta.agent_type or state.slug
        return state.custom_title or native_title(state.ai_title or "") or state.first_text

    def _attributes(self) -> dict[str, Any]:
        state = self.state
        side = self._is_side()
        known: dict[str, Any] = {
            "source_path": str(self.path),
            "session_role": "auxiliary" if side else "primary",
            "subagent_id": self.strand() if side else None,
            "cwd": state.cwds[0] if state.cwds else None,
            "git_branch": state.branch,
            "all_cwds": list(state.cwds) if len(state.cwds) > 1 and not side else None,
            "forked_from": state.forked_from,
        }
        return {name: value for name, value in known.items() if value}

    def closings(self) -> Sequence[Event]:
        """Return what stands in a log without any time: nothing else is ever left open."""
        return held_events(self.state, self.mtime)


def _mtime(path: Path) -> str:
    """Return when the file was written last, for a log that tells no time."""
    try:
        return times.from_ms(path.stat().st_mtime_ns // 1_000_000)
    except OSError:
        return times.from_ms(0)
