"""Find and replace what the rules name. One automaton of all gates passes over a text; most texts end there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import re2  # type: ignore[import-untyped]

from opensession.redaction.report import Report
from opensession.redaction.rules import BEFORE_PATH, HOME, KNOWN, MARKERS, RULES, Found, Rule, marker

SHORTEST_SECRET = 6
_MOST_ROUNDS = 5
_MEMORY_OF_GATE = 64 << 20
# What stands there already is passed over: `[REDACTED:jwt-token]: x` gives nothing to a token.
_PASSED = "|".join(re.escape(marker(name)) for name in sorted(MARKERS))


class Redactor:
    """Takes secrets and home folders out of texts. Build it once: it compiles its rules.

    `secrets` are secrets that are known as such; those of less than 6 characters would be found everywhere, and are not
    looked for. `homes` are home folders which need not look like one; the root is none.
    """

    def __init__(self, *, secrets: Iterable[str] = (), homes: Iterable[str] = ()) -> None:
        self._rules = (*_known_secrets(secrets), *RULES, *_known_homes(homes))
        self._gate = _gate(self._rules)

    def text(self, text: str) -> tuple[str, Report]:
        """Return the text, the same object when there is nothing in it, and what was replaced."""
        counts: Counter[str] = Counter()
        return self.count(text, counts), Report(dict(counts))

    def count(self, text: str, counts: Counter[str]) -> str:
        """Return the text, and add to `counts` what was replaced."""
        # Logs hold halves of surrogate pairs, which are no text to anybody else.
        encoded = text.encode("utf-8", "surrogatepass")
        redacted = self._repeated(encoded, counts)
        return text if redacted is encoded else redacted.decode("utf-8", "surrogatepass")

    def _repeated(self, text: bytes, counts: Counter[str]) -> bytes:
        # What stood in the way of one secret may have been another.
        for _ in range(_MOST_ROUNDS):
            before, text = text, self._once(text, counts)
            if text is before:
                break
        return text

    def _once(self, text: bytes, counts: Counter[str]) -> bytes:
        for index in sorted(self._gate.Match(text) or ()):
            text = _applied(self._rules[index], text, counts)
        return text


def _applied(rule: Rule, text: bytes, counts: Counter[str]) -> bytes:
    pieces: list[bytes] = []
    end = 0
    for start, stop in _places(rule, text):
        pieces += text[end:start], rule.replacement.encode()
        end = stop
    if not pieces:
        return text
    counts[rule.name] += len(pieces) // 2
    return b"".join((*pieces, text[end:]))


def _places(rule: Rule, text: bytes) -> Iterator[tuple[int, int]]:
    pattern = _compiled(f"{_PASSED}|(?:{rule.pattern})")
    for match in pattern.finditer(text):
        start, stop = match.span(pattern.groups)
        if start >= 0 and rule.accepts(_found(match)):
            yield start, stop


def _found(match: Any) -> Found:
    groups = [(group or b"").decode("utf-8", "replace") for group in match.groups()]
    follows = match.string[match.end() : match.end() + 1].decode("utf-8", "replace")
    return Found(groups[-1], groups[0], follows)


def _gate(rules: Iterable[Rule]) -> Any:
    gate = re2.Set.SearchSet(_options())
    for rule in rules:
        gate.Add(rule.gate.encode("utf-8", "surrogatepass"))
    gate.Compile()
    return gate


@cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern.encode("utf-8", "surrogatepass"), _options())


def _options() -> Any:
    # Bytes are matched as they are: no pattern of ours cuts through a character, and halves of surrogates do no harm.
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY_OF_GATE
    options.log_errors = False
    return options


def _known_secrets(secrets: Iterable[str]) -> Iterator[Rule]:
    spellings = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _spellings(secret)}
    if spellings:
        anyone = "|".join(map(re.escape, _longest_first(spellings)))
        yield Rule(KNOWN, anyone, f"({anyone})")


def _known_homes(homes: Iterable[str]) -> Iterator[Rule]:
    folders = {home.rstrip("/\\") for home in homes} - {""}
    if folders:
        spellings = {form for folder in folders for form in (*_spellings(folder), folder.replace("\\", "/"))}
        anyone = "|".join(map(_whole, _longest_first(spellings)))
        yield Rule(HOME, anyone, rf"(?:\.|{BEFORE_PATH})({anyone})")
        names = "|".join(map(_whole, _longest_first(set(map(dashed, folders)))))
        yield Rule(HOME, names, rf"[/\\]({names})")


def dashed(folder: str) -> str:
    """Return the name, or its beginning, that Claude Code gives to the folder of a project after the project's path."""
    return re.sub(r"[/\\:.]", "-", folder)


def _spellings(text: str) -> set[str]:
    """Return a text as it stands, and as it stands in JSON, and in JSON within JSON."""
    once = json.dumps(text, ensure_ascii=False)[1:-1]
    return {text, once, json.dumps(once, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]}


def _longest_first(words: set[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _whole(word: str) -> str:
    # RE2 knows the end of a word only where the word ends in ASCII.
    return re.escape(word) + (r"\b" if re.match(r"\w", word[-1], re.ASCII) else "")
