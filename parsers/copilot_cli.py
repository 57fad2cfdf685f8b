"""GitHub Copilot CLI: one event per line, in a folder per session (`spec/parsers.md` 2.11).

What `--output json` prints is the same stream, without a start and with every piece of an answer as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from msgspec import field
from msgspec.structs import replace

from opensession.hail import times
from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit
from opensession.hail.model import Content, Header
from parsers import yamllines
from parsers.base import Match, Sample
from parsers.codex.patches import FilePatch, files
from parsers.fields import joined, mapping, moment, number, objects, text, unquoted
from parsers.jsonlines import JsonLinesReader
from parsers.toolcalls import usual_kind
from parsers.transcript import At, Facts, Transcript, Usage, call_content, created_content, header

Record = dict[str, Any]

MOST_TOLD = 256
"""Calls and thoughts that are remembered, because the stream tells them twice."""

EVENTS = ("session.", "assistant.", "user.", "tool.", "hook.", "subagent.", "model.", "mcp.", "permission.", "system.")
SILENT = re.compile(
    r"(assistant\.(turn_|message_start|message_delta|reasoning_delta|tool_call_delta|intent|usage|idle|streaming_delta)"
    r"|hook\.|skill\.|permission\.|external_tool\.|command\.|mcp\.|model\.|system\.message"
    r"|tool\.execution_(partial_result|progress)|subagent\.(selected|deselected)"
    r"|session\.(usage_|mode_|auto_mode|workspace_|background_|mcp_|skills_|tools_|permissions_|context_changed|resume"
    r"|idle|snapshot_rewind|truncation|compaction_start|custom_agents|extensions_|plan_changed|todos_changed)"
    r"|capabilities\.|result$|commands\.|sampling\.)"
).match
_EXIT = re.compile(r"<(?:shellId: \S+ completed|exited) with exit code (-?\d{1,9})>\s*$")


class CopilotFacts(Facts):
    """What is told twice in a stream (the CRC-32 of thoughts, the ids of calls and of responses whose tokens were
    counted), tokens of earlier runs, by what call each subagent was started, and when each call that runs began."""

    began: dict[str, str] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    pieces: dict[str, str] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)


class CopilotCliReader(JsonLinesReader):
    tool, schema = "copilot-cli", "copilot-cli-jsonl-v1"

    def begin(self) -> Facts:
        return CopilotFacts()

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        data = mapping(record, "data")
        to.task = text(data, "parentToolCallId") or _task_of(record, kind, self.state) or None
        to.facts.learn(session_id=text(record, "sessionId"))
        at = At(time=moment(record, "timestamp") or "", raw=kind, group=text(data, "interactionId", "turnId"))
        if handler := HANDLERS.get(kind):
            handler(data, at, to, text(record, "id"))
        else:
            (to.out.ignore if SILENT(kind) else to.out.skip)(kind)

    def header(self) -> Header:
        """Return what is known so far. The session's name, which the user may change, stands beside the log."""
        told, facts = workspace(self.path), self.state
        title = told.get("name") or facts.title or told.get("summary", "")
        cwd, branch = facts.cwd or told.get("cwd", ""), facts.git_branch or told.get("branch", "")
        return header(self.tool, replace(facts, title=title, cwd=cwd, git_branch=branch), self.path)


def _task_of(record: Record, kind: str, facts: Any) -> str:
    """Return the task of the subagent that an event is of: the call that started it, else its own id."""
    data = mapping(record, "data")
    agent = text(record, "agentId") or (text(data, "agentId") if kind.startswith("subagent.") else "")
    call = text(data, "toolCallId")
    if agent and call and kind == "subagent.started":
        _keep(facts.agents, agent, call)
    return str(facts.agents.get(agent, agent))


def workspace(log: Path) -> dict[str, str]:
    """Return what stands in the file beside a log that lies in a folder of its own."""
    return yamllines.read(log.with_name("workspace.yaml")) if log.name == "events.jsonl" else {}


