from __future__ import annotations

from pathlib import Path

import pytest

from parsers import ParseError, recognise
from parsers.base import Sample
from tests.parsers.databases import made, marks, read, run
from tests.parsers.logs import write


@pytest.mark.parametrize(
    ("folder", "meta", "tool"),
    [
        (".codex/sessions", {"id": "a", "model_provider": "openai"}, "codex"),
        (".trae/cli/sessions", {"id": "a", "model_provider": "openai"}, "trae"),
        ("logs", {"id": "a", "model_provider": "trae"}, "trae"),
        ("logs", {"id": "a", "base_instructions": {"text": "You are TRAE CLI"}}, "trae"),
        ("logs", {"id": "a", "base_instructions": "You are TRAE CLI"}, "codex"),
    ],
)
def test_it_tells_a_rollout_from_one_of_codex(folder: str, meta: dict[str, object], tool: str, tmp_path: Path) -> None:
    path = write(tmp_path / folder / "rollout-a.jsonl", [{"type": "session_meta", "payload": meta}])
    assert recognise(Sample(path))[0].tool == tool


def test_it_counts_each_message_of_the_editor_once(tmp_path: Path) -> None:
    out = read("trae-ide", made("trae-ide", "w1/state.vscdb", tmp_path), "t1")
    assert (out.records, out.skipped, out.ignored) == (5, {"message:narrator": 1}, {"empty message": 1})


def test_it_marks_a_conversation_of_the_editor_that_changed(tmp_path: Path) -> None:
    path = made("trae-ide", "w1/state.vscdb", tmp_path)
    before = marks("trae-ide", path)
    run(path, "UPDATE ItemTable SET value = replace(value, 'Fixed.', 'Done.')")
    assert [native for native, mark in marks("trae-ide", path).items() if mark != before[native]] == ["t1"]
    with pytest.raises(ParseError, match="no conversation t2"):
        read("trae-ide", path, "t2")
