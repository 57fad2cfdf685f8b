"""What counts as a secret or as a home folder, one row each.

The patterns are RE2's, over bytes, so that no text makes them slow. The last group of a pattern is what gets replaced.
A gate is found wherever its pattern is, and costs less: all gates together are one automaton. Rules of one name count
as one. The order is that of use: what names its maker stands before what only looks like a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from opensession.redaction import judge

HOME = "home"
KNOWN = "known-secret"
CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True)
class Found:
    """What a pattern found: its last group, what its first group says it is, and the byte that follows."""

    value: str
    name: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    gate: str
    pattern: str
    accepts: Callable[[Found], bool] = bool

    @property
    def replacement(self) -> str:
        return "~" if self.name == HOME else marker(self.name)


def marker(name: str) -> str:
    """Return what stands for a secret in the text: a hint at what it was."""
    return f"[REDACTED:{name}]"


# Logs quote logs: a word may follow an escaped line break, an escaped byte or a colour of the terminal.
ESCAPED = r"\\[nrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|(?:\x1b|\\e|\\033|\\x1b|\\u001[bB])\[[0-9;]*m"


def _is_opaque(found: Found) -> bool:
    return judge.is_opaque(found.value)


def _is_no_placeholder(found: Found) -> bool:
    return not judge.is_placeholder(found.value)


def _key(name: str, prefix: str, body: str, accepts: Callable[[Found], bool] = bool) -> Rule:
    return Rule(name, prefix, rf"(?:\b|{ESCAPED})({prefix}{body})", accepts)


KEYS = (
    _key("anthropic-key", "sk-ant-", r"[\w-]{20,}"),
    _key("openai-key", "sk-(?:proj|svcacct|admin|None)-", r"[\w-]{20,}"),
    _key("api-key", "sk-", r"[\w-]{20,}", _is_opaque),
    _key("opensession-key", "osk_", r"[0-9A-Za-z]{16,}"),
    _key("github-token", "gh[pousr]_", r"\w{36,}"),
    _key("github-token", "github_pat_", r"\w{22,}"),
    _key("gitlab-token", "gl(?:pat|dt|rt|ptt|cbt|ft|oas|soat|imt|agent|ffct)-", r"[\w.-]{20,}"),
    _key("aws-access-key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{2}", r"[A-Z2-7]{14}\b"),
    _key("google-key", "AIza", r"[\w-]{35,}"),
    _key("google-token", r"ya29\.", r"[\w-]{20,}"),
    _key("google-client-secret", "GOCSPX-", r"[\w-]{24,}"),
    _key("slack-token", r"xox[abcdeoprs](?:\.xox[a-z])?-", r"[\w-]{10,}", _is_opaque),
    _key("slack-token", "xapp-", r"[\w-]{16,}", _is_opaque),
    _key("slack-webhook", "hooks.slack.com/(?:services|workflows)/", r"[\w/-]{16,}"),
    _key("discord-webhook", "discord(?:app)?.com/api/webhooks/", r"\d{6,}/[\w-]{20,}"),
    _key("stripe-key", "[sr]k_(?:live|test)_", r"[0-9A-Za-z]{10,}"),
    _key("stripe-key", "whsec_", r"[0-9A-Za-z+/=]{20,}"),
    _key("npm-token", "npm_", r"[0-9A-Za-z]{36,}"),
    _key("pypi-token", "pypi-", r"[\w-]{32,}", _is_opaque),
    _key("huggingface-token", "hf_", r"[0-9A-Za-z]{30,}"),
    _key("sendgrid-key", r"SG\.", r"[\w-]{16,}\.[\w-]{16,}"),
    _key("twilio-key", "(?:SK|AC)[0-9a-f]{8}", r"[0-9a-f]{24}\b"),
    _key("telegram-token", r"\d{8,10}:AA", r"[\w-]{32,}"),
    _key("digitalocean-token", "do[opr]_v1_", r"[0-9a-f]{64}\b"),
    _key("groq-key", "gsk_", r"[0-9A-Za-z]{32,}"),
    _key("xai-key", "xai-", r"[0-9A-Za-z]{32,}"),
    _key("perplexity-key", "pplx-", r"[0-9A-Za-z]{32,}"),
    _key("replicate-token", "r8_", r"[0-9A-Za-z]{32,}"),
    _key("linear-key", "lin_(?:api|oauth)_", r"[0-9A-Za-z]{32,}"),
    _key("notion-token", "ntn_", r"[0-9A-Za-z]{32,}"),
    _key("supabase-token", "sb(?:p|_secret)_", r"[\w-]{24,}", _is_opaque),
    _key("vault-token", r"hv[sb]\.", r"[\w-]{24,}", _is_opaque),
    _key("databricks-token", "dapi[0-9a-f]{8}", r"[0-9a-f]{24}\b"),
    _key("shopify-token", "shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32}\b"),
    _key("tailscale-key", "tskey-", r"[\w-]{16,}", _is_opaque),
    _key("age-key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{40,}\b"),
    _key("jwt", "eyJ", r"[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)+"),
)

# A key of which only the first lines were printed has no END. Lines may be numbered, quoted, escaped or of a diff.
_PEM = r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
_PEM_LINE = r"(?:(?:[\s>|+:-]|\\+[nrt]|\d+(?:→|:))*[0-9A-Za-z+/]{16,}={0,2})"


def _holds_a_key(found: Found) -> bool:
    return len(judge.letters(found.value)) > len("nrnr") and not judge.is_reference(found.value.strip("\\nrt \r\n"))


_PRIVATE_KEYS = (
    Rule("private-key", _PEM, rf"{_PEM}((?:[^-]|-{{1,4}}[^-])*)-{{5,6}}END ", _holds_a_key),
    Rule("private-key", _PEM, rf"{_PEM}({_PEM_LINE}+)"),
)

_GIVES = (
    r"""(?:\\*["'`])?\]?[ \t]*"""
    r"(?::[ \t]*[A-Za-z_.]+\d{0,2}(?:\[\w+\]|\?|[ \t]*\|[ \t]*[A-Za-z]+)?[ \t]+=|=>|:=|[:=]=?=?)"
    r"[ \t]*"
)
_LITERAL = "[bfru]{0,2}"
_NAMED = rf"(?i)([\w.-]*{judge.CREDENTIAL}){_GIVES}"
_NAMED_GATE = rf"(?i){judge.CREDENTIAL}{_GIVES}"
_VARIABLE = (
    "[A-Z0-9_]*(?:PASSW(?:OR)?D|PASSPHRASE|PASS|PWD|SECRET|(?:SECRET|PRIVATE|SIGNING|ENCRYPTION|MASTER|ACCESS|API)_?KEY"
    r"|TOKEN|CREDENTIALS?|AUTH)(?:_?\d{1,2})?"
)


def _is_quoted_secret(found: Found) -> bool:
    return judge.is_credential(found.name) and judge.is_secret(found.name, found.value)


def _is_bare_secret(found: Found) -> bool:
    is_call = found.follows in ("(", "[", "{")
    return not is_call and judge.is_credential(found.name) and judge.is_bare_secret(found.name, found.value)


def _is_exported_secret(found: Found) -> bool:
    return judge.is_exported_secret(found.name, found.value)


def _is_option_secret(found: Found) -> bool:
    return judge.is_option_secret(found.name, found.value)


def _quoted(opening: str, value: str, closing: str) -> Rule:
    pattern = rf"{_NAMED}{_LITERAL}{opening}({value})(?:{closing}|\\*(?:[\r\n]|\z))"
    return Rule(CREDENTIAL, _NAMED_GATE + _LITERAL + opening, pattern, _is_quoted_secret)


_ASSIGNMENTS = (
    Rule(
        "aws-secret-key",
        rf"(?i)(?:aws|secret)[\w.-]*key{_GIVES}",
        rf"""(?i)(?:aws|secret)[\w.-]*key{_GIVES}\\*["']?([0-9A-Za-z/+]{{40}})(?:[^0-9A-Za-z/+]|\z)""",
    ),
    Rule(
        "azure-key",
        "(?i)(?:Account|SharedAccess)Key=",
        "(?i)(?:Account|SharedAccess)Key=([0-9A-Za-z+/]{32,}={0,2})",
    ),
    _quoted('"', r'(?:[^"\\\s]|\\[^\s])+', '"'),
    _quoted("'", r"(?:[^'\\\s]|\\[^\s])+", "'"),
    _quoted("`", r"[^`\\\s]+", "`"),
    _quoted(r'\\+"', r'[^"\\\s]+', r'\\+"'),
    _quoted(r"\\+'", r"[^'\\\s]+", r"\\+'"),
    Rule(
        CREDENTIAL,
        rf"{_VARIABLE}=",
        rf"""(?:\b|{ESCAPED})({_VARIABLE})=([^\s"'`\\;&|<>(){{}}]+)""",
        _is_exported_secret,
    ),
    Rule(CREDENTIAL, _NAMED_GATE, rf"""{_NAMED}([^\s"'`\\,;&|<>(){{}}\[\]]+)""", _is_bare_secret),
    Rule(
        CREDENTIAL,
        rf"(?i)--[\w-]*{judge.OPTION}[ \t=]",
        rf"""(?i)--([\w-]*{judge.OPTION})[ \t=]+\\*["']?([^\s"'`\\;&|<>(){{}}-][^\s"'`\\;&|<>(){{}}]*)""",
        _is_option_secret,
    ),
    Rule(
        CREDENTIAL,
        rf"""(?i){judge.CREDENTIAL}\\*["'`][ \t]*,""",
        rf"""(?i)([\w.-]*{judge.CREDENTIAL})\\*["'`][ \t]*,[ \t]*\\*["'`]([^\s"'`\\]+)""",
        _is_opaque,
    ),
    Rule(
        CREDENTIAL,
        rf"(?i){judge.CREDENTIAL}>",
        rf"(?i)<([\w.:-]*{judge.CREDENTIAL})>([^\s<>]+)</",
        _is_quoted_secret,
    ),
    Rule(
        CREDENTIAL,
        rf"{_VARIABLE}[ \t]",
        rf"""\b(?:ENV|ARG|setx|set|put)[ \t]+({_VARIABLE})[ \t]+\\*["']?([^\s"'`\\]+)""",
        _is_opaque,
    ),
    Rule(CREDENTIAL, "sshpass[ \t]+-p", r"""sshpass[ \t]+-p[ \t]*\\*["']?([^\s"'\\]+)""", _is_no_placeholder),
    Rule(
        CREDENTIAL,
        "(?i)login[ \t]",
        r"""(?i)\blogin[ \t]+[^\s"'\\]+[ \t]+password[ \t]+([^\s"'\\]+)""",
        _is_no_placeholder,
    ),
)

_HEADERS = (
    Rule(
        "authorization",
        rf"(?i)auth(?:orization)?{_GIVES}",
        rf"""(?i)auth(?:orization)?{_GIVES}\\*["'`]?(?:bearer|basic|token|digest|apikey)[ \t]+([\w.~+/=:-]{{3,}})""",
        _is_no_placeholder,
    ),
    Rule("authorization", "(?i)(?:bearer|basic)[ \t]", r"(?i)\b(?:bearer|basic)[ \t]+([\w.~+/=-]{16,})", _is_opaque),
    Rule(
        "cookie",
        rf"(?i)cookie{_GIVES}",
        rf"""(?i)\b(?:set-)?cookie{_GIVES}\\*["'`]?([\w.%-]+=[^\s"'`\\;]+(?:;[ \t]*[^\s"'`\\;]+)*)""",
        _is_opaque,
    ),
    Rule(
        "url-password",
        r"""://[^\s/:@"'`<>\\]*:[^\s/@"'`<>\\]+@""",
        r"""://[^\s/:@"'`<>\\]*:([^\s/@"'`<>\\]+)@""",
        _is_no_placeholder,
    ),
    Rule(
        "url-password",
        r"(?i)curl[ \t]",
        r"""(?i)\bcurl[ \t][^\n]*?[ \t](?:-u|--user)[ \t=]*\\*["']?[^\s:"'\\]+:([^\s"'\\]+)""",
        _is_no_placeholder,
    ),
)

# A home folder may stand below the mount point of another machine's disk.
_MOUNT = r"(?:/(?:mnt|media|cygdrive|host|private|var|usr|export|nfs|net)(?:/[\w.-]+)?|/System/Volumes/Data|/[A-Za-z])?"
BEFORE_PATH = (
    rf"(?:\A|[^\w.~%\]]|{ESCAPED}|[\s\"'=(]-[A-Za-z]|[\s\"][ab]"
    r"|(?:file|vscode-remote|ssh|sftp)://[^\s/\"'<>~]*)"
)
_OUTSIDE = r"""\x00-\x20\x7f-\xff/\\"'`<>|:;,*?(){}\[\]$&#!="""
# In Chinese and Japanese a sentence goes on after a path without a space, so that a name has one script.
_WIDE = r"(?:\xE3[\x81-\x83]|[\xE0\xE1\xE4-\xED][\x80-\xBF])[\x80-\xBF]"
_LETTER = r"[\xC2-\xDF][\x80-\xBF]"
_PERSON = (
    rf"(?:(?:{_WIDE})+|(?:[^{_OUTSIDE}.~%-]|{_LETTER})(?:(?:[^{_OUTSIDE}]|{_LETTER})*(?:[^{_OUTSIDE}.]|{_LETTER}))?)"
)
_SLASH = r"(?:\\*/|%2[Ff])"
_BACKSLASH = r"(?:\\+|/|%2[Ff]|%5[Cc])"
_HOMES_FOLDER = rf"{_SLASH}(?:home|Users){_SLASH}"
_DRIVE = rf"\b[A-Za-z](?::|%3[Aa]){_BACKSLASH}(?i:Users){_BACKSLASH}"
_NOBODY = frozenset({"shared", "public", "default", "all users"})


def _is_of_a_person(found: Found) -> bool:
    return re.split(r"[/\\]|%2F|%5C", found.value, flags=re.IGNORECASE)[-1].lower() not in _NOBODY


_HOMES = (
    Rule(HOME, _DRIVE, rf"({_DRIVE}{_PERSON}(?: [A-Z][\w.-]*){{1,2}}){_BACKSLASH}", _is_of_a_person),
    Rule(HOME, _DRIVE, rf"({_DRIVE}{_PERSON})", _is_of_a_person),
    Rule(HOME, r"\\wsl(?:\$|\.localhost)\\", rf"(\\{{2,}}wsl(?:\$|\.localhost)\\+[^\s\\]+\\+home\\+{_PERSON})"),
    Rule(HOME, _HOMES_FOLDER, rf"{BEFORE_PATH}({_MOUNT}{_HOMES_FOLDER}{_PERSON})", _is_of_a_person),
    Rule(HOME, "HOMEPATH", rf"HOMEPATH[\"':=\\ ]+?(\\+Users\\+{_PERSON})", _is_of_a_person),
    # Claude Code and Cursor name the folder of a project by its path.
    Rule(HOME, r"[/\\]-(?:home|Users)-", rf"[/\\](-(?:home|Users)-[^{_OUTSIDE}-]+)"),
    Rule(HOME, r"projects[/\\]+(?:home|Users)-", rf"projects[/\\]+((?:home|Users)-[^{_OUTSIDE}-]+)"),
)

RULES: tuple[Rule, ...] = (*_HOMES, *_PRIVATE_KEYS, *KEYS, *_HEADERS, *_ASSIGNMENTS)

MARKERS = frozenset({KNOWN, *(rule.name for rule in RULES)})
