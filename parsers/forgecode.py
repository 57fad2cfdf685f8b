"""ForgeCode: a table of conversations, with all messages of one in a JSON document (`spec/parsers.md` 2.22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from opensession.hail.actions import Action, FileEdit
from parsers.base import Match, Sample
from parsers.database import Database
from parsers.diffs import unified
from parsers.fields import amount, decoded, items, mapping, moment, number, objects, placeholder, text, unquoted
from parsers.manysessions import ManySessions
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

TOOL = "forgecode"
ROW = ("conversation_id", "title", "context", "created_at", "updated_at", "metrics", "cwd", "parent_id")
USUAL = {"remove": "delete", "fs_remove": "delete", "sem_search": "codebase_search"}
"""Tools of Forge by the names that most agents have for them."""

_TASK = re.compile(r"\s*<(task|feedback)>(.*?)</\1>", re.DOTALL).match
"""How Forge wraps the user's words, with the date and the like behind them."""

_EXIT_CODE = re.compile(r"\s*<shell_output\b[^>]*\bexit_code=\"(-?\d{1,9})\"").match


class ForgeCodeParser(ManySessions):
    tool, schema = TOOL, "forgecode-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        is_ours = sample.columns("conversations") >= {"conversation_id", "workspace_id", "context"}
        return Match(98, "the conversations of ForgeCode") if is_ours else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out conversations in which nothing was said."""
        told = ("conversation_id", "updated_at", "title", "metrics")
        for row in database.rows("conversations", *told, where="context IS NOT NULL"):
            yield text(row, "conversation_id"), f"{row['updated_at']}:{row['title']}:{row['metrics']}"

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        row = database.row("conversations", *ROW, where="conversation_id = ?", given=(id,))
        context = decoded(row["context"]) if isinstance(row["context"], str | bytes) else None
        metrics = decoded(row["metrics"]) if isinstance(row["metrics"], str | bytes) else None
        to.facts.learn(
            title=text(row, "title"),
            cwd=text(row, "cwd"),
            created=moment(row, "created_at") or moment(metrics, "started_at"),
            updated=moment(row, "updated_at"),
            parent_session_id=text(row, "parent_id"),
        )
        if row["context"] and not isinstance(context, dict):
            to.out.record("context")
            to.out.skip("broken context")
        messages = items(context, "messages")
        for place, entry in enumerate(messages, 1):
            _entry(entry, to.facts.updated if place == len(messages) else "", to)


def _entry(entry: Any, latest: str, to: Transcript) -> None:
    """Read a message: a value under the name of its kind, in newer versions beside what it used."""
    told = mapping(entry, "message") or mapping(entry)
    kind = next((kind for kind in KINDS if isinstance(told.get(kind), dict)), "")
    to.out.record(f"message:{kind or 'unknown'}", told.get(kind))
    if not kind:
        to.out.skip("message:unknown")
        return
    value = mapping(told, kind)
    own = moment(value, "timestamp")
    marks = {} if own or not latest else {"timestamp.estimated": True}
    KINDS[kind](value, At(time=own or latest, raw=kind, marks=marks), _usage(mapping(entry, "usage")), to)


def _usage(told: dict[str, Any]) -> Usage:
    return Usage(
        input_tokens=_count(told, "prompt_tokens"),
        output_tokens=_count(told, "completion_tokens"),
        cache_read_tokens=_count(told, "cached_tokens"),
        cost_usd=amount(told, "cost"),
    )


def _count(usage: dict[str, Any], key: str) -> int:
    """Return a count of tokens, which is marked as exact or as a guess."""
    return number(mapping(usage, key), "actual", "Actual", "approx", "Approx") or number(usage, key) or 0


def _text(message: dict[str, Any], at: At, usage: Usage, to: Transcript) -> None:
    role = text(message, "role").lower()
    at = At(time=at.time, raw=f"{at.raw}:{role}", marks=at.marks)
    if role == "assistant":
        _answer(message, at, usage, to)
        return
    if role == "system":
        to.out.ignore("system prompt")
    elif role != "user":
        to.out.skip(f"text:{role or 'no role'}")
    elif message.get("droppable") is True:
        to.system(text(message, "content"), at)
    else:
        to.user(_said(message), at)
    to.tokens(usage, at)


def _said(message: dict[str, Any]) -> str:
    """Return the words as the user typed them, without what Forge put around them."""
    raw = message.get("raw_content")
    wrapped = text(message, "content")
    if words := raw if isinstance(raw, str) else text(raw, "text", "Text", "value"):
        return words
    found = _TASK(wrapped)
    return found[2] if found else wrapped


def _answer(message: dict[str, Any], at: At, usage: Usage, to: Transcript) -> None:
    parts = (text(detail, "text") for detail in objects(message, "reasoning_details"))
    to.thinking("".join(dict.fromkeys(part for part in parts if part)), at)
    model = text(message, "model")
    if not to.agent(text(message, "content"), at, usage=usage, model=model):
        to.tokens(usage, at)
    for call in objects(message, "tool_calls"):
        _call(call, at, to)


def _call(call: dict[str, Any], at: At, to: Transcript) -> None:
    name, arguments = text(call, "name"), unquoted(call.get("arguments"))
    made = _action(name, arguments)
    to.call(name, arguments, At(time=at.time, raw="text:tool_call", marks=at.marks), text(call, "call_id"), action=made)


def _action(name: str, arguments: Any) -> Action:
    made = usual(USUAL.get(name, name.removeprefix("fs_")), arguments)
    if isinstance(made, FileEdit) and made.diff is None and isinstance(arguments, dict):
        return FileEdit(path=made.path, diff=_patched(arguments) or None)
    return made if name in USUAL or name.startswith("fs_") else usual(name, arguments)


def _patched(arguments: dict[str, Any]) -> str:
    """Return the diff of a patch that replaces what it searches for."""
    old, new = arguments.get("search"), arguments.get("content")
    is_replacing = text(arguments, "operation").startswith("replace")
    return unified(old, new) if is_replacing and isinstance(old, str) and isinstance(new, str) else ""


def _tool(result: dict[str, Any], at: At, usage: Usage, to: Transcript) -> None:
    output = mapping(result, "output")
    values = [_first(value) for value in items(output, "values")]
    words = "\n".join(word for value in values if (word := _word(value)))
    found = _EXIT_CODE(words)
    to.result(
        words,
        at,
        text(result, "call_id"),
        name=text(result, "name"),
        is_error=output.get("is_error") is True,
        exit_code=int(found[1]) if found else None,
        diff="".join(_changed(mapping(value, "fileDiff")) for value in values),
    )
    to.tokens(usage, at)


def _first(value: Any) -> Any:
    """Return what the model was shown: of a pair the first. Pairs may hold pairs."""
    while isinstance(value, dict) and (pair := items(value, "pair")):
        value = pair[0]
    return value


def _word(value: Any) -> str:
    if told := text(value, "text", "markdown"):
        return told
    if child := mapping(value, "ai") or mapping(value, "aI") or mapping(value, "AI"):
        return text(child, "value")
    if change := mapping(value, "fileDiff"):
        return f"Changed {text(change, 'path')}"
    return next((_shown(kind, mapping(value, kind)) for kind in ("image", "document") if mapping(value, kind)), "")


def _changed(change: dict[str, Any]) -> str:
    new = change.get("new_text")
    return unified(text(change, "old_text"), new) if isinstance(new, str) else ""


def _shown(kind: str, value: dict[str, Any]) -> str:
    return " ".join(filter(None, (placeholder(value | {"type": kind}), text(value, "filename"))))


def _image(value: dict[str, Any], at: At, usage: Usage, to: Transcript) -> None:
    to.system(_shown("image", value), at)


def _document(value: dict[str, Any], at: At, usage: Usage, to: Transcript) -> None:
    to.system(_shown("document", value), at)


KINDS: Mapping[str, Callable[[dict[str, Any], At, Usage, Transcript], None]] = {
    "text": _text,
    "tool": _tool,
    "image": _image,
    "document": _document,
}
