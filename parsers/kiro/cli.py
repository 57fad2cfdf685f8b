"""The log of the CLI: a line per message in `sessions/cli`, and beside it a document that tells of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from parsers.documents import OneThread, beside, load_lines
from parsers.fields import items, joined, mapping, moment, number, objects, placeholder, text
from parsers.kiro import tools
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]


class Turn(NamedTuple):
    """What the document tells of a turn: when it ended, and its tokens."""

    ended: str
    usage: Usage


class CliLog(OneThread):
    tool, schema = "kiro", "kiro-cli-jsonl-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        """Read the log and what lies beside it; either of both leads here."""
        log = path.with_suffix(".jsonl")
        about = mapping(beside(path, path.with_suffix(".json").name))
        _learn(about, path, to)
        if log == path or log.is_file():
            entries = list(load_lines(log, to.out))
            _Log(_turns(about), to).write(entries)
        else:
            to.out.record("session")
            to.out.ignore("session")


def _learn(about: Record, path: Path, to: Transcript) -> None:
    to.facts.learn(
        session_id=text(about, "session_id") or path.stem,
        title=text(about, "title"),
        cwd=text(about, "cwd"),
        created=moment(about, "created_at"),
        updated=moment(about, "updated_at"),
        parent_session_id=text(about, "parent_session_id"),
        model=tools.model_of(mapping(about, "session_state", "rts_model_state")),
    )


def _turns(about: Record) -> dict[str, Turn]:
    """Return the turns by their last message."""
    told = objects(mapping(about, "session_state", "conversation_metadata"), "user_turn_metadatas")
    found = ((items(turn, "message_ids"), turn) for turn in told)
    return {ids[-1]: _turn(turn) for ids, turn in found if ids and isinstance(ids[-1], str)}


def _turn(turn: Record) -> Turn:
    usage = Usage(
        input_tokens=max(0, number(turn, "input_token_count") or 0),
        output_tokens=max(0, number(turn, "output_token_count") or 0),
        cache_read_tokens=max(0, number(turn, "cache_read_input_token_count") or 0),
        cache_write_tokens=max(0, number(turn, "cache_write_input_token_count") or 0),
    )
    return Turn(moment(turn, "end_timestamp") or "", usage)


def active(entries: Sequence[Record]) -> set[int]:
    """Return the places of the entries that were not taken back."""
    chosen: list[int] = []
    for place, entry in enumerate(entries):
        kind = text(entry, "kind")
        if kind == "ResetTo" and (target := number(mapping(entry, "data"), "target_index")) is not None:
            chosen = [each for each in chosen if each < target]
        elif kind == "CancelledPrompt" and chosen and text(entries[chosen[-1]], "kind") in ("Prompt", "ToolResults"):
            chosen.pop()
        chosen.append(place)
    return set(chosen)


class _Log:
    """Writes what the entries of a log say."""

    def __init__(self, turns: Mapping[str, Turn], to: Transcript) -> None:
        self._turns, self._to = turns, to

    def write(self, entries: Sequence[Record]) -> None:
        chosen, out = active(entries), self._to.out
        for place, entry in enumerate(entries):
            kind = text(entry, "kind") or "no kind"
            out.record(kind, entry)
            if kind not in KINDS:
                out.skip(kind)
            elif place not in chosen or not self._take(kind, mapping(entry, "data")):
                out.ignore(kind)

    def _take(self, kind: str, data: Record) -> bool:
        """Write an entry, and return whether it gave an event."""
        made, native = self._to.facts.made, text(data, "message_id")
        turn = self._turns.get(native) if kind == "AssistantMessage" else None
        time = moment(mapping(data, "meta"), "timestamp") or (turn.ended if turn else "")
        KINDS[kind](self, data, At(time=time, raw=kind, group=native), turn.usage if turn else Usage())
        return self._to.facts.made > made

    def prompt(self, data: Record, at: At, usage: Usage) -> None:
        blocks = objects(data, "content")
        self._to.facts.learn(said=next((joined(block.get("data")) for block in blocks if _is_text(block)), ""))
        self._to.user("\n".join(filter(None, map(_words, blocks))), at, at.group)

    def answer(self, data: Record, at: At, usage: Usage) -> None:
        """Take an answer; its model stands with its thoughts."""
        blocks = objects(data, "content")
        thoughts = [mapping(block, "data") for block in blocks if text(block, "kind") == "thinking"]
        model = next((name for thought in thoughts if (name := text(thought, "modelId")) not in ("", "auto")), "")
        self._to.thinking(
            "\n".join(text(thought, "text") for thought in thoughts), at, at.group and f"{at.group}-thinking"
        )
        if not self._to.agent("\n".join(filter(None, map(_words, blocks))), at, at.group, usage, model):
            self._to.tokens(usage, at)
        for block in blocks:
            if text(block, "kind") == "toolUse":
                self._call(mapping(block, "data"), at)

    def _call(self, use: Record, at: At) -> None:
        name, given = text(use, "name"), tools.arguments(use.get("input"))
        self._to.call(name, given, at, text(use, "toolUseId"), action=tools.action(name, given))

    def results(self, data: Record, at: At, usage: Usage) -> None:
        """Take what tools gave back, and what the user typed while these were cancelled."""
        for block in objects(data, "content"):
            given = mapping(block, "data")
            if text(block, "kind") == "toolResult":
                told, failed = tools.result(given.get("content")), text(given, "status").lower() == "error"
                self._to.result(told.words, at, text(given, "toolUseId"), is_error=failed, exit_code=told.exit_code)
            else:
                self._to.user(_words(block), at, at.group)

    def compaction(self, data: Record, at: At, usage: Usage) -> None:
        self._to.compacted(text(data, "summary"), at)

    def cleared(self, data: Record, at: At, usage: Usage) -> None:
        self._to.custom("context_cleared", "", at)

    def reset(self, data: Record, at: At, usage: Usage) -> None:
        """What was taken back is left out; that it was gives no event."""


KINDS: Mapping[str, Callable[[_Log, Record, At, Usage], None]] = {
    "Prompt": _Log.prompt,
    "AssistantMessage": _Log.answer,
    "ToolResults": _Log.results,
    "Compaction": _Log.compaction,
    "Clear": _Log.cleared,
    "ResetTo": _Log.reset,
    "CancelledPrompt": _Log.reset,
}


def _words(block: Record) -> str:
    """Return the words of a block, or what stands for its picture."""
    if _is_text(block):
        return joined(block.get("data"))
    return placeholder({**mapping(block, "data"), "type": "image"}) if text(block, "kind") == "image" else ""


def _is_text(block: Record) -> bool:
    return text(block, "kind") == "text"
