"""Lines of Codex rollouts, written for one test, and what the reader makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from opensession.hail.model import Event, Header, Text
from opensession.hail.stats import Tally
from parsers.base import Output
from parsers.codex import CodexReader
from parsers.strand import fold
from tests.parsers.logs import lines

HERE = Path("/nowhere/rollout-2026-03-02T10-00-00-019d7e2f-0041-7310-951c-94020254dfc9.jsonl")

Record = dict[str, Any]


def at(second: float) -> str:
    minutes, seconds = divmod(second, 60)
    return f"2026-03-02T10:{int(minutes):02d}:{seconds:06.3f}Z"


def line(kind: str, second: float, **payload: Any) -> Record:
    return {"timestamp": at(second), "type": kind, "payload": payload}


def meta(second: float = 0, **more: Any) -> Record:
    return line("session_meta", second, **({"id": "s", "timestamp": at(second)} | more))


def event(kind: str, second: float = 1, **payload: Any) -> Record:
    return line("event_msg", second, type=kind, **payload)


def item(kind: str, second: float = 1, **payload: Any) -> Record:
    return line("response_item", second, type=kind, **payload)


def spoken(role: str, words: str, second: float = 1) -> Record:
    return item("message", second, role=role, content=[{"type": "text", "text": words}])


def call(name: str, arguments: Any, call_id: str = "c", second: float = 1) -> Record:
    return item("function_call", second, name=name, arguments=json.dumps(arguments), call_id=call_id)


def output(words: Any, call_id: str = "c", second: float = 2) -> Record:
    return item("function_call_output", second, call_id=call_id, output=words)


def read(*records: Record, path: Path = HERE) -> tuple[CodexReader, Output]:
    reader, out = CodexReader(path), Output()
    for record in lines(*records):
        reader.read(record, out)
    return reader, out


def events(*records: Record) -> list[Event]:
    _, out = read(*records)
    return fold(out.events, out.amendments)


def header(*records: Record) -> Header:
    reader, _ = read(*records)
    return reader.header()


def tally(*records: Record) -> Tally:
    _, out = read(*records)
    counts = Tally()
    for one in out.events:
        counts.add(one)
    for amendment in out.amendments:
        counts.amend(amendment.totals)
    return counts


def words(one: Event) -> str:
    return "".join(block.text for block in one.content.blocks if isinstance(block, Text))


def kinds(found: list[Event]) -> list[str]:
    return [type(one.action).__name__ for one in found]
