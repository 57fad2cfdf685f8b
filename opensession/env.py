"""Readers for environment variables. A value that makes no sense is refused by name; a blank one counts as unset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")

SHORTEST_KEY = 32
"""Bytes, as RFC 7518, section 3.2, asks of a key for HS256."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value not in _TRUE + _FALSE:
        raise _refused(name, _TRUE + _FALSE)
    return value in _TRUE


def integer(name: str, default: int, lowest: int, highest: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal() and lowest <= int(value) <= highest):
        raise _refused(name, [f"a whole number from {lowest} to {highest}"])
    return int(value)


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise _refused(name, allowed)
    return value


def items(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return the parts between commas."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def hosts(name: str) -> list[str]:
    """Return the names of hosts between commas."""
    names = items(name)
    if not all(_is_host(host) for host in names):
        raise _refused(name, ["names of hosts, without http://, port and path"])
    return names


def web_address(name: str) -> str:
    value = _unwrapped(text(name)).rstrip("/")
    if value and not _is_web_address(value):
        raise _refused(name, ["http://…", "https://…"])
    return value


def secret(name: str) -> str:
    """Return the value of NAME, or what stands in the file that NAME_FILE names."""
    value, file = text(name), text(f"{name}_FILE")
    if value and file:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; keep one of them")
    if not file:
        return value
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file}, which cannot be read: it is no text") from error


def unwrapped_secret(name: str) -> str:
    """Return the secret without the quotes that some tools leave around a value."""
    return _unwrapped(secret(name))


def need_all(**values: str) -> None:
    """Refuse that some of these variables have a value and others not."""
    unset = [name for name, value in values.items() if not value]
    if unset and len(unset) < len(values):
        raise ImproperlyConfigured(f"{', '.join(values)} go together; not set: {', '.join(unset)}")


def signing_key(name: str) -> str:
    """Return a secret that signs what strangers hold, who must not guess it from that; empty if there is none."""
    key = unwrapped_secret(name)
    if key and len(key.encode()) < SHORTEST_KEY:
        remedy = "make one with: openssl rand -hex 32"
        raise ImproperlyConfigured(f"{name} must have at least {SHORTEST_KEY} bytes; {remedy}")
    return key


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().absolute()


def user_data() -> Path:
    """Return the folder for the data of programs, after the XDG rules: a relative path there is ignored."""
    named = text("XDG_DATA_HOME")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"


def user_config() -> Path:
    """Return the folder for the configuration of programs, after the same rules."""
    named = text("XDG_CONFIG_HOME")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".config"


def runs_one_of(commands: Sequence[str], arguments: Sequence[str]) -> bool:
    """Tell whether the command line is `manage.py` with one of the commands."""
    return len(arguments) > 1 and Path(arguments[0]).name == "manage.py" and arguments[1] in commands


def _is_host(value: str) -> bool:
    is_ipv6 = value.startswith("[") and value.endswith("]")
    return "/" not in value and (is_ipv6 or ":" not in value)


def _is_web_address(value: str) -> bool:
    if not value.startswith(("http://", "https://")) or any(char.isspace() or char in "?#" for char in value):
        return False
    try:
        parts = urlsplit(value)
        # Only reading the port tells whether it is one.
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _unwrapped(value: str) -> str:
    is_wrapped = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1].strip() if is_wrapped else value


def _refused(name: str, allowed: Sequence[str]) -> ImproperlyConfigured:
    # The value itself may be a secret that landed in the wrong variable, so it is not repeated.
    return ImproperlyConfigured(f"{name} must be {'one of: ' * (len(allowed) > 1)}{', '.join(allowed)}")
