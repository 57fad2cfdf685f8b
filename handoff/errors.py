"""Why a handoff could not be made, with the exit code of the command."""

from __future__ import annotations


class HandoffError(Exception):
    """Something failed that none of the others names."""

    code = 1


class Usage(HandoffError):
    """What was asked for cannot be read."""

    code = 2


class NoData(HandoffError):
    """What was asked for is not there."""

    code = 3
