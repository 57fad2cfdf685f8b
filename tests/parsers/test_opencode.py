from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from opensession.hail import jsonl
from opensession.hail.actions import AgentMessage, UserMessage
from opensession.hail.model import Session, Text
from parsers import ParseError, find, parse, sessions
from parsers.base import OF_SUBAGENT, Document, Output
from parsers.discover import look, tool_of
from parsers.opencode import MiMoCodeParser
from tests.golden import laid_out
from tests.parsers.databases import made, marks, run

SHOP = "session/shop/ses_shop.json"


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """A tree of JSON files, where OpenCode keeps it."""
    share = tmp_path / ".local/share"
    share.mkdir(parents=True)
    return laid_out("opencode", share) / "storage"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return made("opencode", "opencode.db", tmp_path)


def words(session: Session) -> list[str]:
    blocks = (block for event in session.events for block in event.content.blocks)
    return [block.text for block in blocks if isinstance(block, Text)]


def write(path: Path, record: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def insert(path: Path, message: str, at: int) -> None:
    """Add a message of the second generation to a session that has those of the first."""
    row = (message, "ses_one", "user", 1, at, at, '{"text": "Once more."}')
    run(path, "INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", *row)


@pytest.mark.parametrize("name", [SHOP, "message/ses_shop/msg_04.json", "part/msg_03/prt_16.json"])
def test_it_reads_the_session_from_any_of_its_files(storage: Path, name: str) -> None:
    assert parse(storage / name).header.session_id == "ses_shop"


def test_it_reads_all_sessions_of_a_project(storage: Path) -> None:
    found = sessions(storage / "project/shop.json", "opencode")
    assert [session.header.session_id for session in found] == ["ses_child", "ses_shop"]


def test_it_reads_messages_without_a_session_file(storage: Path) -> None:
    (storage / SHOP).unlink()
    session = parse(storage / "message/ses_shop/msg_01.json")
    assert (session.header.session_id, session.header.context.title) == (
        "ses_shop",
        "Round all prices in @prices.py, please.",
    )


def test_it_says_when_a_session_is_half_written(storage: Path) -> None:
    path = storage / SHOP
    path.write_text(path.read_text()[:80])
    with pytest.raises(ParseError, match="no JSON"):
        parse(path, "opencode")


@pytest.mark.parametrize("odd", ["../../secret", "/etc", "..", "a\\b", "a\0b", ".", "x" * 5000])
def test_it_follows_no_odd_id(storage: Path, odd: str) -> None:
    secret = {"id": "s", "sessionID": odd, "role": "user", "time": {"created": 1}}
    write(storage.parent / "secret/m.json", secret)
    path = write(storage / "session/shop/odd.json", {"id": odd, "directory": "/code", "time": {"created": 1}})
    assert not parse(path, "opencode").events
    write(storage / "message/ses_shop/msg_00.json", {"id": odd, "role": "user", "time": {"created": 1}})
    assert parse(storage / SHOP, "opencode").events
    message = write(storage / "message/odd/m.json", secret)
    assert not parse(message, "opencode").events


def test_it_follows_no_link(storage: Path) -> None:
    elsewhere = write(storage.parent / "elsewhere/prt_0.json", {"id": "prt_0", "type": "text", "text": "secret"})
    (storage / "part/msg_04/prt_00.json").symlink_to(elsewhere)
    shutil.rmtree(storage / "part/msg_08")
    (storage / "part/msg_08").symlink_to(elsewhere.parent)
    assert not {"secret", "Now the totals."} & set(words(parse(storage / SHOP)))


def test_a_message_or_a_part_changes_the_session_that_it_belongs_to(storage: Path, tmp_path: Path) -> None:
    path = str(storage / SHOP)
    before = look("opencode", path)
    for name in ("message/ses_shop/msg_09.json", "part/msg_09/prt_31.json"):
        owner = tool_of(str(storage / name), tmp_path, {})
        assert owner == ("opencode", path)
        os.utime(storage / name, (2_000_000_000, 2_000_000_000))
        assert look("opencode", path).mtime_ns == 2_000_000_000 * 10**9 > before.mtime_ns


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/home/dev/.local/share/opencode/storage/session/shop/ses_1.json", "opencode"),
        ("/home/dev/.local/share/opencode/opencode-dev.db", "opencode"),
        ("/home/dev/code/shop/.opencode/opencode.db", "opencode"),
        ("/home/dev/.local/share/kilo/kilo.db", "kilo"),
        ("/home/dev/.local/share/mimocode/mimocode.db", "mimocode"),
        ("/home/dev/.local/share/icodemate/icodemate.db", "icodemate"),
        ("/home/dev/.local/share/opencode/storage/session_diff/ses_1.json", None),
    ],
)
def test_it_knows_its_logs_by_their_place(path: str, tool: str | None) -> None:
    assert find(path) == tool


