"""Questions that the agent asked the user through a tool, and the answers."""

from __future__ import annotations

from typing import Any

import msgspec

from opensession.hail.actions import SystemMessage, UserMessage
from opensession.hail.model import text
from parsers.codex.line import DESKTOP, Line, source
from parsers.codex.messages import learn_prompt
from parsers.codex.records import first_words
from parsers.codex.state import MAX_CALLS, Question, keep

TOOL = "request_user_input"


def remember_questions(line: Line, call_id: str, arguments: Any) -> None:
    """Keep the questions of a call until they are answered."""
    asked = arguments.get("questions") if isinstance(arguments, dict) else None
    if not call_id or not isinstance(asked, list):
        return
    questions = [
        Question(
            first_words(one.get("id")) or "question", first_words(one.get("header")), first_words(one.get("question"))
        )
        for one in asked
        if isinstance(one, dict)
    ]
    if questions:
        keep(line.state.questions, call_id, questions, MAX_CALLS)


def read_answers(line: Line, call_id: str, output: str) -> None:
    """Emit the questions and the answers, if the output holds any."""
    answers = _answers(output)
    if not answers:
        return
    if questions := line.state.questions.pop(call_id, None):
        _emit_questions(line, call_id, questions)
    words = "\n".join(f"{name}: {_said(answers[name]) or '(no answer)'}" for name in sorted(answers))
    learn_prompt(line, words, is_best=not line.state.is_desktop)
    line.emit(
        UserMessage(),
        text(words),
        source(
            DESKTOP,
            "interactive",
            source="interactive",
            call_id=call_id,
            question_ids=sorted(answers),
            raw_answers=answers,
        ),
    )


def _answers(output: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(output)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return {}
    answers = value.get("answers") if isinstance(value, dict) else None
    return answers if isinstance(answers, dict) else {}


def _emit_questions(line: Line, call_id: str, questions: list[Question]) -> None:
    words = "\n".join(
        f"- {one.id}{f' ({one.header})' if one.header else ''}: {one.question or '(no question text)'}"
        for one in questions
    )
    asked = [
        {name: value for name, value in (("id", one.id), ("header", one.header), ("question", one.question)) if value}
        for one in questions
    ]
    marks = source(
        DESKTOP,
        "interactive_question",
        source="interactive_question",
        call_id=call_id,
        question_ids=[one.id for one in questions],
        question_meta=asked,
    )
    line.emit(SystemMessage(), text(words), marks)


def _said(entry: Any) -> str:
    """Return an answer as text: a list of choices, a text of its own, or any other value as JSON."""
    if isinstance(entry, dict) and isinstance(entry.get("answers"), list):
        return " | ".join(words for one in entry["answers"] if (words := _choice(one)))
    if isinstance(entry, str):
        return entry.strip()
    return "" if entry is None else msgspec.json.encode(entry).decode()


def _choice(one: Any) -> str:
    chosen = one.get("value") if isinstance(one, dict) else one
    if isinstance(chosen, str):
        return chosen.strip()
    return msgspec.json.encode(one).decode()
