from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from parsers import ParseError, sessions
from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    out = read("crush", made("crush", "crush.db", tmp_path), "s1")
    assert out.kinds == {"message:user": 4, "message:assistant": 4, "message:tool": 1}
    assert out.skipped == {"part:hologram": 1, "broken parts": 1}


def test_it_marks_a_message_that_was_finished(tmp_path: Path) -> None:
    path = made("crush", "crush.db", tmp_path)
    run(path, "UPDATE messages SET finished_at = NULL WHERE id = 'm7'")
    before = marks("crush", path)
    run(path, "UPDATE messages SET finished_at = 1 WHERE id = 'm7'")
    after = marks("crush", path)
    assert [session for session in after if after[session] != before[session]] == ["s1"]


def test_it_sees_what_is_only_in_the_log_of_a_writer(tmp_path: Path) -> None:
    path = made("crush", "crush.db", tmp_path)
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO messages(id, session_id, role, created_at, updated_at) VALUES('n', 's2', 'user', 1, 1)")
    writer.commit()
    assert "s2" in marks("crush", path)
    writer.close()


def test_it_tells_the_project_by_the_folder(tmp_path: Path) -> None:
    path = made("crush", "crush.db", tmp_path)
    project = tmp_path / "shop" / ".crush"
    project.mkdir(parents=True)
    path = path.rename(project / "crush.db")
    (session,) = sessions(path, "crush", "s1")
    assert session.header.context.attributes["cwd"] == str(tmp_path / "shop")


@pytest.mark.parametrize("locator", ["", "no such", "../s1", "s1' OR '1'='1"])
def test_it_refuses_what_it_does_not_hold(locator: str, tmp_path: Path) -> None:
    path = made("crush", "crush.db", tmp_path)
    with pytest.raises(ParseError):
        read("crush", path, locator)
