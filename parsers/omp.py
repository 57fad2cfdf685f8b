"""Oh My Pi: a fork of pi with titles, modes and subagents (`spec/parsers.md` 2.18)."""

from __future__ import annotations

import re
from pathlib import Path

from parsers.base import Match, Sample
from parsers.fields import text
from parsers.pi import PiFamily, Record, is_of_family, session_of
from parsers.transcript import Facts

TELLING = frozenset(
    {
        "archive",
        "credential_pin",
        "mode_change",
        "model_usage",
        "reset_boundary",
        "service_tier_change",
        "session_init",
        "title",
        "title_change",
        "ttsr_injection",
    }
)
"""Record types that pi does not write."""

_LOG = re.compile(r"\d{4}-\d\d-\d\dT[\d-]+Z?_[\w-]+")


class OmpParser(PiFamily):
    tool, schema = "omp", "omp-jsonl-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by what pi never writes: a title in the header, a model as `provider/name`, some types of records."""
        if is_of_family(sample.records):
            if any(_is_ours(record) for record in sample.records):
                return Match(92, "the session header of pi, and records that only Oh My Pi writes")
            if ".omp" in sample.path.parts:
                return Match(90, "the session header of pi, in a folder of Oh My Pi")
        return None

    def identify(self, path: Path, facts: Facts) -> None:
        """Take the parent of a subagent: its log lies in a folder that is named as the parent's log is."""
        if _LOG.fullmatch(path.parent.name):
            facts.parent_session_id = session_of(path.parent.name)


def _is_ours(record: Record) -> bool:
    kind = text(record, "type")
    if kind == "model_change":
        return bool(text(record, "model"))
    return kind in TELLING or (kind == "session" and bool(text(record, "title", "titleSource")))
