"""The pages of accounts. They are there only where accounts are on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib import auth, messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import login as logins
from accounts import services, throttling
from accounts.backends import BACKEND
from accounts.destinations import callback_url, wanted
from accounts.forms import LoginForm, PasswordForm, RegistrationForm
from accounts.models import User
from accounts.oauth import client, providers, states
from accounts.pages import SettingsPage, notice

View = TypeVar("View", bound=Callable[..., HttpResponse])

WRONG = "The e-mail or the password is wrong, or this account logs in with a provider."
TOO_OFTEN = "That was too often. Wait a while, then try again."


def account_page(view: View) -> Callable[..., HttpResponse]:
    """Hide a page where accounts are off, and keep it out of every cache."""

    @wraps(view)
    @never_cache
    @sensitive_post_parameters("password", "current", "new")
    def guarded(request: HttpRequest, **values: Any) -> HttpResponse:
        if not settings.AUTH_ENABLED:
            raise Http404
        return view(request, **values)

    return guarded


def own_page(view: View) -> Callable[..., HttpResponse]:
    """Ask who is not logged in to do so."""

    @account_page
    @wraps(view)
    def guarded(request: HttpRequest, **values: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return render(request, "accounts/login_required.html", {"next": reverse("settings")}, status=403)
        return view(request, **values)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@account_page
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        has_news = bool(notice(request.GET.dict()))
        return redirect(f"{reverse('settings')}?{request.GET.urlencode()}" if has_news else wanted(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and (user := _known(request, form)):
        auth.login(request, user)
        return redirect(wanted(request))
    return _form_page(request, "accounts/login.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@account_page
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(wanted(request))
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and (user := _registered(request, form)):
        auth.login(request, user, BACKEND)
        messages.success(request, f"Welcome, {user.nickname}.")
        return redirect(wanted(request))
    return _form_page(request, "accounts/register.html", form)


@require_POST
@account_page
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    messages.success(request, "You are logged out.")
    return redirect("sessions")


@require_safe
@own_page
def account(request: HttpRequest) -> HttpResponse:
    return _settings(request)


@require_POST
@own_page
def change_password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST)
    if not _changed(request, form):
        return _settings(request, form=form, status=_status(form))
    auth.update_session_auth_hash(request, _user(request))
    messages.success(request, "The password is changed. Everybody else who was logged in as you is logged out.")
    return redirect("settings")


@require_POST
@own_page
def issue_key(request: HttpRequest) -> HttpResponse:
    if not throttling.allows(request, "keys"):
        messages.error(request, TOO_OFTEN)
        return redirect("settings")
    # A redirect would have to carry the key; it is shown in this answer only.
    return _settings(request, new_key=services.issue_key(user=_user(request)))


@require_POST
@own_page
def revoke_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    if not services.revoke_key(user=_user(request), pk=pk):
        raise Http404
    messages.success(request, "The key is revoked.")
    return redirect("settings")


@require_POST
@own_page
def link(request: HttpRequest, provider: str) -> HttpResponse:
    """Show the way to a provider. Browsers that keep our policy follow no redirect from a form to another site."""
    chosen = providers.configured().get(provider)
    if chosen is None:
        raise Http404
    if not throttling.allows(request, "oauth"):
        messages.error(request, TOO_OFTEN)
        return redirect("settings")
    begun = states.Begun(states.begin(provider=chosen.id, user=_user(request)), reverse("settings"))
    url = client.authorize_url(chosen, callback_url(request, chosen.id), begun.state)
    return states.bind(render(request, "accounts/leaving.html", {"url": url, "provider": chosen}), begun)


@require_safe
@account_page
def callback(request: HttpRequest) -> HttpResponse:
    """Receive who logged in without saying where to go. A script takes the tokens out of the address."""
    return render(request, "accounts/callback.html") if request.user.is_authenticated else redirect("login")


def _known(request: HttpRequest, form: LoginForm) -> User | None:
    if not _may_go_on(request, form, "login"):
        return None
    try:
        user = logins.check(request, name=form.cleaned_data["email"], password=form.cleaned_data["password"])
    except logins.LockedOut as error:
        form.add_error(None, ValidationError(str(error), "throttled"))
        return None
    if user is None:
        form.add_error(None, WRONG)
    return user


def _registered(request: HttpRequest, form: RegistrationForm) -> User | None:
    if not _may_go_on(request, form, "register"):
        return None
    try:
        return services.register(**form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _changed(request: HttpRequest, form: PasswordForm) -> bool:
    if not _may_go_on(request, form, "change"):
        return False
    try:
        services.change_password(user=_user(request), **form.cleaned_data)
    except services.WrongPassword as error:
        form.add_error("current", error)
    except ValidationError as error:
        form.add_error("new", error)
    return form.is_valid()


def _may_go_on(request: HttpRequest, form: Form, scope: str) -> bool:
    """Tell whether the form is filled in, and this is not asked too often."""
    if form.is_valid() and not throttling.allows(request, scope):
        form.add_error(None, ValidationError(TOO_OFTEN, "throttled"))
    return form.is_valid()


def _status(form: Form) -> int:
    if not form.is_bound:
        return 200
    return 429 if form.has_error("__all__", "throttled") else 422


def _form_page(request: HttpRequest, template: str, form: Form) -> HttpResponse:
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next") or "",
        "back": wanted(request),
        "providers": providers.configured().values(),
        "notice": notice(request.GET.dict()),
    }
    return render(request, template, context, status=_status(form))


def _settings(request: HttpRequest, status: int = 200, **shown: Any) -> HttpResponse:
    page = SettingsPage(_user(request), timezone.now(), **shown)
    return render(
        request, "accounts/settings.html", {"page": page, "notice": notice(request.GET.dict())}, status=status
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
