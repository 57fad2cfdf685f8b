from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("sessions.api.urls")),
    path("", include("accounts.urls")),
    path("", include("sessions.urls")),
]
