from __future__ import annotations

from django.urls import path, register_converter

from sessions import report_views, share_views, uploads, views
from sessions.api import docs
from sessions.preview import views as preview


class StrandKey:
    """The key of a strand: `main`, or whatever an agent calls its helper."""

    regex = "[^?#]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(StrandKey, "strand")

urlpatterns = [
    path("", views.home, name="home"),
    path("sessions", views.session_list, name="sessions"),
    path("session/<uuid:pk>", views.session_detail, name="session"),
    path("session/<uuid:pk>/raw", views.session_raw, name="raw"),
    path("session/<uuid:pk>/handoff", views.handoff, name="handoff"),
    path("session/<uuid:pk>/e/<strand:strand>.<int:number>", views.event, name="event"),
    path("handoff", views.selection, name="selection"),
    path("git", preview.git, name="git"),
    path("git/session", preview.git_part, name="git_part"),
    path("gh/<str:owner>/<str:repo>/<str:ref>/<path:path>", preview.github, name="github"),
    path("upload", uploads.upload, name="upload"),
    path("session/<uuid:pk>/share", share_views.share, name="share"),
    path("session/<uuid:pk>/share/<uuid:link>/revoke", share_views.revoke, name="revoke"),
    path("session/<uuid:pk>/visibility", share_views.visibility, name="visibility"),
    path("session/<uuid:pk>/report", report_views.report, name="report"),
    path("s/<slug:token>", share_views.shared, name="shared"),
    path("s/<slug:token>/unlock", share_views.unlock, name="unlock"),
    path("s/<slug:token>/raw", share_views.raw, name="shared-raw"),
    path("s/<slug:token>/e/<strand:strand>.<int:number>", share_views.event, name="shared-event"),
    path("events", views.events, name="events"),
    path("docs", docs.docs, name="docs"),
    path("llms.txt", docs.llms, name="llms"),
    path("robots.txt", views.robots, name="robots"),
]
