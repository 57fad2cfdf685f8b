"""The page of a session that lies elsewhere and is not stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType

from opensession.hail import extract, jsonl, model, times
from parsers.base import MAIN
from parsers.registry import TOOLS
from sessions.ingest.rows import described
from sessions.models import Session
from sessions.pages import rows
from sessions.pages.blocks import PAGE
from sessions.pages.head import SessionHead
from sessions.pages.rows import Row
from sessions.pages.separators import separated
from sessions.pages.texts import counted, plain
from sessions.pages.timeline import Window
from sessions.preview.service import Choice
from sessions.preview.source import Git, GitHub, Inline, Source

MOST_EVENTS = 500
"""Events that the page shows: there is no address to ask for more."""

SELECTION = "parser_selection_required"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which log a reader wants to see: the query string as a value."""

    remote: str = ""
    ref: str = ""
    path: str = ""
    parser_hint: str = ""

    @classmethod
    def from_query(cls, remote: str = "", ref: str = "", path: str = "", parser_hint: str = "") -> Asked:
        hint = parser_hint.strip()
        return cls(remote.strip(), ref.strip(), path.strip(), hint if hint in TOOLS else "")

    @property
    def is_complete(self) -> bool:
        return bool(self.remote and self.ref and self.path)

    @property
    def is_begun(self) -> bool:
        return bool(self.remote or self.ref or self.path)

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def json(self) -> str:
        return msgspec.json.encode(self).decode()


class Answer(Struct, frozen=True):
    """What the API said: a session, or why there is none."""

    code: str = ""
    message: str = ""
    parser_candidates: list[Choice] = []
    parser_used: str = ""
    session: msgspec.Raw | UnsetType = UNSET
    source: Source | None = None
    warnings: list[str] = []


class PreviewPage(SessionHead):
    """What the page shows of an answer. Raises HailError or ValueError where its session is none."""

    is_preview = True
    matches = None

    def __init__(self, asked: Asked, answer: Answer, now: datetime) -> None:
        self.asked, self.answer, self.now = asked, answer, now
        self.hail = None if answer.session is UNSET else jsonl.from_json(bytes(answer.session))

    @property
    def is_choice(self) -> bool:
        return self.answer.code == SELECTION

    @property
    def problem(self) -> str:
        """Why there is no session; the API has words for each reason."""
        return "" if self.hail else plain(self.answer.message[:2000]) or "The server did not say what went wrong."

    @property
    def source(self) -> str:
        """Where the log lies, in short."""
        match self.answer.source:
            case Git(remote, ref, path):
                return plain(f"{remote}@{ref}:{path}")
            case GitHub(owner, repo, ref, path):
                return plain(f"{owner}/{repo}@{ref}:{path}")
            case Inline(filename):
                return plain(filename)
        return ""

    @property
    def warnings(self) -> list[str]:
        return [plain(warning[:500]) for warning in self.answer.warnings[:100]]

    @cached_property
    def session(self) -> Session:  # type: ignore[override]  # It is made when it is asked for.
        """The row that the session would have; it is never saved."""
        hail = self._read
        context, stats = hail.header.context, hail.stats
        return Session(
            **described(hail.header) | {"title": extract.title(context, hail.events) or ""},
            created_at=times.instant(context.created_at),
            updated_at=times.instant(context.updated_at),
            duration_seconds=stats.duration_seconds,
            message_count=stats.message_count,
            tool_call_count=stats.tool_call_count,
            task_count=stats.task_count,
            files_changed=stats.files_changed,
            lines_added=stats.lines_added,
            lines_removed=stats.lines_removed,
            input_tokens=stats.total_input_tokens,
            output_tokens=stats.total_output_tokens,
        )

    @cached_property
    def span(self) -> str:
        """How much of the session is shown."""
        shown, total = len(self._shown), max(self._read.stats.event_count, len(self._read.events))
        return f"The first {shown:,} of {counted(total, 'event')}" if shown < total else counted(total, "event")

    @cached_property
    def rows(self) -> list[Row]:
        return rows.quiet(list(separated(list(self._rows()))))

    def _rows(self) -> Sequence[Row]:
        window = Window(0, len(self._shown), list(enumerate(self._shown)))
        answers = window.answers()
        folded = {number for number, _ in answers.values()}
        found = []
        for number, event in window.seen:
            if number in folded:
                continue
            row = rows.row(number, event, MAIN, f"#e-{MAIN}.{number}", PAGE)
            found.append(rows.with_result(row, answers[number][1]) if number in answers else row)
        return found

    @property
    def _shown(self) -> Sequence[model.Event]:
        return self._read.events[:MOST_EVENTS]

    @property
    def _read(self) -> model.Session:
        assert self.hail, "a refusal has no session"
        return self.hail
