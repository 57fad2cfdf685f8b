"""A rollout of Codex: what the session is, then its items, and beside them the events that its history shows.

The shapes are those of openai/codex (`RolloutLine`, `SessionMeta`, `ResponseItem`, `EventMsg`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from handoff.native.model import Start, Written, lines, stamp
from handoff.native.turns import USER, Turn

ORIGINATOR = "opensession"


def write(turns: Sequence[Turn], start: Start, home: Path, env: Mapping[str, str]) -> Written:
    root = Path(env["CODEX_HOME"]) if env.get("CODEX_HOME") else home / ".codex"
    folder = root / "sessions" / f"{start.now:%Y}" / f"{start.now:%m}" / f"{start.now:%d}"
    path = folder / f"rollout-{start.now:%Y-%m-%dT%H-%M-%S}-{start.id}.jsonl"
    return Written(path, lines(list(_records(turns, start))), ("codex", "resume", start.id))


def _records(turns: Sequence[Turn], start: Start) -> Iterator[dict[str, object]]:
    at = stamp(start.now)
    meta: dict[str, object] = {
        "id": start.id,
        "timestamp": at,
        "cwd": start.cwd,
        "originator": ORIGINATOR,
        "cli_version": "0.0.0",
        "instructions": None,
        "source": "cli",
    }
    if start.branch:
        meta["git"] = {"branch": start.branch}
    yield {"timestamp": at, "type": "session_meta", "payload": meta}
    for turn in turns:
        yield {"timestamp": at, "type": "response_item", "payload": _item(turn)}
        yield {"timestamp": at, "type": "event_msg", "payload": _event(turn)}


def _item(turn: Turn) -> dict[str, object]:
    kind = "input_text" if turn.role == USER else "output_text"
    return {"type": "message", "role": turn.role, "content": [{"type": kind, "text": turn.words}]}


def _event(turn: Turn) -> dict[str, object]:
    if turn.role == USER:
        return {"type": "user_message", "message": turn.words, "kind": "plain"}
    return {"type": "agent_message", "message": turn.words}
