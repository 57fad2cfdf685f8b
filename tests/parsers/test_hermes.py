from __future__ import annotations

from pathlib import Path

import pytest

from parsers import ParseError
from tests.golden import FIXTURES
from tests.parsers.databases import made, marks, read, run

DOCUMENT = FIXTURES / "hermes" / "session_20260301_090000_ab12cd.json"


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    out = read("hermes", DOCUMENT)
    assert out.records == 10
    assert out.skipped == {"role:hologram": 1, "no message": 1}
    assert out.ignored == {"session_meta": 1}
    out = read("hermes", made("hermes", "state.db", tmp_path), "h1")
    assert out.ignored == {"system": 1, "rewound message": 1, "hidden message": 1}


def test_it_marks_a_rewind(tmp_path: Path) -> None:
    path = made("hermes", "state.db", tmp_path)
    before = marks("hermes", path)
    run(path, "UPDATE messages SET active = 0 WHERE id = 2")
    assert [session for session, mark in marks("hermes", path).items() if mark != before[session]] == ["h1"]


def test_it_refuses_a_half_written_document(tmp_path: Path) -> None:
    path = tmp_path / DOCUMENT.name
    path.write_bytes(DOCUMENT.read_bytes()[:-100])
    with pytest.raises(ParseError, match="is no JSON"):
        read("hermes", path)
