"""The plan that an agent keeps: the last state of its to-do list, from the calls that write it.

Shapes, from the agents' own tools: `TodoWrite` {todos: [{content, status}]}, also as lines of text (Factory Droid) and
as a Markdown check list (Roo Code); `update_plan` {plan: [{step, status}]} (Codex); `write_todos` {todos:
[{description, status}]} (Gemini CLI); `manage_todo_list` {todoList: [{id, title, status}]} (VS Code); `TaskCreate`
{subject} and `TaskUpdate` {taskId, status, addBlockedBy, addBlocks} (Claude Code), whose ids stand in the results.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from handoff.calls import given, plain
from handoff.model import COMPLETED, IN_PROGRESS, PENDING, PlanItem
from opensession.hail.actions import ToolCall, ToolResult
from opensession.hail.extract import call_id, collapse, truncate, user_text
from opensession.hail.model import Event

ITEM_BYTES = 200
MOST_ITEMS = 200
DROPPED = "dropped"

_STATES = {
    **dict.fromkeys(("completed", "complete", "done", "finished", "x"), COMPLETED),
    **dict.fromkeys(("in_progress", "inprogress", "active", "doing", "started", "_", "~", ">"), IN_PROGRESS),
    **dict.fromkeys(("cancelled", "canceled", "deleted", "dropped", "skipped", "removed"), DROPPED),
}
_LISTS = ("todos", "plan", "todoList", "todo_list", "items", "tasks", "steps")
_WORDS = ("content", "step", "title", "subject", "description", "text", "task", "name")
# Possessive and within one line: logs are hostile, and blanks that could be read in several ways would take for ever.
_LINE = re.compile(r"^[ \t]*+(?:(?:[-*+]|\d++[.)])[ \t]*+)?+\[([^\]\n]{0,20})\][ \t]*+(.+)$", re.MULTILINE)
_CREATED = re.compile(r"#(\w{1,20})")


class Item(Struct, frozen=True):
    """An item of the plan, and the event that wrote it. `id` is empty where the agent gives none."""

    words: str
    status: str
    written: str
    id: str = ""
    depends_on: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status in (PENDING, IN_PROGRESS)


class Plans:
    """Keeps the last plan of the session itself; the plans of subagents end with them."""

    kinds = (ToolCall, ToolResult)

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}

    def see(self, event: Event) -> None:
        if event.attributes.get("merged_subagent"):
            return
        if isinstance(event.action, ToolResult):
            self._name_created(event)
        elif isinstance(event.action, ToolCall) and (read := _READERS.get(plain(event.action.name))):
            read(self, event, _arguments(event))

    def items(self) -> tuple[Item, ...]:
        """Return the items in the agent's order, without those that it gave up."""
        return tuple(item for item in self._items.values() if item.status != DROPPED)

    def write(self, event: Event, arguments: Mapping[str, Any]) -> None:
        """Take a whole list, which replaces the last one unless it says that it is merged into it."""
        found = _keyed(islice(_listed(arguments, event.event_id), MOST_ITEMS))
        if found or _is_emptied(arguments):
            kept = self._items if arguments.get("merge") is True else {}
            self._items = dict(islice((kept | found).items(), MOST_ITEMS))

    def create(self, event: Event, arguments: Mapping[str, Any]) -> None:
        item = _item({**arguments, "id": ""}, event.event_id)
        if item and len(self._items) < MOST_ITEMS:
            self._items[_unnamed(event)] = item

    def update(self, event: Event, arguments: Mapping[str, Any]) -> None:
        name = _text(arguments.get("taskId"))
        item = self._items.get(name)
        if item is None:
            return
        status = _status(arguments["status"]) if "status" in arguments else item.status
        words = _words(arguments) if "subject" in arguments else item.words
        needs = _together(item.depends_on, _names(arguments.get("addBlockedBy")))
        changed = replace(item, words=words or item.words, status=status, depends_on=needs, written=event.event_id)
        self._items[name] = changed
        self._hold_back(_names(arguments.get("addBlocks")), name)

    def _hold_back(self, names: Iterable[str], until: str) -> None:
        for name in names:
            if item := self._items.get(name):
                self._items[name] = replace(item, depends_on=_together(item.depends_on, (until,)))

    def _name_created(self, event: Event) -> None:
        """Take the id that a task got from the result of the call that created it."""
        key = _unnamed(event)
        told = _CREATED.search(user_text(event)[:200]) if key in self._items else None
        if told:
            self._items[told[1]] = replace(self._items.pop(key), id=told[1])


_READERS: Mapping[str, Callable[[Plans, Event, Mapping[str, Any]], None]] = {
    **dict.fromkeys(
        ("todowrite", "updateplan", "writetodos", "managetodolist", "updatetodolist", "settodolist", "updatetodos"),
        Plans.write,
    ),
    "taskcreate": Plans.create,
    "taskupdate": Plans.update,
}


def values(items: Iterable[Item]) -> tuple[PlanItem, ...]:
    return tuple(
        PlanItem(
            depends_on=item.depends_on,
            event_id=item.written,
            id=item.id or None,
            item=item.words,
            status=item.status,
        )
        for item in items
    )


def _arguments(event: Event) -> Mapping[str, Any]:
    data = given(event)
    if isinstance(data, list):
        return {"todos": data}
    return data if isinstance(data, Mapping) else {}


def _unnamed(event: Event) -> str:
    """Return what a created task is known by until the result of its call tells its id."""
    return f"call {call_id(event) or event.event_id}"


def _keyed(items: Iterable[Item]) -> dict[str, Item]:
    """Return the items by their ids; one without an id, or with the id of another, by its place."""
    keyed: dict[str, Item] = {}
    for place, item in enumerate(items):
        keyed[item.id if item.id and item.id not in keyed else f"place {place}"] = item
    return keyed


def _is_emptied(arguments: Mapping[str, Any]) -> bool:
    """Tell whether the list is there and holds nothing, rather than something that cannot be read."""
    return any(name in arguments for name in _LISTS) and not any(arguments.get(name) for name in _LISTS)


def _listed(arguments: Mapping[str, Any], written: str) -> Iterator[Item]:
    rows = next((arguments[name] for name in _LISTS if arguments.get(name)), ())
    if isinstance(rows, str):
        rows = [{"status": state, "content": words} for state, words in _LINE.findall(rows)]
    for row in rows if isinstance(rows, list | tuple) else ():
        if isinstance(row, Mapping) and (item := _item(row, written)):
            yield item


def _item(row: Mapping[str, Any], written: str) -> Item | None:
    words = _words(row)
    if not words:
        return None
    status = COMPLETED if row.get("done") is True or row.get("completed") is True else _status(row.get("status"))
    blocked = (*_names(row.get("blockedBy")), *_names(row.get("depends_on")), *_names(row.get("dependencies")))
    return Item(words, status, written, _text(row.get("id")), tuple(dict.fromkeys(blocked)))


def _words(row: Mapping[str, Any]) -> str:
    found = (collapse(row[name]) for name in _WORDS if isinstance(row.get(name), str))
    return truncate(next(filter(None, found), ""), ITEM_BYTES)


def _status(state: object) -> str:
    name = state.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(state, str) else ""
    return _STATES.get(name, PENDING)


def _names(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value[:MOST_ITEMS]))) if isinstance(value, list | tuple) else ()


def _together(names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys((*names, *more)), MOST_ITEMS))


def _text(value: object) -> str:
    return str(value).strip()[:60] if isinstance(value, str | int) and not isinstance(value, bool) else ""
