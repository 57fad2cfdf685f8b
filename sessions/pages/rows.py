"""Events of a session as the rows of its timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from opensession.hail import actions
from opensession.hail import model as hail
from sessions.pages import blocks
from sessions.pages.blocks import PAGE, Block, Room
from sessions.pages.calls import call_label, call_parts, output
from sessions.pages.kinds import ICONS, NAMES, flow_of
from sessions.pages.texts import compact, counted, milliseconds, one_line, short_path

_FILES = {look: look for look in ("message", "thinking", "note", "task", "run")}

SHORT_SYSTEM = 700
"""Characters of HTML that a system message may have before it is clamped."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A short fact at the end of a row; `tone` is `good`, `bad` or nothing."""

    text: str
    tone: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A subagent, folded at the call that launched it."""

    title: str
    facts: str
    url: str
    part_url: str


@dataclass(frozen=True, slots=True)
class Row:
    """An event, ready to be shown. `look` names its style, `place` is `main.12`."""

    number: int
    place: str
    look: str
    kind: str
    flow: str
    time: str
    name: str = ""
    label: str = ""
    icon: str = "dot"
    caption: str = ""
    badges: tuple[Badge, ...] = ()
    blocks: tuple[Block, ...] = ()
    result: tuple[Block, ...] = ()
    lane: Lane | None = None
    records: tuple[Row, ...] = ()
    separators: tuple[str, ...] = ()
    is_error: bool = False
    is_replayed: bool = False
    is_open: bool = False
    is_target: bool = False
    url: str = ""

    @property
    def file(self) -> str:
        return f"sessions/events/{_FILES.get(self.look, 'chip')}.html"

    @property
    def anchor(self) -> str:
        return f"e-{self.place}"

    @property
    def clock(self) -> str:
        """The time of day, in UTC; scripts turn it into the reader's own."""
        return self.time[11:19]

    @property
    def left_words(self) -> str:
        return counted(self.left, "character")

    @property
    def left(self) -> int:
        """How many characters the page leaves out."""
        return sum(block.left for block in (*self.blocks, *self.result))

    @property
    def shows_change(self) -> bool:
        return self.kind == "FileEdit" and any(block.kind == "diff" for block in self.blocks)


Maker = Callable[[Row, hail.Event, Room], Row]


def row(number: int, event: hail.Event, strand: str, url: str, room: Room = PAGE) -> Row:
    """Return the row of one event, without its result."""
    kind = _kind(event.action)
    start = Row(
        number=number,
        place=f"{strand}.{number}",
        look="tool",
        kind=kind,
        flow=flow_of(kind),
        time=event.timestamp,
        name=NAMES.get(kind, kind),
        icon=ICONS.get(kind, "dot"),
        caption=usage(event.attributes),
        is_replayed=event.attributes.get("replayed") is True,
        url=url,
    )
    return _MAKERS.get(type(event.action), _other)(start, event, room)


def with_result(call: Row, result: hail.Event, room: Room = PAGE, *, as_prose: bool = False) -> Row:
    """Return a call with the result folded in; what a subagent answers is prose."""
    failed = is_error(result)
    # Where the change itself is shown, that it was made need not be said.
    parts = () if call.shows_change and not failed else output(result, room, as_prose=as_prose)
    badges = call.badges
    if failed and not any(badge.tone == "bad" for badge in badges):
        badges = (*badges, Badge("error", "bad"))
    badges = (*badges, *_size(result, parts))
    if result.duration_ms and result.duration_ms >= 1000:
        badges = (*badges, Badge(milliseconds(result.duration_ms)))
    return replace(call, result=parts, badges=badges, is_error=call.is_error or failed)


def usage(attributes: Mapping[str, object]) -> str:
    """Return the tokens that a provider counted for an event: `1.2k in · 340 out · 18k cached`."""
    parts = (("input_tokens", "in"), ("output_tokens", "out"), ("cache_read_tokens", "cached"))
    found = ((attributes.get(name), unit) for name, unit in parts)
    return " · ".join(f"{compact(count)} {unit}" for count, unit in found if isinstance(count, int) and count > 0)


def is_error(event: hail.Event) -> bool:
    return isinstance(event.action, actions.ToolResult) and event.action.is_error


def _kind(action: actions.Action) -> str:
    return action.name if isinstance(action, actions.UnknownAction) else type(action).__name__


