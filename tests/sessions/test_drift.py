"""What came and went with the versions of a tool."""

from __future__ import annotations

from sessions.drift import Field, FieldsSeen


def seen(*threads: tuple[str, dict[str, str]]) -> FieldsSeen:
    every = FieldsSeen()
    for version, fields in threads:
        every.add({"user": fields}, version)
    return every


def field(name: str, types: str = "text", new_in: str = "", last_in: str = "") -> Field:
    return Field("user", name, types, new_in, last_in)


def test_it_works() -> None:
    every = seen(("2.9", {"id": "text", "old": "text"}), ("2.10", {"id": "text", "new": "number"}))
    assert every.fields() == [field("id"), field("new", "number", new_in="2.10"), field("old", last_in="2.9")]


def test_a_field_that_is_there_now_and_then_did_not_go() -> None:
    every = seen(("1", {"id": "text", "rare": "text"}), ("2", {"id": "text"}), ("3", {"id": "text", "rare": "text"}))
    assert every.fields() == [field("id"), field("rare")]


def test_a_field_that_came_late_and_is_rare_only_came() -> None:
    every = seen(("1", {"id": "text"}), ("2", {"id": "text", "rare": "null|text"}), ("3", {"id": "text"}))
    assert every.fields() == [field("id"), field("rare", "null|text", new_in="2")]


def test_it_knows_nothing_of_time_without_versions() -> None:
    assert seen(("", {"id": "text"}), ("", {"name": "text"})).fields() == [field("id"), field("name")]


def test_its_shape_is_that_of_names_and_types() -> None:
    shape = list(seen(("1", {"id": "text"})).shape())
    assert list(seen(("2", {"id": "null|text"})).shape()) == shape
    assert list(seen(("1", {"id": "number"})).shape()) != shape
    assert list(seen(("1", {"id": "text", "name": "text"})).shape()) != shape
