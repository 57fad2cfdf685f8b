"""The page on which people upload a log."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.viewer import viewer_of
from sessions.forms import UploadForm
from sessions.publishing.anylog import publish_log
from sessions.publishing.collect import Refused
from sessions.publishing.configured import defaults
from sessions.publishing.request import Visibility, Wishes
from sessions.publishing.store import Published


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    if settings.OPENSESSION_PROFILE == "worker":
        raise Http404
    owner = _owner(request)
    if owner is None:
        return redirect_to_login(request.get_full_path())
    form = UploadForm(request.POST or None, request.FILES or None, initial={"visibility": defaults().visibility})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_published(form, owner).upload.session)
        except Refused as error:
            form.add_error(form.source, f"{error}.")
    return render(request, "sessions/upload.html", {"form": form}, status=422 if form.errors else 200)


def _owner(request: HttpRequest) -> User | None:
    """Return whose the upload will be. On one's own machine nobody logs in."""
    viewer = viewer_of(request)
    return viewer.user or (User.objects.operator() if viewer.is_operator else None)


def _published(form: UploadForm, owner: User) -> Published:
    name, data = form.log()
    return publish_log(
        owner=owner,
        name=name,
        data=data,
        title=form.cleaned_data["title"],
        wishes=Wishes(visibility=cast(Visibility, form.cleaned_data["visibility"])),
        defaults=defaults(),
        now=timezone.now(),
    )
