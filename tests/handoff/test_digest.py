from __future__ import annotations

from msgspec.structs import replace

from handoff.digest import digest
from opensession.hail import jsonl
from opensession.hail.actions import FileRead, Thinking
from opensession.hail.model import Header, Session
from tests.handoff.building import agent, edit, end, event, header, shell, start, user

NOW = "2026-02-03T04:05:06Z"


def digested(*events: object, of: Header | None = None) -> Session:
    return jsonl.loads(digest(of or header("Fix it"), events, NOW).encode())  # type: ignore[arg-type]


def test_it_names_the_session_that_it_is_of() -> None:
    told = digested(user("hi")).header
    assert told.session_id == "handoff-demo-1"
    assert (told.context.title, told.context.tags) == ("Handoff: Fix it", ("handoff",))
    assert (told.context.updated_at, told.context.related_session_ids) == (NOW, ("demo-1",))
    assert told.context.created_at == header().context.created_at


def test_it_says_so_where_there_is_no_title() -> None:
    assert digested(of=header()).header.context.title == "Handoff: (untitled)"


def test_it_tags_once() -> None:
    tagged = replace(header(), context=replace(header().context, tags=("a", "handoff")))
    assert digested(of=tagged).header.context.tags == ("a", "handoff")


def test_it_keeps_what_was_said_and_changed_and_what_failed() -> None:
    kept = (user("hi"), agent("yes"), edit("a"), start("T", "A"), end("done", "A"), shell("make", 1), shell("ls"))
    left = (shell("pytest", 0), event(FileRead(path="b")), event(Thinking(), "hm"))
    session = digested(*kept, *left)
    assert [each.action for each in session.events] == [each.action for each in kept]
    assert session.stats.event_count == len(kept)


def test_it_cuts_texts_and_drops_attributes() -> None:
    (told,) = digested(user("한" * 200, **{"source.raw_type": "x"})).events
    assert told.attributes == {}
    assert told.content.blocks[0].text == "한" * 99 + "..."  # type: ignore[union-attr]
