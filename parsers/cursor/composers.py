"""A conversation of Cursor's editor, which it calls a composer: its facts and the order of its bubbles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.base import Output
from parsers.cursor.bubbles import AUTO, Bubble, Conversation, old_tools
from parsers.cursor.shelves import BUBBLE, Shelf
from parsers.fields import amount, decoded, mapping, moment, objects, text
from parsers.titles import native_title
from parsers.transcript import At, Facts, Transcript, Usage
from parsers.vscode import path_of

TOOL = "cursor"
_CONTENT = "composer.content."


def learn(composer: Mapping[str, Any], facts: Facts) -> None:
    """Take the facts of a conversation; what was known before stays."""
    name, model = text(composer, "name", "chatTitle"), text(mapping(composer, "modelConfig"), "modelName")
    updated = moment(composer, "lastUpdatedAt", "lastSendTime")
    parent = text(mapping(composer, "subagentInfo"), "parentComposerId") or text(composer, "parentComposerId")
    facts.learn(
        title=native_title(name),
        model=model if model not in AUTO else "",
        cwd=workspace_of(composer),
        created=moment(composer, "createdAt") or updated,
        updated=updated,
        parent_session_id=parent,
        git_branch=text(composer, "createdOnBranch"),
    )
    if mode := text(composer, "unifiedMode"):
        facts.attributes["mode"] = mode
    if composer.get("isAgentic") is True:
        facts.attributes["is_agentic"] = True


def workspace_of(composer: Mapping[str, Any]) -> str:
    """Return the folder that a conversation is about, where it is told."""
    told = mapping(composer, "workspaceIdentifier")
    return path_of(told.get("uri")) or path_of(told.get("configPath"))


def write(composer: dict[str, Any], native: str, shelf: Shelf, to: Transcript) -> None:
    """Write a conversation whose bubbles lie on the shelf, or in itself."""
    tools = old_tools(composer)
    bubbles = (_with_tool(bubble, tools) for bubble in _ordered(composer, native, shelf, to.out))
    Conversation(to, lambda key: _content(shelf, key)).write(bubbles)
    spent = [amount(told, "costInCents") for told in mapping(composer, "usageData").values()]
    to.totals(Usage(cost_usd=round(sum(spent) / 100, 6)), At(time=to.facts.last, raw="usageData"), "usage")


def is_empty(composer: Any) -> bool:
    """Tell whether nothing was said in a conversation that has no bubbles elsewhere."""
    return not (objects(composer, "conversation") or mapping(composer, "conversationMap"))


def _content(shelf: Shelf, key: str) -> str:
    """Return the content of a file that an edit refers to by the hash of it."""
    return shelf.raw(key if key.startswith(_CONTENT) else f"{_CONTENT}{key}").decode("utf-8", "replace")


def _with_tool(bubble: Bubble | None, tools: Mapping[str, Any]) -> Bubble | None:
    if bubble is None or "toolFormerData" in bubble or not (tool := mapping(tools, text(bubble, "bubbleId"))):
        return bubble
    return {**bubble, "toolFormerData": tool}


def _ordered(composer: dict[str, Any], native: str, shelf: Shelf, out: Output) -> Iterator[Bubble | None]:
    """Yield the bubbles in order; None for one that is kept without content. One that was undone is counted only."""
    start = f"{BUBBLE}{native}:"
    keys = dict.fromkeys(shelf.keys(start))
    inline = {text(bubble, "bubbleId") or str(at): bubble for at, bubble in enumerate(_inline(composer))}
    heads = objects(composer, "fullConversationHeadersOnly")
    listed = dict.fromkeys(head["bubbleId"] for head in heads if isinstance(head.get("bubbleId"), str))
    wanted = list(listed) or list(inline)
    named = _named(keys, wanted, start, shelf)
    used = set()
    for bubble in wanted or _by_time(keys, start, shelf):
        if (key := named.get(bubble, f"{start}{bubble}")) in keys:
            used.add(key)
            yield _bubble(shelf, key, start)
        elif bubble in inline:
            yield inline[bubble]
    for _ in keys.keys() - used:
        out.record("bubble:undone")
        out.ignore("bubble:undone")


def _inline(composer: dict[str, Any]) -> list[Bubble]:
    by_id = mapping(composer, "conversationMap")
    return objects(composer, "conversation") + [bubble for bubble in by_id.values() if isinstance(bubble, dict)]


def _named(keys: Mapping[str, None], wanted: list[str], start: str, shelf: Shelf) -> dict[str, str]:
    """Return the keys of the bubbles that lie under another name than their own."""
    if all(f"{start}{bubble}" in keys for bubble in wanted):
        return {}
    known = set(wanted)
    others = [key for key in keys if key.removeprefix(start) not in known]
    return {text(shelf.get(key), "bubbleId"): key for key in others}


def _by_time(keys: Mapping[str, None], start: str, shelf: Shelf) -> list[str]:
    """Return the bubbles of a conversation that tells no order."""
    return [key.removeprefix(start) for key in sorted(keys, key=lambda key: moment(shelf.get(key), "createdAt") or "")]


def _bubble(shelf: Shelf, key: str, start: str) -> Bubble | None:
    """Return a bubble; an empty one when it cannot be read."""
    raw = shelf.raw(key)
    value = decoded(raw) if raw and raw != b"null" else None
    if not isinstance(value, dict):
        return {} if raw and raw != b"null" else None
    return value if text(value, "bubbleId") else {**value, "bubbleId": key.removeprefix(start)}
