"""Handoffs as text, one function per format. `json` and its like are the v2 object; `markdown` is for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from handoff.markup import block, code, line, printable
from handoff.model import CheckRun, Evidence, PlanItem, Step, Summary
from opensession.hail import times
from opensession.hail.extract import duration_text, truncate

NONE = "_(none)_"
MESSAGE_BYTES = 150


def v2(summary: Summary) -> dict[str, Any]:
    """Return the v2 object, its keys in alphabetical order at every level."""
    document: dict[str, Any] = msgspec.to_builtins(summary, order="sorted")
    return document


def json(summaries: Sequence[Summary]) -> str:
    """Return a pretty array, without a line break at its end."""
    return msgspec.json.format(msgspec.json.encode(summaries, order="sorted"), indent=2).decode()


def jsonl(summaries: Iterable[Summary]) -> str:
    """Return one object per line."""
    return "".join(f"{_compact(summary)}\n" for summary in summaries)


def stream(summaries: Iterable[Summary], now: str) -> str:
    """Return one envelope per line, stamped with the HAIL time stamp `now`."""
    return "".join(f"{_envelope(summary, now)}\n" for summary in summaries)


def _envelope(summary: Summary, now: str) -> str:
    # The envelope has a fixed order of its own, the object inside is sorted: so they are encoded apart.
    data = msgspec.Raw(msgspec.json.encode(summary, order="sorted"))
    stats = summary.stats
    tokens = _tokens(stats.total_input_tokens + stats.total_output_tokens)
    envelope = {
        "version": "0.1",
        "type": "session_summary",
        "@message": f"{summary.tool} session ({duration_text(summary.duration_seconds)}, {tokens})",
        "@timestamp": times.offset_form(now),
        "data": data,
    }
    return msgspec.json.encode(envelope).decode()


def _compact(summary: Summary) -> str:
    return msgspec.json.encode(summary, order="sorted").decode()


def _tokens(count: int) -> str:
    return f"{count} tokens" if count < 1000 else f"{count / 1000:.1f}K tokens"


HEADINGS = ("# Session Handoff", "# Merged Session Handoff")
"""How the Markdown of one session begins, and that of several."""


def markdown(summaries: Sequence[Summary]) -> str:
    """Return the handoff as Markdown; several sessions stand one after the other, in the order given."""
    if len(summaries) == 1:
        return printable("\n".join(_single(*summaries)).rstrip("\n") + "\n")
    return printable("\n".join(_merged(summaries)) + "\n")


def _single(summary: Summary) -> Iterator[str]:
    yield from (HEADINGS[0], "")
    yield from _sections(summary)


def _merged(summaries: Sequence[Summary]) -> Iterator[str]:
    total = duration_text(sum(summary.duration_seconds for summary in summaries))
    yield from (HEADINGS[1], "", f"**Sessions:** {len(summaries)} | **Total Duration:** {total}", "")
    for number, summary in enumerate(summaries, 1):
        yield from ("---", "", f"## Session {number} — {line(summary.session_id)}", "")
        yield from _sections(summary)


def _sections(summary: Summary) -> Iterator[str]:
    for heading, body in SECTIONS.items():
        lines = list(body(summary))
        yield f"## {heading}"
        yield from lines or [NONE]
        # An empty list of conversations is followed by the next heading at once; a full one ends itself.
        if body is not _conversations:
            yield ""


def _objective(summary: Summary) -> Iterator[str]:
    yield line(summary.headline)


def _current_state(summary: Summary) -> Iterator[str]:
    stats, contract = summary.stats, summary.execution_contract
    yield line(f"- **Tool:** {summary.tool} ({summary.model})")
    yield f"- **Duration:** {duration_text(summary.duration_seconds)}"
    yield f"- **Messages:** {stats.message_count} | Tool calls: {stats.tool_call_count} | Events: {stats.event_count}"
    yield from _titled("- **Done:**", contract.done_definition)
    yield from _titled("- **Execution Timeline (ordered):**", map(_step, contract.ordered_steps))
    yield from _titled("- **Plan:**", map(_planned, summary.plan))


def _step(step: Step) -> str:
    started, completed = step.started_at or "?", step.completed_at or "-"
    needs = f" deps=[{', '.join(step.depends_on)}]" if step.depends_on else ""
    name = f"[{step.sequence}] {code(step.title)} [{step.work_package_id}]"
    return f"{name} status={step.status} start={started} done={completed}{needs}"


def _planned(item: PlanItem) -> str:
    return f"[{item.status}] {code(item.item)}"


def _next_actions(summary: Summary) -> Iterator[str]:
    contract = summary.execution_contract
    yield from _numbered(contract.next_actions) if contract.next_actions else [NONE]
    if contract.parallel_actions:
        yield from ("", "Parallelizable Work Packages:", *_bullets(contract.parallel_actions))


def _verification(summary: Summary) -> Iterator[str]:
    verification = summary.verification
    yield from _bullets(map(_check, verification.checks_run)) if verification.checks_run else [f"- checks_run: {NONE}"]
    yield from _titled("- required_checks_missing:", verification.required_checks_missing)


def _check(run: CheckRun) -> str:
    exit_code = "?" if run.exit_code is None else run.exit_code
    return f"[{run.status}] {code(run.command)} (exit: {exit_code}, event: {run.event_id})"


def _decisions(summary: Summary) -> Iterator[str]:
    yield from _bullets(summary.uncertainty.decision_required)
    yield from _titled("- open_questions:", summary.uncertainty.open_questions)


def _evidence(summary: Summary) -> Iterator[str]:
    return _bullets(map(_proof, summary.evidence))


def _proof(item: Evidence) -> str:
    return f"{code(item.id)} {item.claim} ({item.event_id}, {item.source_type}, {item.timestamp})"


def _conversations(summary: Summary) -> Iterator[str]:
    for number, exchange in enumerate(summary.key_conversations, 1):
        yield from (f"### {number}. User", block(exchange.user), "")
        yield from (f"### {number}. Agent", block(exchange.agent), "")


def _user_messages(summary: Summary) -> Iterator[str]:
    return _numbered(truncate(words, MESSAGE_BYTES) for words in summary.user_messages)


def _titled(title: str, items: Iterable[str]) -> Iterator[str]:
    """Return the items as a list below `title`, or nothing when there are none."""
    lines = [f"  {bullet}" for bullet in _bullets(items)]
    return iter([title, *lines] if lines else [])


def _bullets(items: Iterable[str]) -> Iterator[str]:
    return (f"- {line(item)}" for item in items)


def _numbered(items: Iterable[str]) -> Iterator[str]:
    return (f"{number}. {line(item)}" for number, item in enumerate(items, 1))


SECTIONS: Mapping[str, Callable[[Summary], Iterator[str]]] = {
    "Objective": _objective,
    "Current State": _current_state,
    "Next Actions (ordered)": _next_actions,
    "Verification": _verification,
    "Blockers / Decisions": _decisions,
    "Evidence Index": _evidence,
    "Conversations": _conversations,
    "User Messages": _user_messages,
}

# `now` matters to `stream` only.
FORMATS: Mapping[str, Callable[[Sequence[Summary], str], str]] = {
    "json": lambda summaries, now: json(summaries),
    "jsonl": lambda summaries, now: jsonl(summaries),
    "markdown": lambda summaries, now: markdown(summaries),
    "stream": stream,
    "text": lambda summaries, now: markdown(summaries),
}
