"""Which sessions a word on the command line means: `HEAD`, `HEAD~6`, `HEAD^2`, a number, or words to look for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from handoff.errors import HandoffError, Usage

ALIASES = {"claude": "claude-code"}

_HEAD = re.compile(r"(?:head|HEAD)([~^])(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Newest:
    """The sessions that ended last, the newest first."""

    count: int


@dataclass(frozen=True, slots=True)
class Nth:
    """One session, counted from the newest, which is 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Words:
    """The newest session that is called so, or whose title, description or tags hold the words."""

    text: str


Reference = Newest | Nth | Words


def last(value: str) -> Newest:
    """Read the value of `--last`: blank, `HEAD`, `N` or `HEAD~N`. Raises Usage, or HandoffError for none at all."""
    text = value.strip()
    if not text or text.upper() == "HEAD":
        return Newest(1)
    found = _HEAD.fullmatch(text)
    digits = found[2] if found and found[1] == "~" else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Usage(f"--last {value}: write a number, HEAD or HEAD~N; files and ids of sessions go without --last")
    if int(digits) == 0:
        raise HandoffError(f"--last {value}: there is nothing to hand off; write 1 or more")
    return Newest(int(digits))


def parse(value: str) -> Reference:
    """Read a reference of `--claude`, `--gemini` or `--tool`. `HEAD~N` are the newest N, as it has always been here."""
    text = value.strip()
    if not text:
        raise Usage("a reference is missing; write HEAD for the newest session")
    if text.upper() == "HEAD":
        return Newest(1)
    found = _HEAD.fullmatch(text)
    if found is None:
        return Words(text)
    number = int(found[2])
    return Newest(max(1, number)) if found[1] == "~" else Nth(number)


def of_tool(value: str) -> tuple[str | None, str]:
    """Split the value of `--tool`, `"NAME REFERENCE"`; a single word is a reference to a session of any tool."""
    name, _, reference = value.strip().partition(" ")
    return (ALIASES.get(name, name), reference.strip()) if reference.strip() else (None, name)
