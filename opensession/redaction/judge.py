"""Whether a value that code or configuration gives to a credential is a secret, or just more code."""

from __future__ import annotations

import re

# Names that end so hold a secret; the likely ones only when the value looks like no word.
_SURE = r"passw(?:or)?d|passphrase|[_-]pass|pwd|secret|(?:secret|private|signing|encryption|master|access)[-_ ]?key"
_LIKELY = r"api[-_ ]?key|token|credentials?|auth(?:orization)?"
_NUMBER = r"(?:_?\d{1,2})?"
CREDENTIAL = rf"(?:{_SURE}|{_LIKELY}){_NUMBER}"
OPTION = rf"(?:{_SURE}|api-key|token)"

_SHORTEST = 3
_SHORTEST_BARE = 6
_SHORTEST_MIXED = 12
_MOST_TURNS = 4

_is_sure = re.compile(rf"(?:{_SURE}){_NUMBER}\Z", re.IGNORECASE).search
# `oauth` and `unauth` are no names of a credential; `_auth`, `AUTH` and `registryAuth` are.
_AUTH = r"(?:(?<![A-Za-z])(?i:auth(?:orization)?)|(?<=[a-z])Auth(?:orization)?)"
_is_credential = re.compile(rf"(?:(?i:{_SURE}|api[-_ ]?key|token|credentials?)|{_AUTH}){_NUMBER}\Z").search
_is_variable = re.compile(r"[A-Z][A-Z0-9_]*\Z").match
_is_number = re.compile(r"[-+]?[\d_.]+\Z").match
_is_path = re.compile(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]|~$").match
_is_attribute = re.compile(r"[A-Za-z_$]\w*(?:(?:\.|::|->|\?\.)[A-Za-z_]\w*)+[!?]?\Z").match
_is_reference = re.compile(
    r"\$[A-Za-z_][\w:.>-]*\Z|%\w\Z|%\w+%\Z|\{[^}]*\}+\Z|<[^>]*>\Z|![A-Za-z]+\Z|\*[A-Za-z]\w*\Z|\W*\Z"
).match
_holds_reference = re.compile(r"\$\{|\$\(|\{\{|%\(|%[sdr]|\*\*\*|\.\.\.|…|\[REDACTED[]:]|\{\w*\}|<[\w -]+>").search
_is_sentence = re.compile(r"\s").search
_is_words = re.compile(r"[\w.:?!-]*\Z").match
_run = re.compile(r"[A-Za-z0-9]{8,}").findall
_turn = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])").findall
_parts = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+").findall
_WORDS = frozenset(
    """
    none null nil true false undefined string str bytes int integer number bool boolean any object optional required
    unknown void self this input getpass env auto default empty missing invalid valid basic bearer oauth oauth2 jwt
    enabled disabled text hidden static dynamic public private local global yes no on off some uuid uuid4 hash base64
    sha256 md5 hex flag flags option options argument parameter value values prompt file stdin and or is was are to from
    for with in if must should can will when
    """.split()  # noqa: SIM905
)
_WORDS_IN_EXAMPLES = frozenset(
    """
    pass passwd password passphrase pwd secret secrets token tokens key keys apikey auth authorization authentication
    cred creds credential credentials your my the example placeholder change changeme dummy fake sample insert redacted
    test foo bar xxx
    """.split()  # noqa: SIM905
)


def is_credential(name: str) -> bool:
    """Tell whether a variable, key or field of this name holds a secret."""
    return _is_credential(name) is not None


def is_opaque(value: str) -> bool:
    """Tell whether a value was made by a machine: letters and digits take turns in it."""
    in_one_word = any(len(_turn(run)) > 1 for run in _run(value))
    return in_one_word or (len(value) >= _SHORTEST_MIXED and len(_turn(letters(value))) > _MOST_TURNS)


def is_secret(name: str, value: str) -> bool:
    """Tell whether a quoted value is a secret, when it is given to a credential of this name."""
    if _is_code(value) or _is_sentence(value):
        return False
    if is_opaque(value):
        return True
    if _is_sure(name):
        return not _is_word(value)
    return _is_variable(name) is not None and not _is_word(value) and not _is_number(value)


def is_bare_secret(name: str, value: str) -> bool:
    """Tell the same of a value without quotes, which in most languages is an expression."""
    if _is_code(value):
        return False
    if is_opaque(value):
        return True
    if not _is_sure(name) or len(value) < _SHORTEST_BARE or _is_word(value) or _is_attribute(value):
        return False
    return not value.replace("_", "").isalpha()


def is_exported_secret(name: str, value: str) -> bool:
    """Tell the same of `NAME=value` as shells and .env files write it, where everything is a string."""
    if _is_code(value) or (_is_number(value) and not _is_sure(name)):
        return False
    return is_opaque(value) or not _is_word(value)


def is_option_secret(name: str, value: str) -> bool:
    """Tell the same of `--name value`, which may as well be the middle of a sentence."""
    word = value.rstrip(",.;:")
    return is_exported_secret(name, word) and (not word.isalpha() or _is_sure(name) is not None)


def is_placeholder(value: str) -> bool:
    """Tell whether a value is an example in a text: a word, or what stands for a secret."""
    return is_reference(value) or _is_word(value)


def is_reference(value: str) -> bool:
    """Tell whether a value only stands for a secret: `$TOKEN`, `<your key>`, `***`, or what we put there."""
    return bool(_is_reference(value) or _holds_reference(value))


def letters(value: str) -> str:
    """Return the letters and digits of a value."""
    return "".join(filter(str.isalnum, value))


def _is_code(value: str) -> bool:
    is_path = _is_path(value) is not None and not is_opaque(value)
    return len(value) < _SHORTEST or is_reference(value) or is_path


def _is_word(value: str) -> bool:
    if _is_words(value) is None or is_opaque(value):
        return False
    parts = {"xxx" if set(part) == {"x"} else part for part in map(str.lower, _parts(value))}
    return value.lower().strip("-_.?!") in _WORDS or not parts.isdisjoint(_WORDS_IN_EXAMPLES)
