"""What clients are promised about parsers that may fit."""

from __future__ import annotations

import pytest

from parsers.signals import promised

HEADER = '{"type":"header","version":"hail-1.0.0","session_id":"s"}'
DOCUMENT = '{"version":"hail-1.0.0","session_id":"s","agent":{},"context":{},"events":[]}'


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.txt", "prose", {}),
        ("A.HAIL.JSONL", "", {"hail": 95, "codex": 64, "claude-code": 62, "gemini": 50}),
        ("a.jsonl", "", {"hail": 70, "codex": 64, "claude-code": 62, "gemini": 50}),
        ("a.json", "", {"gemini": 56, "amp": 46, "opencode": 44, "hail": 34}),
        ("state.vscdb", "", {"cursor": 92}),
        ("api_conversation_history.json", "", {"cline": 88, "gemini": 56, "amp": 46, "opencode": 44, "hail": 34}),
        ("a", f"\n \n{HEADER}\n{{}}", {"hail": 100}),
        ("a.hail.jsonl", HEADER, {"hail": 100, "codex": 64, "claude-code": 62, "gemini": 50}),
        ("a", '{"type":"header","version":"x"}', {}),
        ("a", f" {DOCUMENT} ", {"hail": 86}),
        ("a", f"{DOCUMENT}\n{DOCUMENT}", {}),
        ("a", '"type":"session_meta"', {"codex": 90}),
        ("a", '"type": "session_meta"', {"codex": 90}),
        ("a", '"type":"response_item"', {"codex": 90}),
        ("a", '"type": "response_item"', {}),
        ("a", '"type":"event_msg"', {"codex": 90}),
        ("a", '"type":"user" "message"', {"claude-code": 88}),
        ("a", '"type":"assistant" "message"', {"claude-code": 88}),
        ("a", '"type": "user" "message"', {}),
        ("a", '"type":"user"', {}),
        ("a", '"messages" "session_id"', {"gemini": 84}),
        ("a.json", '"messages" "sessionId"', {"gemini": 84, "amp": 46, "opencode": 44, "hail": 34}),
        ("a", '"messages"', {}),
        ("a", '"agentMode"', {"amp": 66}),
        ("a", '"messages" "tool_use"', {"amp": 66}),
        *(("a", f'"{key}"', {"opencode": 60}) for key in ("providerID", "providerId", "modelID", "modelId")),
    ],
)
def test_it_tells_eight_tools_by_name_and_words(name: str, text: str, found: dict[str, int]) -> None:
    assert {each.tool: each.confidence for each in promised(name, text)} == found


def test_it_says_why() -> None:
    (found,) = promised("a", HEADER)
    assert found.reason == "HAIL header line"


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000 + "}", "\udcff", '{"type":"header"'])
def test_it_survives_any_text(text: str) -> None:
    assert promised("a", text) == []
