"""The places of logs that are folders of several files (`spec/parsers.md` 1.3)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import escape, glob

from parsers.places import Place, with_wal, without_wal

_HISTORY = "api_conversation_history.json"
_BESIDE = ("ui_messages.json", "history_item.json", "task_metadata.json")
_MESSAGES = ".messages.json"
_LIST = "index.json"
_WORKSPACE = "workspace.yaml"
_CLINE = ("$CLINE_DATA_DIR", "$CLINE_DIR/data", "~/.cline/data")


def tasks(root: str) -> Place:
    """Return the place of the tasks of Cline or one of its kin: a folder each."""
    return Place(root, f"tasks/*/{_HISTORY}", _beside_history, _history)


def cline() -> tuple[Place, ...]:
    """Return the places of Cline: its tasks, and the sessions that followed them."""
    return (
        tasks("{code}/globalStorage/saoudrizwan.claude-dev"),
        *(tasks(root) for root in _CLINE),
        _sessions("$CLINE_SESSION_DATA_DIR", ""),
        *(_sessions(root, "sessions/") for root in _CLINE),
    )


def codebuddy_ide() -> Place:
    """Return the place of CodeBuddy's conversations in the editor: a folder each."""
    pattern = f"Data/**/history/*/*/{_LIST}"
    return Place("{local}/CodeBuddyExtension", pattern, _beside_list, _list)


def copilot() -> tuple[Place, ...]:
    """Return the places of Copilot CLI: a folder per session, with its name beside the log, and before that a file."""
    roots = ("$COPILOT_HOME", "~/.copilot", "{state}/.copilot", "{config}/copilot")
    return tuple(
        place
        for root in roots
        for place in (
            Place(root, "session-state/*/events.jsonl", _beside_events, _events),
            Place(root, "session-state/*.jsonl"),
        )
    )


def _beside_events(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), _WORKSPACE),)


def _events(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, "events.jsonl") if name == _WORKSPACE else path


def _beside_list(path: str) -> Iterable[str]:
    folder = os.path.dirname(path)
    return (os.path.join(folder, "messages"), os.path.join(os.path.dirname(folder), _LIST))


def _list(path: str) -> str:
    """Return the list of the conversation that a message belongs to."""
    folder = os.path.dirname(path)
    is_message = os.path.basename(folder) == "messages"
    return os.path.join(os.path.dirname(folder), _LIST) if is_message else path


def _beside_history(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), name) for name in _BESIDE)


def _history(path: str) -> str:
    return os.path.join(os.path.dirname(path), _HISTORY)


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


def kimi() -> tuple[Place, ...]:
    """Return the places of both generations of Kimi: a folder for each session."""
    return (
        *(Place(root, "sessions/*/*/wire.jsonl", _beside_wire, _wire) for root in ("$KIMI_SHARE_DIR", "~/.kimi")),
        *(
            Place(root, "sessions/*/*/agents/main/wire.jsonl", _beside_wires, _main_wire)
            for root in ("$KIMI_CODE_HOME", "~/.kimi-code")
        ),
    )


def _beside_wire(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), name) for name in ("context.jsonl", "state.json"))


def _wire(path: str) -> str:
    return os.path.join(os.path.dirname(path), "wire.jsonl")


def _beside_wires(path: str) -> Iterable[str]:
    """Return what is said of the session, and the logs of its subagents."""
    agents = os.path.dirname(os.path.dirname(path))
    yield os.path.join(os.path.dirname(agents), "state.json")
    yield from sorted(wire for wire in glob(os.path.join(escape(agents), "*", "wire.jsonl")) if wire != path)


def _main_wire(path: str) -> str:
    """Return the log of the main agent in whose session a file lies."""
    folder = os.path.dirname(path)
    agents = os.path.dirname(folder) if os.path.basename(path) == "wire.jsonl" else os.path.join(folder, "agents")
    return os.path.join(agents, "main", "wire.jsonl")


_ABOUT, _INDEX = "session.json", "sessions.json"


