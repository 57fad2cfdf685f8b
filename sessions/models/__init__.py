"""The tables: `index` holds sessions and how they are stored, `publishing` what a server adds."""

from __future__ import annotations

from sessions.models.index import (
    Amendment,
    Frame,
    RawCopy,
    SearchBlock,
    SearchCounter,
    Session,
    Source,
    Strand,
    Tombstone,
    session_uuid,
    source_uuid,
    strand_uuid,
)
from sessions.models.publishing import AuditEntry, Report, SessionLink, ShareLink, Upload

__all__ = [
    "Amendment",
    "AuditEntry",
    "Frame",
    "RawCopy",
    "Report",
    "SearchBlock",
    "SearchCounter",
    "Session",
    "SessionLink",
    "ShareLink",
    "Source",
    "Strand",
    "Tombstone",
    "Upload",
    "session_uuid",
    "source_uuid",
    "strand_uuid",
]