def _size(result: hail.Event, parts: tuple[Block, ...]) -> tuple[Badge, ...]:
    """Return how much a result says: the lines of code, or the characters of text."""
    code = next((block for block in result.content.blocks if isinstance(block, hail.Code)), None)
    if code and parts:
        first = code.start_line or 1
        return (Badge(f"L{first}-{first + _breaks(code.code)}", title="lines"),)
    size = sum(len(block.text) for block in result.content.blocks if isinstance(block, hail.Text))
    return (Badge(f"{compact(size)} chars", title=f"{size:,} characters of output"),) if size and parts else ()


def _message(start: Row, event: hail.Event, room: Room) -> Row:
    content = event.content
    if isinstance(event.action, actions.UserMessage):
        # What a user sends as data is the agent's own bookkeeping.
        content = hail.Content(blocks=tuple(each for each in content.blocks if not isinstance(each, hail.Json)))
    parts = blocks.blocks(content, as_prose=True, room=room)
    return replace(start, look="message", name=start.kind.removesuffix("Message").upper(), blocks=parts)


def _system(start: Row, event: hail.Event, room: Room) -> Row:
    words = " ".join(block.text[:400] for block in event.content.blocks[:3] if isinstance(block, hail.Text))
    failed = event.attributes.get("system.level") == "error"
    if kind := event.attributes.get("progress.type") or event.attributes.get("system.subtype"):
        name = one_line(str(kind), 40).replace("_", " ")
        words = one_line(words.removeprefix(f"System event: {kind}").removeprefix(f"Progress: {kind}"), 160)
        return replace(start, look="note", name=name, label=words, is_error=failed)
    # What the harness tells the model is long and rarely read: it is clamped sooner than what people write.
    message = _message(start, event, room)
    parts = tuple(replace(part, is_long=part.is_long or len(part.html) > SHORT_SYSTEM) for part in message.blocks)
    return replace(message, blocks=parts)


def _thinking(start: Row, event: hail.Event, room: Room) -> Row:
    parts = blocks.blocks(event.content, as_prose=False, room=room)
    words = next((block.text for block in event.content.blocks if isinstance(block, hail.Text)), "")
    badges = (Badge(milliseconds(event.duration_ms)),) if event.duration_ms else ()
    return replace(
        start,
        look="thinking",
        name="Thinking",
        label=one_line(words.replace("**", ""), 120),
        blocks=parts,
        badges=badges,
    )


def _call(start: Row, event: hail.Event, room: Room) -> Row:
    name = event.action.name if isinstance(event.action, actions.ToolCall) else start.name
    return replace(
        start, name=one_line(name, 60), label=call_label(event.content), blocks=call_parts(event.content, room)
    )


def _result(start: Row, event: hail.Event, room: Room) -> Row:
    parts = output(event, room)
    words = next((block.text for block in event.content.blocks if isinstance(block, hail.Text)), "")
    name = event.action.name if isinstance(event.action, actions.ToolResult) else ""
    badges = (Badge("error", "bad"),) if is_error(event) else ()
    return replace(
        start,
        look="result",
        name=f"Result of {one_line(name, 50)}",
        label=one_line(words),
        badges=badges,
        blocks=parts,
        is_error=is_error(event),
    )


def _shell(start: Row, event: hail.Event, room: Room) -> Row:
    action = event.action
    command = action.command if isinstance(action, actions.ShellCommand) else ""
    exit_code = action.exit_code if isinstance(action, actions.ShellCommand) else None
    badges = (Badge(f"↩ {exit_code}", "bad", f"exit code {exit_code}"),) if exit_code else ()
    words = [
        each for each in event.content.blocks if isinstance(each, hail.Text) and each.text.strip() != command.strip()
    ]
    parts = [replace(blocks.verbatim(command, room), kind="command")] if command.strip() else []
    about = next((one_line(each.text, 120) for each in words), "")
    return replace(
        start,
        look="shell",
        label=one_line(command, 160),
        caption=start.caption,
        badges=badges,
        blocks=(*([Block("mention", about)] if about else []), *parts),
        is_error=bool(exit_code),
    )


