from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path
from django.views.decorators.cache import never_cache

from accounts.api import keys, oauth, views

VIEWS: dict[str, Callable[..., HttpResponseBase]] = {
    "register": views.register,
    "login": views.login,
    "refresh": views.refresh,
    "logout": views.logout,
    "verify": views.verify,
    "me": views.me,
    "password": views.password,
    "api-keys": keys.listing,
    "api-keys/issue": keys.issue,
    "api-keys/<uuid:pk>": keys.revoke,
    "providers": oauth.listing,
    "oauth/<str:provider>": oauth.start,
    "oauth/<str:provider>/link": oauth.link,
    "oauth/<str:provider>/callback": oauth.callback,
}
# Tokens and keys must stay in no cache.
urlpatterns = [path(route, never_cache(view)) for route, view in VIEWS.items()]
