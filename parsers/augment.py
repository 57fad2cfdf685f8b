"""Auggie, the CLI of Augment: a document per session, a list of exchanges.

The kinds of nodes that an exchange is made of, and what the tools of Augment are given, are known from readers of these
files and from libraries that speak Augment's protocol, both public. An exchange tells only when it was finished. What a
tool gave back stands in the exchange after that of its call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

from opensession.hail.actions import Action, CodeSearch, FileCreate, FileDelete, FileEdit, FileSearch
from opensession.hail.model import Content, Text
from parsers.base import Match, Sample
from parsers.diffs import unified
from parsers.documents import OneThread, load_object
from parsers.fields import items, joined, mapping, moment, number, objects, text, unquoted
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]
Nodes = list[tuple[int, Record]]
"""Nodes of an exchange, each with its kind."""

TOOL = "augment"


class Asked(IntEnum):
    """What the nodes of a request are."""

    TEXT = 0
    TOOL_RESULT = 1
    IMAGE = 2
    IMAGE_ID = 3
    IDE_STATE = 4
    EDIT_EVENTS = 5
    CHECKPOINT = 6
    PERSONALITY = 7
    FILE = 8
    FILE_ID = 9
    SUMMARY = 10


class Answered(IntEnum):
    """What the nodes of a response are. Its words may be told as they came, and once more all together."""

    PIECE = 0
    SUGGESTED_QUESTIONS = 1
    WHOLE = 2
    FILE_CHUNKS = 3
    SOURCES = 4
    CALL = 5
    MEMORY = 6
    CALL_BEGUN = 7
    THINKING = 8
    BILLING = 9
    TOKENS = 10


FORMATS = {1: "image/png", 2: "image/jpeg", 3: "image/gif", 4: "image/webp"}

_RETURN_CODE = re.compile(r"<return-code>\s*(-?\d{1,9})\s*</return-code>").search
_EDIT = re.compile(r"(?:old|new)_str((?:_\d{1,4})?)").fullmatch
_WRAPPED = re.compile(r"<([a-z][a-z_-]*)>.*</\1>", re.DOTALL).fullmatch
"""What Augment puts into a request, in a tag of its own."""


class AugmentParser(OneThread):
    tool, schema = TOOL, "augment-json-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by a history of exchanges."""
        history = objects(sample.document, "chatHistory")
        is_ours = "sessionId" in sample.keys and ("agentState" in sample.keys or any("exchange" in x for x in history))
        return Match(95, "a session of Auggie") if is_ours and "chatHistory" in sample.keys else None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        session = load_object(path)
        to.facts.learn(
            session_id=text(session, "sessionId"),
            title=text(session, "customTitle"),
            cwd=text(session, "workspaceRoot"),
            created=moment(session, "created"),
            updated=moment(session, "modified"),
        )
        begun = moment(session, "created") or ""
        for entry in items(session, "chatHistory"):
            _Exchange(entry if isinstance(entry, dict) else {}, begun, to).write()
            begun = ""


class _Exchange:
    """A request to the model and its response. `begun` is when the first of them was made."""

    def __init__(self, entry: Record, begun: str, to: Transcript) -> None:
        self._entry, self._told, self._to = entry, mapping(entry, "exchange"), to
        self._native = text(self._told, "request_id")
        self._ended = moment(entry, "finishedAt") or ""
        self._asked = begun or self._ended

    def write(self) -> None:
        kind, made = "exchange" if self._told else "no exchange", self._to.facts.made
        self._to.out.record(kind, self._entry)
        asked = list(_known(objects(self._told, "request_nodes"), Asked, self._to))
        answered = list(_known(objects(self._told, "response_nodes"), Answered, self._to))
        self._write_results(asked)
        if self._entry.get("isHistorySummary") is True or any(each == Asked.SUMMARY for each, _ in asked):
            self._write_summary(asked, answered)
        else:
            self._write_request(asked)
            self._write_response(answered)
        if self._to.facts.made == made:
            (self._to.out.ignore if self._told else self._to.out.skip)(kind)

    def _at(self, raw: str, is_request: bool = False) -> At:
        """Return the time of a part; that of a request is not told, but it was before the response was finished."""
        marks = {"timestamp.estimated": True} if is_request else {}
        return At(self._asked if is_request else self._ended, f"exchange:{raw}", self._native, marks)

    def _write_results(self, nodes: Nodes) -> None:
        for kind, node in nodes:
            if kind == Asked.TOOL_RESULT:
                _write_result(mapping(node, "tool_result_node"), self._at("tool_result", is_request=True), self._to)
            elif kind == Asked.IDE_STATE:
                self._to.facts.learn(cwd=_folder(mapping(node, "ide_state_node")))

    def _write_summary(self, asked: Nodes, answered: Nodes) -> None:
        told = (mapping(node, "history_summary_node") for _, node in asked)
        words = "\n".join(part for each in told if (part := text(each, "summary_text", "summary")))
        at = self._at("history_summary")
        self._to.compacted(words or self._answer(answered), at, self._named("summary"))
        self._to.tokens(_usage(answered), at, self._named("tokens"))

    def _write_request(self, nodes: Nodes) -> None:
        said = [words for kind, node in nodes if (words := _words(kind, node))]
        words = "\n".join(said) or text(self._told, "request_message")
        write = self._to.system if _WRAPPED(words.strip()) else self._to.user
        write(words, self._at("request", is_request=True), self._native)

    def _write_response(self, nodes: Nodes) -> None:
        for kind, node in nodes:
            if kind == Answered.THINKING:
                words = text(mapping(node, "thinking"), "summary", "content", "text") or text(node, "content")
                self._to.thinking(words, self._at("thinking"), self._named("thinking"))
        at, usage = self._at("response"), _usage(nodes)
        if not self._to.agent(self._answer(nodes), at, self._named("response"), usage, text(self._told, "model_id")):
            self._to.tokens(usage, at, self._named("tokens"))
        for told in _calls(nodes):
            _write_call(told, self._at("tool_use"), self._to)

    def _answer(self, nodes: Nodes) -> str:
        return _said(nodes, Answered.WHOLE) or _said(nodes, Answered.PIECE) or text(self._told, "response_text")

    def _named(self, part: str) -> str:
        return self._native and f"{self._native}-{part}"


