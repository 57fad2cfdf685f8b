"""The transcripts that Cursor's agent writes: a message per line in JSON, or, until 2026, plain text.

They have no ids, and no times but those that the user's messages tell the model. The tools' results are left out as a
rule. Subagents have a transcript each, in a folder beside that of their session (`spec/parsers.md` 2.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parsers.base import OF_SUBAGENT, Output, ParseError, Thread
from parsers.cursor.composers import TOOL
from parsers.cursor.messages import Talk
from parsers.documents import load_lines, load_text
from parsers.fields import decoded, joined, mapping, moment, text
from parsers.transcript import At, Facts, Transcript, born, header

ENDED = "turn_ended"
SUBAGENTS = "subagents"
_WELL = frozenset({"", "success", "completed"})
_ROLES = {"user:": "user", "assistant:": "assistant"}
_THINKING, _CALL, _RESULT = "[Thinking]", "[Tool call]", "[Tool result]"

Block = dict[str, Any]


class Transcripts:
    """The transcript of a session, with those of its subagents."""

    def __init__(self, path: Path) -> None:
        self._path = _of_session(path)

    def threads(self) -> Mapping[str, str]:
        """Return the session and its subagents; see `Document.threads`."""
        return {"": _stamp(self._path)} | {f"{OF_SUBAGENT}{log.stem}": _stamp(log) for log in self._subagents()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a transcript; see `Document.read`."""
        strand = locator.removeprefix(OF_SUBAGENT)
        path = next((log for log in self._subagents() if log.stem == strand), None) if strand else self._path
        if path is None:
            raise ParseError(self._path, 0, f"has no subagent {strand}")
        facts = Facts(session_id=self._path.stem, born=born(path), is_auxiliary=path.parent.name == SUBAGENTS)
        if path.suffix == ".txt":
            _write_text(path, Transcript(TOOL, "cursor-txt-v1", facts, out))
        else:
            _write_lines(path, Transcript(TOOL, "cursor-jsonl-v1", facts, out))
        told = header(TOOL, facts, path)
        return Thread(told, strand) if strand else Thread(told)

    def _subagents(self) -> list[Path]:
        """Return the transcripts of the subagents; only a session that has a folder of its own has some."""
        folder = self._path.parent
        if folder.name != self._path.stem:
            return []
        found = sorted(folder.joinpath(SUBAGENTS).glob("*.jsonl")) + sorted(folder.joinpath(SUBAGENTS).glob("*.txt"))
        return [log for log in found if log.is_file() and not log.is_symlink()]


def _of_session(path: Path) -> Path:
    """Return the transcript of the session whose subagent's one is given; the same where there is none."""
    if path.parent.name != SUBAGENTS:
        return path
    folder = path.parents[1]
    names = (folder / f"{folder.name}{ending}" for ending in (".jsonl", ".txt"))
    return next((name for name in names if name.is_file()), path)


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def _write_lines(path: Path, to: Transcript) -> None:
    talk = Talk(to)
    for record in load_lines(path, to.out):
        role = text(record, "role")
        kind = role or text(record, "type", "event") or "no type"
        to.out.record(kind, record)
        at = At(time=moment(record, "timestamp") or "", raw=kind, group=text(record, "id"))
        message = mapping(record, "message")
        to.facts.learn(model=text(record, "model") or text(message, "model"))
        if role:
            talk.write(role, message.get("content", record.get("content")), at, text(record, "id"))
        else:
            _notice(record, kind, at, to)


def _notice(record: dict[str, Any], kind: str, at: At, to: Transcript) -> None:
    status, failure = text(record, "status"), record.get("error")
    words = failure if isinstance(failure, str) else text(failure, "message")
    if kind == "error" or (kind == ENDED and words):
        to.custom("error", words or joined(mapping(record, "message").get("content")), at)
    elif kind == ENDED and status not in _WELL:
        to.custom("turn_aborted", status, at)
    else:
        (to.out.ignore if kind == ENDED else to.out.skip)(kind)


def _write_text(path: Path, to: Transcript) -> None:
    talk = Talk(to)
    for role, lines in _sections(load_text(path).split("\n")):
        to.out.record(role)
        content = "\n".join(lines) if role == "user" else list(_blocks(lines))
        talk.write(role, content, At(raw=role))


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    role, held = "", list[str]()
    for line in lines:
        if line.rstrip() in _ROLES:
            if role:
                yield role, held
            role, held = _ROLES[line.rstrip()], []
        else:
            held.append(line)
    if role:
        yield role, held


def _blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the blocks of the agent's message. What belongs to a mark is indented, or stands behind it."""
    head, body = "", list[str]()
    for line in lines:
        is_mark = line.startswith((_THINKING, _CALL, _RESULT))
        is_end = bool(head) and bool(line.strip()) and not line[:1].isspace()
        if is_mark or is_end:
            yield _block(head, body)
            head, body = (line, []) if is_mark else ("", [line])
        else:
            body.append(line)
    yield _block(head, body)


def _block(head: str, body: list[str]) -> Block:
    words = "\n".join(body)
    for mark, kind in ((_CALL, "tool_use"), (_RESULT, "tool_result")):
        if head.startswith(mark):
            name = head.removeprefix(mark).strip()
            told = {"input": _arguments(_dedented(body))} if mark == _CALL else {"content": _dedented(body)}
            return {"type": kind, "name": name, **told}
    if head:
        return {"type": "thinking", "thinking": f"{head.removeprefix(_THINKING)}\n{_dedented(body)}"}
    return {"type": "text", "text": words}


def _dedented(lines: list[str]) -> str:
    depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return "\n".join(line[min(depths, default=0) :] for line in lines).strip()


def _arguments(words: str) -> Any:
    """Return the arguments of a call: JSON, a name and a value per line, or, where it is neither, the words."""
    if words.startswith("{") and (value := decoded(words)) is not None:
        return value
    told: dict[str, str] = {}
    name = ""
    for line in words.split("\n"):
        key, parted, value = line.partition(":" if ":" in line.partition("=")[0] else "=")
        if parted and key.strip().isidentifier() and not line[:1].isspace():
            name = key.strip()
            told[name] = value.strip()
        elif name:
            told[name] += f"\n{line}"
        else:
            return words or None
    return told
