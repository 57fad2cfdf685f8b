"""What the spans of a conversation say. Spans overlap, so what they tell is put in order before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from operator import itemgetter
from typing import Any

from parsers.fields import decoded, mapping, number, text
from parsers.transcript import At, Transcript, Usage, call_content
from parsers.visualstudio_copilot.spans import Span, messages, moment_of, parts, words
from parsers.visualstudio_copilot.tools import actions, shown

AGENT, CHAT, TOOL = "invoke_agent", "chat", "execute_tool"
_PROMPT_OF = "copilot_chat.root_request_id"
_CALL = "gen_ai.tool.call.id"


class Talk:
    """Writes a conversation. A prompt is sent with each request of its turn, and told once."""

    def __init__(self, spans: Iterable[Span], to: Transcript) -> None:
        self._spans, self._to = sorted(spans, key=lambda span: span.begin), to
        self._turns = {span.native: text(span.facts, _PROMPT_OF) for span in self._spans if span.operation == AGENT}
        self._run = {text(span.facts, _CALL) for span in self._spans if span.operation == TOOL}
        self._asked: set[str] = set()
        self._told: list[tuple[int, Callable[[], Any]]] = []

    def write(self) -> None:
        for span in self._spans:
            self._learn(span)
            self._take(span)
        for _, tell in sorted(self._told, key=itemgetter(0)):
            tell()

    def _learn(self, span: Span) -> None:
        provider = text(span.facts, "gen_ai.provider.name")
        self._to.facts.learn(
            created=moment_of(span.begin),
            version=text(span.service, "service.version"),
            provider="" if provider == "other" else provider,
            model=text(span.facts, "gen_ai.request.model"),
        )

    def _take(self, span: Span) -> None:
        before = len(self._told)
        if span.operation == CHAT:
            self._sent(span)
            self._answered(span)
        elif span.operation == TOOL:
            self._used(span)
        elif span.operation != AGENT:
            self._to.out.skip(span.operation)
            return
        if len(self._told) == before:
            self._to.out.ignore(span.operation)

    def _turn(self, span: Span) -> str:
        return text(span.facts, _PROMPT_OF) or self._turns.get(span.parent, "")

    def _at(self, span: Span, time: int) -> At:
        return At(time=moment_of(time), raw=span.operation, group=self._turn(span))

    def _sent(self, span: Span) -> None:
        """Take what was sent to the model and is not told yet: the prompt, and results that have no span."""
        at, turn, prompt = self._at(span, span.begin), self._turn(span), ""
        for message in messages(span, "gen_ai.input.messages"):
            role = message.get("role")
            if role == "user":
                prompt = words(message) or prompt
            elif role == "system":
                self._once(f"system:{words(message)}", span.begin, partial(self._to.system, words(message), at))
            for part in parts(message, "tool_call_response"):
                self._answer_of_tool(part, span.begin, at)
        if prompt:
            self._once(turn or prompt, span.begin, partial(self._to.user, prompt, at, turn and f"{turn}-prompt"))

    def _answer_of_tool(self, part: dict[str, Any], time: int, at: At) -> None:
        call_id = text(part, "id")
        if call_id and call_id not in self._run:
            given = shown(part.get("response", part.get("result")))
            self._once(f"result:{call_id}", time, partial(self._to.result, given, at, call_id))

    def _once(self, key: str, time: int, tell: Callable[[], Any]) -> None:
        if key not in self._asked:
            self._asked.add(key)
            self._told.append((time, tell))

    def _answered(self, span: Span) -> None:
        at, answers = self._at(span, span.end), messages(span, "gen_ai.output.messages")
        usage = _usage(span)
        model = text(span.facts, "gen_ai.response.model", "gen_ai.request.model")
        if thought := "\n".join(filter(None, (words(each, "reasoning") for each in answers))):
            self._told.append((span.end, partial(self._to.thinking, thought, at, f"{span.native}-thinking")))
        if said := "\n".join(filter(None, map(words, answers))):
            self._told.append((span.end, partial(self._to.agent, said, at, span.native, usage, model)))
        elif usage.attributes():
            self._told.append((span.end, partial(self._to.tokens, usage, at)))
        for part in (part for each in answers for part in parts(each, "tool_call")):
            if text(part, "id") not in self._run:
                self._call(text(part, "name"), _arguments(part.get("arguments")), at, span.end, text(part, "id"))
        if span.failure:
            self._told.append((span.end, partial(self._to.custom, "error", span.failure, at)))

    def _used(self, span: Span) -> None:
        """Take a call and its result, or why it failed."""
        call_id = text(span.facts, _CALL) or span.native
        given = _arguments(span.facts.get("gen_ai.tool.call.arguments"))
        self._call(text(span.facts, "gen_ai.tool.name"), given, self._at(span, span.begin), span.begin, call_id)
        tell = partial(
            self._to.result,
            shown(span.facts.get("gen_ai.tool.call.result")) or span.failure,
            self._at(span, span.end),
            call_id,
            is_error=bool(span.failure),
            duration_ms=span.duration_ms(),
        )
        self._told.append((span.end, tell))

    def _call(self, name: str, given: Any, at: At, time: int, call_id: str) -> None:
        first, *more = actions(name, given)
        self._told.append((time, partial(self._to.call, name, given, at, call_id, action=first)))
        for place, made in enumerate(more, 2):
            native = call_id and f"{call_id}-call-{place}"
            self._told.append((time, partial(self._to.emit, made, call_content(made, None), at, native)))


def _arguments(given: Any) -> Any:
    """Return the arguments of a call, which stand as JSON in a text; a text that is none as it is."""
    return mapping(decoded(given)) or given if isinstance(given, str) else given


def _usage(span: Span) -> Usage:
    counts = (number(span.facts, f"gen_ai.usage.{name}") or 0 for name in ("input_tokens", "output_tokens"))
    given, made = (max(0, count) for count in counts)
    cached = number(span.facts, "gen_ai.usage.cache_read.input_tokens") or 0
    return Usage(input_tokens=given, output_tokens=made, cache_read_tokens=max(0, cached))
