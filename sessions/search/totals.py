"""How many sessions a list holds: counted while that is quick, estimated beyond."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from uuid import UUID

from sessions.querysets import SessionQuerySet
from sessions.search.limits import Limits

KEPT_FOR = timedelta(seconds=10)
"""An estimate is no worse for being a little old, and costs as much as half of all the rest of a list."""
_MOST_KEPT = 1_000

_kept: dict[Hashable, tuple[datetime, int]] = {}


def total(
    walked: SessionQuerySet, by_id: SessionQuerySet, limits: Limits, *, of: Hashable, now: datetime
) -> tuple[int, bool]:
    """Return the number of sessions, and whether it is an estimate.

    `walked` and `by_id` are the same sessions, for walking through an index and for looking up ids. Ids are spread
    evenly, so that those of one slice stand for all. Where they leave no doubt that there are more than are counted,
    no more is asked: counting ten thousand costs as much as all the rest of a list. An estimate is kept for a while
    under the name `of`, if there is one.
    """
    at, known = _kept.get((of, limits), (now, None))
    if known is not None and abs(now - at) < KEPT_FOR:
        return known, True
    found, is_estimate = _total(walked, by_id, limits)
    if is_estimate and of is not None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[of, limits] = now, found
    return found, is_estimate


def forget() -> None:
    """Forget the estimates that are kept."""
    _kept.clear()


def _total(walked: SessionQuerySet, by_id: SessionQuerySet, limits: Limits) -> tuple[int, bool]:
    most, few, slices = limits.counted, limits.counted_first, limits.slices
    if (counted := _counted(walked, few)) <= few:
        return counted, False
    estimate = slices * by_id.filter(pk__lt=UUID(int=2**128 // slices)).count()
    if estimate > 2 * most:
        return estimate, True
    counted = _counted(walked, most)
    return (counted, False) if counted <= most else (max(estimate, most), True)


def _counted(walked: SessionQuerySet, most: int) -> int:
    """Return the number of sessions, or one more than the most that are counted."""
    # One column of the index that is walked, so that no row is looked at.
    return walked.order_by().values("is_auxiliary")[: most + 1].count()
