"""Time stamps as text: `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, where the fraction has 3, 6 or 9 digits or is missing.

The text is the value, because `datetime` would lose the nanoseconds that real logs hold. This form of it is called
normal: the shortest that loses nothing, as HAIL writes it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

# Days are bounded per month, so that only 29 February needs the calendar. Whatever this refuses takes the slow way.
_SECOND = (
    r"(?!0000)[0-9]{4}-"
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
)
_NORMAL = re.compile(_SECOND + r"(?:\.(?:[0-9]{3}){0,2}(?!000)[0-9]{3})?Z").fullmatch
_UTC = re.compile(_SECOND + r"(?:\.([0-9]+))?(?:Z|\+00:00)").fullmatch
_ACCEPTED = re.compile(
    r"\s*(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?"
    r"\s*(?:(?P<utc>[Zz]|UTC)|(?P<sign>[+\-\u2212])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))?\s*"
).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def normal(text: str) -> str | None:
    """Return `text` in the normal form, or None when it is no time stamp. Without an offset it is taken as UTC."""
    return text if _NORMAL(text) else _normalised(text)


def strict(text: str) -> str | None:
    """Like `normal`, but None for a time stamp without an offset, as HAIL demands."""
    return text if _NORMAL(text) else _normalised(text, offset_required=True)


def _normalised(text: str, *, offset_required: bool = False) -> str | None:
    if utc := _UTC(text):
        return _written(text[:19], utc[1] or "")
    found = _ACCEPTED(text)
    if found is None or (offset_required and not (found["utc"] or found["sign"])):
        return None
    try:
        moment = datetime.fromisoformat(f"{found['date']}T{found['minute']}") + timedelta(seconds=_seconds(found))
    except (ValueError, OverflowError):
        return None
    return _written(moment.isoformat()[:19], found["fraction"] or "")


def _seconds(found: re.Match[str]) -> int:
    """Return the seconds to add to the minute that was written, so that the time is in UTC."""
    second = int(found["second"])
    if second > 60:  # 60 is a leap second: it becomes the next second, since nothing later can represent it.
        raise ValueError(second)
    if not found["sign"]:
        return second
    offset = int(found["hours"]) * 3600 + int(found["minutes"]) * 60
    if offset >= 86400:
        raise ValueError(offset)
    return second - offset if found["sign"] == "+" else second + offset


def _written(second: str, fraction: str) -> str:
    digits = fraction[:9].rstrip("0")
    width = -(-len(digits) // 3) * 3
    return f"{second}.{digits:0<{width}}Z" if digits else f"{second}Z"


def instant(text: str) -> datetime:
    """Return a normal time stamp as an aware UTC datetime; digits after the microsecond are dropped."""
    return datetime.fromisoformat(text)


def from_ms(milliseconds: int) -> str:
    """Return the time stamp of milliseconds since 1970. Raises OverflowError outside of the years 1 to 9999."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_since_epoch(seconds)}.{rest:03}Z" if rest else f"{_since_epoch(seconds)}Z"


@lru_cache(maxsize=1024)
def _since_epoch(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def from_datetime(moment: datetime) -> str:
    """Return the time stamp of `moment`; a naive one is taken as UTC."""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return _written(moment.isoformat()[:19], f"{moment.microsecond:06}")


def key(text: str) -> str:
    """Return what orders normal time stamps by time when compared as text."""
    return text[:-1]


def offset_form(text: str) -> str:
    """Return a normal time stamp written with `+00:00` instead of `Z`."""
    return f"{text[:-1]}+00:00"


def whole_seconds(first: str, last: str) -> int:
    """Return the whole seconds from one normal time stamp to a later one, truncated; 0 when it is not later."""
    span = datetime.fromisoformat(last[:19]) - datetime.fromisoformat(first[:19])
    borrowed = last[19:-1] < first[19:-1]  # Fractions compare as text, so nanoseconds count too.
    return max(0, span.days * 86400 + span.seconds - borrowed)
