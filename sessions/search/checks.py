"""Tell whether an event passes the checks of a query: the file it touches, the command it runs, a pattern. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from opensession.hail.actions import FileCreate, FileDelete, FileEdit, FileRead, ShellCommand
from opensession.hail.model import Event
from sessions.fulltext import Phrase
from sessions.search import grammar, tokens
from sessions.search.grammar import Check


def passes(event: Event, text: str, checks: Iterable[Check]) -> bool:
    """Tell whether an event, whose words are `text`, passes all checks."""
    return all(_CHECKS[check.key](event, text, check.value) is not check.is_negated for check in checks)


def spans(pattern: str, text: str) -> list[tuple[int, int]]:
    """Return where a pattern stands in `text`."""
    return [found.span() for found in _compiled(pattern).finditer(text)]


def _touches(event: Event, text: str, value: str) -> bool:
    action = event.action
    return isinstance(action, FileRead | FileEdit | FileCreate | FileDelete) and tokens.holds(
        Phrase(value), action.path
    )


def _runs(event: Event, text: str, value: str) -> bool:
    action = event.action
    return isinstance(action, ShellCommand) and tokens.holds(Phrase(value), action.command)


def _fits(event: Event, text: str, value: str) -> bool:
    return _compiled(value).search(text) is not None


_compiled = lru_cache(maxsize=64)(grammar.compiled)
_CHECKS: Mapping[str, Callable[[Event, str, str], bool]] = {"file": _touches, "cmd": _runs, "regex": _fits}
