"""What users typed into Codex, from the list that its prompt offers again: `{session_id, ts, text}` per line.

It is no log of a session, and it is not looked for; of sessions whose rollout is gone it is what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import Match, Output, Sample, Thread
from parsers.documents import load
from parsers.fields import moment, text
from parsers.jsonlines import objects
from parsers.transcript import At, Facts, Transcript, born, header

TOOL = "codex-history"
SCHEMA = "codex-history-v1"
KEYS = {"session_id", "ts", "text"}


class CodexHistoryParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the three keys that every line has, and no other."""
        is_ours = sample.records and all(record.keys() == KEYS for record in sample.records)
        return Match(90, "the prompt history of Codex") if is_ours else None

    @contextmanager
    def open(self, path: Path) -> Iterator[_History]:
        yield _History(path, _by_session(load(path)))


class _History:
    """An open history: what was typed, by session."""

    def __init__(self, path: Path, typed: dict[str, list[dict[str, Any]]]) -> None:
        self._path, self._typed = path, typed

    def threads(self) -> Mapping[str, str]:
        return {session: f"{len(typed)}" for session, typed in self._typed.items()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read what was typed in one session; see `Document.read`."""
        facts = Facts(session_id=locator, born=born(self._path))
        to = Transcript(TOOL, SCHEMA, facts, out)
        for entry in self._typed[locator]:
            out.record("prompt", entry)
            to.user(text(entry, "text"), At(time=moment(entry, "ts") or "", raw="prompt"))
        return Thread(header(TOOL, facts, self._path))


def _by_session(data: bytes) -> dict[str, list[dict[str, Any]]]:
    typed: dict[str, list[dict[str, Any]]] = {}
    for line in data.split(b"\n"):
        for entry in objects(line):
            if session := text(entry, "session_id"):
                typed.setdefault(session, []).append(entry)
    return typed
