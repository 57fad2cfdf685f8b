"""What clients of the API are promised about the parsers that may fit a file (`spec/api.md` 7.4).

Eight tools are told by the name of the file and by words in it, with the confidences below. Clients know these; they
decide nothing by themselves, since a parser is tried before its answer is believed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from parsers.detect import Candidate

SUFFIXES = (
    (".hail.jsonl", "filename suffix .hail.jsonl", {"hail": 95}),
    (".jsonl", "jsonl extension", {"hail": 70, "codex": 64, "claude-code": 62, "gemini": 50}),
    (".json", "json extension", {"gemini": 56, "amp": 46, "opencode": 44, "hail": 34}),
    (".vscdb", "vscdb extension", {"cursor": 92}),
    ("api_conversation_history.json", "Cline conversation entrypoint filename", {"cline": 88}),
)
_CODEX = ('"type":"session_meta"', '"type": "session_meta"', '"type":"response_item"', '"type":"event_msg"')
_CLAUDE = ('"type":"user"', '"type":"assistant"')
_OPENCODE = ('"providerID"', '"providerId"', '"modelID"', '"modelId"')


def promised(name: str, text: str) -> list[Candidate]:
    """Return each of the eight tools that may have written such a file once, at its highest confidence."""
    best: dict[str, Candidate] = {}
    for candidate in (*_by_name(name.lower()), *_by_shape(text.strip()), *_by_words(text)):
        if candidate.tool not in best or candidate.confidence > best[candidate.tool].confidence:
            best[candidate.tool] = candidate
    return list(best.values())


def _by_name(name: str) -> Iterator[Candidate]:
    for suffix, reason, tools in SUFFIXES:
        if name.endswith(suffix):
            yield from (Candidate(tool, confidence, reason) for tool, confidence in tools.items())


def _by_shape(text: str) -> Iterator[Candidate]:
    header = _object(text.partition("\n")[0])
    if bytes(header.get("type", b"")) == b'"header"' and {"version", "session_id"} <= header.keys():
        yield Candidate("hail", 100, "HAIL header line")
    if text.endswith("}") and {"version", "session_id", "agent", "context", "events"} <= _object(text).keys():
        yield Candidate("hail", 86, "HAIL JSON object fields")


def _by_words(text: str) -> Iterator[Candidate]:
    if any(words in text for words in _CODEX):
        yield Candidate("codex", 90, "Codex event markers")
    if any(words in text for words in _CLAUDE) and '"message"' in text:
        yield Candidate("claude-code", 88, "Claude message record markers")
    if '"messages"' in text and ('"session_id"' in text or '"sessionId"' in text):
        yield Candidate("gemini", 84, "Gemini session schema fields")
    if '"agentMode"' in text or ('"messages"' in text and '"tool_use"' in text):
        yield Candidate("amp", 66, "Amp thread schema fields")
    if any(words in text for words in _OPENCODE):
        yield Candidate("opencode", 60, "OpenCode provider/model schema fields")


def _object(text: str) -> dict[str, msgspec.Raw]:
    """Return the fields of the JSON object that `text` is, not read themselves; none when it is none."""
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
