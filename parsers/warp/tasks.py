"""The tasks of a conversation with Warp's agent: messages in Protocol Buffers, after the schema that Warp published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opensession.hail import times
from opensession.hail.actions import WebFetch, WebSearch
from parsers.protobuf import Message
from parsers.transcript import At, Transcript
from parsers.warp import tools

_PARENT, _MESSAGES = 3, 5
_SUBAGENT = 19
_TIME = 14
_DEEPEST = 16
"""Subagents of subagents that are written where they are called."""


class Tasks:
    """Writes tasks to a transcript. A task below another one is the work of a subagent and has a lane of its own."""

    def __init__(self, tasks: Iterable[Message], to: Transcript) -> None:
        self._tasks = {task.text(1) or str(at): task for at, task in enumerate(tasks)}
        self._to = to
        self._written: set[str] = set()
        self._depth = 0

    def title(self) -> str:
        """Return what the first task is about."""
        return next((task.text(2) for task in self._tasks.values() if not _parent(task)), "")

    def has_queries(self) -> bool:
        """Tell whether what the user asked stands among the messages."""
        return any(each.every(2) for task in self._tasks.values() for each in task.messages(_MESSAGES))

    def write(self) -> None:
        """Write the tasks, the subagents' where they are called; at the end those that nobody called."""
        for main in (True, False):
            for name, task in self._tasks.items():
                if name not in self._written and (not _parent(task)) == main:
                    self._task(name, task)

    def _task(self, name: str, task: Message) -> None:
        self._written.add(name)
        self._depth += 1
        is_subagent = bool(_parent(task))
        to = self._to.lane(name) if is_subagent else self._to
        if is_subagent:
            to.task_start(name, task.text(2), At(raw="task"), f"{name}-start")
        for message in task.messages(_MESSAGES):
            self._message(message, to)
        if is_subagent:
            to.task_end(name, task.text(6), At(raw="task"), f"{name}-end")
        self._depth -= 1
        if task.is_broken:
            self._to.out.record("broken task")
            self._to.out.skip("broken task")

    def _message(self, message: Message, to: Transcript) -> None:
        kind, told = message.choice(*_KINDS)
        name, handler = _KINDS.get(kind, ("unknown", None))
        to.out.record(f"message:{name}")
        is_broken = message.is_broken or told.is_broken
        if handler is None or is_broken:
            (to.out.ignore if kind in _SILENT and not is_broken else to.out.skip)(f"message:{name}")
            return
        at = At(time=_time(message.message(_TIME)), raw=f"message:{name}", group=message.text(1))
        made, skipped = to.facts.made, sum(to.out.skipped.values())
        handler(told, at, to)
        if to.facts.made == made and sum(to.out.skipped.values()) == skipped:
            to.out.ignore(f"message:{name}")
        called = told.message(_SUBAGENT).text(1) if handler is _call else ""
        if called in self._tasks and called not in self._written and self._depth < _DEEPEST:
            self._task(called, self._tasks[called])


def _parent(task: Message) -> str:
    return task.message(_PARENT).text(1)


