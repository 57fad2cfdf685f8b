"""What was shown to the user, `updates.jsonl`: session updates of the Agent Client Protocol and xAI's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from parsers.base import Amendment, Output
from parsers.diffs import unified
from parsers.documents import stream_lines
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.grok.tools import call, what_was_read
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]

FINAL = frozenset({"completed", "failed", "cancelled"})
ASKING = "ask_user_question"
TICKS = 10_000_000_000
"""Of which a dollar has so many."""

SILENT = re.compile(
    r"plan|(available_commands|current_mode|config_option|usage)_update|tool_call_delta_chunk|diff_review|retry_state"
    r"|pending_interaction|interaction_resolved|response_completed|last_turn_summary|feedback_request|goal_updated"
    r"|auto_(compact_started|compact_cancelled|continue_completed|recovery_started)|compaction_checkpoint|memory_\w+"
    r"|hook_execution|hooks_changed|plugins_changed|plugin_updates_installed|session_recap_unavailable"
    r"|task_(completed|backgrounded)|subagent_progress|scheduled_task_\w+|monitor_event|image_compressed"
    r"|workflow_updated|relay_sync_status"
).fullmatch
"""Updates that tell nothing of what was said or done that another does not tell too."""


def is_update(record: Record) -> bool:
    return "timestamp" in record and bool(text(mapping(record, "params", "update"), "sessionUpdate"))


def kind_of(record: Record) -> str:
    return text(mapping(record, "params", "update"), "sessionUpdate") or text(record, "method") or "no update"


def active(records: Iterable[Record], out: Output) -> list[Record]:
    """Return the records that were not rewound, and count all of them.

    A call that is at work tells again and again all that it gave back so far; only its beginning and its end are kept.
    """
    kept: list[Record] = []
    prompts: list[tuple[int, int]] = []
    calls: dict[str, Record] = {}
    for record in records:
        kind, update = kind_of(record), mapping(record, "params", "update")
        out.record(kind, record)
        if kind == "rewind_marker":
            out.ignore(kind)
            _rewind(number(update, "target_prompt_index"), kept, prompts, out)
            continue
        if kind in CALLING and text(update, "status") not in FINAL and _is_known(update, calls):
            out.ignore(kind)
            continue
        prompt = number(mapping(update, "_meta"), "promptIndex")
        if kind == "user_message_chunk" and prompt is not None and (not prompts or prompts[-1][0] != prompt):
            prompts.append((prompt, len(kept)))
        kept.append(record)
    return kept


def _is_known(update: Record, calls: dict[str, Record]) -> bool:
    """Tell whether the call has begun already; what it was given may be told a little later than that."""
    call_id = text(update, "toolCallId")
    begun = calls.setdefault(call_id, update)
    if begun is not update and not begun.get("rawInput"):
        begun["rawInput"] = update.get("rawInput")
    return begun is not update


def _rewind(target: int | None, kept: list[Record], prompts: list[tuple[int, int]], out: Output) -> None:
    """Drop the prompt that the user went back to, and all that came after it."""
    at = next((at for prompt, at in prompts if target is not None and prompt >= target), len(kept))
    for record in kept[at:]:
        out.ignore(kind_of(record))
    del kept[at:]
    prompts[:] = [each for each in prompts if each[1] < at]


class Updates:
    """Writes the updates of a session. A message is what follows each other as chunks of one kind."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self.model = ""
        self.children: set[str] = set()
        self.ended: set[str] = set()
        self._parts: list[str] = []
        self._open: tuple[str, ...] = ("",)
        self._native, self._at = "", At()
        self._answer = -1

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            kind, update = kind_of(record), mapping(record, "params", "update")
            if kind in CHUNKS:
                self._take_chunk(record, update, kind)
            elif kind in HANDLERS:
                self._take(record, update, kind)
            elif kind in TITLES:
                self.to.facts.learn(title=text(update, "session_summary", "title"))
                self.to.out.ignore(kind)
            else:
                (self.to.out.ignore if SILENT(kind) else self.to.out.skip)(kind)
        self._flush()

    def _take(self, record: Record, update: Record, kind: str) -> None:
        self._flush()
        self._turn_to(record)
        made = self.to.facts.made
        HANDLERS[kind](self, update, _at(record), _native(record))
        if self.to.facts.made == made and kind != "turn_completed":
            self.to.out.ignore(kind)

    def _take_chunk(self, record: Record, update: Record, kind: str) -> None:
        meta = mapping(update, "_meta")
        chunk = "hidden" if meta.get("hideFromScrollback") is True else CHUNKS[kind]
        opened = (chunk, text(mapping(record, "params"), "sessionId"), str(number(meta, "promptIndex")))
        if opened != self._open:
            self._flush()
            self._open, self._native, self._at = opened, _native(record), _at(record)
        self._turn_to(record)
        self.model = text(meta, "modelId") or self.model
        self._parts.append(_words(update.get("content")))

    def _turn_to(self, record: Record) -> None:
        """Write into the lane of the subagent whose record it is."""
        session = text(mapping(record, "params"), "sessionId")
        self.to.facts.learn(session_id=session)
        self.to.task = session if session in self.children else None

    def _flush(self) -> None:
        """Write the message that the chunks make up."""
        parts, (chunk, *_) = self._parts, self._open
        self._parts, self._open = [], ("",)
        match chunk:
            case "user":
                self._answer = -1
                self.to.user("\n".join(parts), self._at, self._native)
            case "hidden":
                self.to.system("\n".join(parts), self._at, self._native)
            case "thought":
                self.to.thinking("".join(parts), self._at, self._native)
            case "answer":
                is_said = self.to.agent("".join(parts), self._at, self._native, model=self.model)
                if is_said and self._answer < 0 and not self.to.task:
                    self._answer = self.to.out.first + len(self.to.out.events) - 1

    def spend(self, usage: Usage, at: At, native: str) -> None:
        """Write the tokens of a turn, to its first answer if it has one."""
        marks = usage.attributes()
        if self._answer >= 0:
            totals = {name: marks[name] for name in _COUNTED if name in marks}
            self.to.out.amend(Amendment(self._answer, attributes=marks, totals=totals))
        else:
            self.to.tokens(usage, at, native)
        self._answer = -1


