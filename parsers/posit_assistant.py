"""Posit Assistant, also known as Databot: a folder per conversation, and in it one for each subagent.

`conversation.json` is the tree of its turns, of which one branch is active; `lm-messages.jsonl` holds the messages that
the turns name, in the shape of the AI SDK; `usage-events.jsonl` the tokens of what was asked besides. The source of the
agent is not public: the facts are from such files, and from what AgentsView documents and tests of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opensession.hail import times
from parsers.base import MAIN, OF_SUBAGENT, Match, Output, ParseError, Sample, Thread
from parsers.documents import beside, load_lines, load_object
from parsers.fields import items, joined, mapping, moment, number, objects, placeholder, text
from parsers.transcript import At, Facts, Transcript, Usage, born, header

Record = dict[str, Any]

TOOL = "posit-assistant"
SCHEMA = "posit-assistant-json-v3"
TREE, MESSAGES, USAGE = "conversation.json", "lm-messages.jsonl", "usage-events.jsonl"
WORKSPACE, INDEX, SUBAGENTS = "workspace.json", "index.json", "subagents"
MAX_DEPTH = 4
"""Of subagents inside of each other that are looked for."""

DENIED = "execution-denied"
_SILENT = frozenset({"tool-approval-request", "tool-approval-response", "redacted-reasoning", "source"})
_NEVER = "9999-12-31T23:59:59Z"
_ROLES = frozenset({"user", "assistant", "tool", "system"})
_SUMMARY, _SUMMARY_END = "<MESSAGESUMMARY>", "</MESSAGESUMMARY>"


class PositAssistantParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the tree of a conversation, by its messages, or by the lists that lie above."""
        if {"schemaVersion", "root", "messages"} <= sample.keys and _is_tree(sample.document):
            return Match(92, "a conversation of Posit Assistant")
        if sample.name == INDEX and sample.keys == {"conversations", "schemaVersion"}:
            return Match(80, "the list of a workspace's conversations, as Posit Assistant keeps it")
        if sample.name == WORKSPACE and sample.keys == {"path", "createdAt"}:
            return Match(70, "the path of a workspace of Posit Assistant")
        if any(_is_message(record) for record in sample.records):
            is_sure = any(_metadata(record) for record in sample.records)
            return Match(95 if is_sure else 85, "messages of Posit Assistant")
        if any(_is_usage(record) for record in sample.records):
            return Match(90, "tokens that Posit Assistant spent besides its messages")
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Conversations]:
        path.stat()  # A conversation is told by any of its files, but that one must be there.
        yield _Conversations(path)


def _is_tree(document: Any) -> bool:
    turns = objects(document, "messages")
    return "timestamp" in mapping(document, "root") and all("lmMessageIds" in turn for turn in turns[:8])


def _is_message(record: Record) -> bool:
    is_bare = record.keys() == {"id", "message"} and number(record, "id") is not None
    return is_bare and text(mapping(record, "message"), "role") in _ROLES


def _is_usage(record: Record) -> bool:
    return record.get("type") == "usage" and {"kind", "modelId", "cacheReadTokens", "totalTokens"} <= record.keys()


def _metadata(record: Record) -> Record:
    """Return what the assistant noted of a message: its time, its model, its tokens."""
    return mapping(record, "message", "providerOptions", "providerMetadata", "positai")


class _Conversations:
    """An open conversation and those of its subagents."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = _root_of(path.parent) if path.name in (TREE, MESSAGES, USAGE) else None
        self._subagents = {folder.name: folder for folder in _inside(self._root)} if self._root else {}

    def threads(self) -> Mapping[str, str]:
        """Return the conversation and its subagents; see `Document.threads`."""
        return dict.fromkeys(["", *(f"{OF_SUBAGENT}{name}" for name in self._subagents)], "")

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if locator not in self.threads():
            raise ParseError(self._path, 0, f"has no subagent {locator}")
        facts = Facts(born=born(self._path))
        to = Transcript(TOOL, SCHEMA, facts, out)
        subagent = locator.removeprefix(OF_SUBAGENT)
        if self._root is None:
            _write_alone(self._path, to)
            return Thread(header(TOOL, facts, self._path))
        _write_folder(self._subagents[subagent] if subagent else self._root, to)
        facts.learn(cwd=text(beside(self._root, WORKSPACE), "path"))
        if subagent:
            facts.session_id = _id_of(self._root)
        return Thread(header(TOOL, facts, self._path, self._root.name), subagent or MAIN)


def _root_of(folder: Path) -> Path:
    """Return the folder of the conversation that a subagent's folder belongs to."""
    for _ in range(MAX_DEPTH):
        above = folder.parent.parent
        if folder.parent.name != SUBAGENTS or not (above / TREE).is_file():
            break
        folder = above
    return folder


