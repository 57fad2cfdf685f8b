"""Aider: one Markdown file per project, to which each run appends what was typed, said and shown
(`spec/parsers.md` 2.10).

A line that Aider itself wrote ends in two spaces, Markdown's line break: `#### ` begins one that the user typed, `> `
one that Aider showed. What stands between is the model's answer, which may have headings and quotes of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from itertools import groupby, zip_longest
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from opensession.hail.actions import Action, FileCreate, FileEdit, ShellCommand, WebFetch
from opensession.hail.times import key
from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.diffs import unified
from parsers.documents import load_text
from parsers.fields import stamp
from parsers.transcript import At, Facts, Transcript, Usage, born, call_content, header

TOOL = "aider"
SCHEMA = "aider-markdown-v1"
HISTORY, TYPED = ".aider.chat.history.md", ".aider.input.history"

_HEADER = re.compile(r"^# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[ \t]*$", re.MULTILINE)
_BREAK, _ID_LENGTH, _MOST_NAMES = "  ", 32, 1000
GAP = "gap"
ESTIMATED = {"timestamp.estimated": True}

_SETTING = re.compile(
    r"Aider v|(Main |Weak |Editor )?[Mm]odel: |Git repo: |Repo-map: |Restored previous conversation history|"
    r"Added \d+ lines? of output to the chat|/\S*aider( |$)|aider( |$)"
).match
_MODEL = re.compile(r"(?:Main model|Model): (\S+)").match
_VERSION = re.compile(r"Aider v(\S+)").match
_TOKENS = re.compile(
    r"Tokens: (?P<input_tokens>\S+) sent(?:, (?P<cache_write_tokens>\S+) cache write)?"
    r"(?:, (?P<cache_read_tokens>\S+) cache hit)?, (?P<output_tokens>[\d.,]+[kM]?) received\."
    r"(?: Cost: \$(?P<cost_usd>[\d.e-]+) message)?"
).match
_APPLIED = re.compile(r"Applied edit to (.+)").fullmatch
_CREATED = re.compile(r"Creating empty file (.+)").fullmatch
_RAN = re.compile(r"(?:Running|Executing: (?:/run |!)) ?(.+)").fullmatch
_COMMIT = re.compile(r"Commit ([0-9a-f]{7,40} .*)").fullmatch
_SCRAPED = re.compile(r"Scraping (https?://\S+?)\.\.\.").fullmatch
_FAILED = re.compile(r"error\b|exception\b|did not conform|unable to|can't |exceeded", re.IGNORECASE).search
_WORDS_COMMAND = re.compile(r"/(ask|code|architect|context|help|ok) +(.+)", re.DOTALL).fullmatch
_SHELL_COMMAND = re.compile(r"(?:/run +|/test +|! *)(.+)|/(git .+)", re.DOTALL).fullmatch

_THINKING, _ANSWER = "► **THINKING**", "► **ANSWER**"
_SEARCH = re.compile(r"<{5,9} SEARCH>?\s*$").match
_DIVIDER = re.compile(r"={5,9}\s*$").match
_REPLACE = re.compile(r">{5,9} REPLACE\s*$").match
_FENCE = re.compile(r"\s*(?:```|<source>|~~~)").match


class AiderParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the line that each run begins with."""
        found = _HEADER.search(sample.text[:4096])
        is_ours = found is not None and not sample.text[: found.start()].strip()
        return Match(98, "begins as a chat history of Aider") if is_ours else None

    @contextmanager
    def open(self, path: Path) -> Iterator[_History]:
        yield _History(path, load_text(path))


class _Part(NamedTuple):
    """A run, as it stands in the file: when it began and when the next one did, in local time, and what follows."""

    began: str
    next: str
    text: str


class _History:
    """An open chat history."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._typed = _typed(path.with_name(TYPED))
        self._parts = dict(_identified(_parts(text)))

    def threads(self) -> Mapping[str, str]:
        return {key: f"{crc32(part.text.encode('utf-8', 'replace')):08x}" for key, part in self._parts.items()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a run; see `Document.read`."""
        if (part := self._parts.get(locator)) is None:
            raise ParseError(self._path, 0, f"holds no run {locator}")
        began = stamp(part.began) or born(self._path)
        facts = Facts(session_id=locator, created=began, born=began)
        if self._path.name == HISTORY:
            facts.cwd = str(self._path.parent)
        run = _Run(Transcript(TOOL, SCHEMA, facts, out), self._times(key(began), key(stamp(part.next) or "")))
        run.read(list(_blocks(part.text)))
        return Thread(header(TOOL, facts, self._path))

    def _times(self, began: str, ended: str) -> dict[str, list[str]]:
        """Return when each prompt of a run was typed, the latest first."""
        times: dict[str, list[str]] = {}
        first, last = (bisect_left(self._typed, (end,)) for end in (began, ended))
        for when, words in reversed(self._typed[first:last]):
            times.setdefault(words, []).append(f"{when}Z")
        return times


