"""How many sessions a list holds: counted while that is quick, estimated beyond."""

from __future__ import annotations

from uuid import UUID

from sessions.querysets import SessionQuerySet
from sessions.search.limits import Limits


def total(walked: SessionQuerySet, by_id: SessionQuerySet, limits: Limits) -> tuple[int, bool]:
    """Return the number of sessions, and whether it is an estimate.

    `walked` and `by_id` are the same sessions, for walking through an index and for looking up ids. Ids are spread
    evenly, so that those of one slice stand for all. Where they leave no doubt that there are more than are counted,
    nothing else is asked: counting ten thousand costs as much as all the rest of a list.
    """
    most, slices = limits.counted, limits.slices
    estimate = slices * by_id.filter(pk__lt=UUID(int=2**128 // slices)).count()
    if estimate > 2 * most:
        return estimate, True
    # One column of the index that is walked, so that no row is looked at.
    counted = walked.order_by().values("is_auxiliary")[: most + 1].count()
    return (counted, False) if counted <= most else (max(estimate, most), True)
