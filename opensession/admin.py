"""The admin site. On one's own machine nobody logs in: the operator enters as a user row made at the first visit."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from accounts.viewer import viewer_of


class Admin(AdminSite):
    site_header = site_title = "OpenSession"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        if viewer_of(request).is_operator and not super().has_permission(request):
            # The admin logs every change under a user, so the operator needs a row.
            request.user = get_user_model().objects.operator()
        return super().has_permission(request)
