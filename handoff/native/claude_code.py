"""A session of Claude Code: one JSON object per message, each naming the one before it.

It lies below the folder that is named after the working directory; the format is not published, so this follows logs of
version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from handoff.native.model import Start, Written, lines, stamp
from handoff.native.turns import USER, Turn

VERSION = "2.0.0"
_NO_NAME = re.compile(r"[^A-Za-z0-9]")


def write(turns: Sequence[Turn], start: Start, home: Path, env: Mapping[str, str]) -> Written:
    root = Path(env["CLAUDE_CONFIG_DIR"]) if env.get("CLAUDE_CONFIG_DIR") else home / ".claude"
    path = root / "projects" / _NO_NAME.sub("-", start.cwd) / f"{start.id}.jsonl"
    return Written(path, lines(list(_records(turns, start))), ("claude", "--resume", start.id))


def _records(turns: Sequence[Turn], start: Start) -> Iterator[dict[str, object]]:
    parent = None
    for number, turn in enumerate(turns):
        name = str(uuid5(NAMESPACE_OID, f"{start.id}:{number}"))
        yield {
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": start.cwd,
            "sessionId": start.id,
            "version": VERSION,
            "gitBranch": start.branch,
            "type": turn.role,
            "message": _message(turn, name),
            "uuid": name,
            "timestamp": stamp(start.now),
        }
        parent = name


def _message(turn: Turn, name: str) -> dict[str, object]:
    if turn.role == USER:
        return {"role": USER, "content": turn.words}
    return {
        "id": f"msg_{name.replace('-', '')[:24]}",
        "type": "message",
        "role": turn.role,
        "model": "<synthetic>",
        "content": [{"type": "text", "text": turn.words}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
