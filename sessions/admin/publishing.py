"""Uploads, reports, share links, and who did what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.moderated import Moderated, actor_of
from sessions import moderation, sharing
from sessions.models import AuditEntry, Report, Session, ShareLink, Upload
from sessions.pages.texts import heading


@admin.register(Upload)
class UploadAdmin(Moderated):
    list_display = ("session_link", "owner", "uploaded_at", "git_repo_name", "score", "warning_count", "is_searchable")
    # The first column leads to the session, and a link cannot stand within another.
    list_display_links = ("uploaded_at",)
    list_filter = ("is_searchable", "session__visibility", "session__is_hidden", "uploaded_at")
    list_select_related = ("session__owner",)
    search_fields = ("session__title", "session__owner__nickname", "git_repo_name", "git_remote")
    search_help_text = "Title, owner, repository or remote"
    ordering = ("-uploaded_at",)
    fields = (
        *("session_link", "owner", "uploaded_at", "content_sha256", "body_url", "git_remote", "git_branch"),
        *("git_commit", "git_repo_name", "pr_number", "pr_url", "score", "score_plugin", "warnings", "is_searchable"),
    )

    @admin.display(description="session")
    def session_link(self, upload: Upload) -> str:
        return _linked(upload.session)

    @admin.display(description="owner", ordering="session__owner")
    def owner(self, upload: Upload) -> str:
        return str(upload.session.owner or "")

    @admin.display(description="warnings")
    def warning_count(self, upload: Upload) -> int:
        return len(upload.warnings)


class IsOpen(admin.SimpleListFilter):
    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Open"), ("no", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        return queryset.filter(closed_at__isnull=self.value() == "yes") if self.value() else queryset


@admin.register(Report)
class ReportAdmin(Moderated):
    list_display = ("reason", "session_link", "is_open", "is_hidden", "reporter", "created_at", "closed_by")
    list_filter = (IsOpen, "reason")
    list_select_related = ("session", "reporter", "closed_by")
    search_fields = ("words", "session__title", "reporter__nickname")
    fields = ("reason", "words", "session_link", "is_hidden", "reporter", "created_at", "closed_at", "closed_by")
    actions = ("close", "hide_session")

    def get_ordering(self, request: HttpRequest) -> Any:
        return (F("closed_at").asc(nulls_first=True), "-created_at")

    @admin.display(description="session")
    def session_link(self, report: Report) -> str:
        return _linked(report.session)

    @admin.display(description="open", boolean=True)
    def is_open(self, report: Report) -> bool:
        return report.closed_at is None

    @admin.display(description="session is hidden", boolean=True)
    def is_hidden(self, report: Report) -> bool:
        return report.session.is_hidden

    @admin.action(description="Close", permissions=["view"])
    def close(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        self.message_user(request, f"{_closed(request, queryset)} closed.")

    @admin.action(description="Hide the session, and close", permissions=["view"])
    def hide_session(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        reports = queryset.select_related("session")
        hidden = sum(moderation.hide(session=report.session, actor=actor_of(request)) for report in reports)
        self.message_user(request, f"{hidden} hidden, {_closed(request, reports)} reports closed.")


@admin.register(ShareLink)
class ShareLinkAdmin(Moderated):
    list_display = ("session_link", "creator", "created_at", "expires_at", "revoked_at", "view_count", "viewed_at")
    list_display_links = ("created_at",)
    list_filter = ("allows_download", "created_at")
    list_select_related = ("session", "creator")
    search_fields = ("session__title", "creator__nickname")
    ordering = ("-created_at",)
    actions = ("revoke",)
    fields = (
        *("session_link", "creator", "created_at", "expires_at", "revoked_at", "has_password", "allows_download"),
        *("hidden_turns", "view_count", "viewed_at", "failures"),
    )

    @admin.display(description="session")
    def session_link(self, link: ShareLink) -> str:
        return _linked(link.session)

    @admin.display(description="has a password", boolean=True)
    def has_password(self, link: ShareLink) -> bool:
        return bool(link.password)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        actor, now = actor_of(request), timezone.now()
        revoked = sum(sharing.revoke(link=link, actor=actor, now=now) for link in queryset)
        self.message_user(request, f"{revoked} revoked.")


@admin.register(AuditEntry)
class AuditEntryAdmin(Moderated):
    list_display = ("at", "actor", "action", "subject", "facts")
    list_select_related = ("actor",)
    search_fields = ("action", "subject", "actor__nickname")
    search_help_text = "Action, kind or id of the thing, nickname"
    list_filter = ("at",)
    fields = ("at", "actor", "action", "subject", "facts")


def _linked(session: Session) -> str:
    url = reverse("admin:ai_sessions_session_change", args=[session.pk])
    return format_html('<a href="{}">{}</a>', url, heading(session.title, 80) or session.hail_id)


def _closed(request: HttpRequest, reports: QuerySet[Report]) -> int:
    actor, now = actor_of(request), timezone.now()
    return sum(moderation.close_report(report=report, actor=actor, now=now) for report in reports)
