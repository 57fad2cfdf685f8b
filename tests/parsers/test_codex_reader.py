from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import Custom, ImageGenerate, TaskEnd, TaskStart, ToolCall, WebFetch, WebSearch
from opensession.hail.model import Context
from parsers import find
from parsers.base import MAIN, Output, Sample
from parsers.codex import CodexParser, CodexReader
from tests.parsers.codex_logs import (
    HERE,
    Record,
    call,
    event,
    events,
    header,
    item,
    kinds,
    line,
    meta,
    output,
    read,
    spoken,
    tally,
    words,
)

OLD_TURN, OWN_TURN = "019d7d08-f1d2-78a1-ae52-df8e21f9b394", "019d7e2f-006a-78e0-8d88-fc868c230ea4"
OWN, PARENT = "019d7e2f-0041-7310-951c-94020254dfc9", "019d7d08-46c9-7f73-affe-4e6ca9852d56"
FORK = meta(0, id=OWN, forked_from_id=PARENT)


def counted(second: float, total: int, cached: int = 0) -> Record:
    usage = {"input_tokens": total, "cached_input_tokens": cached, "output_tokens": total // 10}
    return event("token_count", second, info={"total_token_usage": usage})


def replayed(*records: Record) -> list[bool]:
    return [one.attributes.get("replayed", False) for one in events(*records)]


def context(*records: Record) -> Context:
    return header(*records).context


def skipped(*raw: bytes) -> dict[str, int]:
    reader, out = CodexReader(HERE), Output()
    for one in raw:
        reader.read(one, out)
    return out.skipped


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/home/dev/.codex/sessions/2026/03/02/rollout-x.jsonl", True),
        ("/home/dev/.codex/sessions/2026/03/02/rollout-x.jsonl.zst", True),
        ("/home/dev/.codex/archived_sessions/rollout-x.jsonl", True),
        ("/home/dev/.codex/history.jsonl", False),
        ("/home/dev/.codex/sessions/notes.json", False),
    ],
)
def test_it_claims_rollouts(path: str, is_ours: bool) -> None:
    assert (find(path) == "codex") is is_ours


@pytest.mark.parametrize(
    ("head", "is_ours"),
    [
        (b'{"timestamp":"t","type":"session_meta","payload":{}}', True),
        (b'\n{"id":"a","timestamp":"t","instructions":null}\n{"type":"mess', True),
        (b'{"record_type":"state"}', True),
        (b'{"session_id":"a","ts":1,"text":"/plan"}', False),
        (b'{"type":"user","message":{}}', False),
    ],
)
def test_it_recognises_rollouts(head: bytes, is_ours: bool, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(head)
    assert (CodexParser().recognises(Sample(path)) is not None) is is_ours


def test_it_has_no_companions() -> None:
    reader, _ = read(meta())
    assert (list(CodexParser().companions(HERE)), reader.strand()) == ([], MAIN)


def test_it_takes_the_model_from_the_last_turn() -> None:
    turns = [line("turn_context", 1, model="gpt-5.1"), line("turn_context", 2, model="gpt-5.2")]
    agent = header(meta(model_provider="Azure", cli_version="0.1"), *turns).agent
    assert (agent.provider, agent.model, agent.tool_version) == ("azure", "gpt-5.2", "0.1")


@pytest.mark.parametrize(
    ("model", "provider"), [("claude-x", "anthropic"), ("gemini-2", "google"), ("o3", "openai"), (None, "openai")]
)
def test_it_infers_the_provider(model: str | None, provider: str) -> None:
    assert header(meta(model_provider="auto"), line("turn_context", 1, model=model)).agent.provider == provider


def test_it_tells_where_the_session_ran() -> None:
    git = {"nested": {"head": "topic"}, "repository_url": "git@example.org:dev/shop.git"}
    found = context(meta(cwd="/home/dev/shop", git=git, originator="cli")).attributes
    assert (found["git"], found["git_branch"], found["git_repo_name"]) == (git, "topic", "shop")
    assert (found["cwd"], found["originator"], found["source_path"]) == ("/home/dev/shop", "cli", str(HERE))


def test_it_falls_back_to_the_id_in_the_file_name(tmp_path: Path) -> None:
    assert header().session_id == OWN
    assert CodexReader(tmp_path / "notes.jsonl.zst").header().session_id == "notes"


@pytest.mark.parametrize(
    "told",
    [
        {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "p"}}}},
        {"source": {"subagent": {"parent_thread_id": "p"}}},
        {"source": {"subagent": "review"}, "parent_thread_id": "p"},
        {"source": {"parent_thread_id": "p"}, "agent_role": "Worker"},
    ],
)
def test_it_tells_that_a_session_is_a_subagents(told: dict[str, Any]) -> None:
    found = context(meta(**told))
    assert (found.attributes["session_role"], found.attributes["parent_session_id"]) == ("auxiliary", "p")
    assert found.related_session_ids == ("p",)


@pytest.mark.parametrize(
    "told", [{"source": "cli"}, {"forked_from_id": "p"}, {"source": {"custom": "x"}}, {"source": []}]
)
def test_it_takes_every_other_session_for_a_primary_one(told: dict[str, Any]) -> None:
    assert (context(meta(**told)).related_session_ids, context(meta(**told)).attributes.get("session_role")) == (
        (),
        None,
    )


