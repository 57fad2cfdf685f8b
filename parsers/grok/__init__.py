"""Grok Build: a folder per session (`spec/parsers.md` 2.22).

What that page does not have is from xAI's own source, as public copies of it show it, and from readers of these logs.
`updates.jsonl` is what was shown to the user, each record with its time: the Agent Client Protocol and xAI's additions
to it. `chat_history.jsonl` is what the model was sent; it has no times, and a compaction rewrites it. `summary.json` is
in every session. Any of the files leads to the session, and what the first of the two tells is believed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.documents import OneThread, beside, load_lines, stream_lines
from parsers.fields import items, mapping, moment, text
from parsers.grok.chat import is_chat, is_old_chat, write_chat
from parsers.grok.updates import Updates, active, answers, is_update
from parsers.transcript import Transcript

TOOL = "grok"
UPDATES, CHAT, SUMMARY = "updates.jsonl", "chat_history.jsonl", "summary.json"
OWN_NAMES = frozenset({UPDATES, CHAT, SUMMARY, "signals.json"})
SIGNALS = frozenset({"turnCount", "toolFailureCount", "doomLoopRecoveryAttempts"})
SUMMARY_KEYS = frozenset({"info", "session_summary", "created_at"})


class GrokParser(OneThread):
    tool, schema = TOOL, "grok-updates-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by updates that have a time, by the kinds of what the model was sent, or by what lies beside both."""
        info = mapping(sample.document, "info")
        if sample.keys >= SIGNALS or (sample.keys >= SUMMARY_KEYS and {"id", "cwd"} <= info.keys()):
            return Match(92, "what Grok Build says of a session")
        if sum(1 for record in sample.records if is_update(record)) * 2 > len(sample.records):
            return Match(94, "the updates of Grok Build")
        if sum(1 for record in sample.records if is_chat(record)) * 2 > len(sample.records):
            return Match(92, "the chat history of Grok Build")
        if sample.name == CHAT and any(is_old_chat(record) for record in sample.records):
            return Match(80, "the old chat history of Grok Build")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        path.stat()  # A session is told by any of its files, but that one must be there.
        _learn(mapping(beside(path, SUMMARY)), to)
        is_own = path.name in OWN_NAMES
        log = path.with_name(UPDATES) if is_own else path
        told = log.is_file() and _write(log, to)
        chat = path.with_name(CHAT)
        if is_own and not told and chat.is_file():
            _write(chat, to)
        elif is_own and chat.is_file():
            answers(chat, to)
        to.facts.learn(session_id=path.parent.name if is_own else "")


def _write(log: Path, to: Transcript) -> bool:
    """Write what a log tells. Return whether that was anything."""
    made = to.facts.made
    if log.name == UPDATES or any(is_update(record) for record in Sample(log).records):
        Updates(to).write(active(stream_lines(log, to.out), to.out))
    else:
        to.schema = "grok-chat-v1"
        write_chat(list(load_lines(log, to.out)), to)
    return to.facts.made > made


def _learn(summary: dict[str, Any], to: Transcript) -> None:
    """Take the facts of the session. One that has a parent and is no subagent was forked from it."""
    parent, is_subagent = text(summary, "parent_session_id"), text(summary, "session_kind") == "subagent"
    remote = next((each for each in items(summary, "git_remotes") if isinstance(each, str)), "")
    place = (remote or text(summary, "git_root_dir")).rstrip("/").removesuffix(".git")
    to.facts.is_auxiliary = is_subagent
    to.facts.learn(
        session_id=text(mapping(summary, "info"), "id"),
        cwd=text(mapping(summary, "info"), "cwd"),
        title=text(summary, "generated_title", "session_summary"),
        model=text(summary, "current_model_id"),
        created=moment(summary, "created_at"),
        updated=moment(summary, "updated_at", "last_active_at"),
        git_branch=text(summary, "head_branch"),
        git_repo_name=place.replace(":", "/").rpartition("/")[2],
        parent_session_id=parent if is_subagent else "",
    )
    told = {"git_commit": text(summary, "head_commit"), "forked_from": "" if is_subagent else parent}
    to.facts.attributes |= {name: value for name, value in told.items() if value}
