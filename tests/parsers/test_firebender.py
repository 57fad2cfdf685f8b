from __future__ import annotations

from pathlib import Path

from opensession.hail.actions import TaskEnd, TaskStart
from parsers import sessions
from parsers.discover import logs
from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    path = made("firebender", "chat_history.db", tmp_path)
    out = read("firebender", path, "b1")
    assert out.records == 16
    assert out.skipped == {"message:hologram": 1, "message:no role": 1}
    assert out.ignored == {"system prompt": 1}
    assert read("firebender", path, "b2").skipped == {"broken messages": 1}


def test_it_writes_each_subagent_once_and_closes_it(tmp_path: Path) -> None:
    out = read("firebender", made("firebender", "chat_history.db", tmp_path), "b1")
    tasks = [
        (type(event.action), event.task_id) for event in out.events if isinstance(event.action, TaskStart | TaskEnd)
    ]
    assert tasks == [(TaskStart, "lost"), (TaskEnd, "lost"), (TaskStart, "c3"), (TaskEnd, "c3")]


def test_it_leaves_out_empty_and_deleted_chats_and_marks_one_whose_subagent_went_on(tmp_path: Path) -> None:
    path = made("firebender", "chat_history.db", tmp_path)
    before = marks("firebender", path)
    assert list(before) == ["b1", "b2"]
    run(path, "UPDATE subagent_conversations SET updated_at = updated_at + 1 WHERE tool_call_id = 'c3'")
    assert [each for each, mark in marks("firebender", path).items() if mark != before[each]] == ["b1"]


def test_it_finds_the_database_in_a_project_and_tells_the_project_by_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "IdeaProjects" / "shop" / ".idea" / "firebender"
    folder.mkdir(parents=True)
    path = made("firebender", "chat_history.db", tmp_path).rename(folder / "chat_history.db")
    assert [log.path for log in logs(tmp_path, {}, []) if log.tool == "firebender"] == [str(path)]
    (session,) = sessions(path, "firebender", "b1")
    assert session.header.context.attributes["cwd"] == str(tmp_path / "IdeaProjects" / "shop")
