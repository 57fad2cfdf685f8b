"""Rules for passwords beyond Django's own."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User


class MaximumLengthValidator:
    """Refuse what is longer than anybody types or any program makes."""

    def __init__(self, max_length: int = 128) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(f"This password is too long. It may have {self.max_length} characters at most.")

    def get_help_text(self) -> str:
        return f"Your password may have {self.max_length} characters at most."
