from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff import model as handoff
from opensession.hail import actions, jsonl, model
from opensession.redaction.engine import Redactor
from opensession.redaction.report import Report
from opensession.redaction.walk import KEPT, redacted
from tests.hail import generated
from tests.redaction.samples import KEYS, OPAQUE, PASSWORD

REDACTOR = Redactor(secrets=["swordfish"], homes=["/data/anna"])
HOME = "/home/anna/x"
KEY = KEYS[0][1]
GONE = "[REDACTED:anthropic-key]"
NOON = "2026-02-01T12:00:00Z"


def event(action: actions.Action, **fields: Any) -> model.Event:
    return model.Event(event_id="e1", timestamp=NOON, action=action, **fields)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (actions.FileRead(path=HOME), actions.FileRead(path="~/x")),
        (actions.FileEdit(path=HOME, diff=f"-{KEY}"), actions.FileEdit(path="~/x", diff=f"-{GONE}")),
        (actions.FileCreate(path=HOME), actions.FileCreate(path="~/x")),
        (actions.FileDelete(path=HOME), actions.FileDelete(path="~/x")),
        (
            actions.ShellCommand(command=f"cat {HOME}", exit_code=1),
            actions.ShellCommand(command="cat ~/x", exit_code=1),
        ),
        (actions.CodeSearch(query=KEY), actions.CodeSearch(query=GONE)),
        (actions.FileSearch(pattern=HOME), actions.FileSearch(pattern="~/x")),
        (
            actions.WebFetch(url=f"https://a:{PASSWORD}@b/"),
            actions.WebFetch(url="https://a:[REDACTED:url-password]@b/"),
        ),
        (actions.WebSearch(query=KEY), actions.WebSearch(query=GONE)),
        (actions.ImageGenerate(prompt=KEY), actions.ImageGenerate(prompt=GONE)),
        (actions.TaskStart(title=KEY), actions.TaskStart(title=GONE)),
        (actions.TaskEnd(summary=KEY), actions.TaskEnd(summary=GONE)),
        (actions.UnknownAction(name="New", data={"a": [KEY]}), actions.UnknownAction(name="New", data={"a": [GONE]})),
        (actions.UserMessage(extra={"new": KEY}), actions.UserMessage(extra={"new": GONE})),
    ],
)
def test_it_reads_every_word_of_an_action(before: actions.Action, after: actions.Action) -> None:
    assert redacted(event(before), REDACTOR)[0] == event(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (model.Text(text=KEY), model.Text(text=GONE)),
        (model.Code(code=KEY, language="sh"), model.Code(code=GONE, language="sh")),
        (model.File(path=HOME, content=KEY), model.File(path="~/x", content=GONE)),
        (model.Image(url=HOME, alt=KEY, mime="image/png"), model.Image(url="~/x", alt=GONE, mime="image/png")),
        (model.Reference(uri=HOME, media_type="text/plain"), model.Reference(uri="~/x", media_type="text/plain")),
        (model.Json(data={"env": {"X": KEY}, "n": 1}), model.Json(data={"env": {"X": GONE}, "n": 1})),
        (model.Json(data=[None, True, 1.5, KEY]), model.Json(data=[None, True, 1.5, GONE])),
    ],
)
def test_it_reads_every_word_of_a_block(before: model.Block, after: model.Block) -> None:
    content, _ = redacted(model.Content(blocks=(before,)), REDACTOR)
    assert content == model.Content(blocks=(after,))


def test_it_reads_headers() -> None:
    context = model.Context(
        title=KEY, description=HOME, tags=(KEY,), created_at=NOON, updated_at=NOON, attributes={"cwd": HOME}
    )
    agent = model.Agent(provider="anthropic", model="claude", tool="claude-code")
    session = model.Session(header=model.Header(session_id="s1", agent=agent, context=context))
    result, report = redacted(session, REDACTOR)
    assert result.header.context == model.Context(
        title=GONE, description="~/x", tags=(GONE,), created_at=NOON, updated_at=NOON, attributes={"cwd": "~/x"}
    )
    assert report == Report({"anthropic-key": 2, "home": 2})


