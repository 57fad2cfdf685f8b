"""Rovo Dev, Atlassian's agent: a folder per session, with a document of its messages and one of what is said about it.

The messages are those of pydantic-ai (requests and responses, made of parts), as its documentation and readers of these
files show them. Of a session's other fields only its id and its times are known. The settings of Rovo Dev can move the
folder (`sessions.persistenceDir`); no variable can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opensession.hail.actions import Action, CodeSearch, FileCreate, FileEdit, FileRead, FileSearch
from opensession.hail.model import Content, Json, Text
from parsers.base import Match, Sample
from parsers.diffs import unified
from parsers.documents import OneThread, beside, load_object
from parsers.fields import items, joined, mapping, moment, number, objects, text, unquoted
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage, created_content

Record = dict[str, Any]

TOOL = "rovodev"
CONTEXT, METADATA = "session_context.json", "metadata.json"

_INJECTED = re.compile(
    r"<system_reminder>.*</system_reminder>"
    r"|You have used \d+ iterations\."
    r"|Before you start working on the next task, please take a look at the workspace\."
    r"|Based on these messages, generate a 2-4 word title .*"
    r"|You are a helpful assistant that generates short, descriptive titles\.",
    re.DOTALL,
).fullmatch
"""What Rovo Dev says in the place of the user."""


class RovoDevParser(OneThread):
    tool, schema = TOOL, "rovodev-json-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by a history of messages made of parts, or by what is said of a session in the file for that."""
        history = objects(sample.document, "message_history")
        ours = sum(1 for message in history if "parts" in message and not {"kind", "role"}.isdisjoint(message))
        if ours * 2 > len(history):
            return Match(90, "the messages of Rovo Dev")
        if sample.name == METADATA and {"title", "workspace_path"} <= sample.keys:
            return Match(80, "what Rovo Dev says of a session")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        path.stat()  # A session is told by any of its files, but that one must be there.
        context = path.with_name(CONTEXT) if path.name == METADATA else path
        session = load_object(context) if context == path or context.is_file() else {}
        _learn(mapping(beside(path, METADATA)), session, to)
        to.facts.learn(session_id=path.parent.name if path.name in (CONTEXT, METADATA) else "")
        for message in items(session, "message_history"):
            _write(message if isinstance(message, dict) else {}, to)


def _learn(told: Record, session: Record, to: Transcript) -> None:
    to.facts.learn(
        session_id=text(told, "session_id") or text(session, "id", "session_id"),
        title=text(told, "title"),
        cwd=text(told, "workspace_path") or text(session, "workspace_path"),
        created=moment(told, "created_at") or moment(session, "created_at"),
        updated=moment(told, "updated_at") or moment(session, "timestamp"),
    )
    if parent := text(told, "parent_session_id") or text(mapping(told, "fork_data"), "parent_session_id"):
        to.facts.attributes["forked_from"] = parent


def _write(message: Record, to: Transcript) -> None:
    """Write a message: what happened in each of its parts, and the tokens of a response."""
    kind, made = text(message, "kind", "role") or "no kind", to.facts.made
    to.out.record(kind, message)
    usage = _usage(mapping(message, "usage"))
    to.facts.learn(model=text(message, "model_name"))
    for part in objects(message, "parts"):
        name = text(part, "part_kind", "kind")
        if handler := HANDLERS.get(name):
            usage = handler(part, message, _at(message, part, f"{kind}:{name}"), to, usage)
        else:
            to.out.skip(f"part {name}")
    to.tokens(usage, _at(message, {}, kind))
    if to.facts.made == made:
        (to.out.ignore if objects(message, "parts") else to.out.skip)(kind)


def _at(message: Record, part: Record, raw: str) -> At:
    time = moment(part, "timestamp") or moment(message, "timestamp", "created_at")
    return At(time=time or "", raw=raw, group=text(message, "id", "run_id"))


def _usage(told: Record) -> Usage:
    """Return the tokens of a response; the input is told without what came from a cache."""
    return Usage(
        input_tokens=max(0, number(told, "input_tokens", "request_tokens") or 0),
        output_tokens=max(0, number(told, "output_tokens", "response_tokens") or 0),
        cache_read_tokens=max(0, number(told, "cache_read_tokens") or 0),
        cache_write_tokens=max(0, number(told, "cache_write_tokens") or 0),
        reasoning_tokens=max(0, number(mapping(told, "details"), "reasoning_tokens") or 0),
    )


