"""The places of what editors and their extensions keep."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import escape, glob

from parsers.folders.shapes import Siblings, in_folder, with_twin
from parsers.places import Place, database

_MESSAGES = ".messages.json"
_LIST = "index.json"
_CLINE = ("$CLINE_DATA_DIR", "$CLINE_DIR/data", "~/.cline/data")
_SUBAGENTS = "subagents"


def tasks(root: str) -> Place:
    """Return the place of the tasks of Cline or one of its kin: a folder each."""
    beside = ("ui_messages.json", "history_item.json", "task_metadata.json")
    return in_folder(root, "tasks/*/api_conversation_history.json", *beside)


def cline() -> tuple[Place, ...]:
    """Return the places of Cline: its tasks, and the sessions that followed them."""
    return (
        tasks("{code}/globalStorage/saoudrizwan.claude-dev"),
        *(tasks(root) for root in _CLINE),
        _sessions("$CLINE_SESSION_DATA_DIR", ""),
        *(_sessions(root, "sessions/") for root in _CLINE),
    )


def _sessions(root: str, folder: str) -> Place:
    return Place(root, f"{folder}*/*{_MESSAGES}", _beside_messages, _messages)


def _beside_messages(path: str) -> Iterable[str]:
    """Return what describes a session, and its folder, which changes when a subagent begins."""
    stem = path.removesuffix(_MESSAGES)
    return (f"{stem}.json", f"{stem}.compaction.json", os.path.dirname(path))


def _messages(path: str) -> str:
    """Return the messages of the session in whose folder a file lies."""
    folder = os.path.dirname(path)
    return os.path.join(folder, f"{os.path.basename(folder)}{_MESSAGES}")


def codebuddy_ide() -> Place:
    """Return the place of CodeBuddy's conversations in the editor: a folder each."""
    pattern = f"Data/**/history/*/*/{_LIST}"
    return Place("{local}/CodeBuddyExtension", pattern, _beside_list, _list)


def _beside_list(path: str) -> Iterable[str]:
    folder = os.path.dirname(path)
    return (os.path.join(folder, "messages"), os.path.join(os.path.dirname(folder), _LIST))


def _list(path: str) -> str:
    """Return the list of the conversation that a message belongs to."""
    folder = os.path.dirname(path)
    is_message = os.path.basename(folder) == "messages"
    return os.path.join(os.path.dirname(folder), _LIST) if is_message else path


def cursor() -> tuple[Place, ...]:
    """Return the places of Cursor: databases of its editor, those of its CLI, and transcripts of both."""
    users = ("{app}/Cursor/User", "~/.cursor-server/data/User")
    states = ("globalStorage/state.vscdb", "workspaceStorage/*/state.vscdb")
    folders = ("~/.cursor", "~/.cursor-server")
    logs = (f"projects/*/agent-transcripts/{name}.{kind}" for kind in ("jsonl", "txt") for name in ("*", "*/*"))
    return (
        *(database(root, state) for root in users for state in states),
        in_folder("~/.cursor", "chats/*/*/store.db", "store.db-wal", "meta.json"),
        *(Place(root, log, _beside_agent, _agent) for log in logs for root in folders),
    )


def _beside_agent(path: str) -> Iterable[str]:
    """Return the transcripts of the subagents, which lie in a folder beside that of their session."""
    return sorted(glob(os.path.join(escape(os.path.dirname(path)), _SUBAGENTS, "*")))


def _agent(path: str) -> str:
    """Return the transcript of the session that a subagent's one belongs to."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) != _SUBAGENTS:
        return path
    session = os.path.dirname(folder)
    return os.path.join(session, f"{os.path.basename(session)}{os.path.splitext(name)[1]}")


_INDEX = "sessions.json"


def kiro() -> tuple[Place, ...]:
    """Return the places of Kiro: databases and logs of its CLI, folders of both, and what its editor kept before."""
    editor = "{app}/Kiro/User/globalStorage/kiro.kiroagent"
    return (
        *(
            place
            for root in ("$KIRO_HOME", "~/.kiro")
            for place in (
                with_twin(root, "sessions/cli/*.jsonl", ".jsonl", ".json"),
                in_folder(root, "sessions/*/*/messages.jsonl", "session.json"),
            )
        ),
        *(database(f"{root}/kiro-cli", "data.sqlite3") for root in ("{data}", "{app}", "{local}")),
        Place(editor, "workspace-sessions/*/*.json", Siblings((_INDEX,)), never=rf"[/\\]{_INDEX}$"),
        Place(editor, "*/*.chat"),
    )


def visual_studio() -> tuple[Place, ...]:
    """Return the places of Copilot's traces in Visual Studio: the folder for temporary files."""
    return tuple(
        Place(f"{root}/VSGitHubCopilotLogs", "traces/*_VSGitHubCopilot_traces*.jsonl")
        for root in ("$TEMP", "{local}/Temp", "~/Library/Caches", "~/.cache")
    )
