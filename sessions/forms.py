from __future__ import annotations

from hashlib import sha256
from typing import Any

from django import forms

from sessions.models import Session


class UploadForm(forms.Form):
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

    def log(self) -> tuple[str, bytes]:
        """Return the name and the bytes of the log."""
        if file := self.cleaned_data["file"]:
            return file.name, file.read()
        data: bytes = self.cleaned_data["text"].encode("utf-8", "replace")
        # Some logs are known by their names alone: two texts must not pass for one.
        return f"pasted-{sha256(data).hexdigest()[:16]}.txt", data
