"""The places of agents of the command line that keep a folder for each session."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import escape, glob

from parsers.folders.shapes import Siblings, in_folder, with_twin
from parsers.places import PROJECTS, Place

_TYPED = ".aider.input.history"
_TALK = ".aider.chat.history.md"


def aider() -> tuple[Place, ...]:
    """Return the places of Aider: where it was started, or the one file that a variable names."""
    beside = Siblings((_TYPED,))
    return (
        Place("~", _TALK, beside, _talk, is_walk=True),
        *(Place(f"~/{folder}", f"**/{_TALK}", beside, _talk, is_walk=True) for folder in PROJECTS),
        Place("$AIDER_CHAT_HISTORY_FILE", "", beside, _talk),
    )


def _talk(path: str) -> str:
    """Return the chat beside which it stands what was typed and when."""
    folder, name = os.path.split(path)
    return os.path.join(folder, _TALK) if name == _TYPED else path


def copilot() -> tuple[Place, ...]:
    """Return the places of Copilot CLI: a folder per session, with its name beside the log, and before that a file."""
    roots = ("$COPILOT_HOME", "~/.copilot", "{state}/.copilot", "{config}/copilot")
    return tuple(
        place
        for root in roots
        for place in (
            in_folder(root, "session-state/*/events.jsonl", "workspace.yaml"),
            Place(root, "session-state/*.jsonl"),
        )
    )


def kimi() -> tuple[Place, ...]:
    """Return the places of both generations of Kimi: a folder for each session."""
    return (
        *(
            in_folder(root, "sessions/*/*/wire.jsonl", "context.jsonl", "state.json")
            for root in ("$KIMI_SHARE_DIR", "~/.kimi")
        ),
        *(
            Place(root, "sessions/*/*/agents/main/wire.jsonl", _beside_wires, _main_wire)
            for root in ("$KIMI_CODE_HOME", "~/.kimi-code")
        ),
    )


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


def droid() -> tuple[Place, ...]:
    """Return the places of Factory Droid: a log and its settings for each session."""
    logs = (f"{name}/**/*.jsonl" for name in ("sessions", "projects"))
    return tuple(with_twin("~/.factory", pattern, ".jsonl", ".settings.json") for pattern in logs)


def openhands() -> tuple[Place, ...]:
    """Return the places of OpenHands: a folder for each conversation, of which only the state is written anew."""
    return (
        Place("$OPENHANDS_CONVERSATIONS_DIR", "*/base_state.json", _beside_state, _state),
        *(
            Place(root, "conversations/*/base_state.json", _beside_state, _state)
            for root in ("$OPENHANDS_PERSISTENCE_DIR", "~/.openhands")
        ),
        *(in_folder(root, "sessions/*/events/0.json", "") for root in ("~/.openhands", "~/.openhands-state")),
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


def vibe() -> tuple[Place, ...]:
    """Return the places of Mistral Vibe: a folder for each session, in it those of its subagents; a document before."""
    return tuple(
        place
        for root in ("$VIBE_HOME", "~/.vibe")
        for place in (
            in_folder(root, "logs/session/*/messages.jsonl", "meta.json"),
            in_folder(root, "logs/session/*/agents/*/messages.jsonl", "meta.json"),
            Place(root, "logs/session/session_*.json"),
        )
    )


def gemini(*roots: str) -> tuple[Place, ...]:
    """Return the places of Gemini CLI, or one of its kin: a folder per project, and in it one per parent session."""
    patterns = ("session-*.json", "session-*.jsonl", "*/*.jsonl")
    return tuple(Place(root, f"tmp/*/chats/{pattern}") for root in roots for pattern in patterns)


def grok() -> tuple[Place, ...]:
    """Return the places of Grok Build: a folder for each session, in which only the summary is there from the start."""
    beside = ("updates.jsonl", "chat_history.jsonl")
    return tuple(in_folder(root, "sessions/*/*/summary.json", *beside) for root in ("$GROK_HOME", "~/.grok"))


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


def rovodev() -> Place:
    """Return the place of Rovo Dev: a folder for each session."""
    return in_folder("~/.rovodev", "sessions/*/session_context.json", "metadata.json")


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


def antigravity() -> tuple[Place, ...]:
    """Return the places of Antigravity: a folder per session, with its transcript brief and in full."""
    pattern = "brain/*/.system_generated/logs/transcript.jsonl"
    roots = ("~/.gemini/antigravity", "~/.gemini/antigravity-cli", "~/.gemini/antigravity-ide")
    return tuple(in_folder(root, pattern, "transcript_full.jsonl") for root in roots)
