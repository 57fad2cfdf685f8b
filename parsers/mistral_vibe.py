"""Mistral Vibe: a folder per session, with its messages and what is said about it (`spec/parsers.md` 2.21).

The messages only grow, but their times and tokens are those of the whole session, which stand beside them. The first
versions kept all of it in one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opensession.hail.actions import FileEdit
from parsers.base import Match, Sample
from parsers.diffs import unified
from parsers.documents import OneThread, beside, load_lines, load_object, spread
from parsers.fields import amount, joined, mapping, moment, number, objects, text, unquoted
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript

Record = dict[str, Any]

TOOL = "mistral-vibe"
MESSAGES = "messages.jsonl"
METAS = ("meta.json", "metadata.json")
META_KEYS = frozenset({"session_id", "start_time", "environment"})
FAILED = ("<tool_error>", "<user_cancellation>", "<vibe_stop_event>")

_RETURN_CODE = re.compile(r"^return_?code: (-?[0-9]{1,9})$", re.MULTILINE).search
_MARK = re.compile(r"(<{5,} SEARCH|={5,}|>{5,} REPLACE)\s*").fullmatch


class MistralVibeParser(OneThread):
    tool, schema = TOOL, "mistral-vibe-jsonl-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by what is said of a session, or by messages with an id that are OpenAI's else."""
        metadata = mapping(sample.document, "metadata")
        if sample.keys >= META_KEYS or (metadata.keys() >= META_KEYS and "messages" in sample.keys):
            return Match(90, "what Mistral Vibe says of a session")
        ours = sum(1 for record in sample.records if _is_message(record))
        if ours * 4 > len(sample.records) * 3:
            return Match(82, "messages of Mistral Vibe")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        path.stat()  # A session is told by any of its files, but that one must be there.
        if path.suffix == ".jsonl" or path.name in METAS:
            log = path if path.suffix == ".jsonl" else path.with_name(MESSAGES)
            meta = mapping(beside(log, *METAS))
            messages = list(load_lines(log, to.out)) if log == path or log.is_file() else []
            _learn_parent(log.parent, meta, to)
        else:
            document = load_object(path)
            meta, messages = mapping(document, "metadata") or document, objects(document, "messages")
        to.out.document(meta)
        _learn(meta, to)
        start, end = moment(meta, "start_time") or "", moment(meta, "end_time") or ""
        for message, at in zip(messages, spread(start, end, len(messages)), strict=True):
            _write(message, at, to)
        _settle(meta, to)
        to.facts.learn(session_id=path.parent.name if path.name in (MESSAGES, *METAS) else "")


def _is_message(record: Record) -> bool:
    has_own_key = not {"message_id", "injected", "reasoning_content", "reasoning_message_id"}.isdisjoint(record)
    is_result = record.get("role") == "tool" and {"tool_call_id", "name"} <= record.keys()
    return text(record, "role") in ("user", "assistant", "tool") and (has_own_key or is_result) and "type" not in record


def _learn(meta: Record, to: Transcript) -> None:
    """Take the facts of the session. Its configuration may hold keys; of it the model's name alone is read."""
    config = mapping(meta, "config") or mapping(meta, "agent_config")
    to.facts.learn(
        session_id=text(meta, "session_id"),
        cwd=text(mapping(meta, "environment"), "working_directory"),
        git_branch=text(meta, "git_branch"),
        model=text(meta, "model") or _named(text(config, "active_model"), objects(config, "models")),
        created=moment(meta, "start_time"),
        updated=moment(meta, "end_time"),
    )
    if commit := text(meta, "git_commit"):
        to.facts.attributes["git_commit"] = commit


def _named(alias: str, models: list[Record]) -> str:
    """Return the model that an alias of the configuration stands for."""
    return next((text(model, "name") for model in models if text(model, "alias") == alias), "") or alias


def _learn_parent(folder: Path, meta: Record, to: Transcript) -> None:
    """Take what came before. A subagent's folder lies in that of its session; any other parent was gone on from."""
    before = text(meta, "parent_session_id")
    if folder.parent.name == "agents":
        above = mapping(beside(folder.parent, *METAS))
        to.facts.is_auxiliary = True
        to.facts.learn(parent_session_id=text(above, "session_id") or before)
    elif before:
        to.facts.attributes["continued_session_id"] = before


def _write(message: Record, at: At, to: Transcript) -> None:
    role, native = text(message, "role") or "no role", text(message, "message_id")
    to.out.record(role, message)
    made = to.facts.made
    own = moment(message, "timestamp", "created_at")
    at = At(time=own or at.time, raw=role, group=native, marks={} if own else at.marks)
    words = "\n".join(part for part in (joined(message.get("content") or ""), *_images(message)) if part)
    if role == "user":
        (to.system if message.get("injected") is True else to.user)(words, at, native)
    elif role == "assistant":
        to.thinking(text(message, "reasoning_content"), at, native and f"{native}-thinking")
        to.agent(words, at, native)
        for call in objects(message, "tool_calls"):
            _call(call, at, to)
    elif role == "tool":
        _result(message, words, at, to)
    if to.facts.made == made:
        (to.out.ignore if role in ("user", "assistant", "system") else to.out.skip)(role)


def _images(message: Record) -> Iterable[str]:
    return (joined([{"type": "image", **image}]) for image in objects(message, "images"))


def _call(call: Record, at: At, to: Transcript) -> None:
    function = mapping(call, "function")
    name, arguments = text(function, "name"), unquoted(function.get("arguments"))
    made = usual(name, arguments)
    if isinstance(made, FileEdit) and made.diff is None:
        made = FileEdit(path=made.path, diff=_replaced(text(arguments, "content")) or None)
    to.call(name, arguments, at, text(call, "id"), action=made)


def _result(message: Record, words: str, at: At, to: Transcript) -> None:
    code = _RETURN_CODE(words)
    to.result(
        words,
        at,
        text(message, "tool_call_id"),
        name=text(message, "name"),
        is_error=words.startswith(FAILED),
        exit_code=int(code[1]) if code else None,
    )


def _replaced(content: str) -> str:
    """Return the diff of an edit that was told as blocks of what to search and what to put there."""
    diffs: list[str] = []
    parts: dict[str, list[str]] = {"<": [], "=": []}
    into = ""
    for line in content.split("\n"):
        if not (mark := _MARK(line)):
            parts.get(into, []).append(line)
            continue
        if mark[1][0] == ">":
            diffs.append(unified("\n".join(parts["<"]), "\n".join(parts["="])))
            parts = {"<": [], "=": []}
        into = mark[1][0]
    return "".join(diffs)


def _settle(meta: Record, to: Transcript) -> None:
    """Take the title, unless it is the prompt cut off, and the tokens of all of the session."""
    title = text(meta, "title")
    if text(meta, "title_source") == "manual" or not to.facts.said.startswith(title.removesuffix("…")):
        to.facts.learn(title=title)
    stats = mapping(meta, "stats")
    totals: dict[str, Any] = {
        name: count
        for name, key in (("input_tokens_total", "prompt"), ("output_tokens_total", "completion"))
        if (count := number(stats, f"session_{key}_tokens") or 0) > 0
    }
    if cost := amount(stats, "session_cost", "total_cost"):
        totals["cost_usd"] = cost
    if totals:
        at = At(time=to.facts.updated, raw="stats", marks={"timestamp.estimated": True})
        to.custom("token_count", "", at, "tokens", totals)