def _time(stamp: Message) -> str:
    seconds = stamp.number(1)
    try:
        return times.from_ms(seconds * 1000 + stamp.number(2) // 1_000_000) if seconds else ""
    except OverflowError:
        return ""


def _user(told: Message, at: At, to: Transcript) -> None:
    to.facts.learn(cwd=told.message(2).message(1).text(1))
    to.user(told.text(1), at, at.group)


def _agent(told: Message, at: At, to: Transcript) -> None:
    to.agent(told.text(1), at, at.group)


def _thinking(told: Message, at: At, to: Transcript) -> None:
    to.thinking(told.text(1), at, at.group)


def _call(told: Message, at: At, to: Transcript) -> None:
    call_id = told.text(1)
    field, inner = told.choice(*range(2, 64))
    if field == tools.SERVER:
        return
    if inner.is_broken or not field:
        to.out.skip("tool_call:broken" if field else "tool_call:no tool")
        return
    for call in tools.calls(field, inner):
        to.call(call.name, call.arguments, at, call_id, at.group, call.made)


def _result(told: Message, at: At, to: Transcript) -> None:
    field, inner = told.choice(*(number for number in range(2, 64) if number != 11))
    if field == tools.SERVER:
        return
    if inner.is_broken:
        to.out.skip("tool_call_result:broken")
        return
    found = tools.result(field, inner)
    to.result(found.words, at, told.text(1), at.group, is_error=found.is_error, exit_code=found.exit_code)


def _system(told: Message, at: At, to: Transcript) -> None:
    _, inner = told.choice(1, 3, 4, 5, 6, 7, 8)
    to.system(inner.text(1), at, at.group)


def _todos(told: Message, at: At, to: Transcript) -> None:
    kind, inner = told.choice(1, 2, 3)
    if kind in (1, 2):
        to.custom("todos", "\n".join(f"- {item.text(2)}" for item in inner.messages(1)), at, at.group)


def _summary(told: Message, at: At, to: Transcript) -> None:
    if summary := told.message(1).text(1):
        to.compacted(summary, at, at.group)


def _search(told: Message, at: At, to: Transcript) -> None:
    kind, inner = told.message(1).choice(1, 2, 3)
    to.call("web_search", None, at, at.group, f"{at.group}-call", WebSearch(query=inner.text(1)))
    if kind != 1:
        pages = "\n".join(f"{page.text(2)} {page.text(1)}".strip() for page in inner.messages(2))
        to.result(pages, at, at.group, f"{at.group}-result", is_error=kind == 3)


def _fetch(told: Message, at: At, to: Transcript) -> None:
    kind, inner = told.message(1).choice(1, 2, 3)
    pages = inner.messages(1) if kind == 2 else []
    urls = [page.text(1) for page in pages] or (inner.texts(1) if kind == 1 else [])
    to.call("web_fetch", {"urls": urls}, at, at.group, f"{at.group}-call", WebFetch(url=next(iter(urls), "")))
    if kind != 1:
        shown = "\n".join(f"{page.text(2)} {page.text(1)}".strip() for page in pages)
        to.result(shown, at, at.group, f"{at.group}-result", is_error=kind == 3)


def _artifact(told: Message, at: At, to: Transcript) -> None:
    made = told.message(1).message(1)
    if url := made.text(1):
        to.custom("artifact", " ".join(filter(None, (url, made.text(2)))), at, at.group)


def _skill(told: Message, at: At, to: Transcript) -> None:
    _user(told.message(2), at, to)


def _mail(told: Message, at: At, to: Transcript) -> None:
    letters = ("\n".join(filter(None, (each.text(4), each.text(5)))) for each in told.messages(1))
    to.system("\n\n".join(letters), at, at.group)


def _model(told: Message, at: At, to: Transcript) -> None:
    to.facts.model = told.text(1) or to.facts.model


Handler = Callable[[Message, At, Transcript], None]
_KINDS: Mapping[int, tuple[str, Handler | None]] = {
    2: ("user_query", _user),
    3: ("agent_output", _agent),
    4: ("tool_call", _call),
    5: ("tool_call_result", _result),
    6: ("server_event", None),
    9: ("system_query", _system),
    10: ("update_todos", _todos),
    15: ("agent_reasoning", _thinking),
    16: ("summarization", _summary),
    17: ("code_review", None),
    18: ("update_review_comments", None),
    19: ("web_search", _search),
    20: ("web_fetch", _fetch),
    21: ("debug_output", None),
    22: ("artifact_event", _artifact),
    23: ("invoke_skill", _skill),
    24: ("messages_received_from_agents", _mail),
    25: ("model_used", _model),
    26: ("events_from_agents", None),
}
_SILENT = frozenset({6, 17, 18, 21, 26})
"""What is for Warp's own use, or repeats what stands in another message."""