def test_it_keeps_what_others_refer_to() -> None:
    result = actions.ToolResult(name="Read", is_error=False, call_id=HOME)
    before = model.Event(event_id=HOME, timestamp=NOON, action=result, task_id=HOME)
    assert redacted(before, REDACTOR) == (before, Report())


def test_it_reads_handoffs() -> None:
    value = (
        handoff.Change(action="edited", path=HOME),
        handoff.CheckRun(command=f"TOKEN={KEY} make", event_id="e1", exit_code=0, status="passed"),
    )
    assert redacted(value, REDACTOR)[0] == (
        handoff.Change(action="edited", path="~/x"),
        handoff.CheckRun(command=f"TOKEN={GONE} make", event_id="e1", exit_code=0, status="passed"),
    )


def test_it_keeps_only_fields_that_exist() -> None:
    kinds = [kind for module in (model, actions, handoff) for kind in vars(module).values() if isinstance(kind, type)]
    names = {field.name for kind in kinds if issubclass(kind, msgspec.Struct) for field in msgspec.structs.fields(kind)}
    assert names >= KEPT


def test_it_returns_the_very_value_when_nothing_is_in_it() -> None:
    clean = event(actions.FileRead(path="x"), content=model.text("words"), attributes={"a": [{"b": "c"}]})
    assert redacted(clean, REDACTOR)[0] is clean


def test_it_copies_only_what_changes() -> None:
    before = {"clean": {"a": ["b"]}, "path": HOME}
    after, _ = redacted(before, REDACTOR)
    assert after == {"clean": {"a": ["b"]}, "path": "~/x"}
    assert after["clean"] is before["clean"]
    assert before["path"] == HOME


@pytest.mark.parametrize(("key", "value"), [("password", PASSWORD), ("apiKey", OPAQUE), ("X-Auth-Token", OPAQUE)])
def test_it_takes_a_secret_from_its_key(key: str, value: str) -> None:
    assert redacted({key: value}, REDACTOR) == ({key: "[REDACTED:credential]"}, Report({"credential": 1}))


def test_it_takes_a_secret_from_the_name_beside_it() -> None:
    variables = [{"name": "API_KEY", "value": OPAQUE}, {"name": "PORT", "value": "3000"}]
    assert redacted(variables, REDACTOR)[0] == [{"name": "API_KEY", "value": "[REDACTED:credential]"}, variables[1]]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "password"},
        {"token": "string"},
        {"password": ""},
        {"max_tokens": "4096"},
        {"token": 123456},
        {"password": "Enter your password"},
        {"auth": "required"},
        {"secret": "$SECRET"},
    ],
)
def test_it_leaves_what_no_secret_is_under_such_a_key(value: dict[str, Any]) -> None:
    assert redacted(value, REDACTOR)[0] is value


def test_it_reads_keys() -> None:
    assert redacted({HOME: 1, "/home/eva/x": 2}, REDACTOR)[0] == {"~/x": 1, "~/x#2": 2}


def test_it_takes_out_what_lies_too_deep() -> None:
    value: Any = KEY
    for _ in range(400):
        value = [value]
    result, report = redacted(value, REDACTOR)
    assert KEY not in str(result)
    assert report == Report({"too-deep": 1})


secrets = st.sampled_from([*(key for _, key in KEYS), "swordfish"])


@given(generated.sessions, secrets, st.data())
def test_no_secret_gets_through_wherever_it_stands(session: model.Session, secret: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(actions.WITH_DATA))
    names = [field.name for field in msgspec.structs.fields(kind) if field.type in (str, str | None)]
    words: dict[str, Any] = {name: secret for name in names if name not in KEPT}
    action = kind(**words, is_error=False) if kind is actions.ToolResult else kind(**words)
    content = model.Content(blocks=(model.Json(data={"a": [{secret: secret}]}), model.Text(text=f"({secret})")))
    added = event(action, content=content, attributes={"x": {"y": [secret]}})
    session = msgspec.structs.replace(session, events=(*session.events, added))
    assert secret not in jsonl.dumps(redacted(session, REDACTOR)[0]).decode()


@given(generated.sessions)
def test_it_changes_no_value_twice(session: model.Session) -> None:
    once, _ = redacted(session, REDACTOR)
    assert redacted(once, REDACTOR) == (once, Report())
