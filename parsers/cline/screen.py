"""What the screen showed of a task, `ui_messages.json`: told where the history does not tell it (`plan`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import (
    Action,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    ToolCall,
    WebFetch,
    WebSearch,
)
from parsers.cline.markup import replaced
from parsers.cline.plan import REQUEST, Entry, kind_of
from parsers.cline.voice import Voice, usage_of
from parsers.fields import decoded, items, mapping, moment, number, placeholder, text
from parsers.transcript import At

_SILENT = (
    "api_req_deleted api_req_finished api_req_rate_limit_wait api_req_retried api_req_retry_delayed "
    "auto_approval_max_req_reached checkpoint_created checkpoint_saved conditional_rules_applied generate_explanation "
    "hook_output_stream hook_status info interactive_app load_mcp_documentation mcp_notification "
    "mcp_server_request_started new_task report_bug resume_completed_task resume_task shell_integration_warning "
    "shell_integration_warning_with_suggestion sliding_window_truncation subagent subtask_result summarize_task "
    "task_progress too_many_tools_warning use_subagents user_edit_todos condense"
)
SILENT = frozenset(_SILENT.split())
"""Notices, switches and progress; what they announce stands in other entries."""

_ACTIONS: Mapping[str, type[Action]] = {
    "readFile": FileRead,
    **dict.fromkeys(("editedExistingFile", "appliedDiff", "insertContent", "searchAndReplace"), FileEdit),
    "newFileCreated": FileCreate,
    "fileDeleted": FileDelete,
    **dict.fromkeys(("listFilesTopLevel", "listFilesRecursive"), FileSearch),
    **dict.fromkeys(("searchFiles", "codebaseSearch"), CodeSearch),
    "webFetch": WebFetch,
    "webSearch": WebSearch,
}
_GIVES = frozenset({"listFilesTopLevel", "listFilesRecursive", "searchFiles", "listCodeDefinitionNames"})
"""Tools whose entry holds the result beside the call."""
_FLAG = "HAS_CHANGES"


class Screen:
    """Tells entries of the screen. What the history tells too, its words, is given as `said`."""

    def __init__(self, voice: Voice, said: frozenset[str]) -> None:
        self._voice, self._to, self._said = voice, voice.to, said
        self._open = ""

    def tell(self, entry: Entry) -> None:
        """Tell an entry that is nowhere else."""
        kind, words = kind_of(entry), text(entry, "text")
        at = At(time=moment(entry, "ts") or "", raw=f"{text(entry, 'type')}:{kind}")
        if kind == REQUEST:
            self.request(entry)
        elif handler := _HANDLERS.get(kind):
            made = self._to.facts.made
            handler(self, entry, words, at)
            if self._to.facts.made == made:
                self._to.out.ignore(kind)
        else:
            self._pass(kind)

    def go_along(self, entry: Entry, has_thought: bool) -> None:
        """Tell of an entry only what the message does not tell that it goes along with."""
        kind = kind_of(entry)
        if kind == REQUEST:
            self.request(entry)
        elif kind in _ALONG or (kind == "reasoning" and not has_thought):
            self.tell(entry)
        elif kind in _HANDLERS:
            self._to.out.ignore(kind)
        else:
            self._pass(kind)

    def request(self, entry: Entry) -> None:
        """Take the tokens of a request, and tell why it failed."""
        told = mapping(decoded(text(entry, "text")))
        at = At(time=moment(entry, "ts") or "", raw=f"{text(entry, 'type')}:{REQUEST}")
        usage, failure = usage_of(told), text(told, "streamingFailedMessage", "cancelReason")
        kind = "request_cancelled" if failure == "user_cancelled" else "error"
        self._voice.owes(usage, at)
        if failure:
            self._to.custom(kind, failure, at, f"{_base(entry)}-{kind}")
        elif not usage:
            self._to.out.ignore(REQUEST)

    def _pass(self, kind: str) -> None:
        (self._to.out.ignore if kind in SILENT else self._to.out.skip)(kind)

    def user(self, entry: Entry, words: str, at: At) -> None:
        pictures = [name for each in items(entry, "images") if (name := _picture(each))]
        every = "\n".join([*([words] if words.strip() else []), *pictures])
        if every not in self._said and words.strip() not in self._said:
            self._voice.user(every, at, _base(entry))

    def agent(self, entry: Entry, words: str, at: At) -> None:
        words = words.removesuffix(_FLAG).strip()
        if words not in self._said:
            self._voice.agent(words, at, _base(entry))

    def first_words(self, entry: Entry, words: str, at: At) -> None:
        """Tell words that are the agent's, but for the first ones of all, which are the task."""
        (self.agent if self._to.facts.said or self._said else self.user)(entry, words, at)

    def question(self, entry: Entry, words: str, at: At) -> None:
        told = mapping(decoded(words))
        self.agent(entry, text(told, "question", "response") or words, at)

    def thinking(self, entry: Entry, words: str, at: At) -> None:
        if words.strip() not in self._said:
            self._to.thinking(words or text(entry, "reasoning"), at, _base(entry))

    def change(self, entry: Entry, words: str, at: At) -> None:
        self._to.system(words, at, _base(entry))

    def error(self, entry: Entry, words: str, at: At) -> None:
        if words.strip():
            self._to.custom("error", words, at, _base(entry))

    def tool(self, entry: Entry, words: str, at: At) -> None:
        told = mapping(decoded(words))
        name = text(told, "tool") or "tool"
        self._call(entry, _native(name), told, at, _action(name, told))
        if name in _GIVES and text(told, "content"):
            self.result(entry, text(told, "content"), at)

    def command(self, entry: Entry, words: str, at: At) -> None:
        if words.strip():
            self._call(entry, "execute_command", {"command": words}, at, ShellCommand(command=words))

    def server(self, entry: Entry, words: str, at: At) -> None:
        told = mapping(decoded(words))
        given = decoded(text(told, "arguments"))
        shown = told if given is None else told | {"arguments": given}
        self._call(entry, text(told, "type") or "use_mcp_tool", shown, at, None)

    def browser(self, entry: Entry, words: str, at: At) -> None:
        told = mapping(decoded(words)) or {"action": "launch", "url": words}
        self._call(entry, "browser_action", told, at, None)

    def page(self, entry: Entry, words: str, at: At) -> None:
        told = mapping(decoded(words))
        parts = (text(told, "currentUrl"), text(told, "logs"), _picture(told.get("screenshot")))
        self.result(entry, "\n".join(part for part in parts if part), at)

    def result(self, entry: Entry, words: str, at: At) -> None:
        if words.strip():
            self._to.result(words, at, self._open, f"{_base(entry)}-result")

    def summary(self, entry: Entry, words: str, at: At) -> None:
        summary = text(mapping(entry, "contextCondense"), "summary") or words
        if summary.strip() not in self._said:
            self._to.compacted(summary, at, _base(entry))

    def spent(self, entry: Entry, words: str, at: At) -> None:
        if usage := usage_of(mapping(decoded(words))):
            self._to.tokens(usage, at, _base(entry))

    def _call(self, entry: Entry, name: str, given: Any, at: At, made: Action | None) -> None:
        self._open = f"{_base(entry)}-call"
        self._to.call(name, given, at, self._open, self._open, made or ToolCall(name=name))


