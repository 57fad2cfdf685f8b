from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import AgentMessage, SystemMessage, UserMessage
from opensession.hail.model import Session
from parsers import ParseError, parse
from parsers.base import Output
from parsers.discover import logs
from parsers.qwenpaw import QwenPawParser

Message = dict[str, Any]


def said(words: str, role: str = "user", **more: Any) -> Message:
    return {"id": words, "role": role, "content": words, "created_at": "2026-05-02T10:00:00Z", **more}


def saved(path: Path, *messages: Message, **state: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"agent": {"state": {"session_id": "s", "context": list(messages), **state}}}))
    return path


def read(path: Path) -> Session:
    return parse(path, "qwenpaw")


def test_it_names_a_session_after_its_agent_and_channel(tmp_path: Path) -> None:
    folder = tmp_path / "workspaces" / "helper" / "sessions"
    assert read(saved(folder / "main_main.json")).header.session_id == "helper:main_main"
    assert read(saved(folder / "console" / "main_main.json")).header.session_id == "helper:console:main_main"
    assert read(saved(tmp_path / "copied.json")).header.session_id == "copied"


def test_it_takes_the_title_from_the_list_of_chats(tmp_path: Path) -> None:
    path = saved(tmp_path / "default" / "sessions" / "discord" / "u--1_discord--dm.json", said("hi"))
    chats = [{"name": "Other", "session_id": "x"}, {"name": "Mine", "session_id": "discord:dm", "user_id": "u:1"}]
    (tmp_path / "default" / "chats.json").write_text(json.dumps({"chats": chats}))
    assert read(path).header.context.title == "Mine"


def test_it_knows_the_parent_of_a_subagent_by_its_own_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "default" / "sessions" / "console" / "me_s2.json", said("hi"))
    parent = {"session_id": "console:s1", "user_id": "me", "channel": "console"}
    child = {"session_id": "s2", "user_id": "me", "source": "subagent", "parent_session_id": "console:s1"}
    (tmp_path / "default" / "chats.json").write_text(json.dumps({"chats": [parent, child]}))
    told = read(path).header.context.attributes
    assert told["parent_session_id"] == "default:console:me_console--s1"
    assert told["session_role"] == "auxiliary"


def test_what_the_runtime_wrote_is_not_the_user(tmp_path: Path) -> None:
    tags = ("external_user_query", "auto_continue", "runtime_context")
    messages = [said(tag, metadata={"qwenpaw_tag": tag}) for tag in tags]
    session = read(saved(tmp_path / "a.json", said("plain"), *messages))
    kinds = [type(event.action) for event in session.events]
    assert kinds == [UserMessage, UserMessage, SystemMessage, SystemMessage]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Done.\n⟦ did it ⟧", "Done."),
        ("Done.\n<!-- 〚 did it 〛 -->\n", "Done."),
        ("A ⟦ bracket ⟧ inside.", "A ⟦ bracket ⟧ inside."),
    ],
)
def test_it_leaves_the_headline_out(words: str, shown: str, tmp_path: Path) -> None:
    session = read(saved(tmp_path / "a.json", said(words, "assistant")))
    assert session.events[0].content.blocks[0].text == shown  # type: ignore[union-attr]


def test_it_counts_tokens_once_per_reply_and_takes_no_guess(tmp_path: Path) -> None:
    blocks = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    guess = {"qwenpaw_turn_usage": {"usage": {"prompt_tokens": 9, "estimated": True}}}
    session = read(
        saved(
            tmp_path / "a.json",
            said("r1", "assistant", usage={"input_tokens": 5, "output_tokens": 2}) | {"content": blocks},
            said("r2", "assistant", metadata=guess),
        )
    )
    assert [event.attributes.get("input_tokens") for event in session.events] == [5, None, None]
    assert {type(event.action) for event in session.events} == {AgentMessage}


def test_it_reads_before_the_state_what_was_moved_out_of_it(tmp_path: Path) -> None:
    workspace = tmp_path / "default"
    path = saved(workspace / "sessions" / "console" / "me_s1.json", said("third"), summary="so far")
    (workspace / "chats.json").write_text('{"chats":[{"session_id":"s1","user_id":"me"}]}')
    rows = [
        ("s1", "user", None, '[{"type":"text","text":"first"}]', "2026-05-02T09:00:00Z"),
        ("s2", "user", "another session", None, "2026-05-02T09:00:01Z"),
        ("s1", "assistant", "second", None, "2026-05-02T09:00:02Z"),
        ("s1", "user", "third", None, "2026-05-02T10:00:00Z"),
        ("s1", "assistant", "fourth", None, "2026-05-02T10:00:00Z"),
    ]
    with sqlite3.connect(workspace / "history.db") as database:
        database.execute(
            "CREATE TABLE conversation_history (seq INTEGER PRIMARY KEY, session_id, role, content, blocks, created_at)"
        )
        columns = "session_id, role, content, blocks, created_at"
        database.executemany(f"INSERT INTO conversation_history ({columns}) VALUES (?, ?, ?, ?, ?)", rows)
    database.close()
    words = [event.content.blocks[0].text for event in read(path).events]  # type: ignore[union-attr]
    assert words == ["first", "second", "so far", "third"]


def test_it_reads_the_state_where_the_history_is_broken(tmp_path: Path) -> None:
    path = saved(tmp_path / "default" / "sessions" / "a.json", said("hi"))
    (tmp_path / "default" / "history.db").write_text("no database")
    with QwenPawParser().open(path) as document:
        document.read("", out := Output())
    assert (len(out.events), out.skipped) == (1, {"history.db": 1})


def test_it_refuses_what_holds_no_agent(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"agent":{"plan":{}}}')
    with pytest.raises(ParseError, match="neither"):
        read(path)


def test_it_finds_sessions_of_every_agent_and_channel(tmp_path: Path) -> None:
    folder = tmp_path / ".copaw" / "workspaces" / "helper" / "sessions"
    found = {saved(folder / "a.json"), saved(folder / "console" / "b.json")}
    saved(folder / ".weixin-legacy" / "c.json")
    saved(folder / ".manifest.json")
    assert {log.path for log in logs(tmp_path, {}, []) if log.tool == "qwenpaw"} == set(map(str, found))
