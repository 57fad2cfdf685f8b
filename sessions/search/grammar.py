"""The query grammar that pages, API, commands and TUI share, from text to a `Query`. Pure.

Words and "phrases" stand in one event together; `word*` also finds what begins so; `-word` leaves events out.
`tool:` `repo:` `branch:` `model:` `author:` `is:error` `after:` `before:` choose sessions; `file:`, `cmd:` and
`/regex/` choose events. A minus turns each of them around.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import re2  # type: ignore[import-untyped]

from opensession.hail import times
from sessions.fulltext.base import Phrase, Words

MOST_CHARACTERS = 1_000
MOST_TERMS = 32
SHORTEST_PREFIX = 3
"""Letters before a `*`. Fewer would gather a great part of the index."""

EVENT_KEYS = ("file", "cmd")
SESSION_KEYS = ("tool", "repo", "branch", "model", "author", "is", "after", "before")

_TERM = re.compile(
    r"(?P<minus>-(?!-))?(?:"
    r"/(?P<regex>(?:\\.|[^/\\])+)/(?=\s|$)"
    rf"|(?P<key>{'|'.join(SESSION_KEYS + EVENT_KEYS)}):(?P<value>\"[^\"]*\"|\S*)"
    r"|\"(?P<phrase>[^\"]*)\"(?P<star>\*?)"
    r"|(?P<word>\S+)"
    r")",
    re.IGNORECASE,
)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?").fullmatch
_AGO = re.compile(r"([0-9]{1,4})([hdw])").fullmatch
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Malformed(ValueError):
    """A search that finds nothing; the message names the term and the remedy."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a session has to be, or not to be."""

    key: str
    value: str | datetime
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What an event has to be, or not to be: `key` is `file`, `cmd` or `regex`."""

    key: str
    value: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search. `words` and `checks` are about one event, `filters` about its session."""

    words: Words
    checks: tuple[Check, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def is_about_events(self) -> bool:
        return bool(self.words.all_of) or any(not check.is_negated for check in self.checks)

    @property
    def leaves_out(self) -> bool:
        return bool(self.words.none_of) or any(check.is_negated for check in self.checks)


def parse(text: str, now: datetime) -> Query:
    """Return what `text` asks for. Raises Malformed."""
    if len(text) > MOST_CHARACTERS:
        raise Malformed(f"A search has at most {MOST_CHARACTERS:,} characters; leave some words out.")
    text = _UNREADABLE.sub("\ufffd", text)
    terms = [_term(found, now) for found in _TERM.finditer(text)]
    if len(terms) > MOST_TERMS:
        raise Malformed(f"A search has at most {MOST_TERMS} words and filters; leave some out.")
    query = _query(terms)
    if not query.is_about_events and (query.leaves_out or any(isinstance(term, _Word) for term in terms)):
        raise Malformed(_nothing_to_find(query, text))
    return query


def holds_word(text: str) -> bool:
    """Tell whether the index has words in `text` at all: letters, digits, `_`."""
    return any(char == "_" or unicodedata.category(char)[0] in "LN" for char in text)


@dataclass(frozen=True, slots=True)
class _Word:
    phrase: Phrase
    is_negated: bool


def _query(terms: list[_Word | Filter | Check]) -> Query:
    words = [term for term in terms if isinstance(term, _Word) and holds_word(term.phrase.text)]
    checks = tuple(term for term in terms if isinstance(term, Check))
    implied = [Phrase(check.value) for check in checks if check.key in EVENT_KEYS and not check.is_negated]
    return Query(
        words=Words(
            all_of=(*(word.phrase for word in words if not word.is_negated), *implied),
            none_of=tuple(word.phrase for word in words if word.is_negated),
        ),
        checks=checks,
        filters=tuple(term for term in terms if isinstance(term, Filter)),
    )


def _nothing_to_find(query: Query, text: str) -> str:
    if query.leaves_out:
        return f"“{text.strip()}” only says what to leave out; add a word to find."
    return f"“{text.strip()}” holds no letters or digits; add a word, or write a pattern as /…/."


def _term(found: re.Match[str], now: datetime) -> _Word | Filter | Check:
    is_negated = bool(found["minus"])
    if found["regex"]:
        return Check("regex", _pattern(found["regex"]), is_negated)
    if found["key"]:
        return _field(found["key"].lower(), found["value"], now, is_negated)
    if found["phrase"] is not None:
        return _Word(_phrase(found["phrase"], bool(found["star"])), is_negated)
    word = found["word"]
    if word.startswith('"'):
        raise Malformed(f'The quote in “{word}” is not closed; add a " at its end, or leave it out.')
    return _Word(_phrase(word.rstrip("*"), word.endswith("*")), is_negated)


def _phrase(text: str, is_prefix: bool) -> Phrase:
    if is_prefix and holds_word(text):
        last = re.split(r"\W+", text)[-1]
        if len(last) < SHORTEST_PREFIX:
            raise Malformed(f"“{text}*” begins with too little; write at least {SHORTEST_PREFIX} letters before the *.")
        return Phrase(text, is_prefix=True)
    return Phrase(text)


def _pattern(pattern: str) -> str:
    pattern = pattern.replace(r"\/", "/")
    try:
        compiled(pattern)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error
        raise Malformed(
            f"The pattern /{pattern}/ cannot be read: {reason}; mend it, or quote it to find it as words."
        ) from None
    return pattern


def compiled(pattern: str) -> Any:
    """Return a compiled regular expression, whose matching takes linear time. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    return re2.compile(pattern, options)


def _field(key: str, value: str, now: datetime, is_negated: bool) -> Filter | Check:
    value = _unquoted(key, value)
    if key in EVENT_KEYS:
        if not holds_word(value):
            raise Malformed(
                f"`{key}:{value}` holds no letters or digits; write a part of it, such as {_EXAMPLES[key]}."
            )
        return Check(key, value, is_negated)
    return Filter(key, _VALUES.get(key, _plain)(key, value, now), is_negated)


def _unquoted(key: str, value: str) -> str:
    if value.startswith('"') and not (len(value) > 1 and value.endswith('"')):
        raise Malformed(f'The quote in “{key}:{value}” is not closed; add a " at its end.')
    value = value.strip('"').strip()
    if not value:
        raise Malformed(f"`{key}:` needs a value, such as {_EXAMPLES[key]}.")
    return value


def _plain(key: str, value: str, now: datetime) -> str:
    return value


def _state(key: str, value: str, now: datetime) -> str:
    if value.lower() != "error":
        raise Malformed(f"`is:{value}` is not known; there is is:error.")
    return "error"


def _moment(key: str, value: str, now: datetime) -> datetime:
    """Return the start of the day, month or year that was written, or that many hours, days or weeks ago."""
    moment = next(_moments(value, now), None)
    if moment is None:
        raise Malformed(f"`{key}:{value}` is no date; write {_EXAMPLES[key]}, {key}:today or {key}:7d.")
    return moment


def _moments(value: str, now: datetime) -> Iterator[datetime]:
    if value.lower() in ("today", "yesterday"):
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        yield today - timedelta(days=value.lower() == "yesterday")
    elif found := _AGO(value.lower()):
        yield now - int(found[1]) * _UNITS[found[2]]
    elif text := times.normal(f"{value}{'-01-01'[len(value) - 4 :]}T00:00:00Z" if _DATE(value) else value):
        yield times.instant(text)


_VALUES: Mapping[str, Callable[[str, str, datetime], str | datetime]] = {
    "is": _state,
    "after": _moment,
    "before": _moment,
}
_EXAMPLES: Mapping[str, str] = {
    "tool": "tool:codex",
    "repo": "repo:webshop",
    "branch": "branch:main",
    "model": "model:opus",
    "author": "author:alice",
    "is": "is:error",
    "after": "after:2026-03-01",
    "before": "before:2026-03-01",
    "file": "file:models.py",
    "cmd": "cmd:pytest",
}
