"""Searched words, marked in the rows that a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from django.utils import timezone

from sessions import markup
from sessions.pages.blocks import Block
from sessions.pages.rows import Row
from sessions.search import Malformed
from sessions.search.grammar import parse

IN_SIGHT = 1_200
"""Characters of HTML that are surely shown of a clamped text."""


def problem(text: str) -> str:
    """Return why a search cannot be understood, or nothing."""
    try:
        parse(text, timezone.now())
    except Malformed as malformed:
        return str(malformed)
    return ""


def words_of(text: str) -> tuple[str, ...]:
    """Return what a search looks for in an event."""
    try:
        return tuple(phrase.text for phrase in parse(text, timezone.now()).words.all_of)
    except Malformed:
        return ()


def marked_rows(found: Sequence[Row], words: Sequence[str]) -> list[Row]:
    return [_marked_row(row, words) for row in found]


def _marked_row(row: Row, words: Sequence[str]) -> Row:
    label = markup.marked(escape(row.label), words)
    return replace(row, label=label, blocks=tuple(_marked(block, words) for block in row.blocks), is_open=True)


def _marked(block: Block, words: Sequence[str]) -> Block:
    if block.kind == "picture" or not block.html:
        return block
    html = markup.marked(block.html, words)
    # A long text stays clamped only where its first match is in sight.
    return replace(block, html=html, is_long=block.is_long and html.find("<mark>") < IN_SIGHT)
