"""Lingma: a row for each request in the table `chat_record` of `local.db`.

The full answers are encrypted elsewhere; of an answer the table holds a summary, or the error that came instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.base import Match, Sample
from parsers.database import Database
from parsers.fields import decoded, mapping, moment, text
from parsers.manysessions import ManySessions
from parsers.transcript import At, Transcript

TOOL = "lingma"
TABLE = "chat_record"
ROW = ("request_id", "chat_prompt", "summary", "error_result", "gmt_create", "extra")
_OURS = frozenset({"session_id", "request_id", "chat_prompt", "summary", "error_result", "gmt_create"})


class LingmaParser(ManySessions):
    tool, schema = TOOL, "lingma-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        is_ours = sample.columns(TABLE) >= _OURS
        return Match(96, "the table `chat_record` of Lingma") if is_ours else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Tell a change by the lengths of what was written, too: an answer comes later than its request."""
        found: dict[str, list[str]] = {}
        for row in database.rows(TABLE, "session_id", "gmt_create", "summary", "error_result"):
            told = (row["gmt_create"], *(len(text(row, key)) for key in ("summary", "error_result")))
            found.setdefault(text(row, "session_id"), []).append(str(told))
        yield from ((session, ":".join(marks)) for session, marks in found.items())

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        database.row(TABLE, "session_id", where="session_id = ?", given=(id,))
        for row in database.rows(TABLE, *ROW, where="session_id = ?", by="gmt_create, rowid", given=(id,)):
            to.out.record("chat_record", row)
            made = to.facts.made
            _request(row, to)
            if to.facts.made == made:
                to.out.ignore("empty chat_record")


def _request(row: Any, to: Transcript) -> None:
    native = text(row, "request_id")
    at = At(time=moment(row, "gmt_create") or "", raw="chat_record", group=native)
    extra = mapping(decoded(text(row, "extra")))
    to.facts.learn(created=at.time, model=text(extra, "model") or text(mapping(extra, "modelConfig"), "key"))
    to.user(text(row, "chat_prompt"), at, native and f"{native}-user")
    marks = {"is_summary": True}
    summed = At(time=at.time, raw="chat_record:summary", group=native, marks=marks)
    to.agent(text(row, "summary"), summed, native and f"{native}-summary")
    if failure := _failure(text(row, "error_result")):
        to.custom(
            "error", failure, At(time=at.time, raw="chat_record:error", group=native), native and f"{native}-error"
        )


def _failure(told: str) -> str:
    """Return the words of an error; `{}` is none."""
    value = decoded(told) if told.startswith("{") else None
    if isinstance(value, dict):
        return text(value, "message", "errorMessage", "error", "code") or (told if value else "")
    return told.strip()
