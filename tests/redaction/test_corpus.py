"""Real sessions hold hardly any secret: what is found in them is mostly a mistake of ours."""

from __future__ import annotations

from pathlib import Path

import parsers
from opensession.redaction.engine import Redactor
from opensession.redaction.report import Report
from opensession.redaction.walk import redacted

MOST_SECRETS_PER_MILLION_CHARACTERS = 0.5


def test_it_leaves_real_sessions_readable(corpus: Path) -> None:
    redactor, report, size = Redactor(), Report(), 0
    for tool in ("claude-code", "codex", "gemini"):
        for path in sorted((corpus / "files" / tool).rglob("*.jsonl")):
            for value in parsers.parse(path, tool).events:
                once, found = redacted(value, redactor)
                assert redacted(once, redactor)[0] is once
                report += found
            size += path.stat().st_size
    secrets = report.total - report.counts["home"]
    assert size > 10_000_000
    assert report.counts["home"] > 1_000
    assert secrets / (size / 1_000_000) < MOST_SECRETS_PER_MILLION_CHARACTERS, report