class CopilotCliParser:
    tool = CopilotCliReader.tool

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the names of events, with what they tell in `data`."""
        ours = [record for record in sample.records if _is_event(record)]
        return Match(94, "events of Copilot CLI") if len(ours) * 2 > len(sample.records) else None

    def reader(self, path: Path) -> CopilotCliReader:
        reader = CopilotCliReader(path)
        if path.name == "events.jsonl":
            reader.state.session_id = path.parent.name
        return reader

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _is_event(record: Record) -> bool:
    return text(record, "type").startswith(EVENTS) and isinstance(record.get("data"), dict)


def _take_start(data: Record, at: At, to: Transcript, id: str) -> None:
    place = mapping(data, "context")
    facts = to.facts
    facts.session_id = text(data, "sessionId") or facts.session_id
    facts.learn(
        version=text(data, "copilotVersion"),
        model=text(data, "selectedModel"),
        created=moment(data, "startTime") or at.time,
        cwd=text(place, "cwd"),
        git_branch=text(place, "branch"),
        git_repo_name=text(place, "repository").rpartition("/")[2],
    )
    to.out.ignore(at.raw)


def _take_title(data: Record, at: At, to: Transcript, id: str) -> None:
    to.facts.title = text(data, "title") or to.facts.title
    to.out.ignore(at.raw)


def _take_model(data: Record, at: At, to: Transcript, id: str) -> None:
    model = text(data, "newModel")
    to.facts.learn(model=model)
    to.system(f"Model: {model}" if model else "", at, id)


def _take_notice(data: Record, at: At, to: Transcript, id: str) -> None:
    to.system(text(data, "message", "content", "summary") or joined(data.get("content")), at, id)


def _take_error(data: Record, at: At, to: Transcript, id: str) -> None:
    to.custom("error", text(data, "message", "errorType"), at, id)


def _take_prompt(data: Record, at: At, to: Transcript, id: str) -> None:
    words = text(data, "content")
    if text(data, "source").startswith(("skill-", "system")):
        to.system(words, at, id)
        return
    names = [text(each, "displayName", "path", "filePath", "name") or "file" for each in objects(data, "attachments")]
    to.facts.said = to.facts.said or words
    to.user("\n".join([words, *(f"Attached file: {name}" for name in names)]), at, id)


def _take_thought(data: Record, at: At, to: Transcript, id: str) -> None:
    _think(text(data, "content"), at, to, id)


def _think(words: str, at: At, to: Transcript, id: str) -> None:
    """Tell a thought, unless it was told already: as an event of its own, or with the answer."""
    facts: Any = to.facts
    mark = crc32(words.encode("utf-8", "replace"))
    if words and mark not in facts.told:
        _remember(facts.told, mark)
        to.thinking(words, at, id)


def _take_answer(data: Record, at: At, to: Transcript, id: str) -> None:
    _think(text(data, "reasoningText"), at, to, f"{id}-thinking" if id else "")
    words = _whole(data, to.facts)
    if words is not None:
        usage = _uncounted(data, to.facts)
        if not to.agent(words, at, id, usage, text(data, "model")):
            to.tokens(usage, at, id)
    for call in objects(data, "toolRequests"):
        _call(text(call, "name"), call.get("arguments"), text(call, "toolCallId"), at, to)


def _uncounted(data: Record, facts: Any) -> Usage:
    """Return the tokens of a response, once: each of the messages it is split into tells them."""
    response, tokens = text(data, "apiCallId"), max(0, number(data, "outputTokens") or 0)
    if response in facts.counted:
        return Usage()
    if response and tokens:
        _remember(facts.counted, response)
    return Usage(output_tokens=tokens)


def _whole(data: Record, facts: Any) -> str | None:
    """Return the words of an answer, None while further pieces of it are to come."""
    words, key = text(data, "content"), text(data, "messageId")
    last, count = number(data, "chunkIndex"), number(data, "chunkCount")
    if not key or last is None or count is None or count < 2:
        return words
    words = f"{facts.pieces.pop(key, '')}{words}"
    if last + 1 >= count or len(facts.pieces) >= MOST_TOLD:
        return words
    facts.pieces[key] = words
    return None


def _take_call(data: Record, at: At, to: Transcript, id: str) -> None:
    server, tool = text(data, "mcpServerName"), text(data, "mcpToolName")
    name = text(data, "toolName", "name") or f"{server}-{tool}".strip("-")
    if at.time and at.raw == "tool.execution_start":
        facts: Any = to.facts
        _keep(facts.began, text(data, "toolCallId"), at.time)
    _call(name, data.get("arguments"), text(data, "toolCallId"), at, to)


def _call(name: str, arguments: Any, call_id: str, at: At, to: Transcript) -> None:
    """Tell a call, once: it stands in the answer that asked for it, and again where it begins."""
    facts: Any = to.facts
    if call_id and call_id in facts.called:
        return
    _remember(facts.called, call_id)
    given = unquoted(arguments)
    if name == "apply_patch" and (parts := files(given if isinstance(given, str) else text(given, "input", "patch"))):
        _patch(name, parts, call_id, at, to)
    else:
        to.call(name, given, at, call_id)


def _patch(name: str, parts: list[FilePatch], call_id: str, at: At, to: Transcript) -> None:
    """Tell what a patch does to each of its files. The result belongs to the first."""
    (action, content), *others = (told for part in parts for told in _patched(part))
    to.call(name, None, at, call_id, action=action, content=content)
    marks = {"semantic.tool_kind": usual_kind(name, action)} | ({"semantic.call_id": call_id} if call_id else {})
    for place, (other, shown) in enumerate(others, start=2):
        to.emit(other, shown, at, call_id and f"{call_id}-call-{place}", marks)


def _patched(part: FilePatch) -> list[tuple[Action, Content]]:
    """Return what a patch does to one file. A moved file is edited under its old name and then exists anew."""
    made: list[Action] = [FileEdit(path=part.path, diff=part.diff() or None)]
    if part.verb == "Add":
        return [(FileCreate(path=part.path), created_content(part.path, part.text()))]
    if part.verb == "Delete":
        made = [FileDelete(path=part.path)]
    elif part.moved:
        made.append(FileCreate(path=part.moved))
    return [(action, call_content(action, None)) for action in made]


def _take_result(data: Record, at: At, to: Transcript, id: str) -> None:
    told, failure = mapping(data, "result"), mapping(data, "error")
    words = text(told, "content", "detailedContent") or joined(told.get("contents")) or text(failure, "message")
    words = words or text(data, "result", "error")
    exit_found = _EXIT.search(words[-200:])
    to.result(
        words,
        at,
        text(data, "toolCallId"),
        is_error=data.get("success") is False,
        exit_code=int(exit_found[1]) if exit_found else None,
        duration_ms=_lasted(text(data, "toolCallId"), at.time, to.facts),
    )


def _lasted(call_id: str, end: str, facts: Any) -> int | None:
    start = facts.began.pop(call_id, "")
    return (times.instant(end) - times.instant(start)) // timedelta(milliseconds=1) if start and end else None


def _take_subagent(data: Record, at: At, to: Transcript, id: str) -> None:
    task, name = text(data, "toolCallId") or to.task or id, text(data, "agentDisplayName", "agentName")
    if at.raw.endswith("started"):
        to.task_start(task, name, at, id)
    else:
        to.task_end(task, text(data, "error", "summary") or f"{name} {at.raw.rpartition('.')[2]}".strip(), at, id)


def _take_end(data: Record, at: At, to: Transcript, id: str) -> None:
    """Tell the tokens of all runs so far. A run that begins anew counts from nothing, so what was before is added."""
    facts: Any = to.facts
    facts.learn(model=text(data, "currentModel"))
    now = _counted(data)
    if any(now[name] < facts.running.get(name, 0) for name in now):
        facts.before = {name: facts.before.get(name, 0) + facts.running.get(name, 0) for name in now}
        facts.running = {}
    new = {name: count - facts.running.get(name, 0) for name, count in now.items()}
    facts.running = now
    all_runs = {name: facts.before.get(name, 0) + now[name] for name in ("input_tokens", "output_tokens")}
    to.totals(Usage(**(new | all_runs)), at, id)


def _counted(data: Record) -> dict[str, int]:
    """Return the tokens of a run: of each model, or early on of all together."""
    usages = [mapping(each, "usage") for each in mapping(data, "modelMetrics").values() if isinstance(each, dict)]
    if any(usages):
        return {ours: sum(max(0, number(usage, theirs) or 0) for usage in usages) for ours, theirs in TOKENS.items()}
    told = mapping(data, "tokenDetails")
    return {ours: max(0, number(mapping(told, ours.removesuffix("_tokens")), "tokenCount") or 0) for ours in TOKENS}


def _take_summary(data: Record, at: At, to: Transcript, id: str) -> None:
    to.compacted(text(data, "summaryContent", "summary"), at, id)


def _take_abort(data: Record, at: At, to: Transcript, id: str) -> None:
    to.custom("turn_aborted", text(data, "reason") or "turn aborted", at, id)


def _remember(told: list[Any], new: Any) -> None:
    told.append(new)
    del told[:-MOST_TOLD]


def _keep(told: dict[str, str], key: str, value: str) -> None:
    told[key] = value
    if len(told) > MOST_TOLD:
        del told[next(iter(told))]


TOKENS: Mapping[str, str] = {
    "input_tokens": "inputTokens",
    "output_tokens": "outputTokens",
    "cache_read_tokens": "cacheReadTokens",
    "cache_write_tokens": "cacheWriteTokens",
    "reasoning_tokens": "reasoningTokens",
}
HANDLERS: Mapping[str, Callable[[Record, At, Transcript, str], None]] = {
    "session.start": _take_start,
    "session.title_changed": _take_title,
    "session.model_change": _take_model,
    **dict.fromkeys(("session.info", "session.warning", "session.task_complete", "session.handoff"), _take_notice),
    **dict.fromkeys(("system.notification", "session.custom_notification"), _take_notice),
    "session.error": _take_error,
    "session.shutdown": _take_end,
    "session.compaction_complete": _take_summary,
    "user.message": _take_prompt,
    "assistant.reasoning": _take_thought,
    "assistant.message": _take_answer,
    "tool.user_requested": _take_call,
    "tool.execution_start": _take_call,
    "tool.execution_complete": _take_result,
    **dict.fromkeys(("subagent.started", "subagent.completed", "subagent.failed"), _take_subagent),
    "abort": _take_abort,
}
