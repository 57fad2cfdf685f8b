from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from opensession.hail import actions
from opensession.hail.actions import Action, FileEdit, TaskEnd, TaskStart, ToolResult, UnknownAction, UserMessage
from opensession.hail.model import Block, Code, Content, Event, File, Image, Json, Text
from opensession.hail.words import CAP, words
from tests.hail import generated
from tests.hail.samples import make_event


def words_of(*blocks: Block, action: Action | None = None) -> str:
    return words(make_event(action, content=Content(blocks=blocks)))


def test_it_joins_payload_and_blocks() -> None:
    result = ToolResult(name="Bash", is_error=False)
    assert words_of(Text(text="two"), Code(code="x = 3"), action=result) == "Bash\ntwo\nx = 3"


@pytest.mark.parametrize("kind", actions.WITH_DATA)
def test_it_holds_the_main_payload_of_every_action(kind: type[Any]) -> None:
    given = {
        name: name == "is_error" or "needle" for name in kind.__struct_fields__ if name not in ("extra", "exit_code")
    }
    assert words(make_event(kind(**given))).split("\n")[0] == "needle"


def test_it_is_empty_without_text() -> None:
    for action in (UserMessage(), TaskStart(), TaskEnd(summary="")):
        assert words(make_event(action)) == ""


def test_it_holds_diffs_files_and_other_versions() -> None:
    assert words(make_event(FileEdit(path="a.py", diff="+b"))) == "a.py\n+b"
    assert words_of(File(path="a.txt", content="inside")) == "a.txt\ninside"
    assert words(make_event(UnknownAction(name="Teleport"))) == "Teleport"


def test_it_holds_the_strings_in_json_in_order() -> None:
    data = {"key": ["a", {"k": "b", "n": 5}, None], "z": "c"}
    assert words_of(Json(data=data)) == "a\nb\nc"


def test_it_walks_json_of_any_depth() -> None:
    data: Any = "deep"
    for _ in range(5000):
        data = [data]
    assert words_of(Json(data=data)) == "deep"


def test_it_leaves_pictures_out() -> None:
    picture = "iVBORw0KGgo" * 5000
    assert words_of(Text(text=f"see data:image/png;base64,{picture} here")).split() == ["see", "here"]
    assert words_of(Json(data={"a": picture, "b": "kept"})).split() == ["kept"]
    assert words_of(Image(url=f"data:image/png;base64,{picture}", mime="image/png")) == ""


@pytest.mark.parametrize("before", [0, 1, 100, 255, 256, 257])
def test_it_leaves_out_runs_longer_than_512_wherever_they_start(before: int) -> None:
    assert len(words_of(Text(text="." * before + "A" * 513 + "!"))) == before + 2
    assert len(words_of(Text(text="." * before + "A" * 512 + "!"))) == before + 513


def test_it_keeps_long_prose() -> None:
    prose = "word and word " * 500
    assert words_of(Text(text=prose)) == prose


def test_it_stops_at_the_cap() -> None:
    assert len(words_of(Text(text="a b " * CAP))) == CAP
    assert words(make_event(words="abcdef"), cap=4) == "abcd"
    assert len(words_of(*[Text(text="ab " * 100)] * 100)) == CAP


def test_it_replaces_what_cannot_be_stored() -> None:
    assert words(make_event(words="a\0b\ud800c\U0001f600")) == "a\ufffdb\ufffdc\U0001f600"


@settings(deadline=None, max_examples=100)
@given(generated.events)
def test_it_gives_storable_text_for_any_event(event: Event) -> None:
    text = words(event, cap=20)
    assert len(text) <= 20
    assert "\0" not in text
    assert msgspec.json.encode(text)
