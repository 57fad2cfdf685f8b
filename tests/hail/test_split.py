from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.hail import split
from opensession.hail.split import Malformed, PartTooLong, SplitDocument, WholeDocument

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\{}[],: \u20ac\n', max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", 'x"events', "events"]), inner),
    max_leaves=12,
)
EVENTS = st.lists(st.dictionaries(st.text(alphabet='e"\\{', max_size=3), VALUES, max_size=3), max_size=4)


class Trickle(BytesIO):
    """A file that gives one byte after the other, so that every token is cut somewhere."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(1)


def parts(text: bytes, *path: str) -> tuple[list[Any], Any]:
    """Return the events of a document, and the document without them."""
    document = SplitDocument(BytesIO(text), *(path or ("session", "events")))
    events = [json.loads(event) for event in document.events()]
    return events, json.loads(document.envelope)


def test_it_works() -> None:
    text = b'{"git_branch": "main", "session": {"events": [{"a": [1]}, {"b": "]}"}], "stats": {}}, "x": [{}]}'
    envelope = {"git_branch": "main", "session": {"events": [], "stats": {}}, "x": [{}]}
    assert parts(text) == ([{"a": [1]}, {"b": "]}"}], envelope)


def test_it_takes_events_from_their_place_alone() -> None:
    text = b'{"events": [{"n": 1}], "other": {"events": [{"n": 2}]}, "session": {"a": {"events": [{"n": 3}]}}}'
    assert parts(text) == ([], json.loads(text))
    assert parts(text, "events")[0] == [{"n": 1}]


def test_it_is_not_fooled_by_what_looks_like_the_key() -> None:
    text = rb'{"session": {"x\"events": [{"n": 1}], "y": "\"events\":", "events" : [ ] }}'
    assert parts(text) == ([], json.loads(text))


@given(VALUES, EVENTS, VALUES)
def test_it_loses_nothing(before: Any, events: list[Any], after: Any) -> None:
    text = json.dumps({"a": before, "session": {"b": before, "events": events, "c": after}, "d": after}).encode()
    expected = {"a": before, "session": {"b": before, "events": [], "c": after}, "d": after}
    assert parts(text) == (events, expected)
    document = SplitDocument(Trickle(text), "session", "events")
    assert [json.loads(event) for event in document.events()] == events
    assert json.loads(document.envelope) == expected
    whole = WholeDocument(text, "session", "events")
    assert ([json.loads(event) for event in whole.events()], json.loads(whole.envelope)) == (events, expected)


@pytest.mark.parametrize("inside", ["1", "null", "[]", "{},", "{} {}", ",{}", '{"a": 1', "{}}", '"a" {}'])
def test_it_refuses_what_is_no_list_of_objects(inside: str) -> None:
    with pytest.raises(Malformed):
        list(SplitDocument(BytesIO(b'{"session": {"events": [%s]}}' % inside.encode()), "session", "events").events())


def test_it_refuses_two_lists() -> None:
    with pytest.raises(Malformed, match="two lists"):
        list(SplitDocument(BytesIO(b'{"events": [{}], "events": [{}]}'), "events").events())


def test_it_leaves_all_that_is_odd_in_the_envelope() -> None:
    document = SplitDocument(BytesIO(b'{"events": [{}]}} trailing "'), "events")
    assert list(document.events()) == [b"{}"]
    assert document.envelope == b'{"events": []}} trailing "'


@pytest.mark.parametrize("text", [b'{"events": [{"a": "%s"}]}', b'{"a": "%s", "events": []}', b'["%s'])
def test_it_holds_no_part_that_is_too_long(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MAX_PART", 1 << 20)
    with pytest.raises(PartTooLong):
        list(SplitDocument(BytesIO(text % (b"x" * (2 << 20))), "events").events())