def _inside(folder: Path, depth: int = MAX_DEPTH) -> Iterator[Path]:
    """Yield the folders of the subagents of a conversation, and of theirs."""
    for tree in sorted(folder.glob(f"{SUBAGENTS}/*/{TREE}")) if depth else ():
        if not (tree.is_symlink() or tree.parent.is_symlink()):
            yield tree.parent
            yield from _inside(tree.parent, depth - 1)


def _id_of(folder: Path) -> str:
    return text(mapping(beside(folder / TREE, TREE), "root"), "id") or folder.name


def _write_alone(path: Path, to: Transcript) -> None:
    """Write what a file says that lies in no folder of a conversation, or above one."""
    if path.suffix == ".jsonl":
        lines = list(load_lines(path, to.out))
        _Conversation(to, [line for line in lines if _is_usage(line)]).write(
            {}, [line for line in lines if not _is_usage(line)]
        )
        return
    document = load_object(path)
    if "root" in document:
        _Conversation(to, []).write(document, [])
        return
    to.facts.learn(cwd=text(document, "path"), created=moment(document, "createdAt"))
    to.out.document(document)
    for kind in ["conversation"] * len(items(document, "conversations")) or ["workspace"]:
        to.out.record(kind)
        to.out.ignore(kind)


def _write_folder(folder: Path, to: Transcript) -> None:
    tree = load_object(folder / TREE) if (folder / TREE).is_file() else {}
    messages, spent = (_lines(folder / name, to.out) for name in (MESSAGES, USAGE))
    _Conversation(to, spent).write(tree, messages)


def _lines(path: Path, out: Output) -> list[Record]:
    return list(load_lines(path, out)) if path.is_file() and not path.is_symlink() else []


class _Conversation:
    """Writes what happened in one conversation. `spent` are the records of tokens that no message has."""

    def __init__(self, to: Transcript, spent: list[Record]) -> None:
        self.to = to
        self._spent = sorted(spent, key=_moment)[::-1]

    def write(self, tree: Record, messages: list[Record]) -> None:
        """Write the messages of the active branch, in order; without a tree all of them."""
        root = mapping(tree, "root")
        _learn(root, self.to.facts)
        told = self._by_id(messages)
        turns = objects(tree, "messages") if tree else [{"lmMessageIds": list(told)}]
        for turn in turns:
            if turn.get("isActive") is not False:
                self._turn(turn, told)
        for _ in told:
            self.to.out.ignore("abandoned branch")
        self._spend(_NEVER)
        _learn_model(mapping(root, "metadata", "model"), self.to.facts)

    def _by_id(self, messages: list[Record]) -> dict[int, Record]:
        """Return the messages by their number. One that was written twice counts as it was written last."""
        told: dict[int, Record] = {}
        for message in messages:
            self.to.out.record(text(mapping(message, "message"), "role") or "no role", message)
            key = number(message, "id")
            if key is None:
                self.to.out.skip("no id")
                continue
            if key in told:
                self.to.out.ignore("replaced message")
            told[key] = message
        return told

    def _turn(self, turn: Record, told: dict[int, Record]) -> None:
        began = moment(turn, "timestamp") or ""
        for place, key in enumerate(items(turn, "lmMessageIds")):
            message = told.pop(key, None) if isinstance(key, int) else None
            if message is None:
                self.to.out.record("missing message")
                self.to.out.skip("missing message")
                continue
            time = moment(_metadata(message), "timestamp") or ("" if place else began)
            if time:
                self._spend(time)
            self._message(message, At(time=time, group=text(turn, "id")), f"message-{key}")

    def _message(self, record: Record, at: At, native: str) -> None:
        message, noted = mapping(record, "message"), _metadata(record)
        role, content = text(message, "role"), message.get("content")
        if role == "user":
            self.to.user(joined(content), replace(at, raw=role), native)
        elif role == "system":
            self.to.system(joined(content), replace(at, raw=role), native)
        elif role in _ROLES:
            _learn_model(noted, self.to.facts)
            self._answer(role, content, noted, at, native)
        else:
            self.to.out.skip(f"role:{role or 'none'}")

    def _answer(self, role: str, content: Any, noted: Record, at: At, native: str) -> None:
        """Write what the model said and did, or what a tool gave back, with the tokens of the response."""
        usage, model = _usage(mapping(noted, "usage")), text(noted, "modelId")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects({"": content}, "")
        for block in blocks:
            kind = text(block, "type")
            where = replace(at, raw=f"{role}:{kind}")
            if kind == "text":
                if self.to.agent(_spoken(text(block, "text")), where, native, usage, model):
                    usage = None
            else:
                self._block(kind, block, where, native)
        if usage:
            marks = {"model": model} if model else {}
            self.to.tokens(usage, replace(at, raw=role, marks=marks), f"{native}-tokens")

    def _block(self, kind: str, block: Record, at: At, native: str) -> None:
        if kind == "reasoning":
            self.to.thinking(text(block, "text"), at, f"{native}-thinking")
        elif kind == "tool-call":
            given = block.get("input", block.get("args"))
            self.to.call(text(block, "toolName"), given, at, text(block, "toolCallId"))
        elif kind == "tool-result":
            self._result(block, at)
        elif shown := placeholder(_with_kind(block)):
            self.to.agent(shown, at, native)
        else:
            (self.to.out.ignore if kind in _SILENT else self.to.out.skip)(f"block:{kind or 'none'}")

    def _result(self, block: Record, at: At) -> None:
        output = block.get("output", block.get("result"))
        kind = text(output, "type")
        value = output["value"] if isinstance(output, dict) and kind and "value" in output else output
        self.to.result(
            _words(value) if kind != DENIED else text(output, "reason") or "denied",
            at,
            text(block, "toolCallId"),
            name=text(block, "toolName"),
            is_error=kind.startswith("error") or kind == DENIED or block.get("isError") is True,
            exit_code=number(value, "exitCode", "exit_code"),
        )

    def _spend(self, until: str) -> None:
        """Write the tokens that were spent up to a time."""
        while self._spent and _moment(self._spent[-1]) <= times.key(until):
            record = self._spent.pop()
            kind, model = text(record, "kind") or "no kind", text(record, "modelId")
            self.to.out.record(f"usage:{kind}", record)
            at = At(
                time=moment(record, "timestamp") or "",
                raw=f"usage:{kind}",
                group=text(record, "anchorMessageId"),
                marks={"model": model} if model else {},
            )
            if usage := _usage(record):
                self.to.tokens(usage, at)
            else:
                self.to.out.ignore(f"usage:{kind}")


