"""Tool calls in the shape of OpenAI's chat API, in which many agents keep their messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.fields import mapping, objects, text, unquoted


class ChatCall(NamedTuple):
    """A call as the model asked for it. Arguments that are no JSON stay the text that they are."""

    id: str
    name: str
    arguments: Any


def calls(message: Any, *keys: str) -> Iterator[ChatCall]:
    """Yield the calls of a message. `keys` are the fields in which they may stand, `tool_calls` if none is named."""
    for key in keys or ("tool_calls",):
        yield from map(_call, objects(message, key))


def _call(call: dict[str, Any]) -> ChatCall:
    function = mapping(call, "function") or call
    return ChatCall(text(call, "id", "call_id"), text(function, "name"), unquoted(function.get("arguments")))
