from __future__ import annotations

from django.urls import path

from accounts import views

urlpatterns = [
    path("login", views.login, name="login"),
    path("register", views.register, name="register"),
    path("logout", views.logout, name="logout"),
    path("auth/callback", views.callback, name="callback"),
    path("settings", views.account, name="settings"),
    path("settings/password", views.change_password, name="change-password"),
    path("settings/link/<str:provider>", views.link, name="link"),
    path("settings/keys", views.issue_key, name="issue-key"),
    path("settings/keys/<uuid:pk>/revoke", views.revoke_key, name="revoke-key"),
]