def test_a_mark_changes_with_its_session_alone(database: Path) -> None:
    before = marks("opencode", database)
    run(database, "UPDATE part SET time_updated = time_updated + 1 WHERE id = 'prt_4'")
    after = marks("opencode", database)
    assert list(before) == list(after) == ["ses_one", "ses_two"]
    assert {session for session in before if before[session] != after[session]} == {"ses_one"}


def test_it_leaves_out_what_was_taken_back(database: Path) -> None:
    run(database, """UPDATE session SET revert = '{"messageID":"msg_2"}' WHERE id = 'ses_one'""")
    session = next(sessions(database, "opencode", "ses_one"))
    assert words(session) == ["Add a discount of 10 %."]


def test_it_tells_a_turn_once_that_both_generations_hold(database: Path) -> None:
    insert(database, "msg_x", 1767225600000)
    insert(database, "msg_y", 1767225601000)
    assert "Once more." not in words(next(sessions(database, "opencode", "ses_one")))


def test_it_goes_on_where_the_second_generation_does(database: Path) -> None:
    insert(database, "msg_x", 1767225690000)
    told = words(next(sessions(database, "opencode", "ses_one")))
    assert (told[0], told[-1]) == ("Add a discount of 10 %.", "Once more.")


def test_it_reads_the_subagents_of_a_session_apart(tmp_path: Path) -> None:
    with MiMoCodeParser().open(laid_out("mimocode", tmp_path) / "mimocode.db") as document:
        assert list(document.threads()) == ["ses_mimo", f"ses_mimo{OF_SUBAGENT}explore-1"]
        strands = [_strand(document, locator) for locator in document.threads()]
    assert strands == [
        ("main", [UserMessage(), AgentMessage(), AgentMessage()]),
        ("explore-1", [UserMessage(), AgentMessage()]),
    ]


def _strand(document: Document, locator: str) -> tuple[str, list[Any]]:
    out = Output()
    thread = document.read(locator, out)
    return thread.strand, [event.action for event in out.events]


ODD: list[Any] = [None, 1, -1, 1e300, 2**80, True, "", "x", "\ud800", [], {}, [None], {"a": {}}, [[[]]]]
KEYS = ("id", "role", "time", "type", "text", "tool", "callID", "state", "files", "tokens", "cost", "error", "metadata")


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_it_bears_any_value_in_a_file(storage: Path, odd: Any) -> None:
    for n, path in enumerate(sorted(storage.glob("*/*/*.json"))):
        if path.name not in ("ses_shop.json", "msg_10.json", "prt_99.json"):
            write(path, _spoilt(json.loads(path.read_text()), KEYS[n % len(KEYS)], odd))
    session = parse(storage / SHOP, "opencode")
    assert jsonl.loads(jsonl.dumps(session)) == session


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_it_bears_any_value_in_a_row(database: Path, odd: Any) -> None:
    for table in ("message", "part", "session_message"):
        run(database, f"UPDATE {table} SET data = ? WHERE id LIKE '%2' OR id LIKE '%8'", json.dumps(odd))
    assert [session.header.session_id for session in sessions(database, "opencode")] == ["ses_one", "ses_two"]


def _spoilt(record: dict[str, Any], key: str, odd: Any) -> dict[str, Any]:
    """Return a record with one field spoilt, and every other field of its state."""
    state = record.get("state", {})
    return record | {"state": {name: odd if n % 2 else state[name] for n, name in enumerate(state)}, key: odd}
