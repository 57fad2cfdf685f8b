from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zstandard

from opensession.hail.actions import AgentMessage
from parsers import parse
from parsers.base import Output
from parsers.deepseek_harness import DeepSeekHarnessReader
from parsers.deepseek_harness.progress import MOST_HEARD
from parsers.discover import logs
from parsers.strand import fold
from tests.golden import FIXTURES
from tests.parsers.logs import lines


def chunk(words: str, seq: int = 0) -> dict[str, Any]:
    return {"type": "assistant/chunk", "seq": seq, "data": {"chunk": {"type": "text-delta", "text": words}}}


def read(*records: dict[str, Any]) -> tuple[DeepSeekHarnessReader, Output]:
    reader, out = DeepSeekHarnessReader(Path("session.jsonl")), Output()
    for line in lines(*records):
        reader.read(line, out)
    return reader, out


def test_it_says_nothing_while_the_agent_still_speaks() -> None:
    reader, out = read(chunk("He"), chunk("llo"))
    assert (out.events, reader.state.said_so_far) == ([], ["He", "llo"])


def test_it_remembers_only_so_much_of_a_stream() -> None:
    reader, _ = read(*[chunk("x" * (MOST_HEARD // 2 + 1)) for _ in range(4)])
    assert sum(len(piece) for piece in reader.state.said_so_far) == MOST_HEARD


def test_it_forgets_a_stream_that_became_a_message() -> None:
    message = {"type": "assistant/message", "seq": 9, "data": {"content": [{"type": "text", "text": "Hello"}]}}
    _, out = read(chunk("He"), message, {"type": "turn/end", "seq": 10, "data": {}})
    assert [event.event_id for event in out.events] == ["event-9-text"]


def test_it_counts_the_tokens_of_a_step_once() -> None:
    usage = {"inputTokens": 5, "outputTokens": 1}
    told = {"type": "assistant/chunk", "data": {"turn": 1, "step": 1, "chunk": {"type": "usage", "usage": usage}}}
    message = {"type": "assistant/message", "data": {"turn": 1, "step": 1, "content": [{"type": "text", "text": "Hi"}]}}
    late = {"type": "usage", "data": {"turn": 1, "step": 1, "usage": usage}}
    _, out = read(told, message, late)
    assert [event.attributes.get("input_tokens") for event in fold(out.events, out.amendments)] == [5]
    assert isinstance(out.events[0].action, AgentMessage)


def test_it_reads_a_log_that_is_compressed_piece_by_piece(tmp_path: Path) -> None:
    plain = FIXTURES / "deepseek-harness" / "session.jsonl"
    packed = tmp_path / "session.jsonl.zstd"
    pack = zstandard.ZstdCompressor().compress
    packed.write_bytes(b"".join(pack(line) for line in plain.read_bytes().splitlines(keepends=True)))
    assert parse(packed).events == parse(plain).events


def test_it_finds_logs_of_every_format(tmp_path: Path) -> None:
    folder = tmp_path / ".dsh" / "sessions" / "--code-shop--" / "session-1"
    folder.mkdir(parents=True)
    for name in ("session.jsonl", "session.v3.jsonl.zstd", "session.lock"):
        (folder / name).write_text(json.dumps({}))
    found = [Path(log.path).name for log in logs(tmp_path, {}, []) if log.tool == "deepseek-harness"]
    assert found == ["session.jsonl", "session.v3.jsonl.zstd"]
