"""What all lists of the admin site share: moderators look, and act through services; rows are not edited."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

MOST_COUNTED = 10_000
"""So many rows of a list are counted and paged through; to get at what lies behind, filters are quicker."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than people page, so that a list opens at once however large its table is."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[:MOST_COUNTED].count()
        return len(rows)


class Moderated(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """Shown to every moderator, whatever permissions Django's groups give them."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what the audit says of a row. Django's own history knows what was done in forms, and nothing else."""
        subject = f"{self.opts.verbose_name} {unquote(object_id)}"
        return redirect(reverse("admin:ai_sessions_auditentry_changelist", query={"subject__exact": subject}))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_moderator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_moderator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_moderator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff)


def actor_of(request: HttpRequest) -> User:
    """Return who acts. The admin site lets nobody in without a row, not even the operator."""
    return cast(User, request.user)
