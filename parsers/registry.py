"""All tools whose sessions can be read: names, parsers, and the places of their logs.

A row names its parser without importing it: finding logs must not load fifty parsers. `version` is raised when the same
log gives other events than before; stored sessions are then read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from parsers.base import DocumentParser, LineParser
from parsers.folders.agents import (
    aider,
    antigravity,
    copilot,
    droid,
    gemini,
    grok,
    kimi,
    mux,
    openhands,
    posit_assistant,
    qwenpaw,
    rovodev,
    vibe,
)
from parsers.folders.editors import cline, codebuddy_ide, cursor, kiro, tasks, visual_studio
from parsers.folders.opencode import opencode
from parsers.places import Place, database, databases, each, in_projects, with_wal, without_wal
from parsers.tool import Tool

AnyParser = LineParser | DocumentParser


_NO_CLAUDE_LOG = r"[/\\]tool-results[/\\]|[/\\]subagents[/\\](?!(.*[/\\])?(sub)?agent[-_])"
"""What tools gave back, and what workflows of subagents note beside their logs."""

REGISTRY: tuple[Tool, ...] = (
    Tool("aider", "Aider", "aider:AiderParser", places=aider()),
    Tool(
        "amp",
        "Amp",
        "amp:AmpParser",
        places=(
            Place("{data}/amp", "threads/T-*.json"),
            Place("{code}/globalStorage/sourcegraph.amp", "threads3/T-*.json"),
        ),
    ),
    Tool("antigravity", "Antigravity", "antigravity:AntigravityParser", places=antigravity()),
    Tool(
        "astrbot",
        "AstrBot",
        "astrbot:AstrBotParser",
        places=(
            *databases("data/data_v4.db", "$ASTRBOT_ROOT", "~/.astrbot", "~/AstrBot", "~/astrbot"),
            *in_projects("data/data_v4.db"),
        ),
    ),
    Tool("atif", "ATIF trajectory", "atif:AtifParser"),
    Tool("augment", "Auggie (Augment)", "augment:AugmentParser", places=(Place("~/.augment", "sessions/*.json"),)),
    Tool("bob", "IBM Bob", "bob:BobParser", places=(tasks("{code}/globalStorage/ibm.bob-code"),)),
    Tool(
        "claude-code",
        "Claude Code",
        "claude_code:ClaudeCodeParser",
        version=2,
        places=tuple(
            Place(root, "projects/**/*.jsonl", never=_NO_CLAUDE_LOG)
            for root in (
                "$CLAUDE_CONFIG_DIR",
                "~/.claude",
                "{config}/claude",
                "$OPENCLAUDE_CONFIG_DIR",
                "~/.openclaude",
            )
        ),
    ),
    Tool("cline", "Cline", "cline:ClineParser", places=cline()),
    Tool(
        "codebuddy",
        "CodeBuddy",
        "codebuddy:CodeBuddyParser",
        places=each(
            "projects/**/*.jsonl", "$CODEBUDDY_CONFIG_DIR", "~/.codebuddy", "$WORKBUDDY_CONFIG_DIR", "~/.workbuddy"
        ),
    ),
    Tool("codebuddy-ide", "CodeBuddy in the editor", "codebuddy_ide:CodeBuddyIdeParser", places=(codebuddy_ide(),)),
    Tool(
        "codex",
        "Codex",
        "codex:CodexParser",
        version=2,
        places=tuple(
            Place(f"{root}/{folder}", f"**/rollout*.jsonl{ending}")
            for root in ("$CODEX_HOME", "~/.codex")
            for folder in ("sessions", "archived_sessions")
            for ending in ("", ".zst")
        ),
    ),
    Tool("codex-history", "Codex prompt history", "codex_history:CodexHistoryParser"),
    Tool(
        "continue",
        "Continue",
        "continue_dev:ContinueParser",
        places=each("sessions/*-*.json", "$CONTINUE_GLOBAL_DIR", "~/.continue"),
    ),
    Tool(
        "copilot-cli",
        "Copilot CLI",
        "copilot_cli:CopilotCliParser",
        version=2,
        places=copilot(),
    ),
    Tool(
        "crush",
        "Crush",
        "crush:CrushParser",
        places=(
            database("$CRUSH_GLOBAL_DATA", "crush.db"),
            database("{data}/crush", "crush.db"),
            database("{local}/crush", "crush.db"),
            Place("~", ".crush/crush.db", with_wal, without_wal, is_walk=True),
            *in_projects(".crush/crush.db"),
        ),
    ),
    Tool("cursor", "Cursor", "cursor:CursorParser", places=cursor()),
    Tool(
        "deepagents",
        "Deep Agents",
        "deepagents:DeepAgentsParser",
        places=(
            database("$DEEPAGENTS_SESSIONS_DB", ""),
            database("~/.deepagents", ".state/sessions.db"),
            database("~/.deepagents", "sessions.db"),
        ),
    ),
    Tool(
        "deepseek-harness",
        "DeepSeek Harness",
        "deepseek_harness:DeepSeekHarnessParser",
        places=tuple(
            Place(root, f"sessions/*/*/session*.jsonl{ending}")
            for root in ("$DSH_HOME", "~/.dsh")
            for ending in ("", ".zstd")
        ),
    ),
    Tool("entire-compact", "Entire transcript", "entire_compact:EntireCompactParser"),
    Tool("factory-droid", "Factory Droid", "factory_droid:FactoryDroidParser", places=droid()),
    Tool(
        "firebender",
        "Firebender",
        "firebender:FirebenderParser",
        places=in_projects(
            ".idea/firebender/chat_history.db", "AndroidStudioProjects", "IdeaProjects", "StudioProjects"
        ),
    ),
    Tool(
        "forgecode",
        "ForgeCode",
        "forgecode:ForgeCodeParser",
        places=databases(".forge.db", "$FORGE_CONFIG", "~/.forge", "~/forge"),
    ),
    Tool("gemini", "Gemini CLI", "gemini:GeminiParser", places=gemini("$GEMINI_CLI_HOME/.gemini", "~/.gemini")),
    Tool(
        "goose",
        "Goose",
        "goose:GooseParser",
        places=tuple(
            place
            for root in (
                "$GOOSE_PATH_ROOT/data/sessions",
                "{data}/goose/sessions",
                "{app}/Block/goose/data/sessions",
                "{app}/Block/goose/sessions",
                "~/.goose/sessions",
            )
            for place in (database(root, "sessions.db"), Place(root, "*.jsonl"))
        ),
    ),
    Tool(
        "gptme",
        "gptme",
        "gptme:GptmeParser",
        places=each("*/conversation.jsonl", "$GPTME_LOGS_HOME", "{data}/gptme/logs"),
    ),
    Tool("grok", "Grok Build", "grok:GrokParser", places=grok()),
    Tool("hail", "HAIL", "hail:HailParser"),
    Tool(
        "hermes",
        "Hermes",
        "hermes:HermesParser",
        places=tuple(
            place
            for root, profile in (("$HERMES_HOME", ""), ("~/.hermes", ""), ("~/.hermes", "profiles/*/"))
            for place in (
                database(root, f"{profile}state.db"),
                Place(root, f"{profile}sessions/session_*.json"),
                Place(root, f"{profile}sessions/*.jsonl"),
            )
        ),
    ),
    Tool("icodemate", "IcodeMate", "opencode:ICodeMateParser", places=opencode("icodemate")),
    Tool("iflow", "iFlow", "iflow:IFlowParser", places=(Place("~/.iflow", "projects/**/session-*.jsonl"),)),
    Tool(
        "junie",
        "Junie",
        "junie:JunieParser",
        places=each("sessions/*/events.jsonl", "$JUNIE_HOME", "~/.junie"),
    ),
    Tool("kilo", "Kilo", "opencode:KiloParser", places=opencode("kilo")),
    Tool(
        "kilo-code",
        "Kilo Code (until 2026)",
        "kilo_code:KiloCodeParser",
        places=(tasks("{code}/globalStorage/kilocode.kilo-code"),),
    ),
    Tool("kimi", "Kimi", "kimi:KimiParser", places=kimi()),
    Tool("kiro", "Kiro", "kiro:KiroParser", places=kiro()),
    Tool(
        "lingma",
        "Lingma",
        "lingma:LingmaParser",
        places=(database("~/.lingma", "*/sharedClientCache/cache/db/local.db"),),
    ),
    Tool("mimocode", "MiMo Code", "opencode:MiMoCodeParser", places=opencode("mimocode", "$MIMOCODE_HOME/data")),
    Tool("mini-swe-agent", "mini-SWE-agent", "mini_swe_agent:MiniSweAgentParser"),
    Tool("mistral-vibe", "Mistral Vibe", "mistral_vibe:MistralVibeParser", places=vibe()),
    Tool("mux", "Mux", "mux:MuxParser", places=mux()),
    Tool(
        "omnigent",
        "Omnigent",
        "omnigent:OmnigentParser",
        places=databases("chat.db", "$OMNIGENT_DATA_DIR", "~/.omnigent"),
    ),
    Tool(
        "omp",
        "Oh My Pi",
        "omp:OmpParser",
        places=(
            Place("~/.omp/agent", "sessions/**/*.jsonl"),
            Place("~/.omp", "profiles/*/agent/sessions/**/*.jsonl"),
            Place("{data}/omp", "sessions/**/*.jsonl"),
        ),
    ),
    Tool(
        "openclaw",
        "OpenClaw",
        "openclaw:OpenClawParser",
        places=each("agents/*/sessions/*.jsonl", "$OPENCLAW_STATE_DIR", "~/.openclaw", "~/.clawdbot", "~/.moltbot"),
    ),
    Tool(
        "opencode",
        "OpenCode",
        "opencode:OpenCodeParser",
        places=(
            *opencode("opencode"),
            database("~/.opencode", "opencode.db"),
            *in_projects(".opencode/opencode.db"),
            database("{local}/opencode/$OPENCODE_DB", ""),
        ),
    ),
    Tool("openhands", "OpenHands", "openhands:OpenHandsParser", places=openhands()),
    Tool(
        "pi",
        "pi",
        "pi:PiParser",
        places=(
            Place("$PI_CODING_AGENT_SESSION_DIR", "**/*.jsonl"),
            Place("$PI_CODING_AGENT_DIR", "sessions/**/*.jsonl"),
            Place("~/.pi/agent", "sessions/**/*.jsonl"),
            Place("~/.prime/agent", "sessions/**/*.jsonl"),
        ),
    ),
    Tool("posit-assistant", "Posit Assistant", "posit_assistant:PositAssistantParser", places=posit_assistant()),
    Tool(
        "qoder",
        "Qoder",
        "qoder:QoderParser",
        places=each("projects/**/*.jsonl", "~/.qoder", "~/.qoderwork"),
    ),
    Tool(
        "qwen-code",
        "Qwen Code",
        "qwen_code:QwenCodeParser",
        places=tuple(
            place
            for root in ("$QWEN_HOME", "$QWEN_RUNTIME_DIR", "~/.qwen")
            for place in (
                Place(root, "projects/*/chats/*.jsonl"),
                Place(root, "projects/*/subagents/*/agent-*.jsonl"),
                *gemini(root),
            )
        ),
    ),
    Tool("qwenpaw", "QwenPaw", "qwenpaw:QwenPawParser", places=qwenpaw()),
    Tool(
        "reasonix",
        "Reasonix",
        "reasonix:ReasonixParser",
        places=(Place("~/.reasonix", "transcripts/*.jsonl"),),
    ),
    Tool(
        "roo-code",
        "Roo Code",
        "roo_code:RooCodeParser",
        places=(tasks("{code}/globalStorage/rooveterinaryinc.roo-cline"),),
    ),
    Tool("rovodev", "Rovo Dev", "rovodev:RovoDevParser", places=(rovodev(),)),
    Tool("specstory", "SpecStory export", "specstory:SpecStoryParser"),
    Tool("swe-agent", "SWE-agent", "swe_agent:SweAgentParser"),
    Tool("tabnine", "Tabnine CLI", "tabnine:TabnineParser", places=gemini("~/.tabnine/agent")),
    Tool(
        "trae",
        "TRAE CLI",
        "trae:TraeParser",
        places=tuple(
            Place(f"~/.trae/cli/{folder}", f"**/rollout*.jsonl{ending}")
            for folder in ("sessions", "archived_sessions")
            for ending in ("", ".zst")
        ),
    ),
    Tool(
        "trae-ide",
        "Trae",
        "trae_ide:TraeIdeParser",
        places=tuple(
            database(f"{{app}}/{name}/User", f"{folder}/state.vscdb")
            for name in ("Trae", "Trae CN")
            for folder in ("workspaceStorage/*", "globalStorage")
        ),
    ),
    Tool(
        "visualstudio-copilot",
        "Visual Studio Copilot",
        "visualstudio_copilot:VisualStudioCopilotParser",
        places=visual_studio(),
    ),
    Tool(
        "vscode-copilot",
        "VS Code Copilot Chat",
        "vscode_copilot:VsCodeCopilotParser",
        places=tuple(
            Place("{code}", f"{folder}/{name}")
            for folder in (
                "workspaceStorage/*/chatSessions",
                "globalStorage/emptyWindowChatSessions",
                "globalStorage/transferredChatSessions",
            )
            for name in ("*.json", "*.jsonl")
        ),
    ),
    Tool(
        "warp",
        "Warp",
        "warp:WarpParser",
        places=databases(
            "warp.sqlite",
            "{state}/warp-terminal",
            "{state}/warp-terminal-preview",
            "~/Library/Group Containers/2BBY89MBSN.dev.warp/Library/Application Support/dev.warp.Warp-Stable",
            "~/Library/Group Containers/2BBY89MBSN.dev.warp/Library/Application Support/dev.warp.Warp-Preview",
            "~/Library/Application Support/dev.warp.Warp-Stable",
            "{local}/warp/Warp/data",
            "{local}/warp.preview/Warp/data",
        ),
    ),
    Tool(
        "zed",
        "Zed",
        "zed:ZedParser",
        places=databases("threads/threads.db", "{data}/zed", "{local}/Zed", "~/.var/app/dev.zed.Zed/data/zed"),
    ),
)

TOOLS: Mapping[str, Tool] = {tool.id: tool for tool in REGISTRY}


@cache
def parser_of(id: str) -> AnyParser:
    """Return the parser of a tool. Raises KeyError when there is no such tool."""
    module, _, name = TOOLS[id].parser.partition(":")
    found: AnyParser = getattr(import_module(f"parsers.{module}"), name)()
    return found
