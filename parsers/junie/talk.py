"""What the user, the models and the session itself say in Junie's log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import AgentMessage, Thinking
from opensession.hail.model import Content, Text
from parsers.base import Amendment
from parsers.common import strip_reminders
from parsers.fields import amount, items, mapping, number, objects, text
from parsers.junie.session import Record, Session, Step, bounded
from parsers.transcript import At, Usage

ANSWER = "<!-- ANSWER -->"
NOTHING = "Empty"
"""The result of a task that has none."""


def _prompt(session: Session, event: Record, at: At) -> None:
    """Take a prompt, without what Junie added to it for the model. One may be told again under the same id."""
    words = strip_reminders(text(event, "presentablePrompt", "prompt"))
    if not words or text(event, "delivery") == "Failed":
        return
    known = session.facts.prompts.get(at.group)
    if known is not None:
        session.to.out.amend(Amendment(known, content=Content(blocks=(Text(text=words),))))
        return
    session.to.user(words, at, at.group)
    if at.group:
        bounded(session.facts.prompts, at.group, session.last)


def _response(session: Session, event: Record, at: At) -> None:
    session.to.user(text(event, "prompt"), at)


def _responses(session: Session, event: Record, at: At) -> None:
    """Take the answers to questions; where there are several, each below its question."""
    entries = objects(event, "entries") or [event]
    keys = ("question", "answer") if len(entries) > 1 else ("answer", "response")
    told = ("\n".join(words for key in keys if (words := text(entry, key))) for entry in entries)
    session.to.user("\n\n".join(told), at)


def _dropped(session: Session, event: Record, at: At) -> None:
    """Take back prompts that never came to the model."""
    totals = {"event_count": -1, "message_count": -1, "user_message_count": -1}
    for key in items(event, "userMessageIds"):
        if isinstance(key, str) and (prompt := session.facts.prompts.pop(key, None)) is not None:
            session.to.out.amend(Amendment(prompt, dropped=True, totals=totals))


def _notice(session: Session, event: Record, at: At) -> None:
    told = dict.fromkeys(filter(None, (text(event, "text"), text(event, "details"))))
    session.to.system("\n\n".join(told), at)


def _failure(session: Session, event: Record, at: At) -> None:
    words, code = text(event, "message", "details"), text(event, "errorCode")
    session.to.custom("error", words or code or "the task failed", at, marks={"error_code": code} if code else None)


def _aborted(session: Session, event: Record, at: At) -> None:
    session.to.custom("turn_aborted", "", at)


def _name(session: Session, event: Record, at: At) -> None:
    """Take the name that the user gave to the session."""
    session.facts.title = text(event, "name") or session.facts.title
    session.facts.is_named = True


def _task_name(session: Session, event: Record, at: At) -> None:
    """Take the name that Junie gives to the task, of its own and not of a subagent's."""
    if not session.facts.is_named and session.to.task is None:
        session.facts.title = text(event, "name", "taskName") or session.facts.title


def _folder(session: Session, event: Record, at: At) -> None:
    session.facts.learn(cwd=text(event, "currentDirectory", "directory"))


def _usage(session: Session, event: Record, at: At) -> None:
    """Take the tokens of a response. Others than the main model help it; that of the session is who said most."""
    models = session.facts.models
    for told in objects(event, "modelUsage"):
        model = text(told, "model")
        usage = Usage(
            input_tokens=max(0, number(told, "inputTokens") or 0),
            output_tokens=max(0, number(told, "outputTokens") or 0),
            cache_read_tokens=max(0, number(told, "cacheInputTokens") or 0),
            cache_write_tokens=max(0, number(told, "cacheCreateTokens") or 0),
            cost_usd=max(0.0, amount(told, "cost")),
        )
        session.to.tokens(usage, At(at.time, at.raw, at.group, {"model": model} if model else {}))
        if model and session.to.task is None:
            bounded(models, model, models.get(model, 0) + usage.output_tokens)
    session.facts.model = max(models, key=lambda model: models[model], default="")


def _markdown(session: Session, event: Record, at: At) -> None:
    session.say("text", AgentMessage(), text(event, "text"), at)


def _result(session: Session, event: Record, at: At) -> None:
    words = text(event, "result").removeprefix(ANSWER)
    session.say("text", AgentMessage(), words if words != NOTHING else "", at)


def _thought(session: Session, event: Record, at: At) -> None:
    session.say("thinking", Thinking(), text(event, "text"), at)


def _question(session: Session, event: Record, at: At) -> None:
    """Take a question to the user, and what may be chosen."""
    request = mapping(event, "request") or mapping(event, "askRequest") or mapping(event, "choiceRequest")
    options = (text(option, "description", "title", "id") for option in objects(request, "options"))
    lines = [text(request, "question") or text(event, "title", "question"), *(f"- {option}" for option in options)]
    session.say("text", AgentMessage(), "\n".join(lines), at)


def _plan(session: Session, event: Record, at: At) -> None:
    """Take a plan that the user shall agree to. Until it is ready it is written again and again."""
    if event.get("readyForReview") is not False:
        told = [f"## {text(section, 'name')}\n{text(section, 'content')}" for section in objects(event, "sections")]
        steps = [f"- {text(step, 'name', 'description')}" for step in objects(event, "deliveryPlan")]
        session.say("text", AgentMessage(), "\n".join((*told, *steps)), at)


def _compaction(session: Session, event: Record, at: At) -> None:
    if session.step("compaction", at).number < 0:
        session.to.compacted(text(event, "summary", "text", "details"), at)
        session.remember("compaction", at, Step(session.last))


HANDLERS: Mapping[str, Callable[[Session, Record, At], Any]] = {
    "AgentFailureEvent": _failure,
    "AgentTaskFailedEvent": _failure,
    "AgentTaskNameUpdatedEvent": _task_name,
    "AgentThoughtBlockUpdatedEvent": _thought,
    "AskAsyncRequestUpdatedEvent": _question,
    "AskRequestUpdatedEvent": _question,
    "CancelAgentEvent": _aborted,
    "ChoiceRequestUpdatedEvent": _question,
    "ContextCompactionBlockUpdatedEvent": _compaction,
    "CurrentDirectoryUpdatedEvent": _folder,
    "LlmResponseMetadataEvent": _usage,
    "MarkdownBlockUpdatedEvent": _markdown,
    "ResultBlockUpdatedEvent": _result,
    "SessionTitleSetEvent": _name,
    "SuggestPlanEvent": _plan,
    "SystemMessageEvent": _notice,
    "TaskContinueStopped": _aborted,
    "UserAsyncResponseEvent": _responses,
    "UserMessagesDroppedFromHistory": _dropped,
    "UserMessagesFailedInHistory": _dropped,
    "UserPromptEvent": _prompt,
    "UserResponseEvent": _response,
}
