"""What agents call a session that has no title yet. Such words are none (`spec/parsers.md` R9)."""

from __future__ import annotations

import re

_TALK = "(?:session|chat|conversation|thread)"
_THING = "(?:session|chat|conversation|thread|task|composer|agent|dialog|topic)"
_NUMBER = r"(?:\ \#?[\d_]{1,20})?"
_MOMENT = r"\d{4}-\d\d-\d\d\S*(?:\ \d\d:\d\d\S*)?"

_PLACEHOLDER = re.compile(
    rf"""
    (?: (?:new|untitled|unnamed|empty|default|cli|child|forked)\ (?:(?:agent|ai|chat|coding)\ )?{_THING}{_NUMBER}
      | {_TALK}{_NUMBER}
      | (?:untitled|unnamed|no\ title){_NUMBER}
      | 新(?:建)?(?:的)?(?:对话|会话|聊天) | 未命名(?:对话|会话)? | 无标题
    )
    (?: \ (?:-|–|\()\ ?(?:{_MOMENT}|[0-9a-f-]{{6,36}})\)? )?
    """,
    re.VERBOSE | re.IGNORECASE,
).fullmatch


def native_title(words: str) -> str:
    """Return the title that a store keeps; an empty text for a placeholder, such as `New session - 2026-03-01`."""
    return "" if _PLACEHOLDER(words.strip().strip("<>[]()\"'… .")) else words
