from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import FileEdit, FileRead, ShellCommand, SystemMessage, UserMessage
from parsers import ParseError, parse
from parsers.discover import logs

FINISHED = "2026-08-01T10:00:05Z"


def session(folder: Path, *exchanges: dict[str, Any], **told: Any) -> Path:
    history = [{"exchange": exchange, "finishedAt": FINISHED} for exchange in exchanges]
    path = folder / "s.json"
    path.write_text(json.dumps({"sessionId": "s", "agentState": {}, "chatHistory": history, **told}))
    return path


def use(kind: int, name: str, arguments: dict[str, Any], call_id: str = "c") -> dict[str, Any]:
    call = {"tool_use_id": call_id, "tool_name": name, "input_json": json.dumps(arguments)}
    return {"type": kind, "tool_use": call}


def said(path: Path) -> list[str]:
    blocks = (block for event in parse(path, "augment").events for block in event.content.blocks)
    return [block.text for block in blocks if hasattr(block, "text")]


def test_it_joins_pieces_with_the_blanks_between_them(tmp_path: Path) -> None:
    pieces = [{"type": 0, "content": piece} for piece in ("Hello", " ", "you")]
    assert said(session(tmp_path, {"response_nodes": pieces})) == ["Hello you"]


def test_it_believes_the_whole_answer_rather_than_its_pieces(tmp_path: Path) -> None:
    nodes = [{"type": 0, "content": "Hel"}, {"type": 2, "content": "Hello"}]
    assert said(session(tmp_path, {"response_nodes": nodes, "response_text": "Hello"})) == ["Hello"]


@pytest.mark.parametrize("kinds", [(7,), (5,), (7, 5)])
def test_it_tells_a_call_once(tmp_path: Path, kinds: tuple[int, ...]) -> None:
    path = session(tmp_path, {"response_nodes": [use(kind, "view", {"path": "a.py"}) for kind in kinds]})
    assert [event.action for event in parse(path, "augment").events] == [FileRead(path="a.py")]


def test_it_puts_numbered_edits_in_their_order(tmp_path: Path) -> None:
    edits = {f"{side}_str_{place}": f"{side}{place}" for place in (10, 2, 1) for side in ("old", "new")}
    path = session(tmp_path, {"response_nodes": [use(5, "str-replace-editor", {"path": "a.py", **edits})]})
    (event,) = parse(path, "augment").events
    assert isinstance(event.action, FileEdit)
    assert [line for line in (event.action.diff or "").split("\n") if line.startswith("+")] == [
        "+new1",
        "+new2",
        "+new10",
    ]


def test_it_takes_the_exit_code_from_the_exchange_that_follows(tmp_path: Path) -> None:
    result = {"tool_use_id": "c", "content": "<return-code>\n2\n</return-code>", "is_error": True}
    first = {"response_nodes": [use(5, "launch-process", {"command": "make"})]}
    path = session(tmp_path, first, {"request_nodes": [{"type": 1, "tool_result_node": result}]})
    assert parse(path, "augment").events[0].action == ShellCommand(command="make", exit_code=2)


@pytest.mark.parametrize(
    ("words", "kind"),
    [("<supervisor>\nGo on.\n</supervisor>", SystemMessage), ("<b>Go</b> on.", UserMessage), ("Go on.", UserMessage)],
)
def test_it_tells_the_user_from_what_was_put_in(tmp_path: Path, words: str, kind: type) -> None:
    (event,) = parse(session(tmp_path, {"request_message": words}), "augment").events
    assert type(event.action) is kind


def test_it_gives_only_the_answer_a_true_time(tmp_path: Path) -> None:
    exchange = {"request_message": "Hi", "response_text": "Hello"}
    path = session(tmp_path, exchange, exchange, created="2026-08-01T10:00:00Z")
    times = [(event.timestamp[14:19], "timestamp.estimated" in event.attributes) for event in parse(path).events]
    assert times == [("00:00", True), ("00:05", False), ("00:05", True), ("00:05", False)]


def test_it_says_so_when_the_document_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"sessionId":"s","chatHistory":[{"exch')
    with pytest.raises(ParseError, match="is no JSON"):
        parse(path, "augment")


def test_it_finds_the_sessions_of_a_home(tmp_path: Path) -> None:
    folder = tmp_path / ".augment" / "sessions"
    folder.mkdir(parents=True)
    path = session(folder, {"request_message": "Hi"})
    assert [log.path for log in logs(tmp_path, {}, []) if log.tool == "augment"] == [str(path)]
