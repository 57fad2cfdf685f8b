"""Links from a handoff to the pages that show its events."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from handoff.model import Summary


def cited(summary: Summary) -> frozenset[str]:
    """Return the ids of all events that the handoff names."""
    return frozenset(
        (
            *(item.event_id for item in summary.evidence),
            *(item.event_id for item in summary.plan),
            *(check.event_id for check in summary.verification.checks_run),
            *(event.event_id for ground in summary.claim_evidence for event in ground.events),
        )
    )


def linked(summary: Summary, links: Mapping[str, str]) -> Summary:
    """Return the handoff with a link beside every event that has one in `links`, by event id."""
    checks = tuple(replace(check, link=links.get(check.event_id)) for check in summary.verification.checks_run)
    return replace(
        summary,
        evidence=tuple(replace(item, link=links.get(item.event_id)) for item in summary.evidence),
        plan=tuple(replace(item, link=links.get(item.event_id)) for item in summary.plan),
        verification=replace(summary.verification, checks_run=checks),
        claim_evidence=tuple(
            replace(ground, events=tuple(replace(event, link=links.get(event.event_id)) for event in ground.events))
            for ground in summary.claim_evidence
        ),
    )
