"""Strategies for HAIL values, unknown keys included."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from opensession.hail import actions, model
from opensession.hail.actions import Action, UnknownAction
from opensession.hail.model import Agent, Content, Context, Event, Header, Session, Stats

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
moments = st.sampled_from(["2026-02-01T00:00:00Z", "2026-02-01T00:00:01.500Z", "1999-12-31T23:59:59.000000001Z"])
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
# Names from outside of the format; one of them is the name that the codec uses inside.
unknown = st.dictionaries(st.sampled_from(["x-new", "später", " extra"]), json, max_size=2)
free = st.dictionaries(words | st.sampled_from(["input_tokens", "replayed", " extra"]), json, max_size=3)
unsigned = st.integers(0, 2**64 - 1)


def _built(value_type: type[Any], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(value_type, **fields, extra=unknown)


_OPTIONAL = {"call_id", "diff", "title", "summary"}


def _action(kind: type[Action]) -> st.SearchStrategy[Any]:
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(kind):
        if field.name == "is_error":
            fields[field.name] = st.booleans()
        elif field.name == "exit_code":
            fields[field.name] = st.none() | st.integers(-(2**31), 2**31 - 1)
        elif field.name != "extra":
            fields[field.name] = st.none() | words if field.name in _OPTIONAL else words
    return _built(kind, **fields)


unknown_actions = _built(UnknownAction, name=st.sampled_from(["Teleport", "usermessage"]), data=json)
all_actions = st.one_of(*map(_action, (*actions.PLAIN, *actions.WITH_DATA)), unknown_actions)
blocks = st.one_of(
    _built(model.Text, text=words),
    _built(model.Code, code=words, language=st.none() | words, start_line=st.none() | st.integers(0, 2**32 - 1)),
    _built(model.Image, url=words, alt=st.none() | words, mime=words),
    _built(model.Video, url=words, mime=words),
    _built(model.Audio, url=words, mime=words),
    _built(model.File, path=words, content=st.none() | words),
    _built(model.Json, data=json),
    _built(model.Reference, uri=words, media_type=words),
)
events: st.SearchStrategy[Event] = _built(
    Event,
    event_id=words,
    timestamp=moments,
    action=all_actions,
    task_id=st.none() | words,
    content=_built(Content, blocks=st.lists(blocks, max_size=3).map(tuple)),
    duration_ms=st.none() | unsigned,
    attributes=free,
)
headers: st.SearchStrategy[Header] = _built(
    Header,
    session_id=words,
    version=words,
    agent=_built(Agent, provider=words, model=words, tool=words, tool_version=st.none() | words),
    context=_built(
        Context,
        title=st.none() | words,
        description=st.none() | words,
        tags=st.lists(words, max_size=2).map(tuple),
        created_at=moments,
        updated_at=moments,
        related_session_ids=st.lists(words, max_size=2).map(tuple),
        attributes=free,
    ),
)
stats: st.SearchStrategy[Stats] = _built(
    Stats, **{field.name: unsigned for field in msgspec.structs.fields(Stats) if field.name != "extra"}
)
sessions: st.SearchStrategy[Session] = st.builds(
    Session, header=headers, events=st.lists(events, max_size=4).map(tuple), stats=stats
)
