"""The fields of records: names and types, bounded, and never a value."""

from __future__ import annotations

import json

import pytest

from parsers import shapes
from parsers.base import Output
from parsers.shapes import DOCUMENT, Shapes, merged, note
from tests.golden import FIXTURES
from tests.parsers.databases import read


def noted(*records: object) -> dict[str, str]:
    found: Shapes = {}
    for record in records:
        note(found, "kind", record)
    return found.get("kind", {})


def test_it_works() -> None:
    record = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": [1], "g": {"inner": 1}}
    types = {"a": "text", "b": "number", "c": "number", "d": "bool", "e": "null", "f": "list", "g": "object"}
    assert noted(record) == noted(json.dumps(record).encode()) == types


def test_it_gathers_the_types_of_several_records() -> None:
    assert noted({"a": "x"}, {"a": None}, {"a": []}, {"a": "y"}) == {"a": "list|null|text"}
    assert merged({"kind": {"a": "text"}}, {"kind": {"a": "null"}, "other": {}}) == {
        "kind": {"a": "null|text"},
        "other": {},
    }


def test_it_opens_envelopes() -> None:
    assert noted({"payload": {"type": "x"}}) == {"payload": "object", "payload.type": "text"}


@pytest.mark.parametrize("record", [b"{half", b"[1]", b"\xff", ["a"], "a", None])
def test_it_notes_nothing_of_what_is_no_object(record: object) -> None:
    assert noted(record) == {}


def test_it_takes_no_content_for_a_name() -> None:
    assert noted({"/home/me/notes.md": 1, "what is this?": 1, "x" * 41: 1, "": 1, 7: 1, "a-b_c$": 1}) == {
        "a-b_c$": "number"
    }


def test_it_is_bounded() -> None:
    fields = noted({f"field{number}": 1 for number in range(1000)})
    assert len(fields) == shapes.MOST_FIELDS
    out = Output()
    for number in range(1000):
        out.record(f"kind{number}", {"a": 1})
    assert len(out.shapes) == shapes.MOST_KINDS


def test_it_looks_at_fewer_records_the_more_there_are() -> None:
    out = Output()
    for number in range(1, 1025):
        out.record("kind", {f"field{number}": 1})
    assert [int(name.removeprefix("field")) for name in out.shapes["kind"]] == [4**power for power in range(6)]


def test_it_tells_the_fields_of_a_document_apart_from_those_of_its_records() -> None:
    out = read("amp", FIXTURES / "amp" / "T-0199a000-0000-7000-8000-000000000001.json")
    assert "messages" in out.shapes[DOCUMENT]
    assert DOCUMENT not in out.kinds