def _base(entry: Entry) -> str:
    return f"ui-{number(entry, 'ts') or text(entry, 'ts') or 0}-{kind_of(entry)}"


def _picture(data: Any) -> str:
    return placeholder({"type": "image", "data": data}) if isinstance(data, str) and data else ""


_NATIVE: Mapping[str, str] = {
    **dict.fromkeys(("listFilesTopLevel", "listFilesRecursive"), "list_files"),
    "appliedDiff": "apply_diff",
    "editedExistingFile": "replace_in_file",
    "fileDeleted": "delete_file",
    "newFileCreated": "write_to_file",
}


def _native(name: str) -> str:
    """Return what the model calls a tool that the screen calls so."""
    return _NATIVE.get(name) or "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _action(name: str, told: Mapping[str, Any]) -> Action | None:
    kind = _ACTIONS.get(name)
    path = text(told, "path") or "unknown"
    if kind is FileEdit:
        return FileEdit(path=path, diff=replaced(text(told, "diff")) or None)
    if kind in (FileRead, FileCreate, FileDelete):
        return kind(path=path)
    if kind is FileSearch:
        return FileSearch(pattern=text(told, "path") or ".")
    if kind in (CodeSearch, WebSearch):
        return kind(query=text(told, "regex", "query", "path"))
    return WebFetch(url=text(told, "url", "path")) if kind is WebFetch else None


_Handler = Callable[[Screen, Entry, str, At], None]
_ALONG = frozenset({"api_req_failed", "mistake_limit_reached", "deleted_api_reqs", "subagent_usage"})
"""Entries that the history knows nothing of."""
_ERRORS = (
    "error error_retry diff_error clineignore_error rooignore_error condense_context_error api_req_failed "
    "mistake_limit_reached command_permission_denied"
)
_HANDLERS: Mapping[str, _Handler] = {
    **dict.fromkeys(("text", "task"), Screen.first_words),
    "user_feedback": Screen.user,
    "user_feedback_diff": Screen.change,
    "completion_result": Screen.agent,
    **dict.fromkeys(("followup", "plan_mode_respond", "act_mode_respond"), Screen.question),
    "reasoning": Screen.thinking,
    "tool": Screen.tool,
    "command": Screen.command,
    **dict.fromkeys(("command_output", "mcp_server_response", "codebase_search_result"), Screen.result),
    "use_mcp_server": Screen.server,
    **dict.fromkeys(("browser_action_launch", "browser_action"), Screen.browser),
    "browser_action_result": Screen.page,
    "condense_context": Screen.summary,
    **dict.fromkeys(("deleted_api_reqs", "subagent_usage"), Screen.spent),
    **dict.fromkeys(_ERRORS.split(), Screen.error),
}
