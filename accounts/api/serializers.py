"""The shapes of what comes in. What the values must be is checked where they are written: `accounts.services`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Text(serializers.CharField):
    """A string as it is: DRF's own field makes one of numbers too, and trims."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Registration(serializers.Serializer[Any]):
    email = Text()
    password = Text()
    nickname = Text()


class Credentials(serializers.Serializer[Any]):
    email = Text()
    password = Text()


class Refresh(serializers.Serializer[Any]):
    refresh_token = Text()


class PasswordChange(serializers.Serializer[Any]):
    current_password = Text()
    new_password = Text()


def read(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, str]:
    """Return the body of a request in the shape. Raises the API's ValidationError."""
    found = shape(data=request.data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)
