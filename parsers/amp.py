"""Amp: one JSON document per thread (`spec/parsers.md` 2.5).

A message tells no time of its own, but what the user typed has the time when it was sent, an answer that when its
tokens were counted, and the thread's traces tell when tools ended. Exported threads have a time in each message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from opensession.hail.model import Content, Json
from parsers.base import Match, Sample
from parsers.diffs import hunks
from parsers.documents import OneThread, load_object
from parsers.fields import items, joined, mapping, moment, number, objects, text
from parsers.genai import made
from parsers.transcript import At, Transcript, Usage

Block = dict[str, Any]

FAILED = frozenset({"error", "cancelled", "rejected-by-user"})
RUNNING = frozenset({"in-progress", "queued", "blocked-on-user"})
ROLES = frozenset({"user", "assistant", "info", "system"})
_DIFF = "```diff\n"


class AmpParser(OneThread):
    tool, schema = "amp", "amp-json-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the form of a thread's id, and by the blocks of its messages."""
        if not {"id", "messages"} <= sample.keys or not text(sample.document, "id").startswith("T-"):
            return None
        messages = objects(sample.document, "messages")
        if all(text(message, "role") in ROLES and "content" in message for message in messages):
            return Match(96, "a thread with an id as Amp gives it")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the thread; see `OneThread.fill`."""
        thread = load_object(path)
        to.out.document(thread)
        _learn(thread, to)
        _Thread(thread, to).tell()


def _learn(thread: Block, to: Transcript) -> None:
    trees = objects(thread, "env", "initial", "trees")
    tree: Block = trees[0] if trees else {}
    platform = mapping(thread, "env", "initial", "platform")
    facts = to.facts
    facts.session_id = text(thread, "id")
    facts.title = text(thread, "title")
    facts.created = moment(thread, "created") or ""
    facts.version = text(platform, "clientVersion")
    facts.cwd = _path(text(tree, "uri")) or text(mapping(thread, "workspace"), "path")
    repository = mapping(tree, "repository")
    facts.git_branch = text(repository, "ref").removeprefix("refs/heads/")
    facts.git_repo_name = text(repository, "url").rstrip("/").rpartition("/")[2].removesuffix(".git")
    if mode := text(thread, "agentMode"):
        facts.attributes = {"agent_mode": mode}


def _path(uri: str) -> str:
    try:
        return unquote(urlsplit(uri).path) if uri.startswith("file://") else ""
    except ValueError:
        return ""


class _Thread:
    """The messages of a thread, told in order."""

    def __init__(self, thread: Block, to: Transcript) -> None:
        self._messages = objects(thread, "messages")
        self._to = to
        self._results = {text(block, "toolUseID"): block for block in self._blocks("tool_result")}
        self._begun, self._ended = _traced(objects(thread, "meta", "traces"))
        self._answered = ""

    def _blocks(self, kind: str) -> list[Block]:
        every = (block for message in self._messages for block in objects(message, "content"))
        return [block for block in every if block.get("type") == kind]

    def tell(self) -> None:
        for message in self._messages:
            role = text(message, "role") or "no role"
            self._to.out.record(role, message)
            if role not in ROLES:
                self._to.out.skip(role)
                continue
            made = self._to.facts.made
            self._message(message, role)
            if self._to.facts.made == made:
                self._to.out.ignore(role)

    def _message(self, message: Block, role: str) -> None:
        at = At(self._time(message, role), role, _name(message))
        told = mapping(message, "usage")
        usage = _usage(told) if role == "assistant" else Usage()
        self._to.facts.learn(model=text(told, "model"))
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(message, "content")
        for block in blocks:
            if self._block(block, role, at, usage):
                usage = Usage()
        self._to.tokens(usage, at)

    def _time(self, message: Block, role: str) -> str:
        """Return when a message was written, nothing when that is not known."""
        name = _name(message)
        told = moment(mapping(message, "meta"), "sentAt") or moment(message, "created", "timestamp")
        if role == "assistant":
            self._answered = name
            return told or moment(mapping(message, "usage"), "timestamp") or self._begun.get(name, "")
        is_result = any(block.get("type") == "tool_result" for block in objects(message, "content"))
        return told or (self._ended.get(self._answered, "") if is_result else "")

    def _block(self, block: Block, role: str, at: At, usage: Usage) -> bool:
        """Tell one block. Return whether it carries the tokens."""
        kind = text(block, "type") or "no type"
        at = At(at.time, f"{role}:{kind}", at.group)
        if kind == "text":
            return _say(text(block, "text"), role, at, self._to, usage)
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, block, at)
        elif words := joined(block):
            return _say(words, role, at, self._to, usage)
        elif kind not in _SILENT:
            self._to.out.skip(f"block {kind}")
        return False

    def _thinking(self, block: Block, at: At) -> None:
        self._to.thinking(text(block, "thinking", "text"), at)

    def _call(self, block: Block, at: At) -> None:
        call_id, name, arguments = text(block, "id"), text(block, "name"), block.get("input")
        run = mapping(self._results.get(call_id), "run")
        display = {"fileDiff": _diff(run.get("result"))}
        action = made(name, arguments, display, text(run, "status") in FAILED)
        self._to.call(name, arguments, at, call_id, call_id, action=action)

    def _result(self, block: Block, at: At) -> None:
        run = mapping(block, "run")
        status, result = text(run, "status"), run.get("result")
        if status in RUNNING and result is None:
            return
        error = text(mapping(run, "error"), "message") or text(run, "error", "reason")
        words = "\n".join(each for each in (_shown(result), error) if each) or (status if status in FAILED else "")
        self._to.result(
            words,
            at,
            text(block, "toolUseID"),
            is_error=status in FAILED,
            exit_code=number(result, "exitCode"),
            diff=_diff(result),
            content=None if words or not result else Content(blocks=(Json(data=result),)),
        )

    def _typed_command(self, block: Block, at: At) -> None:
        """Tell a command that the user ran by hand."""
        shown = _shown(mapping(block, "toolRun").get("result"))
        command = text(mapping(block, "args"), "cmd", "command")
        self._to.system(f"$ {command}\n{shown}" if command else shown, at)

    def _summary(self, block: Block, at: At) -> None:
        """Tell that the thread went on from a summary of it."""
        summary = block.get("summary")
        self._to.compacted(text(summary, "summary") or joined(summary), at)


_HANDLERS: Mapping[str, Callable[[_Thread, Block, At], None]] = {
    "thinking": _Thread._thinking,
    "tool_use": _Thread._call,
    "tool_result": _Thread._result,
    "summary": _Thread._summary,
    "manual_bash_invocation": _Thread._typed_command,
}
_SILENT = frozenset({"redacted_thinking"})


def _say(words: str, role: str, at: At, to: Transcript, usage: Usage) -> bool:
    if role == "assistant":
        return to.agent(words, at, usage=usage)
    (to.user if role == "user" else to.system)(words, at)
    return False


def _name(message: Block) -> str:
    """Return the id of a message: a number, or text in an exported thread."""
    count = number(message, "messageId")
    return text(message, "messageId", "id") if count is None else str(count)


def _traced(traces: list[Block]) -> tuple[dict[str, str], dict[str, str]]:
    """Return when the tools that each answer asked for began and ended."""
    begun, ended = dict[str, str](), dict[str, str]()
    for trace in traces:
        name = _name(mapping(trace, "context"))
        if trace.get("name") == "tools" and name:
            begun[name] = moment(trace, "startTime") or ""
            ended[name] = moment(trace, "endTime") or ""
    return begun, ended


def _usage(told: Block) -> Usage:
    return Usage(
        input_tokens=number(told, "inputTokens") or 0,
        output_tokens=number(told, "outputTokens") or 0,
        cache_read_tokens=number(told, "cacheReadInputTokens") or 0,
        cache_write_tokens=number(told, "cacheCreationInputTokens") or 0,
    )


def _diff(result: Any) -> str:
    """Return the hunks of the diff that an edit gave back, which stands in a fence."""
    told = text(result, "diff") if isinstance(result, dict) else result if isinstance(result, str) else ""
    told = told.removeprefix(_DIFF).removesuffix("```") if told.startswith(_DIFF) else text(result, "diff")
    return hunks(told) if "@@" in told else ""


def _shown(result: Any) -> str:
    """Return the words of a result, whose form differs from tool to tool."""
    if isinstance(result, dict):
        shown = [result.get(key) for key in ("output", "content", "diff") if result.get(key)]
        texts = [joined(each) for each in shown] if shown else [joined(result)]
        return "\n".join(each for each in texts if each) or _listed(result)
    return joined(result) if isinstance(result, str | list) else ""


def _listed(result: Block) -> str:
    entries = items(result, "directoryEntries") or items(result, "files")
    return "\n".join(entry for entry in entries if isinstance(entry, str))
