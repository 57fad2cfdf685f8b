"""Redact whole values: HAIL, handoffs, and whatever JSON there is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct, structs

from opensession.redaction import judge
from opensession.redaction.engine import Redactor
from opensession.redaction.report import Report
from opensession.redaction.rules import CREDENTIAL, marker

Value = TypeVar("Value")

TOO_DEEP = "too-deep"
_DEEPEST = 150

KEPT = frozenset(
    """
    id session_id event_id call_id task_id work_package_id related_session_ids evidence_refs depends_on
    timestamp created_at updated_at started_at completed_at version mime media_type language
    """.split()  # noqa: SIM905
)
"""Fields of our own values that others refer to, or that hold no words. Of free JSON everything is read."""


def redacted(value: Value, redactor: Redactor) -> tuple[Value, Report]:
    """Return the value, with every part that holds nothing to hide as it was, and what was replaced.

    Reads strings in Structs, mappings (keys too), lists and tuples. What lies deeper than 150 levels is taken out.
    """
    counts: Counter[str] = Counter()
    walked: Value = _walked(value, redactor, counts, 0)
    return walked, Report(dict(counts))


def _walked(value: Any, redactor: Redactor, counts: Counter[str], depth: int) -> Any:
    if isinstance(value, str):
        return redactor.count(value, counts)
    if not isinstance(value, (Struct, Mapping, list, tuple)):
        return value
    if depth > _DEEPEST:
        counts[TOO_DEEP] += 1
        return marker(TOO_DEEP)
    if isinstance(value, Struct):
        return _struct(value, redactor, counts, depth + 1)
    if isinstance(value, Mapping):
        return _mapping(value, redactor, counts, depth + 1)
    return _sequence(value, redactor, counts, depth + 1)


def _struct(value: Struct, redactor: Redactor, counts: Counter[str], depth: int) -> Struct:
    changes = {}
    for name in _walked_fields(type(value)):
        before = getattr(value, name)
        after = _walked(before, redactor, counts, depth)
        if after is not before:
            changes[name] = after
    return structs.replace(value, **changes) if changes else value


@cache
def _walked_fields(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in structs.fields(kind) if field.name not in KEPT)


def _mapping(value: Mapping[Any, Any], redactor: Redactor, counts: Counter[str], depth: int) -> Mapping[Any, Any]:
    result: dict[Any, Any] = {}
    is_changed = False
    label = value.get("name", value.get("key"))
    for key, before in value.items():
        name = _unused(_walked(key, redactor, counts, depth), result)
        after = _given(label if key == "value" else key, before, counts) or _walked(before, redactor, counts, depth)
        is_changed |= after is not before or name is not key
        result[name] = after
    return result if is_changed else value


def _given(key: Any, value: Any, counts: Counter[str]) -> str | None:
    """Return what stands for a value which only its key makes known as a secret."""
    if not (
        isinstance(key, str) and isinstance(value, str) and judge.is_credential(key) and judge.is_secret(key, value)
    ):
        return None
    counts[CREDENTIAL] += 1
    return marker(CREDENTIAL)


def _unused(key: Any, taken: Mapping[Any, Any]) -> Any:
    """Return the key, numbered where two keys became one."""
    unused, number = key, 2
    while unused in taken:
        unused, number = f"{key}#{number}", number + 1
    return unused


def _sequence(value: list[Any] | tuple[Any, ...], redactor: Redactor, counts: Counter[str], depth: int) -> Any:
    walked = [_walked(item, redactor, counts, depth) for item in value]
    is_changed = any(after is not before for after, before in zip(walked, value, strict=True))
    return type(value)(walked) if is_changed else value
