"""Response items: what the model said, thought and called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import Action, ImageGenerate, Thinking, ToolCall, WebFetch, WebSearch
from opensession.hail.model import EMPTY, Content, text
from parsers.codex.line import ITEMS, Line, source
from parsers.codex.messages import FALLBACK, agent_said, is_injected, spoken, user_said
from parsers.codex.outputs import read_output
from parsers.codex.records import Payload, first_text, first_words, trimmed
from parsers.codex.tools import read_custom_call, read_function_call, read_local_shell

PAGE_OPENED = frozenset({"open_page", "openPage"})
FOUND_IN_PAGE = frozenset({"find_in_page", "findInPage"})


def read_message(line: Line) -> None:
    """In desktop rollouts an item is the second-best copy of a message; user texts may be the harness's."""
    speaker, is_desktop = line.payload.role, line.state.is_desktop
    if speaker not in ("user", "assistant"):
        return
    words = spoken(line.payload.content)
    origin = FALLBACK if is_desktop else None
    if words and speaker == "assistant":
        agent_said(line, words, origin)
    elif words and not (is_desktop and is_injected(words)):
        user_said(line, words, origin)


def read_reasoning(line: Line) -> None:
    parts = line.payload.summary if isinstance(line.payload.summary, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "summary_text"]
    words = "\n".join(said for said in texts if isinstance(said, str))
    if words:
        line.emit(Thinking(), text(words), source(ITEMS, "reasoning"))


def read_web_search(line: Line) -> None:
    run = line.payload.action if isinstance(line.payload.action, dict) else {}
    kind, queries = first_text(run.get("type")), _queries(run)
    pattern = first_words(run.get("pattern"))
    if found := _web_action(kind, queries, first_words(run.get("url")), pattern):
        raw_type = f"web_search_call:{kind}" if kind else "web_search_call"
        web = {"web_search.status": line.payload.status, "web_search.queries": queries, "web_search.pattern": pattern}
        semantic = {"semantic.call_id": trimmed(line.payload.id), "semantic.tool_kind": "web"}
        line.emit(*found, source(ITEMS, raw_type, **semantic, **web))


def _queries(run: dict[str, Any]) -> list[str]:
    listed = run.get("queries")
    queries = [words for one in (listed if isinstance(listed, list) else []) if (words := first_words(one))]
    query = first_words(run.get("query"))
    return [query, *queries] if query and query not in queries else queries


def _web_action(kind: str, queries: list[str], url: str, pattern: str) -> tuple[Action, Content] | None:
    if kind in PAGE_OPENED:
        return _fetched(url) if url else (ToolCall(name="web_search"), text("open_page"))
    if kind in FOUND_IN_PAGE:
        if url:
            return _fetched(url, f"\npattern: {pattern}" if pattern else "")
        return (ToolCall(name="web_search"), text(f"find_in_page: {pattern}")) if pattern else None
    if queries:
        return WebSearch(query=queries[0]), text(" | ".join(queries))
    if kind == "search":
        return None
    if url:
        return _fetched(url)
    return (ToolCall(name="web_search"), text(pattern)) if pattern else None


def _fetched(url: str, note: str = "") -> tuple[Action, Content]:
    return WebFetch(url=url), text(f"{url}{note}")


def read_image(line: Line) -> None:
    """The picture itself is base64 in the log and is left there."""
    prompt = first_words(line.record.whole().get("revised_prompt"))
    if prompt:
        call_id = first_words(line.payload.call_id, line.payload.id)
        line.add(
            ImageGenerate(prompt=prompt), EMPTY, source(ITEMS, "image_generation_call", **{"semantic.call_id": call_id})
        )


def complete(item: Payload) -> None:
    """Fill in what a few versions left out of an item: that it is a message, and the names of calls."""
    if item.type is None and isinstance(item.role, str):
        item.type = "message"
    if isinstance(item.function, dict):
        item.name = item.name or item.function.get("name")
    item.output = item.output if item.result is None else item.result


HANDLERS: Mapping[str, Callable[[Line], None]] = {
    "message": read_message,
    "reasoning": read_reasoning,
    "function_call": read_function_call,
    "tool_call": read_function_call,
    "custom_tool_call": read_custom_call,
    "local_shell_call": read_local_shell,
    "function_call_output": read_output,
    "function_result": read_output,
    "tool_result": read_output,
    "custom_tool_call_output": read_output,
    "web_search_call": read_web_search,
    "image_generation_call": read_image,
}

SILENT = frozenset(
    {
        "additional_tools",
        "agent_message",
        "compaction",
        "compaction_summary",
        "context_compaction",
        "ghost_snapshot",
        "tool_search_call",
        "tool_search_output",
    }
)
"""Items that are understood and give no event: what agents tell each other, snapshots, lists of tools."""
