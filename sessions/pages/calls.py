"""What a tool was asked and what it answered, told as briefly as its input allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opensession.hail import model as hail
from sessions.pages import blocks
from sessions.pages.blocks import Block, Room
from sessions.pages.texts import one_line

# Codex tells the model how a command ran before it shows what the command printed.
_PREAMBLE = re.compile(
    r"\A(?:Chunk ID: .*\n)?(?:Wall time: .*\n)?(?:Process (?:exited|running) with .*\n)?"
    r"(?:Original token count: .*\n)?(?:Total output lines: .*\n)?Output:\n"
)
# The first key that an input has says best what the call is about.
_TELLING = (
    *("subject", "description", "title", "skill", "name", "query", "command", "cmd", "path", "file_path", "url"),
    *("pattern", "question", "prompt", "message", "explanation", "text"),
)


def call_label(content: hail.Content) -> str:
    """Return what a call is about, in one line."""
    for block in content.blocks:
        if isinstance(block, hail.Json) and isinstance(block.data, dict):
            return _input_label(block.data)
        if isinstance(block, hail.Text) and block.text.strip():
            return one_line(block.text)
    return ""


def _input_label(data: Mapping[str, Any]) -> str:
    if isinstance(recipient := data.get("recipient"), str):
        return one_line(f"→ {recipient}")
    if "taskId" in data and "status" in data:
        return one_line(f"#{data['taskId']} → {data['status']}")
    for key in _TELLING:
        if isinstance(value := data.get(key), str) and value.strip():
            return one_line(value, 120)
    return one_line(" ".join(f"{key}={value}" for key, value in data.items() if isinstance(value, (str, int))), 120)


def call_parts(content: hail.Content, room: Room) -> tuple[Block, ...]:
    """Return the input of a call: what is long in it as text that can be read, the rest as JSON."""
    found: list[Block] = []
    for block in content.blocks:
        if isinstance(block, hail.Json) and isinstance(block.data, dict) and block.data:
            prompt = block.data.get("prompt") or block.data.get("message")
            rest = {key: value for key, value in block.data.items() if value is not prompt}
            found += [blocks.data(rest, room)] if rest else []
            found += [blocks.prose(prompt, room)] if isinstance(prompt, str) and prompt.strip() else []
        else:
            found += blocks.blocks(hail.Content(blocks=(block,)), as_prose=False, room=room)
    return tuple(found)


def output(result: hail.Event, room: Room, *, as_prose: bool = False) -> tuple[Block, ...]:
    """Return what a tool answered."""
    kept = tuple(_bare(block) for block in result.content.blocks)
    return blocks.blocks(hail.Content(blocks=kept), as_prose=as_prose, room=room)


def _bare(block: hail.Block) -> hail.Block:
    return hail.Text(text=_PREAMBLE.sub("", block.text, count=1)) if isinstance(block, hail.Text) else block
