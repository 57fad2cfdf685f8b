"""Home directories to measure with: from the corpus of real logs where it is at hand, else generated."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.process import ROOT

BUILDER = ROOT.parent / "shared" / "tools" / "build_home.py"
_WORDS = ("the", "parser", "reads", "lines", "and", "yields", "events", "writer", "stores", "frames", "query", "page")


def corpus(target: Path, copies: int) -> str:
    """Lay out a home with about 17 MB of logs per copy, and say where they come from."""
    if BUILDER.exists():
        tools = ["--tool", "claude-code", "--tool", "codex"]
        subprocess.run(
            [sys.executable, BUILDER, target, *tools, "--copies", str(copies)], check=True, capture_output=True
        )
        return "real logs"
    for number in range(80 * copies):
        session(target, number, messages=60)
    return "generated logs"


def many_small(target: Path, files: int) -> None:
    for number in range(files):
        session(target, number, messages=1)


def session(home: Path, number: int, messages: int) -> Path:
    """Write one Claude Code session of `messages` rounds (about 3 KB each) and return its path."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"bench-{number}")
    path = home / ".claude" / "projects" / f"-bench-{number % 100}" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as log:
        log.writelines(json.dumps(record) + "\n" for record in _records(str(name), number, messages))
    return path


def _records(name: str, number: int, messages: int) -> Iterator[dict[str, object]]:
    chance = random.Random(number)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    for turn in range(messages):
        at = start + timedelta(seconds=20 * turn)
        call = f"toolu_{number}_{turn}"
        ask = {"role": "user", "content": f"Please look at step {turn}: {_prose(chance, 30)}"}
        use = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": f"grep -n {_prose(chance, 2)}"}}
        say = {"role": "assistant", "id": f"m{turn}", "model": "claude-bench", "content": [use]}
        got = {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call, "content": _prose(chance, 400)}],
        }
        for offset, (kind, message) in enumerate((("user", ask), ("assistant", say), ("user", got))):
            yield {
                "type": kind,
                "uuid": f"{name}-{turn}-{offset}",
                "sessionId": name,
                "timestamp": (at + timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "cwd": f"/code/project-{number % 100}",
                "version": "2.0.0",
                "message": message,
            }


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(f"{chance.choice(_WORDS)}{chance.randrange(300) or ''}" for _ in range(words))
