"""The process that parses what a stranger sent. It loads no Django, knows no secret, and ends when it takes too much.

A request comes through standard input, the answer goes to standard output: see `contained`.
"""

from __future__ import annotations

import errno
import resource
import sys
import sysconfig
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from opensession.hail import jsonl
from parsers.content import InvalidHint, Refused, SelectionRequired, read
from parsers.detect import Candidate
from parsers.registry import TOOLS, parser_of

CPU_SECONDS = 15
MEMORY = 1 << 30
ANSWER = 96 << 20
"""Bytes of a file that may be written: the copy of the log, and the answer."""

_READS = ("open", "os.listdir", "os.scandir", "sqlite3.connect")
_NEVER = ("ctypes.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "socket.", "subprocess.")


class Task(Struct, frozen=True):
    """What is to be parsed. `folder` is the one place where files may be, `most` how many events are wanted."""

    folder: str
    name: str
    data: bytes
    hint: str
    most: int


class Parsed(Struct, frozen=True, tag="parsed"):
    """A session as JSON, and how it was found. `others` are the further sessions that the file holds."""

    tool: str
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    others: int
    session: bytes


class Unread(Struct, frozen=True, tag="unread"):
    reason: str
    candidates: tuple[Candidate, ...]
    is_choice: bool
    is_hint: bool


def main() -> None:
    _limit()
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    for tool in TOOLS:
        parser_of(tool)
    _confine(Path(task.folder))
    sys.stdout.buffer.write(msgspec.msgpack.encode(_answer(task)))


def _answer(task: Task) -> Parsed | Unread:
    try:
        found = read(task.name, task.data, task.hint)
    except Refused as error:
        kinds = isinstance(error, SelectionRequired), isinstance(error, InvalidHint)
        return Unread(error.reason, error.candidates, *kinds)
    session = jsonl.to_json(replace(found.session, events=found.session.events[: task.most]))
    return Parsed(found.tool, found.candidates, found.warnings, len(found.others), session)


def _limit() -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, ANSWER),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _confine(folder: Path) -> None:
    """Let nothing be read outside the folder from here on, and nothing be started or connected to.

    Some formats name files beside a log; a hostile one would name ours. What Python itself reads late stays allowed.
    """
    allowed = (f"{folder}/", *(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib")))

    def refuse(event: str, details: tuple[object, ...]) -> None:
        if event.startswith(_NEVER):
            raise PermissionError(f"{event} is not allowed here")
        if event in _READS and not _is_below(details[0], allowed):
            raise FileNotFoundError(errno.ENOENT, "nothing else is here", str(details[0]))

    sys.addaudithook(refuse)


def _is_below(place: object, allowed: tuple[str, ...]) -> bool:
    """Tell whether a file lies in a folder, whatever detours its path makes. An open file is known already."""
    if isinstance(place, int):
        return True
    text = place.decode("utf-8", "surrogateescape") if isinstance(place, bytes) else str(place)
    path = text.removeprefix("file:").partition("?")[0]
    return f"{Path(path).resolve()}/".startswith(allowed)


if __name__ == "__main__":
    main()