def test_it_keeps_the_first_of_several_session_metas() -> None:
    assert header(meta(id="own"), meta(id="parent"), spoken("user", "x", 5)).session_id == "own"


def test_it_marks_the_copied_history_until_the_first_turn_of_its_own() -> None:
    copied = [event("task_started", 0, turn_id=OLD_TURN), event("agent_message", 9, message="slow copy")]
    own = [line("turn_context", 9, turn_id=OWN_TURN), event("agent_message", 9, message="mine")]
    assert replayed(FORK, meta(0, id=PARENT), *copied, *own) == [True, True, False]


def test_it_marks_the_copied_history_by_time_where_turns_have_no_ids() -> None:
    copied = [event("agent_message", 0.4, message="copied"), event("agent_message", -0.0, message="old")]
    own = [
        event("agent_message", 1.0, message="mine"),
        event("agent_message", 0.1, message="mine, by a clock set back"),
    ]
    assert replayed(meta(0, id="a"), meta(0, id="b"), *copied, *own) == [True, True, False, False]


def test_it_judges_copied_times_by_the_first_line() -> None:
    parent = {**meta(0, id="b"), "timestamp": "2026-03-01T10:00:00Z"}
    copied = {**event("agent_message", message="old"), "timestamp": "2026-03-01T12:00:00Z"}
    assert replayed(meta(0, id="a"), parent, copied, event("agent_message", 5, message="new")) == [True, False]


def test_it_takes_a_session_meta_in_the_middle_for_no_fork() -> None:
    assert replayed(meta(id="a"), event("agent_message", 1, message="x"), meta(2, id="b"), counted(2, 1)) == [
        False,
        False,
    ]


def test_it_counts_only_what_the_fork_itself_used() -> None:
    records = [FORK, event("task_started", 0, turn_id=OLD_TURN), counted(0, 4000, 3000)]
    records += [event("task_started", 1, turn_id=OWN_TURN), counted(2, 4000, 3000), counted(3, 4500, 3100)]
    counts = tally(*records)
    assert (counts.stats().total_input_tokens, counts.stats().total_output_tokens) == (500, 50)
    assert (counts.cache_read_tokens, counts.stats().task_count) == (100, 1)


def test_it_counts_totals_whole_that_begin_anew_in_the_fork() -> None:
    records = [
        FORK,
        event("task_started", 0, turn_id=OLD_TURN),
        counted(0, 4000),
        event("task_started", 1, turn_id=OWN_TURN),
    ]
    assert tally(*records, counted(2, 300), counted(3, 5000)).stats().total_input_tokens == 5000


def test_it_keeps_a_prompt_that_repeats_the_parents_last_one() -> None:
    said = event("user_message", 0, message="go on with the cart")
    turn = line("turn_context", 0, turn_id=OWN_TURN)
    assert kinds(events(FORK, said, turn, said)) == ["UserMessage", "UserMessage"]


@pytest.mark.parametrize(
    ("payload", "tokens"),
    [
        ({"input_tokens": 21, "output_tokens": 8}, (21, 8, None)),
        ({"usage": {"promptTokens": 21, "completionTokens": 8}}, (21, 8, None)),
        ({"info": {"lastTokenUsage": {"input_tokens": 1.0, "prompt_tokens": 34}}}, (34, None, None)),
        ({"info": {"total_token_usage": {"input_tokens": 340, "output_tokens": 13}}}, (340, 13, 340)),
        ({"info": None, "rate_limits": {}}, None),
        ({"info": {"last_token_usage": {"input_tokens": 1.5, "output_tokens": -1}}}, None),
    ],
)
def test_it_reads_token_counts(payload: dict[str, Any], tokens: tuple[int | None, ...] | None) -> None:
    found = [one.attributes for one in events(meta(), event("token_count", **payload))]
    names = ("input_tokens", "output_tokens", "input_tokens_total")
    assert [tuple(one.get(name) for name in names) for one in found] == ([tokens] if tokens else [])


def test_it_counts_cache_tokens_once_though_a_count_is_repeated() -> None:
    assert tally(meta(), counted(1, 100, 80), counted(2, 100, 80), counted(3, 150, 90)).cache_read_tokens == 90


def test_it_opens_and_closes_turns() -> None:
    start, said, end = events(
        meta(),
        event("task_started", turn_id="turn_42", title="Tidy"),
        event("task_complete", turn_id="turn_42", last_agent_message="Done"),
    )
    assert (start.action, start.task_id) == (TaskStart(title="Tidy"), "turn_42")
    assert (words(said), said.attributes["source"]) == ("Done", "event_msg")
    assert (end.action, end.task_id) == (TaskEnd(summary="Done"), "turn_42")


def test_it_closes_open_turns_only_when_asked() -> None:
    reader, out = read(meta(), *(event("task_started", turn_id=turn) for turn in ("b", "a")))
    assert kinds(out.events) == ["TaskStart", "TaskStart"]
    assert [(end.event_id, end.task_id) for end in reader.closings()] == [("codex-3", "a"), ("codex-4", "b")]


