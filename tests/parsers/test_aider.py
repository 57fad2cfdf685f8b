from __future__ import annotations

import shutil
from pathlib import Path

from parsers import sessions
from tests.golden import FIXTURES
from tests.parsers.databases import marks, read

HISTORY = FIXTURES / "aider" / "chat.md"
RUN = "# aider chat started at 2026-03-01 12:00:00\n\n"


def test_it_counts_what_stands_together() -> None:
    first = next(iter(marks("aider", HISTORY)))
    out = read("aider", HISTORY, first)
    assert out.kinds == {"tool": 8, "user": 6, "reply": 2}
    assert (out.skipped, out.ignored) == ({}, {})


def test_a_run_keeps_its_id_while_the_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "grown.md"
    ids = set[str]()
    for words in ("#### hello  \n", "#### hello  \n#### and", "#### hello  \n\nHi!\n\n> Tokens: 1k sent, 2 rec"):
        path.write_text(RUN + words)
        ids.update(marks("aider", path))
    path.write_text(RUN + "#### hello  \n\n" + RUN + "#### hello  \n")
    assert len(ids) == 1
    assert len(marks("aider", path)) == 2
    assert ids < set(marks("aider", path))


def test_it_marks_only_the_last_run_when_it_goes_on(tmp_path: Path) -> None:
    path = Path(shutil.copy(HISTORY, tmp_path))
    before = marks("aider", path)
    with path.open("a") as file:
        file.write("\nHere it is.\n")
    after = marks("aider", path)
    assert [run for run in after if after[run] != before[run]] == [list(after)[-1]]


def test_it_holds_no_session_before_the_user_said_something(tmp_path: Path) -> None:
    path = tmp_path / "begun.md"
    path.write_text(RUN + "> Aider v0.86.2  \n")
    assert marks("aider", path) == {}


def test_it_runs_in_the_folder_of_its_history(tmp_path: Path) -> None:
    path = Path(shutil.copy(HISTORY, tmp_path / ".aider.chat.history.md"))
    first = next(sessions(path, "aider"))
    assert first.header.context.attributes["cwd"] == str(tmp_path)


def test_it_finds_the_end_of_an_answer_without_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "tight.md"
    path.write_text(
        f"\ufeff{RUN}#### hello  \r\nHi!\r\n> Tokens: 1k sent, 2 received.  \r\n".replace("\n\n", "\r\n\r\n")
    )
    (session,) = sessions(path, "aider")
    assert [type(event.action).__name__ for event in session.events] == ["UserMessage", "AgentMessage"]
    assert session.stats.total_input_tokens == 1000
