"""ATIF, the Agent Trajectory Interchange Format of Harbor: a JSON document of steps, which many agents export.

It is no log of one agent, and it is not looked for. Which agent it was stands in the session's `agent_name`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Match, Output, Sample, Thread
from parsers.documents import load_object
from parsers.fields import amount, joined, mapping, moment, number, objects, text
from parsers.transcript import At, Facts, Transcript, Usage, born, header

TOOL = "atif"
SCHEMA = "atif-json-v1"
MOST_SUBAGENTS = 1_000

Record = dict[str, Any]


class AtifParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the version of the schema."""
        version = text(sample.document, "schema_version") if "steps" in sample.keys else ""
        return Match(98, f"a trajectory in {version}") if version.upper().startswith("ATIF") else None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Trajectories]:
        yield _Trajectories(path, load_object(path))


class _Trajectories:
    """An open document: a trajectory, and those of the subagents that are embedded in it."""

    def __init__(self, path: Path, main: Record) -> None:
        self._path = path
        self._id = text(main, "session_id", "trajectory_id")
        self._strands = _strands(main)
        self._locators = {"" if strand == MAIN else f"{OF_SUBAGENT}{strand}": strand for strand in self._strands}

    def threads(self) -> Mapping[str, str]:
        return dict.fromkeys(self._locators, "")

    def read(self, locator: str, out: Output) -> Thread:
        """Read a trajectory; see `Document.read`."""
        strand = self._locators[locator]
        trajectory = self._strands[strand]
        facts = Facts(session_id=self._id, born=born(self._path), is_auxiliary=strand != MAIN)
        out.document(trajectory)
        _learn(trajectory, facts)
        _take(trajectory, Transcript(TOOL, SCHEMA, facts, out))
        return Thread(header(TOOL, facts, self._path), strand)


def _embedded(main: Record) -> Iterator[Record]:
    """Yield the trajectories inside of one, however deeply."""
    waiting = objects(main, "subagent_trajectories")
    for _ in range(MOST_SUBAGENTS):
        if not waiting:
            return
        each = waiting.pop(0)
        yield each
        waiting += objects(each, "subagent_trajectories")


def _strands(main: Record) -> dict[str, Record]:
    """Return the trajectories by name. An id may be given twice, and a subagent's session may be that of its parent."""
    found = {MAIN: main}
    for at, each in enumerate(_embedded(main), 1):
        name = text(each, "trajectory_id")
        found[name if name and name not in found else f"subagent-{at}"] = each
    return found


def _learn(trajectory: Record, facts: Facts) -> None:
    agent = mapping(trajectory, "agent")
    times = (moment(step, "timestamp") for step in objects(trajectory, "steps"))
    created = next((time for time in times if time), None)
    facts.learn(version=text(agent, "version"), model=text(agent, "model_name"), created=created)
    told = {
        "agent_name": text(agent, "name"),
        "notes": text(trajectory, "notes"),
        "continued_in": text(trajectory, "continued_trajectory_ref"),
    }
    facts.attributes.update({name: value for name, value in told.items() if value})


def _take(trajectory: Record, to: Transcript) -> None:
    steps = objects(trajectory, "steps")
    for step in steps:
        _take_step(step, to)
    if not any(mapping(step, "metrics") for step in steps):
        # Not as totals of the session: those of its subagents are added to them.
        to.tokens(_total(mapping(trajectory, "final_metrics")), At(raw="final_metrics"))


def _take_step(step: Record, to: Transcript) -> None:
    source = text(step, "source")
    kind = f"step:{source}"
    to.out.record(kind, step)
    # A trajectory that continues another one begins with a copy of what the agent still knew of it.
    is_copy = step.get("is_copied_context") is True
    at = At(moment(step, "timestamp") or "", kind, _id(step), {"replayed": True} if is_copy else {})
    made = len(to.out.events)
    if source not in ("user", "agent", "system"):
        to.out.skip(kind)
        return
    _take_words(step, source, at, to, Usage() if is_copy else _usage(mapping(step, "metrics")))
    _take_calls(step, at, to)
    if len(to.out.events) == made:
        to.out.ignore(kind)


def _id(step: Record) -> str:
    place = number(step, "step_id")
    return "" if place is None else f"step-{place}"


def _take_words(step: Record, source: str, at: At, to: Transcript, usage: Usage) -> None:
    words, model = joined(step.get("message")), text(step, "model_name")
    if source == "user":
        to.user(words, at, at.group)
    elif source == "system":
        to.system(words, at, at.group)
    else:
        to.thinking(text(step, "reasoning_content"), _of(at, "reasoning"), _part(at, "thinking"))
        if not to.agent(words, at, _part(at, "text"), usage, model):
            to.facts.learn(model=model)
            to.tokens(usage, _of(at, "metrics"), _part(at, "usage"))


def _take_calls(step: Record, at: At, to: Transcript) -> None:
    calls = objects(step, "tool_calls")
    for call in calls:
        to.call(text(call, "function_name"), call.get("arguments"), _of(at, "tool_call"), text(call, "tool_call_id"))
    results = objects(mapping(step, "observation"), "results")
    for result, call_id in zip(results, _answered(results, calls), strict=True):
        _take_result(result, call_id, _of(at, "observation"), to)


def _answered(results: Sequence[Record], calls: Sequence[Record]) -> Iterator[str]:
    """Yield the call that each result belongs to. Where none is named, one for each call means: in order."""
    in_order = [text(call, "tool_call_id") for call in calls] if len(calls) == len(results) else [""] * len(results)
    for result, call_id in zip(results, in_order, strict=True):
        yield text(result, "source_call_id") or call_id


def _take_result(result: Record, call_id: str, at: At, to: Transcript) -> None:
    extra = mapping(result, "extra")
    to.result(
        joined(result.get("content")) or _references(result),
        at,
        call_id,
        name="" if call_id or to.facts.calls else "observation",
        is_error=extra.get("is_error") is True,
        exit_code=number(extra, "exit_code"),
    )


def _references(result: Record) -> str:
    """Return the words for a result that is the work of subagents."""
    references = objects(result, "subagent_trajectory_ref")
    names = (text(each, "trajectory_id", "session_id", "trajectory_path") for each in references)
    return "\n".join(f"[subagent {name}]" for name in names if name)


def _usage(metrics: Record) -> Usage:
    extra = mapping(metrics, "extra")
    return Usage(
        input_tokens=number(metrics, "prompt_tokens") or 0,
        output_tokens=number(metrics, "completion_tokens") or 0,
        cache_read_tokens=number(metrics, "cached_tokens") or 0,
        cache_write_tokens=number(extra, "cache_creation_input_tokens") or 0,
        reasoning_tokens=number(extra, "reasoning_tokens", "reasoning_output_tokens") or 0,
        cost_usd=amount(metrics, "cost_usd"),
    )


def _total(metrics: Record) -> Usage:
    return Usage(
        input_tokens=number(metrics, "total_prompt_tokens") or 0,
        output_tokens=number(metrics, "total_completion_tokens") or 0,
        cache_read_tokens=number(metrics, "total_cached_tokens") or 0,
        cost_usd=amount(metrics, "total_cost_usd"),
    )


def _of(at: At, kind: str) -> At:
    return At(at.time, f"{at.raw}:{kind}", at.group, at.marks)


def _part(at: At, part: str) -> str:
    return f"{at.group}-{part}" if at.group else ""
