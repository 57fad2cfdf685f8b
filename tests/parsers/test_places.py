"""Where every tool keeps its logs, by default and where its own variables say so (`spec/parsers.md` 1.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers import discover
from parsers.places import FLAVOURS
from tests.base import write_log

ROO = "globalStorage/rooveterinaryinc.roo-cline/tasks/1/api_conversation_history.json"
MAC, WIN = "Library/Application Support", "AppData/Roaming"

HERE = [
    ("claude-code", ".claude/projects/-code-shop/1.jsonl"),
    ("claude-code", ".config/claude/projects/-code-shop/1.jsonl"),
    ("claude-code", ".openclaude/projects/-code-shop/1.jsonl"),
    ("codex", ".codex/sessions/2026/03/01/rollout-1.jsonl"),
    ("codex", ".codex/sessions/2026/03/01/rollout-1.jsonl.zst"),
    ("codex", ".codex/archived_sessions/rollout-1.jsonl"),
    ("trae", ".trae/cli/sessions/2026/03/01/rollout-1.jsonl"),
    ("trae", ".trae/cli/archived_sessions/rollout-1.jsonl"),
    ("opencode", ".local/share/opencode/storage/session/shop/ses_1.json"),
    ("opencode", ".local/share/opencode/opencode.db"),
    ("opencode", ".local/share/opencode/opencode-beta.db"),
    ("kilo", ".local/share/kilo/kilo.db"),
    ("mimocode", ".local/share/mimocode/mimocode.db"),
    ("icodemate", ".local/share/icodemate/icodemate.db"),
    ("gemini", ".gemini/tmp/shop/chats/session-1.json"),
    ("gemini", ".gemini/tmp/shop/chats/session-1.jsonl"),
    ("gemini", ".gemini/tmp/shop/chats/parent/1.jsonl"),
    ("amp", ".local/share/amp/threads/T-1.json"),
    ("amp", ".config/Code/User/globalStorage/sourcegraph.amp/threads3/T-1.json"),
    *(("cursor", f"{app}/Cursor/User/globalStorage/state.vscdb") for app in (".config", MAC, WIN)),
    *(("cursor", f"{app}/Cursor/User/workspaceStorage/1/state.vscdb") for app in (".config", MAC, WIN)),
    ("cursor", ".cursor/chats/0a/1/store.db"),
    ("cursor", ".cursor/projects/-code-shop/agent-transcripts/1.jsonl"),
    ("cursor", ".cursor/projects/-code-shop/agent-transcripts/1.txt"),
    ("cline", ".cline/data/tasks/1/api_conversation_history.json"),
    ("cline", ".config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1/api_conversation_history.json"),
    ("cline", ".cline/data/sessions/1/1.messages.json"),
    *(("roo-code", f".config/{flavour}/User/{ROO}") for flavour in FLAVOURS),
    ("roo-code", f"{WIN}/Code/User/{ROO}"),
    ("roo-code", f".vscode-server/data/User/{ROO}"),
    ("kilo-code", f"{MAC}/Code/User/globalStorage/kilocode.kilo-code/tasks/1/api_conversation_history.json"),
    ("goose", ".local/share/goose/sessions/1.jsonl"),
    ("goose", ".local/share/goose/sessions/sessions.db"),
    ("goose", f"{WIN}/Block/goose/data/sessions/sessions.db"),
    ("goose", ".goose/sessions/1.jsonl"),
    ("goose", f"{MAC}/Block/goose/sessions/1.jsonl"),
    ("aider", ".aider.chat.history.md"),
    ("aider", "code/shop/.aider.chat.history.md"),
    ("copilot-cli", ".copilot/session-state/1/events.jsonl"),
    ("copilot-cli", ".copilot/session-state/1.jsonl"),
    ("vscode-copilot", ".config/Code/User/workspaceStorage/1/chatSessions/1.json"),
    ("vscode-copilot", ".config/Code/User/workspaceStorage/1/chatSessions/1.jsonl"),
    ("vscode-copilot", ".config/Code/User/globalStorage/emptyWindowChatSessions/1.json"),
    ("vscode-copilot", ".config/Code/User/globalStorage/transferredChatSessions/1.json"),
    ("qwen-code", ".qwen/projects/-code-shop/chats/1.jsonl"),
    ("kimi", ".kimi/sessions/0a/1/wire.jsonl"),
    ("kimi", ".kimi-code/sessions/wd_shop_0123456789ab/session_1/agents/main/wire.jsonl"),
    ("factory-droid", ".factory/sessions/-code-shop/1.jsonl"),
    ("continue", ".continue/sessions/0f8b2a6e-1c3d.json"),
    ("zed", f"{MAC}/Zed/threads/threads.db"),
    ("zed", ".local/share/zed/threads/threads.db"),
    ("zed", "AppData/Local/Zed/threads/threads.db"),
    ("zed", ".var/app/dev.zed.Zed/data/zed/threads/threads.db"),
    ("pi", ".pi/agent/sessions/--code-shop--/1.jsonl"),
    ("pi", ".prime/agent/sessions/--code-shop--/1.jsonl"),
    ("omp", ".omp/agent/sessions/--code-shop--/1.jsonl"),
    ("openclaw", ".openclaw/agents/main/sessions/1.jsonl"),
    ("openhands", ".openhands/conversations/1/base_state.json"),
    ("crush", "code/shop/.crush/crush.db"),
    ("crush", ".local/share/crush/crush.db"),
    ("mistral-vibe", ".vibe/logs/session/session_1/messages.jsonl"),
]

MOVED = [
    ("claude-code", "CLAUDE_CONFIG_DIR", "moved", "projects/-code-shop/1.jsonl"),
    ("claude-code", "OPENCLAUDE_CONFIG_DIR", "moved", "projects/-code-shop/1.jsonl"),
    ("codex", "CODEX_HOME", "moved", "sessions/2026/03/01/rollout-1.jsonl"),
    ("codex", "CODEX_HOME", "moved", "archived_sessions/rollout-1.jsonl"),
    ("opencode", "XDG_DATA_HOME", "moved", "opencode/storage/session/shop/ses_1.json"),
    ("opencode", "XDG_DATA_HOME", "moved", "opencode/opencode.db"),
    ("opencode", "OPENCODE_DB", "moved/agent.sqlite", ""),
    ("kilo", "XDG_DATA_HOME", "moved", "kilo/kilo.db"),
    ("mimocode", "XDG_DATA_HOME", "moved", "mimocode/mimocode.db"),
    ("icodemate", "XDG_DATA_HOME", "moved", "icodemate/icodemate.db"),
    ("gemini", "GEMINI_CLI_HOME", "moved", ".gemini/tmp/shop/chats/session-1.json"),
    ("amp", "XDG_DATA_HOME", "moved", "amp/threads/T-1.json"),
    ("cursor", "APPDATA", "moved", "Cursor/User/globalStorage/state.vscdb"),
    ("cline", "CLINE_DIR", "moved", "data/tasks/1/api_conversation_history.json"),
    ("cline", "CLINE_DATA_DIR", "moved", "tasks/1/api_conversation_history.json"),
    ("cline", "CLINE_DATA_DIR", "moved", "sessions/1/1.messages.json"),
    ("goose", "GOOSE_PATH_ROOT", "moved", "data/sessions/sessions.db"),
    ("goose", "XDG_DATA_HOME", "moved", "goose/sessions/1.jsonl"),
    ("aider", "AIDER_CHAT_HISTORY_FILE", "moved/chats.md", ""),
    ("copilot-cli", "COPILOT_HOME", "moved", "session-state/1/events.jsonl"),
    ("copilot-cli", "XDG_STATE_HOME", "moved", ".copilot/session-state/1/events.jsonl"),
    ("copilot-cli", "XDG_CONFIG_HOME", "moved", "copilot/session-state/1/events.jsonl"),
    ("qwen-code", "QWEN_HOME", "moved", "projects/-code-shop/chats/1.jsonl"),
    ("qwen-code", "QWEN_RUNTIME_DIR", "moved", "projects/-code-shop/chats/1.jsonl"),
    ("kimi", "KIMI_SHARE_DIR", "moved", "sessions/0a/1/wire.jsonl"),
    ("continue", "CONTINUE_GLOBAL_DIR", "moved", "sessions/0f8b2a6e-1c3d.json"),
    ("zed", "XDG_DATA_HOME", "moved", "zed/threads/threads.db"),
    ("zed", "LOCALAPPDATA", "moved", "Zed/threads/threads.db"),
    ("pi", "PI_CODING_AGENT_DIR", "moved", "sessions/--code-shop--/1.jsonl"),
    ("mistral-vibe", "VIBE_HOME", "moved", "logs/session/session_1/messages.jsonl"),
]


def found(home: Path, env: dict[str, str]) -> list[tuple[str, str]]:
    return [(log.tool, log.path) for log in discover.logs(home, env, [])]


@pytest.mark.parametrize(("tool", "path"), HERE)
def test_it_finds_a_log_in_its_usual_place(home: Path, tool: str, path: str) -> None:
    log = write_log(home, path, b"log")
    assert found(home, {}) == [(tool, str(log))]


@pytest.mark.parametrize(("tool", "variable", "value", "path"), MOVED)
def test_it_finds_a_log_where_a_variable_says(home: Path, tool: str, variable: str, value: str, path: str) -> None:
    log = write_log(home, str(Path(value, path)), b"log")
    moved = {variable: str(home / value)}
    assert found(home, {}) == []
    assert found(home, moved) == [(tool, str(log))]
    assert discover.tool_of(str(log), home, moved) == (tool, str(log))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("mine.db", ".local/share/opencode/mine.db"),
        ("~/mine.db", "mine.db"),
        (" ~/mine.db ", "mine.db"),
    ],
)
def test_a_database_may_be_named_below_the_data_of_its_tool(home: Path, value: str, path: str) -> None:
    log = write_log(home, path, b"log")
    assert found(home, {"OPENCODE_DB": value}) == [("opencode", str(log))]


@pytest.mark.parametrize("value", [":memory:", "", "  "])
def test_a_database_in_memory_is_nowhere(home: Path, value: str) -> None:
    (home / ".local" / "share" / "opencode").mkdir(parents=True)
    assert found(home, {"OPENCODE_DB": value}) == []


def test_several_folders_may_be_named(home: Path) -> None:
    logs = [write_log(home, f"{name}/projects/-code-shop/1.jsonl", b"log") for name in ("one", "two")]
    named = {"CLAUDE_CONFIG_DIR": f"{home}/one, {home}/two"}
    assert found(home, named) == [("claude-code", str(log)) for log in logs]


def test_what_was_typed_counts_as_a_change_of_the_chat(home: Path) -> None:
    chat = write_log(home, "code/shop/.aider.chat.history.md", b"log")
    typed = write_log(home, "code/shop/.aider.input.history", b"typed")
    (log,) = discover.logs(home, {}, [])
    assert log.size == len(b"log") + len(b"typed")
    assert discover.look("aider", str(chat)) == log
    assert discover.tool_of(str(typed), home, {}) == ("aider", str(chat))