def _file(start: Row, event: hail.Event, room: Room) -> Row:
    action = event.action
    path: str = getattr(action, "path", "")
    words = hail.Content(blocks=tuple(each for each in event.content.blocks if not _repeats(each, path)))
    parts = blocks.blocks(words, as_prose=False, room=room)
    badges: tuple[Badge, ...] = ()
    if isinstance(action, actions.FileEdit) and action.diff:
        parts = (blocks.diff(action.diff, room),)
        added, removed = blocks.changed_lines(action.diff)
        badges = tuple(
            Badge(f"{sign}{n}", tone) for sign, n, tone in (("+", added, "good"), ("−", removed, "bad")) if n
        )
    elif isinstance(action, actions.FileCreate):
        count = sum(_line_count(each) for each in words.blocks)
        badges = (Badge(f"+{count}", "good"),) if count else ()
    return replace(start, look="file", label=short_path(path), blocks=parts, badges=badges)


def _repeats(block: hail.Block, label: str) -> bool:
    return isinstance(block, hail.Text) and block.text.strip() == label.strip()


def _line_count(block: hail.Block) -> int:
    return _breaks(block.code) + 1 if isinstance(block, hail.Code) else 0


def _breaks(code: str) -> int:
    return code.rstrip("\n").count("\n")


def _query(start: Row, event: hail.Event, room: Room) -> Row:
    label: str = next(
        (getattr(event.action, name) for name in ("query", "pattern", "prompt") if hasattr(event.action, name)), ""
    )
    content = hail.Content(blocks=tuple(each for each in event.content.blocks if not _repeats(each, label)))
    return replace(start, label=one_line(label, 160), blocks=blocks.blocks(content, as_prose=False, room=room))


def _fetch(start: Row, event: hail.Event, room: Room) -> Row:
    url = event.action.url if isinstance(event.action, actions.WebFetch) else ""
    content = hail.Content(blocks=tuple(each for each in event.content.blocks if not _repeats(each, url)))
    return replace(start, label=_host(url), blocks=blocks.blocks(content, as_prose=False, room=room))


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return one_line(url, 160)
    return one_line(f"{parts.netloc}{parts.path}" or url, 160)


def _task(start: Row, event: hail.Event, room: Room) -> Row:
    words: str = getattr(event.action, "title", None) or getattr(event.action, "summary", None) or ""
    name = "Task started" if isinstance(event.action, actions.TaskStart) else "Task ended"
    return replace(start, look="task", name=name, label=one_line(words, 200))


def _custom(start: Row, event: hail.Event, room: Room) -> Row:
    kind = event.action.kind if isinstance(event.action, actions.Custom) else start.kind
    words = " ".join(block.text[:400] for block in event.content.blocks[:3] if isinstance(block, hail.Text))
    label = one_line(words, 160) or start.caption
    failed = event.attributes.get("error") is True
    return replace(
        start,
        look="note",
        name=one_line(kind, 40).replace("_", " "),
        label="" if label == kind.replace("_", " ") else label,
        caption="",
        is_error=failed,
    )


def _other(start: Row, event: hail.Event, room: Room) -> Row:
    return replace(start, blocks=blocks.blocks(event.content, as_prose=False, room=room))


_MAKERS: dict[type[actions.Action], Maker] = {
    actions.UserMessage: _message,
    actions.AgentMessage: _message,
    actions.SystemMessage: _system,
    actions.Thinking: _thinking,
    actions.ToolCall: _call,
    actions.ToolResult: _result,
    actions.ShellCommand: _shell,
    actions.FileRead: _file,
    actions.FileEdit: _file,
    actions.FileCreate: _file,
    actions.FileDelete: _file,
    actions.CodeSearch: _query,
    actions.FileSearch: _query,
    actions.WebSearch: _query,
    actions.ImageGenerate: _query,
    actions.VideoGenerate: _query,
    actions.AudioGenerate: _query,
    actions.WebFetch: _fetch,
    actions.TaskStart: _task,
    actions.TaskEnd: _task,
    actions.Custom: _custom,
}


def quiet(rows: Sequence[Row]) -> list[Row]:
    """Fold notes that follow each other into one row each: hooks and counters say much and tell little."""
    found: list[Row] = []
    run: list[Row] = []
    for each in rows:
        if each.look == "note" and not each.is_error and not each.is_target and not each.separators:
            run.append(each)
            continue
        found += _folded(run)
        found.append(each)
        run = []
    return found + _folded(run)


def _folded(run: list[Row]) -> list[Row]:
    if len(run) < 2:
        return run
    tally: dict[str, int] = {}
    for each in run:
        tally[each.name] = tally.get(each.name, 0) + 1
    label = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in tally.items())
    name = counted(len(run), "record")
    return [replace(run[0], look="run", name=name, label=one_line(label, 200), records=tuple(run))]