def _known(nodes: list[Record], kinds: type[IntEnum], to: Transcript) -> Iterator[tuple[int, Record]]:
    """Yield the nodes with their kinds, and count those of a kind that is not known."""
    for node in nodes:
        kind = number(node, "type")
        if kind is not None and kind in set(kinds):
            yield kind, node
        else:
            to.out.skip(f"{kinds.__name__.lower()} node {kind}")


def _words(kind: int, node: Record) -> str:
    """Return the words of a node of a request; what stands for a picture or a file."""
    if kind == Asked.TEXT:
        return text(mapping(node, "text_node"), "content")
    if kind == Asked.IMAGE:
        return _picture(mapping(node, "image_node"))
    if kind in (Asked.IMAGE_ID, Asked.FILE, Asked.FILE_ID):
        told = mapping(node, "file_node") or mapping(node, "file_id_node") or mapping(node, "image_id_node")
        return f"Attached file: {text(told, 'file_name', 'name', 'file_id', 'image_id') or 'file'}"
    return ""


def _picture(told: Record) -> str:
    return joined({"type": "image", "data": text(told, "image_data"), "mime": FORMATS.get(number(told, "format") or 0)})


def _folder(told: Record) -> str:
    """Return the folder that the agent works in, of what the editor or the shell shows."""
    folders = objects(told, "workspace_folders")
    own = (text(each, "folder_root", "repository_root") for each in [*folders, told])
    return text(mapping(told, "current_terminal"), "current_working_directory") or next(
        (each for each in own if each), ""
    )


def _said(nodes: Nodes, wanted: Answered) -> str:
    """Return the words of the nodes of a kind, of which a piece may be blank."""
    told = (
        node.get("content") or text(mapping(node, "text_node"), "content") for kind, node in nodes if kind == wanted
    )
    return "".join(words for words in told if isinstance(words, str))


def _calls(nodes: Nodes) -> list[Record]:
    """Return the calls. One is told when it begins and again when it is complete, unless it was interrupted."""
    told = [(kind, mapping(node, "tool_use")) for kind, node in nodes]
    complete = {text(call, "tool_use_id") for kind, call in told if kind == Answered.CALL}
    begun = [call for kind, call in told if kind == Answered.CALL_BEGUN and text(call, "tool_use_id") not in complete]
    return [call for kind, call in told if kind == Answered.CALL] + begun


def _usage(nodes: Nodes) -> Usage:
    """Return the tokens of a response: a later count takes the place of an earlier one."""
    told = next((found for _, node in reversed(nodes) if (found := mapping(node, "token_usage"))), {})
    return Usage(
        input_tokens=max(0, number(told, "input_tokens") or 0),
        output_tokens=max(0, number(told, "output_tokens") or 0),
        cache_read_tokens=max(0, number(told, "cache_read_input_tokens") or 0),
        cache_write_tokens=max(0, number(told, "cache_creation_input_tokens") or 0),
    )


def _write_result(told: Record, at: At, to: Transcript) -> None:
    """Write what a tool gave back; a picture among it has no place in the words."""
    nodes = objects(told, "content_nodes")
    parts = [text(node, "text_content") or _picture(mapping(node, "image_content")) for node in nodes]
    words = "\n".join(part for part in parts if part) if nodes else text(told, "content")
    code = _RETURN_CODE(words)
    to.result(
        words,
        at,
        text(told, "tool_use_id"),
        is_error=told.get("is_error") is True,
        exit_code=int(code[1]) if code else None,
    )


def _write_call(told: Record, at: At, to: Transcript) -> None:
    name, arguments = text(told, "tool_name"), unquoted(told.get("input_json"))
    paths = [path for path in items(arguments, "file_paths") if isinstance(path, str) and path]
    shown = Content(blocks=(Text(text="\n".join(paths)),)) if name == "remove-files" and len(paths) > 1 else None
    to.call(name, arguments, at, text(told, "tool_use_id"), action=_action(name, arguments, paths), content=shown)


def _action(name: str, arguments: Any, paths: list[str]) -> Action:
    """Return what a call does."""
    path = text(arguments, "path") or "unknown"
    match name:
        case "view" if text(arguments, "type") == "directory":
            return FileSearch(pattern=path)
        case "save-file":
            return FileCreate(path=path)
        case "str-replace-editor" if text(arguments, "command") != "view":
            return FileEdit(path=path, diff=_diff(arguments) or None)
        case "remove-files":
            return FileDelete(path=next(iter(paths), "unknown"))
        case "codebase-retrieval" | "git-commit-retrieval":
            return CodeSearch(query=text(arguments, "information_request"))
        case "launch-process":
            return usual("bash", arguments)
    return usual(name, arguments)


def _diff(arguments: Any) -> str:
    """Return the diff of an edit, which may be several: their arguments are numbered."""
    told = mapping(arguments)
    ends = {found[1] for key in told if (found := _EDIT(key))}
    edits = (
        (text(told, f"old_str{end}"), text(told, f"new_str{end}")) for end in sorted(ends, key=lambda x: (len(x), x))
    )
    return "".join(unified(old, new) for old, new in edits)
