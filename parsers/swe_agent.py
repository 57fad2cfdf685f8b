"""SWE-agent: a trajectory per attempt, the agent's thought, command and what it saw (`spec/parsers.md` 2.22)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opensession.hail.actions import ShellCommand
from parsers.base import Match, Sample
from parsers.documents import OneThread, load_object
from parsers.fields import amount, joined, mapping, number, objects, text
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]


class SweAgentParser(OneThread):
    tool, schema = "swe-agent", "swe-agent-traj-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the parts of a trajectory and of its steps."""
        steps = objects(sample.document, "trajectory")
        is_ours = {"trajectory", "history"} <= sample.keys and all("action" in step for step in steps)
        return Match(95, "a trajectory of SWE-agent") if is_ours else None

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the task, each step and how it ended; see `OneThread.fill`."""
        told = load_object(path)
        to.out.document(told)
        to.facts.attributes["environment"] = text(told, "environment") or "unknown"
        for message in objects(told, "history"):
            _take_message(message, to)
        for place, step in enumerate(objects(told, "trajectory"), 1):
            _take_step(step, f"step-{place}", to)
        _take_end(mapping(told, "info"), to)


def _take_message(message: Record, to: Transcript) -> None:
    """The history says what the steps say, but for the task: the first words of the user that are no demonstration."""
    kind = f"history:{text(message, 'role') or 'no role'}"
    to.out.record(kind, message)
    is_task = text(message, "role") == "user" and message.get("is_demo") is not True and not to.facts.said
    if is_task:
        to.user(joined(message.get("content")), At(raw=kind))
    else:
        to.out.ignore(kind)


def _take_step(step: Record, name: str, to: Transcript) -> None:
    to.out.record("step", step)
    at = At(raw="step", group=name)
    thought, action = text(step, "thought"), text(step, "action").strip()
    to.thinking(thought or ("" if action else text(step, "response")), at, f"{name}-thinking")
    if action:
        seconds = amount(step, "execution_time")
        to.call(action.split()[0], {"command": action}, at, id=f"{name}-call", action=ShellCommand(command=action))
        to.result(text(step, "observation"), at, id=f"{name}-result", duration_ms=int(seconds * 1000) or None)


def _take_end(info: Record, to: Transcript) -> None:
    to.out.record("info", info)
    at = At(raw="info")
    told = mapping(info, "model_stats")
    usage = Usage(
        input_tokens=max(0, number(told, "tokens_sent") or 0),
        output_tokens=max(0, number(told, "tokens_received") or 0),
        cost_usd=max(0.0, amount(told, "instance_cost", "total_cost")),
    )
    to.totals(usage, at)
    if status := text(info, "exit_status"):
        to.custom("submission", text(info, "submission"), at, marks={"exit_status": status})
