"""The admin site lists, filters and removes sessions. They are made from logs, so nothing is added or edited here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from sessions import services
from sessions.models import Session, Source, Tombstone
from sessions.pages.texts import heading


class _ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(_ReadOnly):
    list_display = ("name", "tool", "repo", "origin", "visibility", "updated_at", "event_count", "source_missing")
    list_filter = ("tool", "origin", "visibility", "is_auxiliary", "has_errors", "source_missing", "updated_at")
    search_fields = ("title", "hail_id", "repo", "branch", "cwd")
    search_help_text = "Title, HAIL id, repository, branch or directory"
    date_hierarchy = "updated_at"
    list_per_page = 50
    show_full_result_count = False
    fields = (
        *("page", "title", "description", "tool", "tool_version", "model", "provider", "hail_id", "origin", "owner"),
        *("visibility", "parent", "is_auxiliary", "repo", "branch", "cwd", "tags", "created_at", "updated_at"),
        *("indexed_at", "event_count", "message_count", "tool_call_count", "files_changed", "input_tokens"),
        *("output_tokens", "records", "skipped", "source_missing", "has_errors"),
    )

    @admin.display(description="title", ordering="title")
    def name(self, session: Session) -> str:
        return heading(session.title, 90) or session.hail_id

    @admin.display(description="page")
    def page(self, session: Session) -> str:
        url = reverse("session", args=[session.pk])
        return format_html('<a href="{}">Open the session</a>', url)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        services.remove(session=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset:
            services.remove(session=session)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        # Django would list every frame and search block of a session, of which there may be thousands.
        names = [str(session)[:200] for session in objs]
        return names, {"sessions": len(names)}, set(), []


@admin.register(Tombstone)
class TombstoneAdmin(_ReadOnly):
    """Removed sessions. Taking one off this list lets the next pass index the session again."""

    list_display = ("hail_id", "tool", "origin", "buried_at")
    list_filter = ("tool", "origin")
    search_fields = ("hail_id",)
    date_hierarchy = "buried_at"

    def delete_model(self, request: HttpRequest, obj: Tombstone) -> None:
        _restore(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tombstone]) -> None:
        for tombstone in queryset:
            _restore(tombstone)
        messages.info(request, "The next pass of the index reads these sessions again.")


@admin.register(Source)
class SourceAdmin(_ReadOnly):
    list_display = ("path", "tool", "size", "parser_version", "is_missing")
    list_filter = ("tool", "is_missing", "parser_version")
    search_fields = ("path",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _restore(tombstone: Tombstone) -> None:
    if tombstone.origin == "indexed":
        services.restore(reference=tombstone.hail_id)
    else:
        tombstone.delete()
