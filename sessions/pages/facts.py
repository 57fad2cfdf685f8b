"""Facts about a session in few words, for its card, its header and its sidebar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sessions.fidelity import Kind
from sessions.models import Session
from sessions.pages.kinds import tool_of
from sessions.pages.texts import age, compact, counted, duration, heading, plain

MOST_KINDS = 40
"""Kinds of records that the sidebar names."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value. `moment` is set where the value is a time, `kind` names a style."""

    label: str
    value: str
    kind: str = ""
    moment: str = ""


def chips(session: Session, now: datetime) -> tuple[Fact, ...]:
    """Return what the header shows."""
    return tuple(fact for fact in _chips(session, now) if fact.value)


def _chips(session: Session, now: datetime) -> Iterator[Fact]:
    yield Fact("Model", model_name(session))
    yield Fact("Duration", duration(session.duration_seconds))
    yield Fact("Messages", f"{session.message_count:,} msgs")
    if session.files_changed:
        yield Fact("Files changed", counted(session.files_changed, "file"))
        yield Fact("Lines", f"+{session.lines_added:,} −{session.lines_removed:,}", "lines")
    if session.input_tokens or session.output_tokens:
        yield Fact("Tokens in and out", f"{compact(session.input_tokens)} in · {compact(session.output_tokens)} out")
    yield Fact("Last event", age(session.updated_at, now), "age", session.updated_at.isoformat())


def about(session: Session) -> tuple[Fact, ...]:
    """Return what the sidebar shows."""
    return tuple(fact for fact in _about(session) if fact.value)


def _about(session: Session) -> Iterator[Fact]:
    yield Fact("Started", f"{session.created_at:%Y-%m-%d %H:%M} UTC", "date", session.created_at.isoformat())
    yield Fact("Ended", f"{session.updated_at:%Y-%m-%d %H:%M} UTC", "date", session.updated_at.isoformat())
    version = f" v{heading(session.tool_version, 30)}" if session.tool_version else ""
    yield Fact("Tool", tool_of(session.tool).label + version)
    yield Fact("Provider", heading(session.provider, 40))
    yield Fact("Repository", heading(session.repo, 80))
    yield Fact("Branch", heading(session.branch, 80))
    yield Fact("Directory", plain(session.cwd[:300]), "path")
    yield from _totals(session)
    yield Fact("HAIL id", plain(session.hail_id[:120]), "path")


def _totals(session: Session) -> Iterator[Fact]:
    yield Fact("Messages", f"{session.message_count:,}")
    yield Fact("Tool calls", f"{session.tool_call_count:,}")
    yield Fact("Tasks", f"{session.task_count:,}" if session.task_count else "")
    yield Fact("Agents at once", f"{session.max_active_agents}" if session.max_active_agents > 1 else "")
    yield Fact("Tokens in", f"{session.input_tokens:,}" if session.input_tokens else "")
    yield Fact("Tokens out", f"{session.output_tokens:,}" if session.output_tokens else "")
    yield Fact("Cache read", f"{session.cache_read_tokens:,}" if session.cache_read_tokens else "")
    yield Fact("Cache written", f"{session.cache_write_tokens:,}" if session.cache_write_tokens else "")


def fidelity(session: Session) -> str:
    """Return how much of the log was understood."""
    if not session.records:
        return ""
    return not_understood(session) or f"All {counted(session.records, 'record')} of the log understood."


def not_understood(session: Session) -> str:
    """Return how much of the log was not understood; nothing when all of it was."""
    skipped = session.records_skipped
    return f"{skipped:,} of {counted(session.records, 'record')} not understood" if skipped else ""


def records(kinds: Sequence[Kind]) -> list[Fact]:
    """Return how many records of each kind the log holds, and what became of them."""
    return [Fact(plain(kind.kind), _fate(kind)) for kind in kinds[:MOST_KINDS]]


def _fate(kind: Kind) -> str:
    notes = [(kind.skipped, "not understood"), (kind.ignored, "without an event")]
    return ", ".join([f"{kind.count:,}" if kind.count else "", *(f"{n:,} {note}" for n, note in notes if n)]).strip(
        ", "
    )


def model_name(session: Session) -> str:
    """Return the model as pages show it; some logs of Codex do not name one."""
    if session.model in ("", "unknown"):
        return "codex" if session.tool == "codex" else "-"
    return heading(session.model, 60)