def _learn(root: Record, facts: Facts) -> None:
    noted = mapping(root, "metadata")
    facts.learn(
        session_id=text(root, "id"),
        title=text(root, "title", "summary") or text(noted, "task"),
        created=moment(root, "timestamp"),
        git_branch=text(noted, "gitBranch"),
        parent_session_id=text(noted, "parentTreeId"),
    )


def _learn_model(told: Record, facts: Facts) -> None:
    """Take the model, and who serves it unless that is Posit, which serves those of several makers."""
    provider = text(told, "providerId")
    facts.learn(model=text(told, "modelId", "id"), provider=provider if provider != "positai" else "")


def _usage(told: Record) -> Usage | None:
    usage = Usage(
        input_tokens=number(told, "inputTokens") or 0,
        output_tokens=number(told, "outputTokens") or 0,
        cache_read_tokens=number(told, "cacheReadTokens") or 0,
        cache_write_tokens=number(told, "cacheWriteTokens") or 0,
        reasoning_tokens=number(told, "reasoningTokens") or 0,
    )
    return usage if usage.attributes() else None


def _moment(record: Record) -> str:
    """Return what orders records of tokens by time. One without a time comes last."""
    return times.key(moment(record, "timestamp") or _NEVER)


def _spoken(words: str) -> str:
    """Return what the model said without the line of summary that it adds for the assistant."""
    first, *rest = words.split(_SUMMARY)
    return first + "".join(part.partition(_SUMMARY_END)[2] for part in rest)


def _words(value: Any) -> str:
    """Return what a tool gave back in words: text, the texts of blocks, other values as JSON."""
    if isinstance(value, str):
        return value
    blocks = objects({"": value}, "")
    if blocks and all("type" in block for block in blocks):
        return joined([_with_kind(block) for block in blocks])
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _with_kind(block: Record) -> Record:
    """Return a block of bytes under the name that says what they are: the AI SDK had several over time."""
    kind, mime = text(block, "type"), text(block, "mediaType")
    if kind not in ("media", "image-data", "file-data", "file") or not mime:
        return block
    return block | {"type": "image" if mime.startswith("image/") else "file"}