def _parts(text: str) -> Iterator[_Part]:
    found = list(_HEADER.finditer(text))
    for each, following in zip_longest(found, found[1:]):
        end, began = (following.start(), following[1]) if following else (len(text), "9999-12-31 00:00:00")
        yield _Part(each[1], began, text[each.end() : end].lstrip("\n"))


def _identified(parts: Iterator[_Part]) -> Iterator[tuple[str, _Part]]:
    """Yield the runs in which the user said something, each with an id.

    A run has no id of its own. It is told by how it begins, up to the first words of the user: the file only grows, so
    this stays, wherever the file lies.
    """
    seen: dict[str, int] = {}
    for part in parts:
        kinds = [*_kinds(part.text)]
        first = next((place for place, (kind, _) in enumerate(kinds) if kind == "user"), None)
        if first is None:
            continue
        start = "\n".join((part.began, *(line for _, line in kinds[: first + 1])))
        seen[start] = seen.get(start, 0) + 1
        start = f"{start}\n{seen[start]}" if seen[start] > 1 else start
        yield sha256(start.encode("utf-8", "replace")).hexdigest()[:_ID_LENGTH], part


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what stands together: lines of one kind, which is `user`, `tool` or `reply`."""
    for kind, lines in groupby(_kinds(text), key=lambda each: each[0]):
        if kind != GAP:
            yield kind, [line for _, line in lines]


def _kinds(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with its kind. A blank line within or behind an answer belongs to it; others are gaps."""
    lines = text.split("\n")
    is_strict = any(line.startswith(("#### ", "> ")) and line.endswith(_BREAK) for line in lines)
    kind = GAP
    for line in lines:
        is_gap = kind != "reply" and not line.strip()
        kind = GAP if is_gap else _kind(line, is_strict, kind)
        yield kind, line if kind == "reply" else _bare(line)


def _kind(line: str, is_strict: bool, before: str) -> str:
    """Return what a line is. Where an editor has removed the breaks, a heading within an answer stays part of it."""
    is_whole = line.endswith(_BREAK) if is_strict else True
    if line.startswith("####") and is_whole and (is_strict or before != "reply"):
        return "user"
    return "tool" if line.startswith(">") and is_whole else "reply"


def _bare(line: str) -> str:
    words = line.removeprefix("####").removeprefix(">").removeprefix(" ").rstrip()
    return "" if words == "<blank>" else words


def _typed(path: Path) -> list[tuple[str, str]]:
    """Return what was typed and when, in order and in local time, from the prompt's own history beside the chat's."""
    try:
        entries = load_text(path).split("\n# ") if path.is_file() else []
    except (OSError, ParseError):
        return []
    typed = []
    for entry in entries:
        time, *lines = entry.strip().removeprefix("# ").split("\n")
        words = "\n".join(line.removeprefix("+") for line in lines if line.startswith("+")).strip()
        if (when := stamp(time)) and words:
            typed.append((key(when), words))
    return sorted(typed)


