"""Zed's agent threads: a row each in `threads.db`, the thread packed in a JSON document (`spec/parsers.md` 2.17)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import zstandard

from opensession.hail.actions import Action, FileCreate, FileSearch, ToolCall
from parsers.base import Match, Sample
from parsers.database import Database, Row
from parsers.diffs import unified
from parsers.fields import decoded, items, mapping, moment, number, objects, placeholder, text
from parsers.manysessions import ManySessions
from parsers.sample import MAX_DOCUMENT
from parsers.toolcalls import first_text
from parsers.transcript import At, Facts, Transcript, Usage

TOOL = "zed"
ROW = ("id", "summary", "updated_at", "data_type", "data", "parent_id", "folder_paths", "created_at")
GATEWAY = "zed.dev"
"""The provider that sells the models of others."""

ESTIMATED = {"timestamp.estimated": True}
Block = Mapping[str, Any]

_EXIT_CODE = re.compile(r"Command .{0,9999}?failed with exit code (-?\d{1,9})\b", re.DOTALL).match


class ZedParser(ManySessions):
    tool, schema = TOOL, "zed-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        is_ours = sample.columns("threads") >= {"summary", "data_type", "data"}
        return Match(98, "the database of Zed's agent threads") if is_ours else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        for row in database.rows("threads", "id", "updated_at", "summary", "folder_paths"):
            yield text(row, "id"), f"{row['updated_at']}:{row['summary']}:{row['folder_paths']}"

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        row = database.row("threads", *ROW, where="id = ?", given=(id,))
        thread = _unpacked(row)
        to.out.document(thread)
        _learn(row, mapping(thread), to.facts)
        if not isinstance(thread, dict):
            # The other threads of the database must not suffer from a broken one.
            to.out.record("thread")
            to.out.skip("broken thread")
            return
        messages = items(thread, "messages")
        for place, message in enumerate(messages, 1):
            _message(message, to.facts.updated if place == len(messages) else "", to)
        _totals(mapping(thread, "cumulative_token_usage"), to)


def _unpacked(row: Row) -> Any:
    """Return the document of a row; None when it is none, or would be too large."""
    data = row["data"]
    packed = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if not isinstance(packed, bytes):
        return None
    if row["data_type"] == "zstd":
        try:
            with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
                packed = stream.read(MAX_DOCUMENT + 1)
        except (zstandard.ZstdError, MemoryError):
            return None
    return decoded(packed) if len(packed) <= MAX_DOCUMENT else None


def _learn(row: Row, thread: dict[str, Any], facts: Facts) -> None:
    project = next(iter(objects(thread, "initial_project_snapshot", "worktree_snapshots")), {})
    provider = text(mapping(thread, "model"), "provider")
    updated = moment(row, "updated_at") or moment(thread, "updated_at")
    facts.learn(
        title=text(thread, "title", "summary") or text(row, "summary"),
        model=text(mapping(thread, "model"), "model"),
        provider=provider if provider != GATEWAY else "",
        cwd=text(row, "folder_paths").split("\n")[0] or text(project, "worktree_path"),
        git_branch=text(mapping(project, "git_state"), "current_branch"),
        parent_session_id=text(row, "parent_id") or text(mapping(thread, "subagent_context"), "parent_thread_id"),
        created=moment(row, "created_at") or updated,
        updated=updated,
    )


def _totals(told: dict[str, Any], to: Transcript) -> None:
    usage = Usage(
        input_tokens=number(told, "input_tokens") or 0,
        output_tokens=number(told, "output_tokens") or 0,
        cache_read_tokens=number(told, "cache_read_input_tokens") or 0,
        cache_write_tokens=number(told, "cache_creation_input_tokens") or 0,
    )
    to.totals(usage, At(time=to.facts.last, raw="cumulative_token_usage", marks=ESTIMATED), "tokens")


def _message(message: Any, time: str, to: Transcript) -> None:
    """Read a message. No message has a time; the last one was written when the thread was."""
    tag, body = (message, None) if isinstance(message, str) else _variant(message)
    if isinstance(message, dict) and "role" in message:
        tag, body = "legacy", message
    to.out.record(f"message:{tag or 'no kind'}", body)
    if handler := MESSAGES.get(tag):
        handler(body, time, to)
    elif tag == "Resume":
        to.out.ignore(tag)
    else:
        to.out.skip(f"message:{tag or 'no kind'}")


def _variant(value: Any) -> tuple[str, Any]:
    """Return the only key of an object and what stands there: that is how Zed writes one of several kinds."""
    return next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)


def _at(kind: str, time: str, group: str = "") -> At:
    return At(time=time, raw=kind, group=group, marks=ESTIMATED)


def _user(body: Any, time: str, to: Transcript) -> None:
    native = text(body, "id")
    words, mentioned = [], []
    for block in items(body, "content"):
        tag, value = _variant(block)
        words.append(_said(tag, value, to))
        if tag == "Mention":
            mentioned.append(text(value, "content"))
    to.user("".join(words), _at("User", time, native), native)
    for content in mentioned:
        to.system(content, _at("User:Mention", time, native), native and f"{native}-mention")


def _said(tag: str, value: Any, to: Transcript) -> str:
    if tag == "Text" and isinstance(value, str):
        return value
    if tag == "Mention":
        return f"@{_mentioned(mapping(value).get('uri'))}"
    if tag == "Image":
        return f"\n{_picture(value)}\n"
    to.out.skip(f"User:{tag or 'no kind'}")
    return ""


def _mentioned(uri: Any) -> str:
    """Return what a mention names: a path or an address; else its kind."""
    tag, value = _variant(uri)
    return uri if isinstance(uri, str) else text(value, "abs_path", "path", "url", "name", "id") or tag or "unknown"


def _picture(value: Any) -> str:
    return placeholder({"type": "image", "data": text(value, "source"), "mime": "image/png"})


def _agent(body: Any, time: str, to: Transcript) -> None:
    results = mapping(body, "tool_results")
    called = set()
    for block in items(body, "content"):
        tag, value = _variant(block)
        if tag == "ToolUse":
            key = text(value, "id")
            _call(mapping(value), time, to)
            if key in results and key not in called:
                _result(key, mapping(results[key]), time, to)
            called.add(key)
        else:
            _answered(tag, value, time, to)
    for key, result in results.items():
        if key not in called:
            _result(key, mapping(result), time, to)


def _answered(tag: str, value: Any, time: str, to: Transcript) -> None:
    at = _at(f"Agent:{tag}", time)
    if tag == "Text" and isinstance(value, str):
        to.agent(value, at)
    elif tag == "Thinking":
        to.thinking(text(value, "text"), at)
    elif tag == "Image":
        to.agent(_picture(value), at)
    elif tag != "RedactedThinking":
        to.out.skip(f"Agent:{tag or 'no kind'}")


def _call(use: dict[str, Any], time: str, to: Transcript) -> None:
    name, arguments = text(use, "name"), use.get("input")
    to.call(name, arguments, _at("Agent:ToolUse", time), text(use, "id"), action=_action(name, mapping(arguments)))


def _action(name: str, arguments: dict[str, Any]) -> Action | None:
    """Return what a call does where the usual names or arguments mean something else; None for all others."""
    if name == "find_path":
        return FileSearch(pattern=first_text(arguments, ("glob",), "*") or "*")
    if name == "open":  # It opens a file or an address for the user to see.
        return ToolCall(name=name)
    if name == "edit_file" and (arguments.get("mode") == "create" or arguments.get("create_or_overwrite") is True):
        return FileCreate(path=text(arguments, "path") or "unknown")
    return None


def _result(id: str, result: dict[str, Any], time: str, to: Transcript) -> None:
    words = _words(result.get("content"))
    found = _EXIT_CODE(words)
    to.result(
        words,
        _at("Agent:tool_result", time),
        id,
        name=text(result, "tool_name"),
        is_error=result.get("is_error") is True,
        exit_code=int(found[1]) if found else None,
        diff=_diff(mapping(result, "output")),
    )


def _words(content: Any) -> str:
    """Return what a result says; one block, or several in newer versions."""
    blocks = content if isinstance(content, list) else [content]
    return "\n".join(words for block in blocks if (words := _word(block)))


def _word(block: Any) -> str:
    if isinstance(block, str):
        return block
    tag, value = _variant(block)
    if tag.lower() == "text" and isinstance(value, str):
        return value
    if tag.lower() == "image":
        return _picture(value)
    return text(block, "text", "Text") or (_picture(block) if text(block, "source") else "")


def _diff(output: dict[str, Any]) -> str:
    old, new = output.get("old_text"), output.get("new_text")
    return unified(old, new) if isinstance(old, str) and isinstance(new, str) else ""


def _compaction(body: Any, time: str, to: Transcript) -> None:
    _, value = _variant(body)
    to.compacted(value if isinstance(value, str) else text(body, "summary"), _at("Compaction", time))


def _legacy(message: Any, time: str, to: Transcript) -> None:
    """Read a message of the time before version 0.3."""
    role = text(message, "role")
    at = _at(f"{role}:segment", time)
    for segment in objects(message, "segments"):
        words = text(segment, "text")
        if text(segment, "type") == "thinking":
            to.thinking(words, at)
        elif role == "assistant":
            to.agent(words, at)
        elif role == "user":
            to.user(words, at)
        else:
            to.system(words, at)
    if context := text(message, "context"):
        to.system(context, at)
    for use in objects(message, "tool_uses"):
        _call(use, time, to)
    for result in objects(message, "tool_results"):
        _result(text(result, "tool_use_id"), result, time, to)


MESSAGES: Mapping[str, Callable[[Any, str, Transcript], None]] = {
    "User": _user,
    "Agent": _agent,
    "Compaction": _compaction,
    "legacy": _legacy,
}
