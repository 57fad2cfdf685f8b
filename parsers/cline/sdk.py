"""Cline's sessions since it is built on its own kit: a folder of JSON files each (`spec/parsers.md` 2.6).

`<id>.json` describes the session, `<id>.messages.json` holds its messages, `<agent>.messages.json` those of a subagent,
`<id>.compaction.json` the summary that stands for the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Match, Output, ParseError, Sample, Thread
from parsers.cline import history
from parsers.documents import beside, load_json, load_object
from parsers.fields import mapping, moment, number, objects, text
from parsers.transcript import At, Facts, Transcript, born, header

TOOL, SCHEMA = "cline", "cline-messages-v1"
MESSAGES, COMPACTION = ".messages.json", ".compaction.json"

_DESCRIBES = ({"session_id", "messages_path"}, {"session_id", "workspace_root", "interactive"})
_HOLDS = {"version", "sessionId", "messages"}
_SUMS_UP = {"version", "source_message_count", "messages"}


def recognises(sample: Sample) -> Match | None:
    """Tell by the keys that each of the files has."""
    keys = sample.keys
    if keys >= _HOLDS and isinstance(sample.document["messages"], list):
        return Match(95, "messages of a session of Cline")
    if any(keys >= wanted for wanted in _DESCRIBES):
        return Match(92, "description of a session of Cline")
    if keys >= _SUMS_UP and sample.name.endswith(COMPACTION):
        return Match(92, "summary of a session of Cline")
    return None


def opened(path: Path) -> ClineSession | None:
    """Return the session that a file belongs to; None when it is no file of one."""
    keys = document.keys() if isinstance(document := load_json(path), dict) else set()
    if keys >= _HOLDS or any(keys >= wanted for wanted in _DESCRIBES) or keys >= _SUMS_UP:
        return ClineSession(path)
    return None


class ClineSession:
    """An open session. A file that lies in no folder of its session stands alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.parent
        name = path.parent.name
        self._id = name if path.name.startswith(f"{name}.") or (self._folder / f"{name}.json").is_file() else ""
        if not self._id:
            self._id = path.name.removesuffix(MESSAGES).removesuffix(COMPACTION).removesuffix(".json")

    def threads(self) -> Mapping[str, str]:
        """Return the session and its subagents, marked by the time and size of their files."""
        found = {self._id: _mark(self._file(MESSAGES), self._file(".json"), self._file(COMPACTION))}
        if self._id != self._folder.name:
            return found
        for log in sorted(self._folder.glob(f"*{MESSAGES}")):
            if (agent := log.name.removesuffix(MESSAGES)) != self._id:
                found[f"{self._id}{OF_SUBAGENT}{agent}"] = _mark(log)
        return found

    def read(self, locator: str, out: Output) -> Thread:
        """Read a thread; see `Document.read`."""
        agent = locator.removeprefix(self._id).removeprefix(OF_SUBAGENT)
        log = self._folder / f"{agent}{MESSAGES}" if agent else self._file(MESSAGES)
        if agent and log not in self._folder.glob(f"*{MESSAGES}"):
            raise ParseError(self._path, 0, f"holds no subagent {agent}")
        document = load_object(log) if agent or log.is_file() else {}
        out.document(document)
        facts = Facts(born=born(log if log.is_file() else self._path))
        to = Transcript(TOOL, SCHEMA, facts, out)
        if agent:
            facts.learn(session_id=self._id, title=text(document, "taskType"), updated=moment(document, "updated_at"))
        else:
            self._learn(document, facts)
        self._tell(document, {} if agent else mapping(self._beside(COMPACTION)), to)
        if not agent:
            self._tell_description(to, bool(document))
        return Thread(header(TOOL, facts, self._path, self._id), agent or MAIN)

    def _file(self, ending: str) -> Path:
        return self._folder / f"{self._id}{ending}"

    def _beside(self, ending: str) -> Any:
        return beside(self._path, self._file(ending).name)

    def _learn(self, document: Mapping[str, Any], facts: Facts) -> None:
        told = mapping(self._beside(".json"))
        facts.learn(
            session_id=text(told, "session_id") or text(document, "sessionId"),
            title=text(mapping(told, "metadata"), "title"),
            cwd=text(told, "cwd", "workspace_root"),
            model=text(told, "model"),
            provider=text(told, "provider"),
            created=moment(told, "started_at", "created_at"),
            updated=moment(told, "ended_at", "updated_at") or moment(document, "updated_at"),
        )
        if fork := text(mapping(told, "metadata", "fork"), "forkedFromSessionId"):
            facts.attributes["forked_from"] = fork

    def _tell(self, document: Mapping[str, Any], compaction: Mapping[str, Any], to: Transcript) -> None:
        messages = objects(document, "messages")
        cut = _summed_up(messages, number(compaction, "source_message_count") or 0)
        if compaction:
            first = (objects(compaction, "messages") or [{}])[0]
            summary = {"role": "compaction", "id": "compaction", "isSummary": True, "content": first.get("content")}
            messages.insert(cut, summary)
        history.tell(messages, (), to)

    def _tell_description(self, to: Transcript, has_messages: bool) -> None:
        """Count what describes the session, and tell its prompt where the messages are gone."""
        told = mapping(self._beside(".json"))
        if not told:
            return
        to.out.record("session", told)
        if has_messages or not text(told, "prompt"):
            to.out.ignore("session")
        else:
            to.user(text(told, "prompt"), At(time=to.facts.created, raw="session"), "prompt")


def _summed_up(messages: list[dict[str, Any]], count: int) -> int:
    """Return how many messages a summary stands for; those that are for the eye only are not in its `count`."""
    real = [at for at, each in enumerate(messages) if mapping(each, "metadata").get("displayOnly") is not True]
    return real[count - 1] + 1 if 0 < count <= len(real) else len(messages) if count > 0 else 0


def _mark(*files: Path) -> str:
    return ":".join(_stat(file) for file in files)


def _stat(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns}-{found.st_size}"
