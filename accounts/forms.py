"""What people type. What the values must be is checked where they are written: `accounts.services`."""

from __future__ import annotations

from typing import Any

from django import forms


def _email() -> forms.EmailField:
    return forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput({"autocomplete": "email"}))


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class Form(forms.Form):
    """A form that takes its reader to the first field that is wrong, wherever on the page that is."""

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        wrong = [self.fields[name].widget for name in self.fields if name in self.errors]
        for number, widget in enumerate(wrong):
            widget.attrs["autofocus"] = number == 0


class _WithOwnIds(Form):
    """Several of these stand on one page."""

    ids: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"label_suffix": "", "auto_id": f"{self.ids}-%s"} | options)


class LoginForm(_WithOwnIds):
    ids = "login"

    email = _email()
    password = _password("Password", "current-password")


class RegistrationForm(_WithOwnIds):
    ids = "register"

    email = _email()
    nickname = forms.CharField(
        max_length=64, help_text="Others see it.", widget=forms.TextInput({"autocomplete": "username"})
    )
    password = _password("Password", "new-password", "8 to 128 characters, not only digits, and no common one.")


class PasswordForm(_WithOwnIds):
    ids = "password"

    current = _password("Current password", "current-password")
    new = _password("New password", "new-password", "8 to 128 characters, not only digits, and no common one.")
