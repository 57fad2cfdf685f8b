from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.moderated import Moderated, actor_of, is_moderator
from sessions import audit, moderation


@admin.register(User)
class UserAdmin(Moderated, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """Moderators deactivate people; superusers change them. Nobody is deleted: their sessions would lose their rows."""

    list_display = ("nickname", "email", "is_staff", "is_active", "created_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("nickname", "email")
    ordering = ("nickname",)
    readonly_fields = ("created_at", "last_login")
    filter_horizontal = ("groups", "user_permissions")
    actions = ("deactivate", "reactivate")
    fieldsets = (
        (None, {"fields": ("nickname", "email", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("nickname", "email", "usable_password", "password1", "password2")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).is_superuser

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if actor_of(request).is_superuser:
            return super().get_fieldsets(request, obj)
        # Without the right to change it, Django would print the hash of a password in full.
        return ((None, {"fields": ("nickname", "email", "is_active", "is_staff", "created_at", "last_login")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change and "is_active" in form.changed_data:
            _set_active(obj, obj.is_active, actor_of(request))
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        audit.record(actor=actor_of(request), action="add user", thing=obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # The form of a password logs words, all others the names of what was changed.
        changed = [name for each in message for name in each.get("changed", {}).get("fields", [])]
        audit.record(actor=actor_of(request), action="change user", thing=obj, fields=", ".join(changed) or "password")
        return super().log_change(request, obj, message)

    @admin.action(description="Deactivate: logins, tokens, keys and links stop working", permissions=["view"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._act(request, queryset, False, "deactivated")

    @admin.action(description="Let in again", permissions=["view"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._act(request, queryset, True, "let in again")

    def _act(self, request: HttpRequest, people: QuerySet[User], is_active: bool, done: str) -> None:
        actor = actor_of(request)
        theirs = [person for person in people if actor.is_superuser or not person.is_superuser]
        changed = sum(_set_active(person, is_active, actor) for person in theirs if person.pk != actor.pk)
        self.message_user(request, f"{changed} {done}.")
        if any(person.pk == actor.pk or person not in theirs for person in people):
            words = "Nobody changes this for themselves, and only superusers do for superusers."
            self.message_user(request, words, messages.WARNING)


@admin.register(ApiKey)
class ApiKeyAdmin(Moderated):
    list_display = ("prefix", "user", "name", "status", "created_at", "last_used_at")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("prefix", "user__nickname", "user__email")
    search_help_text = "Beginning of the key, nickname or e-mail"
    fields = ("prefix", "user", "name", "status", "created_at", "grace_until", "revoked_at", "last_used_at")
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        actor, now = actor_of(request), timezone.now()
        revoked = sum(moderation.revoke_key(key=key, actor=actor, now=now) for key in queryset)
        self.message_user(request, f"{revoked} revoked.")


class AccessAttemptAdmin(Moderated):
    """Failed logins, which axes counts by name and address. Removing them lifts the lock."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    search_help_text = "Name that was typed, or address"
    fields = (*list_display, "path_info", "user_agent")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_moderator(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        moderation.lift_lock(attempt=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for attempt in queryset:
            self.delete_model(request, attempt)


# Where nobody can log in, nothing counts logins.
if apps.is_installed("axes"):
    admin.site.register(apps.get_app_config("axes").get_model("AccessAttempt"), AccessAttemptAdmin)


def _set_active(person: User, is_active: bool, actor: User) -> bool:
    if is_active:
        return moderation.reactivate(user=person, actor=actor)
    return moderation.deactivate(user=person, actor=actor, now=timezone.now())
