"""The blocks of Junie's log in which tools are used, and subagents work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit, FileRead, ShellCommand, ToolCall
from parsers.diffs import unified
from parsers.fields import decoded, mapping, number, objects, text
from parsers.junie.session import RUNNING, Record, Session, Step, Use, bounded
from parsers.toolcalls import usual
from parsers.transcript import At

IDE_SERVERS = frozenset({"idea", "ijembedded", "jetbrains"})
"""MCP servers that are the IDE itself, whose tools are the agent's own there."""
IDE_TOOLS: Mapping[str, str] = {
    "execute_terminal_command": "terminal",
    "find_files_by_glob": "glob",
    "get_file_text_by_path": "read_file",
    "list_directory_tree": "list_directory",
    "replace_text_in_file": "replace",
    "search_in_files_by_regex": "grep",
    "search_in_files_by_text": "grep",
}
"""What tools of the IDE are called elsewhere."""
_SAME: Mapping[str, str] = {
    "pathInProject": "path",
    "directoryPath": "path",
    "searchText": "query",
    "regexPattern": "query",
    "globPattern": "pattern",
}


def _terminal(session: Session, event: Record, at: At) -> None:
    command = text(event, "command")
    words = text(event, "output", "presentableOutput", "details")
    uses = [Use("terminal", {"command": command}, ShellCommand(command=command))] if command else []
    session.use(event, uses, words, at, number(event, "exitCode"))


def _views(session: Session, event: Record, at: At) -> None:
    paths = [text(file, "relativePath", "path") for file in objects(event, "files")]
    uses = [Use("view_files", {"path": path}, FileRead(path=path)) for path in paths if path]
    session.use(event, uses, text(event, "details"), at)


def _changes(session: Session, event: Record, at: At) -> None:
    """Take changes of files when they are made: while a step goes on, what they will be may change."""
    if text(event, "status") not in RUNNING:
        uses = [_change(change) for change in objects(event, "changes")]
        session.use(event, uses, text(event, "details"), at)


def _change(change: Record) -> Use:
    before, after = text(change, "beforeRelativePath"), text(change, "afterRelativePath")
    old, new = mapping(change, "beforeContent").get("text"), mapping(change, "afterContent").get("text")
    path = after or before or "unknown"
    made: Action
    if not before:
        made = FileCreate(path=path)
    elif not after:
        made = FileDelete(path=path)
    else:
        both = isinstance(old, str) and isinstance(new, str)
        made = FileEdit(path=path, diff=unified(str(old), str(new)) or None if both else None)
    return Use("file_changes", {"path": path, "content": new}, made)


def _tool(session: Session, event: Record, at: At) -> None:
    """Take a step that has but a label. It often belongs to another block, which says more and comes before the end."""
    if text(event, "status") not in RUNNING and (label := text(event, "text", "toolCall")):
        name = text(event, "toolType", "toolName") or "tool"
        session.use(event, [Use(name, {"text": label}, ToolCall(name=name))], text(event, "output", "details"), at)


def _mcp(session: Session, event: Record, at: At) -> None:
    """Take a call of a tool of an MCP server. While it goes on, the details are what was given to it."""
    given = text(event, "input") or (text(event, "details") if text(event, "status") in RUNNING else "")
    name, told = text(event, "toolName") or "mcp", decoded(given)
    arguments = told if isinstance(told, dict) else given or None
    details = text(event, "output", "details")
    words = details if details.strip() != given.strip() else ""
    session.use(event, [Use(name, arguments, _mcp_action(name, arguments))], words, at)


def _mcp_action(name: str, arguments: Any) -> Action:
    server, _, tool = name.partition("/")
    if server not in IDE_SERVERS or not isinstance(arguments, dict):
        return ToolCall(name=name)
    made = usual(IDE_TOOLS.get(tool, tool), {_SAME.get(key, key): value for key, value in arguments.items()})
    return ToolCall(name=name) if isinstance(made, ToolCall) else made


def _tests(session: Session, event: Record, at: At) -> None:
    name = text(event, "name")
    uses = [Use("run_tests", {"name": name}, ToolCall(name="run_tests"))]
    session.use(event, uses, text(event, "result", "details"), at)


def _spawned(session: Session, event: Record, at: At) -> None:
    """Take the order to a subagent. Its result comes with the block that tells of the subagent's work."""
    at = At(at.time, at.raw, at.group.removesuffix("-spawned"), at.marks)
    session.use({"status": "STARTED"}, [Use("subagent", {key: event.get(key) for key in ("name", "task")})], "", at)


def _subagent(session: Session, event: Record, at: At) -> None:
    """Take the start or the end of a subagent's work. What it does is told by itself, or by the main agent for it."""
    name, agent = text(event, "name"), mapping(event, "agent")
    is_itself = text(agent, "kind") not in ("", "MainAgent")
    task, step = at.group or text(agent, "id") or name, session.step("task", at)
    session.to.task = None
    if not step.calls:
        bounded(session.facts.agents, text(agent, "id") if is_itself else name, task)
        session.to.task_start(task, name, at)
        step = Step(calls=1)
    if text(event, "status") not in RUNNING and not step.is_over:
        if session.step("use", at).calls:
            session.use(event, (), text(event, "details"), at)
        session.to.task_end(task, text(event, "details"), at)
        step.is_over = True
    session.remember("task", at, step)


HANDLERS: Mapping[str, Callable[[Session, Record, At], None]] = {
    "CustomAgentBlockUpdatedEvent": _subagent,
    "FileChangesBlockUpdatedEvent": _changes,
    "McpBlockUpdatedEvent": _mcp,
    "SubagentSpawnedEvent": _spawned,
    "TerminalBlockUpdatedEvent": _terminal,
    "TestRunBlockUpdatedEvent": _tests,
    "ToolBlockUpdatedEvent": _tool,
    "ViewFilesBlockUpdatedEvent": _views,
}
