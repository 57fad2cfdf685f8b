"""What a server adds to sessions: uploads, links, addresses to share, reports, and who did what."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from sessions.models.index import Session
from sessions.querysets import ShareLinkQuerySet


class Upload(models.Model):
    """What a server knows of a session that was uploaded, beside its index row.

    `content_sha256` is of the header and the events as they are stored, so that the same upload is recognised.
    `files_modified` and `files_read` are lists of paths; `warnings` are what validation did not like. A `body_url` says
    where the body lies too.
    """

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True, related_name="upload")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    content_sha256 = models.CharField(max_length=64)
    body_url = models.TextField(blank=True, default="")
    git_remote = models.TextField(blank=True, default="")
    git_branch = models.TextField(blank=True, default="")
    git_commit = models.TextField(blank=True, default="")
    git_repo_name = models.TextField(blank=True, default="")
    pr_number = models.BigIntegerField(null=True, blank=True)
    pr_url = models.TextField(blank=True, default="")
    files_modified = models.JSONField(default=list, blank=True)
    files_read = models.JSONField(default=list, blank=True)
    score = models.IntegerField(default=0)
    score_plugin = models.TextField(default="heuristic_v1")
    warnings = models.JSONField(default=list, blank=True)
    is_searchable = models.BooleanField("full-text rows are written", default=False)

    def __str__(self) -> str:
        return f"upload of {self.session_id}"


class SessionLink(models.Model):
    """That a session names another one: by its row id or its HAIL id, which need not be here."""

    class Kind(models.TextChoices):
        HANDOFF = "handoff"
        RELATED = "related"
        PARENT = "parent"
        CHILD = "child"

    session = models.ForeignKey(Session, models.CASCADE, related_name="links")
    target = models.TextField(db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.HANDOFF)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "target"], name="linked_once")]

    def __str__(self) -> str:
        return f"{self.session_id} -> {self.target}"


class ShareLink(models.Model):
    """An address under which a session can be read by whoever knows it, until it expires or is revoked.

    The token itself is shown once and kept as its SHA-256; `password` is a Django hash, or empty. `hidden_turns` are
    lists of a strand's id, the first event that is left out, and the first one behind it, which is null for the end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, models.CASCADE, related_name="share_links")
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="share_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128, blank=True, default="")
    hidden_turns = models.JSONField("ranges of events that are left out", default=list, blank=True)
    allows_download = models.BooleanField("may be downloaded", default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    view_count = models.BigIntegerField(default=0)
    viewed_at = models.DateTimeField("last view", null=True, blank=True)
    failures = models.PositiveIntegerField("wrong passwords", default=0)
    failing_since = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"link to {self.session_id}"


class Report(models.Model):
    """That a reader thinks that a session should not be here.

    `reader` is a keyed hash of who reports, so that those without an account have one open report per session too.
    """

    class Reason(models.TextChoices):
        SECRET = "secret", "It shows a secret or personal data"
        ABUSE = "abuse", "It is abusive"
        SPAM = "spam", "It is spam"
        OTHER = "other", "Something else"

    session = models.ForeignKey(Session, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    reader = models.CharField(max_length=64, editable=False)
    reason = models.CharField(max_length=8, choices=Reason.choices)
    words = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="closed_reports"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "reader"], condition=models.Q(closed_at=None), name="reported_once"
            )
        ]
        indexes = [
            models.Index(fields=["closed_at", "-created_at"], name="report_open"),
            models.Index(fields=["reader", "created_at"], name="report_of_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.session_id}"


class AuditEntry(models.Model):
    """Who did what to which thing. Entries outlive the things; they hold ids and facts, never content."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    action = models.CharField(max_length=40)
    subject = models.TextField(help_text="The kind of the thing and its id: session 5b0b1f0e-…")
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