def _at(record: Record) -> At:
    meta = mapping(record, "params", "_meta")
    time = moment(meta, "agentTimestampMs") or moment(record, "timestamp") or ""
    return At(time=time, raw=kind_of(record), group=text(meta, "promptId"))


def _native(record: Record) -> str:
    return text(mapping(record, "params", "_meta"), "eventId")


def _words(content: Any) -> str:
    """Return the words of a block; of a file that was attached, its address."""
    resource = mapping(content, "resource") or mapping(content)
    uri = text(resource, "uri")
    return joined(content) or (f"Attached file: {uri}" if uri else "")


def _call(to: Updates, update: Record, at: At, native: str) -> None:
    """Take the beginning of a call, its end, or both where nothing told of the beginning."""
    call_id = text(update, "toolCallId")
    is_final = text(update, "status") in FINAL
    if call_id not in to.to.facts.calls and call_id not in to.ended:
        tool = mapping(update, "_meta", "x.ai/tool")
        call(text(tool, "name") or text(update, "title", "kind"), update.get("rawInput"), at, to.to, call_id)
    if is_final and call_id not in to.ended:
        to.ended.add(call_id)
        _result(update, at, to.to, call_id)


def _result(update: Record, at: At, to: Transcript, call_id: str) -> None:
    raw, blocks = mapping(update, "rawOutput"), objects(update, "content")
    words = "\n".join(said for block in blocks if (said := _words(mapping(block, "content"))))
    words = words or text(raw, "output_for_prompt") or _told_by_server(raw)
    changes = [block for block in blocks if text(block, "type") == "diff"]
    to.result(
        words,
        at,
        call_id,
        is_error=text(update, "status") == "failed",
        exit_code=number(raw, "exit_code"),
        diff="".join(unified(text(block, "oldText"), text(block, "newText")) for block in changes),
        content=what_was_read(words, call_id, to),
    )


