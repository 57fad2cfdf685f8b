"""Sessions are listed, filtered, hidden and removed. They are made from logs, so nothing is added or edited here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.moderated import Moderated, actor_of, is_moderator
from sessions import moderation, services
from sessions.models import Session, Source, Tombstone
from sessions.pages.kinds import tool_of
from sessions.pages.texts import heading


class ToolFilter(admin.SimpleListFilter):
    """The tools in use, found by steps through an index: Django would look at every row for them."""

    title = parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tool, tool_of(tool).label) for tool in Session.objects.tools()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        return queryset.filter(tool=self.value()) if self.value() else queryset


@admin.register(Session)
class SessionAdmin(Moderated):
    list_display = ("name", "tool", "owner", "origin", "visibility", "is_hidden", "updated_at", "event_count")
    list_filter = (
        *(ToolFilter, "origin", "visibility", "is_hidden", "is_auxiliary", "has_errors", "source_missing"),
        "updated_at",
    )
    list_select_related = ("owner",)
    search_fields = ("title", "hail_id", "repo", "branch", "cwd", "owner__nickname")
    search_help_text = "Title, HAIL id, repository, branch, directory, owner, or the whole id"
    # An index has the rows in this order, so that a page of them needs no sort of the table.
    ordering = ("is_auxiliary", "-updated_at", "-id")
    actions = ("hide", "unhide")
    fields = (
        *("page", "title", "description", "tool", "tool_version", "model", "provider", "hail_id", "origin", "owner"),
        *("visibility", "is_hidden", "parent", "is_auxiliary", "repo", "branch", "cwd", "tags", "created_at"),
        *("updated_at", "indexed_at", "event_count", "message_count", "tool_call_count", "files_changed"),
        *("input_tokens", "output_tokens", "records", "skipped", "source_missing", "has_errors"),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_moderator(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    @admin.display(description="title", ordering="title")
    def name(self, session: Session) -> str:
        return heading(session.title, 90) or session.hail_id

    @admin.display(description="page")
    def page(self, session: Session) -> str:
        url = reverse("session", args=[session.pk])
        return format_html('<a href="{}">Open the session</a>', url)

    @admin.action(description="Hide from everybody but the owner", permissions=["view"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        hidden = sum(moderation.hide(session=session, actor=actor_of(request)) for session in queryset)
        self.message_user(request, f"{hidden} hidden.")

    @admin.action(description="Show again", permissions=["view"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        shown = sum(moderation.unhide(session=session, actor=actor_of(request)) for session in queryset)
        self.message_user(request, f"{shown} shown again.")

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        services.remove(session=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset:
            services.remove(session=session, actor=actor_of(request))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        # Django would list every frame and search block of a session, of which there may be thousands.
        names = [str(session)[:200] for session in objs]
        return names, {"sessions": len(names)}, set(), []


@admin.register(Tombstone)
class TombstoneAdmin(Moderated):
    """Removed sessions. Taking one off this list lets the next pass index the session again."""

    list_display = ("hail_id", "tool", "origin", "buried_at")
    list_filter = (ToolFilter, "origin")
    search_fields = ("hail_id",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_moderator(request)

    def delete_model(self, request: HttpRequest, obj: Tombstone) -> None:
        services.unbury(tombstone=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tombstone]) -> None:
        for tombstone in queryset:
            services.unbury(tombstone=tombstone, actor=actor_of(request))
        messages.info(request, "The next pass of the index reads these sessions again.")


@admin.register(Source)
class SourceAdmin(Moderated):
    list_display = ("path", "tool", "size", "parser_version", "is_missing")
    list_filter = (ToolFilter, "is_missing")
    search_fields = ("path",)