def kiro() -> tuple[Place, ...]:
    """Return the places of Kiro: databases and logs of its CLI, folders of both, and what its editor kept before."""
    editor = "{app}/Kiro/User/globalStorage/kiro.kiroagent"
    return (
        *(
            place
            for root in ("$KIRO_HOME", "~/.kiro")
            for place in (
                Place(root, "sessions/cli/*.jsonl", _beside_jsonl, _jsonl),
                Place(root, "sessions/*/*/messages.jsonl", _beside_about, _about),
            )
        ),
        *(Place(f"{root}/kiro-cli", "data.sqlite3", with_wal, without_wal) for root in ("{data}", "{app}", "{local}")),
        Place(editor, "workspace-sessions/*/*.json", _beside_index, never=rf"[/\\]{_INDEX}$"),
        Place(editor, "*/*.chat"),
    )


def _beside_jsonl(path: str) -> Iterable[str]:
    return (f"{path.removesuffix('.jsonl')}.json",)


def _jsonl(path: str) -> str:
    """Return the log that a document tells of."""
    return f"{path.removesuffix('.json')}.jsonl" if path.endswith(".json") else path


def _beside_about(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), _ABOUT),)


def _about(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, "messages.jsonl") if name == _ABOUT else path


def _beside_index(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), _INDEX),)


_LATEST = 3
"""Messages of OpenCode that may still change. Of the others only the folders of their parts are looked at."""


def opencode(name: str, *roots: str) -> tuple[Place, ...]:
    """Return the places of OpenCode or one of its kin: databases, and before them a tree of JSON files.

    The star before `session` makes the whole of `storage` the folder that is watched.
    """
    folders = (f"{{local}}/{name}", f"{{app}}/{name}", *roots)
    return tuple(
        place
        for root in folders
        for place in (
            Place(root, f"{name}*.db", with_wal, without_wal),
            Place(f"{root}/storage", "*session/*/*.json", _beside_session, _session),
            Place(root, "project/*/storage/session/info/*.json"),
        )
    )


def _beside_session(path: str) -> Iterable[str]:
    """Yield the folders of a session's messages and their parts, and the files of the latest messages."""
    storage = os.path.dirname(os.path.dirname(os.path.dirname(path)))
    folder = os.path.join(storage, "message", os.path.basename(path).removesuffix(".json"))
    messages = _listed(folder)
    yield folder
    for message in messages:
        yield os.path.join(storage, "part", message.removesuffix(".json"))
    for message in messages[-_LATEST:]:
        parts = os.path.join(storage, "part", message.removesuffix(".json"))
        yield os.path.join(folder, message)
        yield from (os.path.join(parts, part) for part in _listed(parts))


def _session(path: str) -> str:
    """Return the file of the session that a message or a part belongs to, told by the names of folders alone."""
    folder, name = os.path.split(path)
    above, owner = os.path.split(folder)
    storage, kind = os.path.split(above)
    if kind not in ("message", "part") or not name.endswith(".json"):
        return path
    if kind == "part":
        owner = os.path.basename(os.path.dirname(_named(storage, "message", owner)))
    return _named(storage, "session", owner) or path


def _named(storage: str, kind: str, stem: str) -> str:
    found = glob(os.path.join(escape(storage), kind, "*", f"{escape(stem)}.json")) if stem else []
    return found[0] if found else ""


