"""Golden files: the expected HAIL of a fixture lies beside it as `<case>.hail.jsonl`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opensession.hail import jsonl
from opensession.hail.model import Session
from parsers import parse

FIXTURES = Path(__file__).parent / "fixtures"


def parsed(tool: str, case: str) -> Session:
    """Return the session of a fixture, its source path shortened so that it is the same on every machine."""
    session = parse(FIXTURES / tool / case, tool)
    context = session.header.context
    attributes: dict[str, Any] = dict(context.attributes)
    if "source_path" in attributes:
        attributes["source_path"] = case
    header = replace(session.header, context=replace(context, attributes=attributes))
    return replace(session, header=header)


def assert_golden(tool: str, case: str) -> None:
    """Compare with the golden file, or write it when UPDATE_GOLDEN is set: review the difference like code."""
    path = FIXTURES / tool / case
    golden = path.with_name(f"{path.stem}.hail.jsonl")
    text = jsonl.dumps(parsed(tool, case)).decode()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), f"{golden.name} differs; UPDATE_GOLDEN=1 rewrites it"
