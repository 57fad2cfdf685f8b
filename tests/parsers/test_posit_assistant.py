from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parsers import ParseError, parse, sessions
from parsers.base import Output
from parsers.discover import logs, tool_of
from parsers.posit_assistant import PositAssistantParser
from tests.parsers.logs import write

Message = dict[str, Any]


def message(number: int, words: str, role: str = "user", **noted: Any) -> Message:
    told = {"role": role, "content": words, "providerOptions": {"providerMetadata": {"positai": noted}}}
    return {"id": number, "message": told}


def conversation(folder: Path, *messages: Message, turns: list[Message] | None = None) -> Path:
    write(folder / "lm-messages.jsonl", messages)
    if turns is None:
        turns = [{"id": f"t{told['id']}", "isActive": True, "lmMessageIds": [told["id"]]} for told in messages]
    tree = folder / "conversation.json"
    root = {"id": folder.name, "timestamp": 1_767_261_600_000, "metadata": {"kind": "main"}}
    tree.write_text(json.dumps({"schemaVersion": "3", "root": root, "messages": turns, "files": []}))
    return tree


def said(path: Path) -> list[str]:
    session = parse(path, "posit-assistant")
    return [event.content.blocks[0].text for event in session.events if event.content.blocks]  # type: ignore[union-attr]


def test_it_follows_the_active_branch(tmp_path: Path) -> None:
    turns: list[Message] = [{"lmMessageIds": [1]}, {"lmMessageIds": [0], "isActive": False}, {"lmMessageIds": [2]}]
    tree = conversation(tmp_path / "c1", *(message(n, f"words {n}") for n in range(3)), turns=turns)
    assert said(tree) == ["words 1", "words 2"]


def test_it_takes_the_later_of_two_messages_of_one_number(tmp_path: Path) -> None:
    assert said(
        conversation(tmp_path / "c1", message(0, "half"), message(0, "all"), turns=[{"lmMessageIds": [0]}])
    ) == ["all"]


def test_it_counts_what_the_tree_names_and_nobody_wrote(tmp_path: Path) -> None:
    tree = conversation(tmp_path / "c1", message(0, "hi"), turns=[{"lmMessageIds": [0, 7, [], True]}])
    with PositAssistantParser().open(tree) as document:
        document.read("", out := Output())
    assert (out.records, out.skipped) == (4, {"missing message": 3})


def test_it_reads_messages_without_a_tree(tmp_path: Path) -> None:
    path = write(tmp_path / "saved.jsonl", [message(0, "hi"), message(1, "hello", "assistant")])
    (session,) = sessions(path)
    assert (session.header.agent.tool, len(session.events)) == ("posit-assistant", 2)


def test_a_subagent_leads_to_its_conversation(tmp_path: Path) -> None:
    main = conversation(tmp_path / "c1", message(0, "hi"))
    child = conversation(tmp_path / "c1" / "subagents" / "a1", message(0, "look"))
    nested = conversation(child.parent / "subagents" / "a2", message(0, "look closer"))
    assert said(main) == said(child) == said(nested)
    assert [word for word in said(main) if word] == ["hi", "look", "look closer"]


def test_it_does_not_follow_links_and_knows_no_other_subagent(tmp_path: Path) -> None:
    main = conversation(tmp_path / "c1", message(0, "hi"))
    conversation(tmp_path / "c2", message(0, "secret"))
    (tmp_path / "c1" / "subagents").mkdir()
    (tmp_path / "c1" / "subagents" / "a1").symlink_to(tmp_path / "c2")
    assert said(main) == ["hi"]
    with PositAssistantParser().open(main) as document, pytest.raises(ParseError, match="subagent"):
        document.read("#../../c2", Output())


def test_it_writes_tokens_spent_besides_in_their_order(tmp_path: Path) -> None:
    times = (1_767_261_601_000, 1_767_261_603_000)
    tree = conversation(tmp_path / "c1", *(message(n, f"words {n}", timestamp=at) for n, at in enumerate(times)))
    spent = [
        {"type": "usage", "kind": "keepalive", "timestamp": at, "inputTokens": n}
        for n, at in ((9, times[1] + 1), (5, times[0] + 1))
    ]
    write(tree.parent / "usage-events.jsonl", spent)
    session = parse(tree, "posit-assistant")
    assert [event.attributes.get("input_tokens") for event in session.events] == [None, 5, None, 9]


def test_a_new_message_of_a_subagent_is_a_change_of_the_conversation(tmp_path: Path) -> None:
    folder = tmp_path / ".posit" / "assistant" / "workspaces" / "w1" / "c1"
    main = conversation(folder, message(0, "hi"))
    child = conversation(folder / "subagents" / "a1", message(0, "look"))
    before = [log for log in logs(tmp_path, {}, []) if log.tool == "posit-assistant"]
    changed = write(child.parent / "lm-messages.jsonl", [message(0, "look"), message(1, "found", "assistant")])
    after = [log for log in logs(tmp_path, {}, []) if log.tool == "posit-assistant"]
    assert [log.path for log in after] == [str(main)]
    assert after != before
    owner = tool_of(str(changed), tmp_path, {})
    assert owner
    assert owner.log == str(main)