def _take_text(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    """Take words: those of the model, or in messages of a role also those of the user."""
    words = text(part, "content", "text")
    if text(message, "role") == "user":
        to.user(words, at)
        return usage
    is_said = to.agent(words, at, usage=usage, model=text(message, "model_name"))
    return Usage() if is_said else usage


def _take_prompt(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    content = part.get("content") or ""
    blocks = [_block(each) for each in content] if isinstance(content, list) else content
    words = joined(blocks)
    (to.system if _INJECTED(words.strip()) else to.user)(words, at)
    return usage


def _block(each: Any) -> Any:
    """Return a piece of a prompt as a block that has the usual names: pydantic-ai says `image-url` and `binary`."""
    kind = text(each, "kind")
    if kind == "binary":
        return {"type": "image" if text(each, "media_type").startswith("image/") else "file", **each}
    return {"type": kind.removesuffix("-url"), **each} if kind.endswith("-url") else each


def _take_thought(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    to.thinking(text(part, "content", "text"), at)
    return usage


def _take_call(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    name, arguments = text(part, "tool_name", "name"), unquoted(part.get("args", part.get("input")))
    if "invoke_tool" in name and (inner := text(arguments, "tool_name")):
        name, arguments = inner, mapping(arguments, "tool_input")
    made = _action(name, arguments)
    to.call(name, arguments, at, text(part, "tool_call_id", "id"), action=made, content=_shown(name, made, arguments))
    return usage


def _take_result(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    """Take what a tool gave back, or why a call was refused; a refused answer is a notice to the model."""
    content, call_id, name = part.get("content"), text(part, "tool_call_id"), text(part, "tool_name")
    is_refused = text(part, "part_kind") == "retry-prompt"
    words = joined(content or "", "text", "content", "msg")
    if is_refused and not name:
        to.system(words, at)
        return usage
    facts = None if words or not content else Content(blocks=(Json(data=content),))
    is_error = is_refused or text(part, "outcome") in ("failed", "denied")
    to.result(words, at, call_id, name=name, is_error=is_error, content=facts)
    return usage


def _leave(part: Record, message: Record, at: At, to: Transcript, usage: Usage) -> Usage:
    """Leave out the instructions of Rovo Dev itself: they are the same in each session and say nothing of it."""
    return usage


def _action(name: str, arguments: Any) -> Action:
    """Return what a call does."""
    path = text(arguments, "file_path", "path") or "unknown"
    match name:
        case "open_files":
            return FileRead(path=next(iter(_paths(arguments)), path))
        case "expand_code_chunks":
            return FileRead(path=path)
        case "create_file":
            return FileCreate(path=path)
        case "find_and_replace_code":
            return FileEdit(path=path, diff=unified(text(arguments, "find"), text(arguments, "replace")) or None)
        case "grep" | "grep_file_content" | "grep_file_paths":
            return CodeSearch(query=text(arguments, "content_pattern", "pattern", "path_glob"))
        case "expand_folder":
            return FileSearch(pattern=text(arguments, "folder_path", "path") or "*")
    return usual(name, arguments)


def _shown(name: str, made: Action, arguments: Any) -> Content | None:
    """Return what a call shows where that is more than its action tells."""
    if isinstance(made, FileCreate) and (words := text(arguments, "initial_content")):
        return created_content(made.path, words)
    if name == "open_files" and len(paths := _paths(arguments)) > 1:
        return Content(blocks=(Text(text="\n".join(paths)),))
    return None


def _paths(arguments: Any) -> list[str]:
    return [path for path in items(arguments, "file_paths") if isinstance(path, str) and path]


HANDLERS: Mapping[str, Callable[[Record, Record, At, Transcript, Usage], Usage]] = {
    "system-prompt": _leave,
    "user-prompt": _take_prompt,
    "text": _take_text,
    "thinking": _take_thought,
    **dict.fromkeys(("tool-call", "builtin-tool-call", "tool_use"), _take_call),
    **dict.fromkeys(("tool-return", "builtin-tool-return", "retry-prompt", "tool_result"), _take_result),
}