@pytest.mark.parametrize(
    ("record", "kind", "text"),
    [
        (event("turn_aborted", reason="interrupted"), "turn_aborted", "turn aborted"),
        (event("thread_rolled_back", num_turns=2), "thread_rolled_back", "rolled back 2 turns"),
        (event("error", message="no network"), "error", "no network"),
        (event("error", error={"message": "limit"}), "error", "limit"),
        (line("compacted", 1, message="Summary"), "context_compacted", "Summary"),
        (event("item_completed", item={"type": "plan", "text": "\n First"}), "plan_completed", "Plan completed: First"),
    ],
)
def test_it_tells_what_happened_to_the_thread(record: Record, kind: str, text: str) -> None:
    (found,) = events(meta(), record)
    assert (found.action, words(found)) == (Custom(kind=kind), text)


@pytest.mark.parametrize(("second", "count"), [(12, 1), (14, 2)])
def test_it_tells_of_a_compaction_once(second: float, count: int) -> None:
    summary, notice = {"message": "Summary"}, event("context_compacted", second)
    found = events(meta(), line("compacted", 0, **summary), notice)
    turned = events(meta(), event("context_compacted", 0), line("compacted", second, **summary))
    assert (len(found), len(turned)) == (count, count)
    assert "Summary" in [words(one) for one in turned]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"type": "search", "query": "b", "queries": ["a"]}, WebSearch(query="b")),
        ({"type": "open_page", "url": "https://example.org"}, WebFetch(url="https://example.org")),
        ({"type": "open_page"}, ToolCall(name="web_search")),
        ({"type": "find_in_page", "pattern": "x"}, ToolCall(name="web_search")),
        ({"pattern": "x"}, ToolCall(name="web_search")),
        ({"url": "https://example.org"}, WebFetch(url="https://example.org")),
        ({"type": "search"}, None),
    ],
)
def test_it_reads_web_searches(action: dict[str, Any], expected: object) -> None:
    assert [one.action for one in events(meta(), item("web_search_call", action=action))] == [expected] * bool(expected)


def test_it_leaves_pictures_in_the_log() -> None:
    (found,) = events(meta(), item("image_generation_call", id="i", revised_prompt="a till", result="AAAA"))
    assert (found.action, found.content.blocks) == (ImageGenerate(prompt="a till"), ())


def test_it_reads_several_objects_on_one_line() -> None:
    reader, out = CodexReader(HERE), Output()
    one = b'{"type":"event_msg","timestamp":"2026-03-02T10:00:00Z","payload":{"type":"agent_message","message":"%s"}}'
    reader.read(one % b"first" + one % b"second half \\ud83d", out)
    assert ([words(found) for found in out.events], out.records) == (["first", "second half \ufffd"], 2)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"type":"event_msg","payload":{"type":"brand_new"}}', "event_msg:brand_new"),
        (b'{"type":"response_item","payload":{"type":"brand_new"}}', "response_item:brand_new"),
        (b'{"type":"brand_new"}', "item:brand_new"),
        (b'{"type":"event_msg","payload":[]}', "event_msg:no type"),
        (b'{"type":"event_msg","payload":{"type":["x"]}}', "event_msg:no type"),
        (b'{"type":"response_item","payload":{"type":"function_call"}}', "function_call:no name"),
        (b'{"type":{}}', "no type"),
        (b'{"half":', "bad line"),
        (b"[1]", "bad line"),
    ],
)
def test_it_counts_what_it_does_not_understand(raw: bytes, kind: str) -> None:
    assert skipped(raw) == {kind: 1}


@pytest.mark.parametrize(
    "raw", [b"", b" \r", b"\0\0\0", b'{"record_type":"state"}', b'{"type":"world_state","payload":{}}']
)
def test_it_passes_over_what_it_knows_to_mean_nothing(raw: bytes) -> None:
    assert skipped(raw) == {}


def test_it_survives_odd_values_anywhere() -> None:
    odd: list[Any] = [None, 7, 10**30, 1.5, True, "", [], {}, [{"type": []}], {"a": {"b": []}}]
    keys = (
        "message",
        "call_id",
        "name",
        "arguments",
        "input",
        "output",
        "action",
        "item",
        "info",
        "changes",
        "summary",
    )
    names = (
        "user_message",
        "error",
        "token_count",
        "turn_aborted",
        "item_completed",
        "patch_apply_end",
        "task_complete",
    )
    items = ("message", "reasoning", "function_call", "custom_tool_call", "function_call_output", "local_shell_call")
    records = [
        make(kind, **dict.fromkeys(keys, value))
        for value in odd
        for make, kinds in ((event, names), (item, (*items, "web_search_call", "image_generation_call")))
        for kind in kinds
    ]
    strange = [
        line("session_meta", 0, **dict.fromkeys(("id", "git", "source", "timestamp", "cwd"), value)) for value in odd
    ]
    reader, out = read(*strange, *records, call("apply_patch", {}), output(10**30))
    assert out.records == len(strange) + len(records) + 2
    assert reader.header().session_id