class _Run:
    """Says what happened in one run, block by block."""

    def __init__(self, to: Transcript, typed: dict[str, list[str]]) -> None:
        self.to, self.typed = to, typed
        self.time = ""
        self.edits: dict[str, str] = {}
        self.shown: list[str] = []

    def read(self, blocks: list[tuple[str, list[str]]]) -> None:
        for place, (kind, lines) in enumerate(blocks):
            self.to.out.record(kind)
            if kind == "user":
                self._user("\n".join(lines).strip())
            elif kind == "tool":
                self._tool(lines, is_paid=place > 0 and blocks[place - 1][0] == "reply")
            elif words := "\n".join(lines).strip():
                following = blocks[place + 1 : place + 2]
                self._reply(words, following[0][1] if following and following[0][0] == "tool" else [])
            else:
                self.to.out.ignore("blank lines")

    def at(self, raw: str, marks: Mapping[str, bool] = ESTIMATED) -> At:
        """Return where an event comes from. Only prompts have a time, and only in another file, without a zone."""
        return At(time=self.time, raw=raw, marks=marks)

    def _user(self, words: str) -> None:
        if times := self.typed.get(words):
            self.time = max(self.time, times.pop(), key=key)
        if found := _SHELL_COMMAND(words):
            self._shell(found[1] or found[2], "user:command")
        elif found := _WORDS_COMMAND(words):
            self.to.user(found[2], self.at(f"user:{found[1]}"))
        elif words.startswith("/"):
            self.to.system(words, self.at("user:command"))
        else:
            self.to.user(words, self.at("user"))

    def _shell(self, command: str, raw: str) -> None:
        made = ShellCommand(command=command.strip())
        self._act(made, "shell", raw)

    def _act(self, made: Action, kind: str, raw: str) -> None:
        self._show()
        self.to.emit(made, call_content(made, None), self.at(raw), marks={"semantic.tool_kind": kind})

    def _reply(self, words: str, shown: list[str]) -> None:
        """Write an answer, with the tokens that Aider shows right behind it."""
        if words.lstrip("-\n").startswith(_THINKING):
            thought, _, words = words.partition(_ANSWER)
            self.to.thinking(thought.partition(_THINKING)[2].rstrip("-\n "), self.at("reply:thinking"))
            words = words.strip()
        self.edits = dict(_edits(words.split("\n")))
        usage = next((usage for line in shown if (usage := _usage(line))), None)
        if not self.to.agent(words, self.at("reply"), usage=usage) and usage:
            self.to.tokens(usage, self.at("reply"))

    def _tool(self, lines: list[str], *, is_paid: bool) -> None:
        """Say what Aider showed. `is_paid` tells that the first count of tokens belongs to the answer before."""
        made = self.to.facts.made
        for line in lines:
            if (usage := _usage(line)) and not is_paid:
                self.to.tokens(usage, self.at("tool:tokens"))
            elif usage:
                is_paid = False
            elif not self._told(line) and not self._did(line):
                self.shown.append(line)
        self._show()
        if made == self.to.facts.made:
            self.to.out.ignore("settings")

    def _show(self) -> None:
        """Write the lines that are nothing but words."""
        words, self.shown = "\n".join(self.shown), []
        self.to.system(words, self.at("tool", ESTIMATED | {"error": True} if _FAILED(words) else ESTIMATED))

    def _told(self, line: str) -> bool:
        """Learn from a line that tells how Aider is set up."""
        if found := _VERSION(line):
            self.to.facts.learn(version=found[1])
        elif found := _MODEL(line):
            self.to.facts.learn(model=found[1])
        return _SETTING(line) is not None

    def _did(self, line: str) -> bool:
        """Write what Aider did, if a line tells that."""
        if found := _APPLIED(line):
            diff = self.edits.pop(_same(found[1], self.edits), "")
            self._act(FileEdit(path=found[1], diff=diff or None), "file_write", "tool:edit")
        elif found := _CREATED(line):
            self._act(FileCreate(path=found[1]), "file_write", "tool:create")
        elif found := _RAN(line):
            self._shell(found[1], "tool:run")
        elif found := _SCRAPED(line):
            self._act(WebFetch(url=found[1]), "web", "tool:scrape")
        elif found := _COMMIT(line):
            self._show()
            self.to.custom("git_commit", found[1], self.at("tool:commit"))
        return found is not None


def _usage(line: str) -> Usage | None:
    found = _TOKENS(line)
    if found is None:
        return None
    told = {name: _number(value) for name, value in found.groupdict().items() if value}
    cost = told.pop("cost_usd", 0.0)
    return Usage(**{name: round(count) for name, count in told.items()}, cost_usd=cost)


def _number(told: str) -> float:
    """Return a count as it is shown to people: `2.5k` are 2500."""
    factor = 1e3 if told.endswith("k") else 1e6 if told.endswith("M") else 1.0
    try:
        found = float(told.rstrip("kM").replace(",", "")) * factor
    except ValueError:
        return 0.0
    return found if 0 <= found < 1e15 else 0.0


def _same(path: str, edits: Mapping[str, str]) -> str:
    """Return the name under which the answer changed a file; models write it with or without its folders."""
    if path in edits or len(edits) > _MOST_NAMES:
        return path
    return next((name for name in edits if path.endswith(f"/{name}") or name.endswith(f"/{path}")), path)


def _edits(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Return each file that an answer wants to change, with the diff of all its blocks."""
    diffs: dict[str, list[str]] = {}
    path, old, new = "", list[str](), list[str]()
    part: list[str] | None = None
    for place, line in enumerate(lines):
        if part is None and _SEARCH(line):
            path = _named(lines[max(0, place - 3) : place]) or path
            part = old = []
        elif part is old and part is not None and _DIVIDER(line):
            part = new = []
        elif part is new and part is not None and _REPLACE(line):
            diffs.setdefault(path, []).append(unified(_joined(old), _joined(new)))
            part = None
        elif part is not None:
            part.append(line)
    return ((name, "".join(each)) for name, each in diffs.items())


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _named(before: list[str]) -> str:
    """Return the path that stands before the fence of a block; none when the model left it out."""
    for line in reversed(before):
        if line.strip() and not _FENCE(line):
            name = line.strip().strip("*`#: ")
            return name if not _REPLACE(line) and len(name) < 300 else ""
    return ""
