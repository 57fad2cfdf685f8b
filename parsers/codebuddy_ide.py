"""CodeBuddy in the editor: a folder per conversation, with a list of its messages and a file for each of them.

The folder of a workspace, named by a hash, has a list of the conversations. A message is JSON text within JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.cline.markup import tagged
from parsers.documents import beside, load_object
from parsers.fields import decoded, joined, mapping, moment, objects, placeholder, text
from parsers.transcript import At, Facts, Transcript, born, header

TOOL, SCHEMA = "codebuddy-ide", "codebuddy-ide-json-v1"
LIST, MESSAGES = "index.json", "messages"
_HIDDEN = frozenset({"step-start", "step-finish", "redacted-reasoning"})
"""Blocks that hold nothing to be read."""


class CodeBuddyIdeParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the keys of the three kinds of files."""
        keys, document = sample.keys, sample.document
        if sample.name == LIST and {"conversations", "current"} <= keys and objects(document, "conversations"):
            return Match(90, "conversations of CodeBuddy in the editor")
        listed = objects(document, "messages") if sample.name == LIST and "messages" in keys else []
        if listed and all(isinstance(each.get("id"), str) and "content" not in each for each in listed[:8]):
            return Match(85, "messages of a conversation of CodeBuddy in the editor")
        is_message = {"id", "role", "message"} <= keys and isinstance(document["message"], str)
        if is_message and sample.path.parent.name == MESSAGES:
            return Match(90, "a message of CodeBuddy in the editor")
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Folder]:
        document = load_object(path)
        if "conversations" in document:
            ids = [text(each, "id") for each in objects(document, "conversations")]
            yield _Folder(path, path.parent, [each for each in ids if _is_name(each)])
        else:
            folder = path.parent.parent if path.parent.name == MESSAGES else path.parent
            yield _Folder(path, folder.parent, [folder.name])


class _Folder:
    """The open conversations of a workspace, or one of them."""

    def __init__(self, path: Path, folder: Path, ids: list[str]) -> None:
        self._path, self._folder, self._ids = path, folder, ids

    def threads(self) -> Mapping[str, str]:
        """Return the conversations, marked by the time of their last change; see `Document.threads`."""
        return {each: _mark(self._folder / each) for each in self._ids}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if locator not in self._ids:
            raise ParseError(self._path, 0, f"holds no conversation {locator}")
        folder = self._folder / locator
        facts = Facts(session_id=locator, born=born(self._path))
        to = Transcript(TOOL, SCHEMA, facts, out)
        every = objects(beside(folder, LIST), "conversations")
        told = next((each for each in every if each.get("id") == locator), {})
        out.document(told)
        facts.learn(
            title=text(told, "name", "title"),
            created=moment(told, "createdAt"),
            updated=moment(told, "lastMessageAt", "updatedAt"),
        )
        _tell_messages(folder, to)
        return Thread(header(TOOL, facts, self._path))


def _mark(folder: Path) -> str:
    try:
        stats = [path.stat() for path in (folder / LIST, folder / MESSAGES)]
    except OSError:
        return ""
    return ":".join(f"{stat.st_mtime_ns}-{stat.st_size}" for stat in stats)


def _is_name(id: str) -> bool:
    return bool(id) and id not in (".", "..") and len(id) <= 200 and not set(id) & set("/\\\0:")


def _tell_messages(folder: Path, to: Transcript) -> None:
    for entry in objects(beside(folder / LIST, LIST), "messages"):
        name = text(entry, "id")
        told = mapping(beside(folder / MESSAGES / LIST, f"{name}.json")) if _is_name(name) else {}
        to.out.record("message", told)
        if told:
            _tell_message(entry | told, name, to)
        else:
            to.out.skip("message without its file")


def _tell_message(entry: dict[str, Any], id: str, to: Transcript) -> None:
    said = text(entry, "message")
    message = mapping(decoded(said)) or {"content": said}
    role = text(entry, "role") or text(message, "role")
    time = moment(message, "createdAt", "timestamp") or moment(entry, "createdAt", "timestamp")
    to.facts.learn(model=text(message, "model") or text(mapping(message, "extra"), "model"))
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)
    made = to.facts.made
    for block in blocks:
        kind = text(block, "type") or "text"
        _tell_block(block, kind, role, At(time=time or "", raw=f"{role}:{kind}", group=id), id, to)
    if to.facts.made == made:
        to.out.ignore("message")


def _tell_block(block: dict[str, Any], kind: str, role: str, at: At, id: str, to: Transcript) -> None:
    if kind in ("tool-call", "tool_use"):
        given = block.get("args", block.get("input"))
        to.call(text(block, "toolName", "name"), given, at, text(block, "toolCallId", "id"))
    elif kind in ("tool-result", "tool_result"):
        _tell_result(block, at, to)
    elif kind in ("reasoning", "thinking"):
        to.thinking(text(block, "text", "thinking", "reasoning"), at, f"{id}-thinking")
    elif words := text(block, "text") or placeholder(block):
        _tell_words(words, role, at, id, to)
    elif kind not in _HIDDEN and kind != "text":
        to.out.skip(f"message:{kind}")


def _tell_result(block: dict[str, Any], at: At, to: Transcript) -> None:
    given = block.get("result", block.get("output", block.get("content")))
    words = joined(given) if not isinstance(given, dict) else text(given, "value", "text", "content") or joined([given])
    is_error = block.get("isError") is True or block.get("is_error") is True
    call = text(block, "toolCallId", "tool_use_id")
    to.result(words, at, call, name=text(block, "toolName"), is_error=is_error)


def _tell_words(words: str, role: str, at: At, id: str, to: Transcript) -> None:
    """Tell words; of a user's, those in the tag of the query are typed, and what stands around them is not."""
    if role == "assistant":
        to.agent(words, at, f"{id}-text")
    elif role in ("user", "human"):
        typed = tagged(words, "user_query") or ([words] if not words.lstrip().startswith("<project_context>") else [])
        for query in typed:
            to.user(query, at, f"{id}-text")
    elif role == "tool":
        to.result(words, at)
    else:
        to.system(words, at, f"{id}-text")
