"""What the golden files of CodeBuddy cannot show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parsers import parse, parser_of, sessions
from parsers.base import DocumentParser, LineParser
from parsers.discover import tool_of
from tests.parsers.logs import write

SESSION = "6f1c0000-0000-4000-8000-000000000001"


def line(**fields: Any) -> dict[str, Any]:
    return {"sessionId": SESSION, "timestamp": 1_767_225_600_000, "providerData": {}, **fields}


def test_the_log_of_a_subagent_belongs_to_the_session_of_its_folder(tmp_path: Path) -> None:
    log = write(tmp_path / SESSION / "subagents" / "agent-1.jsonl", [line(type="message", sessionId="other")])
    parser = parser_of("codebuddy")
    assert isinstance(parser, LineParser)
    reader = parser.reader(log)
    assert (reader.strand(), reader.header().session_id) == ("agent-1", SESSION)
    assert parser.companions(tmp_path / f"{SESSION}.jsonl") == [log]


def test_the_tokens_of_a_response_are_counted_once(tmp_path: Path) -> None:
    usage = {"messageId": "m1", "rawUsage": {"prompt_tokens": 10, "completion_tokens": 2}}
    calls = [line(type="function_call", callId=f"c{at}", name="Bash", providerData=usage) for at in range(3)]
    assert parse(write(tmp_path / "s.jsonl", calls), "codebuddy").stats.total_input_tokens == 10


def conversation(folder: Path, *ids: str) -> Path:
    """Write a conversation whose messages have no files but those of the given ids that are names."""
    messages = [{"id": name, "role": "user", "type": "message"} for name in ids]
    (folder / "messages").mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps({"messages": messages}), encoding="utf-8")
    for name in ids:
        if "/" not in name:
            message = {"id": name, "role": "user", "message": f"I am {name}"}
            (folder / "messages" / f"{name}.json").write_text(json.dumps(message), encoding="utf-8")
    return folder / "index.json"


def test_the_id_of_a_message_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"id": "x", "role": "user", "message": "A secret"}', encoding="utf-8")
    log = conversation(tmp_path / "hash" / "talk", "../../../secret", "m1")
    assert len(parse(log, "codebuddy-ide").events) == 1


def test_a_list_of_conversations_leads_nowhere_else(tmp_path: Path) -> None:
    conversation(tmp_path / "talk", "m1")
    conversation(tmp_path / "hash" / "talk", "m2")
    listed = {"conversations": [{"id": "../talk"}, {"id": "talk"}], "current": "talk"}
    log = tmp_path / "hash" / "index.json"
    log.write_text(json.dumps(listed), encoding="utf-8")
    assert [session.header.session_id for session in sessions(log, "codebuddy-ide")] == ["talk"]


def test_a_new_message_marks_its_conversation_anew(tmp_path: Path) -> None:
    log = conversation(tmp_path / "hash" / "talk", "m1")
    parser = parser_of("codebuddy-ide")
    assert isinstance(parser, DocumentParser)
    with parser.open(log) as document:
        before = dict(document.threads())
        (log.parent / "messages" / "m2.json").write_text("{}", encoding="utf-8")
        log.write_text(log.read_text(encoding="utf-8") + " ", encoding="utf-8")
        assert document.threads() != before


def test_a_message_leads_to_its_conversation(tmp_path: Path) -> None:
    folder = tmp_path / ".local/share/CodeBuddyExtension/Data/VSCode/default/history/hash/talk"
    log = conversation(folder, "m1")
    assert tool_of(str(folder / "messages" / "m1.json"), tmp_path, {}) == ("codebuddy-ide", str(log))
