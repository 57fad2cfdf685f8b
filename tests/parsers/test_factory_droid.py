from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parsers import ParseError, parse
from parsers.base import Sample
from parsers.detect import recognise
from parsers.discover import logs, tool_of
from tests.golden import FIXTURES
from tests.parsers.logs import write

SESSION = "052cb8d0-4616-488a-99fe-bfbbbe9429b3"


def home(folder: Path) -> Path:
    place = folder / ".factory" / "sessions" / "-code-shop"
    place.mkdir(parents=True)
    for ending in (".jsonl", ".settings.json"):
        shutil.copy(FIXTURES / "factory-droid" / f"{SESSION}{ending}", place)
    return place


def test_it_reads_the_session_that_settings_belong_to(tmp_path: Path) -> None:
    settings = home(tmp_path) / f"{SESSION}.settings.json"
    assert [candidate.tool for candidate in recognise(Sample(settings))] == ["factory-droid"]
    assert parse(settings, "factory-droid").events == parse(settings.with_suffix("").with_suffix(".jsonl")).events


def test_it_reads_settings_without_a_session(tmp_path: Path) -> None:
    settings = home(tmp_path) / f"{SESSION}.settings.json"
    (settings.parent / f"{SESSION}.jsonl").unlink()
    session = parse(settings, "factory-droid")
    assert (session.header.session_id, len(session.events)) == (SESSION, 1)


def test_a_change_of_the_settings_is_one_of_the_session(tmp_path: Path) -> None:
    place = home(tmp_path)
    (log,) = [log for log in logs(tmp_path, {}, []) if log.tool == "factory-droid"]
    assert log.size == sum(path.stat().st_size for path in place.iterdir())
    owner = tool_of(str(place / f"{SESSION}.settings.json"), tmp_path, {})
    assert owner
    assert owner.log == log.path


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="No such file"):
        parse(tmp_path / "gone.jsonl", "factory-droid")


def test_it_takes_no_placeholder_for_a_title(tmp_path: Path) -> None:
    start = {"type": "session_start", "id": "a", "sessionTitle": "New Session", "cwd": "/code"}
    message = {"type": "message", "message": {"role": "user", "content": "Fix it"}}
    assert parse(write(tmp_path / "a.jsonl", [start, message])).header.context.title == "Fix it"
