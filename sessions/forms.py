from __future__ import annotations

from hashlib import sha256
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.forms import Form
from sessions.models import Report, Session
from sessions.sharing import LIFETIMES, SHORTEST_PASSWORD
from sessions.turns import MOST_HIDDEN

_NAMES = {"1d": "1 day", "7d": "7 days", "30d": "30 days", "never": "Never"}


class ShareForm(Form):
    lifetime = forms.ChoiceField(
        label="Expires after", choices=[(key, _NAMES[key]) for key in LIFETIMES], initial="7d", required=False
    )
    password = forms.CharField(
        label="Password (optional)",
        required=False,
        min_length=SHORTEST_PASSWORD,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    allows_download = forms.BooleanField(label="Readers may download it", required=False)

    @property
    def left_out(self) -> list[str]:
        """The places of the turns that are ticked, wherever they are."""
        given = self.data.getlist("leave") if isinstance(self.data, QueryDict) else []
        return list(dict.fromkeys(given))[: MOST_HIDDEN + 1]

    def clean_lifetime(self) -> Any:
        return LIFETIMES[self.cleaned_data["lifetime"] or "7d"]


class PasswordForm(forms.Form):
    password = forms.CharField(
        max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True})
    )


class ReportForm(forms.Form):
    reason = forms.ChoiceField(choices=Report.Reason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label="What a moderator should know (optional)",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class VisibilityForm(forms.Form):
    visibility = forms.ChoiceField(choices=Session.Visibility.choices)


class UploadForm(Form):
    """A log as a file or as text, and who may see the session that is in it."""

    file = forms.FileField(required=False, label="File", help_text="The log of an agent, or HAIL; up to 64 MiB.")
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    title = forms.CharField(required=False, max_length=200, label="Title", help_text="Empty: as the log says.")
    visibility = forms.ChoiceField(choices=Session.Visibility.choices, label="Who may see it")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("file")) == bool(cleaned.get("text", "").strip()):
            raise forms.ValidationError("Choose a file, or paste its text.")
        return cleaned

    @property
    def source(self) -> str:
        """The field that holds the log."""
        return "file" if self.files.get("file") else "text"

    def log(self) -> tuple[str, bytes]:
        """Return the name and the bytes of the log."""
        if file := self.cleaned_data["file"]:
            return file.name, file.read()
        data: bytes = self.cleaned_data["text"].encode("utf-8", "replace")
        # Some logs are known by their names alone: two texts must not pass for one.
        return f"pasted-{sha256(data).hexdigest()[:16]}.txt", data
