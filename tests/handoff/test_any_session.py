"""What must hold for every session: invented ones, and the real ones of the corpus."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from handoff import render
from handoff.contract import DEFINE_DONE
from handoff.model import Summary
from handoff.summary import summarise
from handoff.validate import has_errors, report_text, validate, validated
from opensession.hail import actions, jsonl, times
from opensession.hail.actions import Action
from opensession.hail.model import Code, Content, Event, Image, Json, Stats, Text
from tests.handoff.building import corpus_files, header

HEADINGS = ["Session Handoff", *render.SECTIONS]
MARKDOWN = MarkdownIt("commonmark")
LISTS = (
    "/execution_contract/done_definition",
    "/execution_contract/next_actions",
    "/execution_contract/parallel_actions",
    "/files_modified",
    "/uncertainty/decision_required",
    "/uncertainty/open_questions",
    "/verification/required_checks_missing",
)

WORDS = (
    st.sampled_from(["", " ", "a.py", "b.py", "make", "git commit", "# x", "`", "<b>", "한국어" * 40, "x\ny"])
    | st.text()
)
NAMES = st.sampled_from(
    ["A", "B", " A ", "", "main", "turn_aborted", "interactive", "interactive_question", "TodoWrite", "AskUserQuestion"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "question", "header"]), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["source", "source.raw_type", "semantic.group_id", "semantic.call_id", "call_id", "question_meta", "question_ids"]
)


def built(kind: type[Action]) -> st.SearchStrategy[Action]:
    """Return a strategy for the actions of one kind, whatever fields it has."""
    values = {"exit_code": st.none() | st.integers(), "is_error": st.booleans(), "kind": NAMES, "name": NAMES}
    optional = {"title", "summary", "call_id", "diff"}
    fields = {name: values.get(name, WORDS) for name in kind.__struct_fields__ if name not in ("extra", "data")}
    return st.builds(kind, **{name: st.none() | some if name in optional else some for name, some in fields.items()})


KINDS: tuple[type[Action], ...] = (*actions.PLAIN, *actions.WITH_DATA, actions.UnknownAction)
ITEMS = st.fixed_dictionaries({"content": WORDS, "status": st.sampled_from(["pending", "in_progress", "done", ""])})
ARGUMENTS = st.fixed_dictionaries({}, optional={"todos": st.lists(ITEMS | VALUES), "questions": st.lists(VALUES)})
BLOCKS = (
    st.builds(Text, text=WORDS)
    | st.builds(Code, code=WORDS)
    | st.just(Image(url="u", mime="m"))
    | st.builds(Json, data=ARGUMENTS | VALUES)
)
EVENTS = st.builds(
    Event,
    event_id=st.integers(0, 30).map(str),
    timestamp=st.integers(0, 4_000_000_000_000).map(times.from_ms),
    action=st.one_of([built(kind) for kind in KINDS]),
    task_id=st.none() | NAMES,
    content=st.builds(Content, blocks=st.lists(BLOCKS, max_size=2).map(tuple)),
    attributes=st.dictionaries(KEYS, VALUES, max_size=3),
)


def check(summary: Summary, events: tuple[Event, ...]) -> None:
    report = validate(summary)
    assert not has_errors([report])
    assert json.loads(report_text([report]).splitlines()[-1])["reports"]
    assert {item.event_id for item in summary.evidence} <= {event.event_id for event in events}
    assert {run.event_id for run in summary.verification.checks_run} <= {event.event_id for event in events}
    check_references(summary)
    check_grounds(summary, {event.event_id for event in events})
    check_text(summary)


def check_grounds(summary: Summary, known: set[str]) -> None:
    """Every statement but advice has an event behind it, and every ground belongs to a statement."""
    document, grounds = render.v2(summary), {ground.claim: ground for ground in summary.claim_evidence}
    stated = {f"{where}/{place}": words for where in LISTS for place, words in enumerate(resolved(document, where))}
    assert {where for where, words in stated.items() if words != DEFINE_DONE} == grounds.keys() - {"/objective"}
    assert {event.event_id for ground in grounds.values() for event in ground.events} <= known


def resolved(document: dict[str, Any], pointer: str) -> Any:
    return reduce(lambda value, key: value[key], pointer.split("/")[1:], document)


def check_references(summary: Summary) -> None:
    evidence = {item.id for item in summary.evidence}
    sequences = {package.id: package.sequence for package in summary.work_packages}
    for package in summary.work_packages:
        assert set(package.evidence_refs) <= evidence
        assert all(sequences[need] < package.sequence for need in package.depends_on)


def headings(document: str) -> list[str]:
    """Return the titles of the document and its sections; a line like one inside of a code block is none."""
    tokens = MARKDOWN.parse(document)
    opened = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag != "h3"]
    return [tokens[place + 1].content for place in opened]


def check_text(summary: Summary) -> None:
    text = render.json([validated(summary)])
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=2)
    assert headings(render.markdown([summary])) == HEADINGS


@given(st.lists(EVENTS, max_size=12).map(tuple))
def test_it_summarises_any_session(events: tuple[Event, ...]) -> None:
    summary = summarise(header(), iter(events), Stats())
    check(summary, events)
    assert summary == summarise(header(), events, Stats())


def test_it_summarises_every_session_of_the_corpus() -> None:
    for path in corpus_files():
        session = jsonl.loads(path.read_bytes())
        check(summarise(session.header, iter(session.events), session.stats), session.events)
