from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from handoff import render
from handoff.schema import ADDED, schema, schema_text
from handoff.summary import summarise
from handoff.validate import validated
from opensession.hail import jsonl
from tests.handoff.building import corpus_files, summary_of
from tests.handoff.test_plans import call
from tests.handoff.test_render import full_summary

VALIDATOR = Draft202012Validator(schema())


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


def test_it_fits_full_and_empty_handoffs() -> None:
    plan = call("TodoWrite", {"todos": [{"content": "a"}]})
    VALIDATOR.validate(json.loads(render.json([full_summary(), summary_of(), summary_of(plan)])))


def test_it_fits_every_session_of_the_corpus() -> None:
    for path in corpus_files():
        session = jsonl.loads(path.read_bytes())
        summary = validated(summarise(session.header, iter(session.events), session.stats))
        VALIDATOR.validate(json.loads(render.json([summary])))


@pytest.mark.parametrize("key", sorted(json.loads(render.json([full_summary()]))[0]))
def test_it_refuses_a_handoff_without_what_must_be_there(key: str) -> None:
    (document,) = json.loads(render.json([full_summary()]))
    del document[key]
    is_optional = key in (*ADDED["Summary"], "validation")
    assert VALIDATOR.is_valid([document]) == is_optional


def test_it_names_what_version_2_did_not_have() -> None:
    parts = schema()["$defs"]
    assert all("$comment" in parts[name]["properties"][key] for name, keys in ADDED.items() for key in keys)