def _listed(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []


def droid() -> tuple[Place, ...]:
    """Return the places of Factory Droid: a log and its settings for each session."""
    return tuple(Place("~/.factory", f"{name}/**/*.jsonl", _settings, _log) for name in ("sessions", "projects"))


def _settings(path: str) -> Iterable[str]:
    return (f"{path.removesuffix('.jsonl')}.settings.json",)


def _log(path: str) -> str:
    return f"{path.removesuffix('.settings.json')}.jsonl" if path.endswith(".settings.json") else path


def openhands() -> tuple[Place, ...]:
    """Return the places of OpenHands: a folder for each conversation, of which only the state is written anew."""
    return (
        Place("$OPENHANDS_CONVERSATIONS_DIR", "*/base_state.json", _beside_state, _state),
        *(
            Place(root, "conversations/*/base_state.json", _beside_state, _state)
            for root in ("$OPENHANDS_PERSISTENCE_DIR", "~/.openhands")
        ),
        *(
            Place(root, "sessions/*/events/0.json", _beside_first, _first)
            for root in ("~/.openhands", "~/.openhands-state")
        ),
    )


def _beside_state(path: str) -> Iterable[str]:
    """Return the folders that change when there is a new event, of the conversation or of a subagent."""
    folder = os.path.dirname(path)
    yield os.path.join(folder, "events")
    yield from sorted(glob(os.path.join(escape(folder), "subagents", "*", "events")))


def _state(path: str) -> str:
    """Return the state of the conversation that an event belongs to, or a file of one of its subagents."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) == "events":
        folder = os.path.dirname(folder)
    if os.path.basename(os.path.dirname(folder)) == "subagents":
        folder = os.path.dirname(os.path.dirname(folder))
    return os.path.join(folder, "base_state.json")


def _beside_first(path: str) -> Iterable[str]:
    return (os.path.dirname(path),)


def _first(path: str) -> str:
    return os.path.join(os.path.dirname(path), "0.json")


def vibe() -> tuple[Place, ...]:
    """Return the places of Mistral Vibe: a folder for each session, in it those of its subagents; a document before."""
    return tuple(
        place
        for root in ("$VIBE_HOME", "~/.vibe")
        for place in (
            Place(root, "logs/session/*/messages.jsonl", _beside_vibe, _vibe),
            Place(root, "logs/session/*/agents/*/messages.jsonl", _beside_vibe, _vibe),
            Place(root, "logs/session/session_*.json"),
        )
    )


def _beside_vibe(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), "meta.json"),)


def _vibe(path: str) -> str:
    return os.path.join(os.path.dirname(path), "messages.jsonl")


def gemini(*roots: str) -> tuple[Place, ...]:
    """Return the places of Gemini CLI, or one of its kin: a folder per project, and in it one per parent session."""
    patterns = ("session-*.json", "session-*.jsonl", "*/*.jsonl")
    return tuple(Place(root, f"tmp/*/chats/{pattern}") for root in roots for pattern in patterns)


def grok() -> tuple[Place, ...]:
    """Return the places of Grok Build: a folder for each session, in which only the summary is there from the start."""
    return tuple(
        Place(root, "sessions/*/*/summary.json", _beside_summary, _summary) for root in ("$GROK_HOME", "~/.grok")
    )


def _beside_summary(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), name) for name in ("updates.jsonl", "chat_history.jsonl"))


def _summary(path: str) -> str:
    return os.path.join(os.path.dirname(path), "summary.json")


_CHAT, _ARCHIVED = "chat.jsonl", "subagent-transcripts"
_BESIDE_CHAT = ("chat-archive.jsonl", "partial.json", "metadata.json")


def mux() -> tuple[Place, ...]:
    """Return the places of Mux: a folder for each workspace, and in it those of its subagents that have reported."""
    roots = ("$MUX_ROOT", "~/.mux", "~/.mux-dev", "~/.cmux")
    return tuple(Place(root, f"sessions/*/{_CHAT}", _beside_chats, _workspace) for root in roots)


def _beside_chats(path: str) -> Iterable[str]:
    folder = os.path.dirname(path)
    yield from (os.path.join(folder, name) for name in _BESIDE_CHAT)
    yield from sorted(glob(os.path.join(escape(folder), _ARCHIVED, "*", _CHAT)))


def _workspace(path: str) -> str:
    """Return the messages of the workspace in whose folder a file lies, or in that of one of its subagents."""
    folder = os.path.dirname(path)
    above = os.path.dirname(folder)
    return os.path.join(os.path.dirname(above) if os.path.basename(above) == _ARCHIVED else folder, _CHAT)


_CONTEXT = "session_context.json"


def rovodev() -> Place:
    """Return the place of Rovo Dev: a folder for each session."""
    return Place("~/.rovodev", f"sessions/*/{_CONTEXT}", _beside_context, _context)


def _beside_context(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), "metadata.json"),)


def _context(path: str) -> str:
    return os.path.join(os.path.dirname(path), _CONTEXT)


_TREE = "conversation.json"
_SUBAGENTS = "subagents"


def posit_assistant() -> tuple[Place, ...]:
    """Return the place of Posit Assistant: a folder for each conversation, and in it those of its subagents."""
    return (Place("~/.posit/assistant", f"workspaces/*/*/{_TREE}", _beside_tree, _tree),)


def _beside_tree(path: str) -> Iterable[str]:
    folder = os.path.dirname(path)
    yield from (os.path.join(folder, name) for name in ("lm-messages.jsonl", "usage-events.jsonl"))
    yield os.path.join(os.path.dirname(folder), "workspace.json")
    yield from sorted(glob(os.path.join(escape(folder), _SUBAGENTS, "**", "*.json*"), recursive=True))


def _tree(path: str) -> str:
    """Return the conversation that a file belongs to, or a file of one of its subagents."""
    folder = os.path.dirname(path)
    while os.path.basename(os.path.dirname(folder)) == _SUBAGENTS:
        folder = os.path.dirname(os.path.dirname(folder))
    return os.path.join(folder, _TREE)


_HIDDEN = r"[/\\]sessions[/\\]([^/\\]+[/\\])?\."
"""What QwenPaw keeps beside its sessions: a manifest, and an archive of files that it has renamed."""


def qwenpaw() -> tuple[Place, ...]:
    """Return the places of QwenPaw: a folder for each agent, and in it one for each channel; at first one for all."""
    return tuple(
        Place(root, pattern, never=_HIDDEN)
        for root in ("$QWENPAW_WORKING_DIR", "$COPAW_WORKING_DIR", "~/.qwenpaw", "~/.copaw")
        for pattern in ("workspaces/*/sessions/*.json", "workspaces/*/sessions/*/*.json", "sessions/*.json")
    )


_TRANSCRIPT, _FULL = "transcript.jsonl", "transcript_full.jsonl"


def antigravity() -> tuple[Place, ...]:
    """Return the places of Antigravity: a folder per session, with its transcript brief and in full."""
    pattern = f"brain/*/.system_generated/logs/{_TRANSCRIPT}"
    roots = ("~/.gemini/antigravity", "~/.gemini/antigravity-cli", "~/.gemini/antigravity-ide")
    return tuple(Place(root, pattern, _beside_transcript, _transcript) for root in roots)


def _beside_transcript(path: str) -> Iterable[str]:
    return (os.path.join(os.path.dirname(path), _FULL),)


def _transcript(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, _TRANSCRIPT) if name == _FULL else path


def cursor() -> tuple[Place, ...]:
    """Return the places of Cursor: databases of its editor, those of its CLI, and transcripts of both."""
    users = ("{app}/Cursor/User", "~/.cursor-server/data/User")
    states = ("globalStorage/state.vscdb", "workspaceStorage/*/state.vscdb")
    folders = ("~/.cursor", "~/.cursor-server")
    logs = (f"projects/*/agent-transcripts/{name}.{kind}" for kind in ("jsonl", "txt") for name in ("*", "*/*"))
    return (
        *(Place(root, state, with_wal, without_wal) for root in users for state in states),
        Place("~/.cursor", "chats/*/*/store.db", _beside_chat, _chat),
        *(Place(root, log, _beside_agent, _agent) for log in logs for root in folders),
    )


def _beside_chat(path: str) -> Iterable[str]:
    return (f"{path}-wal", os.path.join(os.path.dirname(path), "meta.json"))


def _chat(path: str) -> str:
    return os.path.join(os.path.dirname(path), "store.db")


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


def visual_studio() -> tuple[Place, ...]:
    """Return the places of Copilot's traces in Visual Studio: the folder for temporary files."""
    return tuple(
        Place(f"{root}/VSGitHubCopilotLogs", "traces/*_VSGitHubCopilot_traces*.jsonl")
        for root in ("$TEMP", "{local}/Temp", "~/Library/Caches", "~/.cache")
    )