def _told_by_server(raw: Record) -> str:
    """Return what an MCP server gave back: the text itself, or under the name of how it went."""
    output = raw.get("output")
    return (
        output if isinstance(output, str) else next(filter(None, (text(output, name) for name in mapping(output))), "")
    )


def _end_turn(to: Updates, update: Record, at: At, native: str) -> None:
    counts = mapping(update, "usage")
    usage = Usage(
        input_tokens=max(0, number(counts, "inputTokens") or 0),
        output_tokens=max(0, number(counts, "outputTokens") or 0),
        cache_read_tokens=max(0, number(counts, "cachedReadTokens") or 0),
        cache_write_tokens=max(0, number(counts, "cacheCreationTokens") or 0),
        reasoning_tokens=max(0, number(counts, "reasoningTokens") or 0),
        cost_usd=max(0, number(counts, "costUsdTicks") or 0) / TICKS,
    )
    to.spend(usage, at, native and f"{native}-tokens")
    reason = text(update, "stop_reason", "stopReason")
    if reason == "cancelled":
        to.to.custom("turn_aborted", "turn aborted", at, native)
    elif reason == "error":
        to.to.custom("error", text(update, "agent_result", "agentResult") or "the turn failed", at, native)


def _begin_subagent(to: Updates, update: Record, at: At, native: str) -> None:
    child = text(update, "child_session_id", "subagent_id") or native
    to.children.add(child)
    to.to.task_start(child, text(update, "description", "subagent_type"), at, native)


def _end_subagent(to: Updates, update: Record, at: At, native: str) -> None:
    child = text(update, "child_session_id", "subagent_id") or native
    to.to.task_end(child, text(update, "output", "error", "status"), at, native)


def _compacted(to: Updates, update: Record, at: At, native: str) -> None:
    to.to.compacted(text(update, "summary_preview"), at, native)


def _change_model(to: Updates, update: Record, at: At, native: str) -> None:
    to.model = text(update, "model_id", "new_model_id") or to.model
    to.to.system(f"Model: {to.model}" if to.model else "", at, native)


def _note(to: Updates, update: Record, at: At, native: str) -> None:
    to.to.system(text(update, "message", "summary") or joined(update.get("notes") or ""), at, native)


def _fail(to: Updates, update: Record, at: At, native: str) -> None:
    to.to.custom("error", text(update, "error"), at, native)


def answers(chat: Path, to: Transcript) -> None:
    """Tell what the user answered to questions of the agent: that stands only in what the model was sent."""
    asked = {key for key, waiting in to.facts.calls.items() if waiting.name == ASKING}
    for record in stream_lines(chat, Output()) if asked else ():
        call_id = text(record, "tool_call_id")
        if call_id in asked and call_id in to.facts.calls:
            to.result(joined(record.get("content") or ""), At(raw="tool_result"), call_id)


_COUNTED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
CALLING = frozenset({"tool_call", "tool_call_update"})
TITLES = frozenset({"session_summary_generated", "session_info_update"})
CHUNKS: Mapping[str, str] = {
    "user_message_chunk": "user",
    "agent_message_chunk": "answer",
    "agent_thought_chunk": "thought",
}
HANDLERS: Mapping[str, Callable[[Updates, Record, At, str], None]] = {
    **dict.fromkeys(CALLING, _call),
    "turn_completed": _end_turn,
    "subagent_spawned": _begin_subagent,
    "subagent_finished": _end_subagent,
    "auto_compact_completed": _compacted,
    **dict.fromkeys(("model_changed", "model_auto_switched"), _change_model),
    **dict.fromkeys(("hook_annotation", "session_recap", "image_dropped"), _note),
    **dict.fromkeys(("auto_compact_failed", "auto_recovery_exhausted"), _fail),
}
