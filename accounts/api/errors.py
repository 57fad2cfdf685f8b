from __future__ import annotations

from rest_framework import exceptions, status


class Refused(exceptions.APIException):
    """A 401 of a view that asks for no bearer, which DRF would turn into a 403."""

    status_code = status.HTTP_401_UNAUTHORIZED
