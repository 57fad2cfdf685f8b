from __future__ import annotations

from parsers.detect import Candidate


class PreviewError(Exception):
    """There is nothing to show. `code` and `status` are for the API, `candidates` are the parsers to choose from."""

    code = ""
    status = 422

    def __init__(self, message: str, candidates: tuple[Candidate, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.candidates = message, candidates


class InvalidSource(PreviewError):
    """What is asked for names no file that may be fetched, or a parser that does not exist."""

    code = "invalid_source"
    status = 400


class FetchFailed(PreviewError):
    code = "fetch_failed"


class FileTooLarge(PreviewError):
    code = "file_too_large"

    def __init__(self) -> None:
        super().__init__(f"The file is larger than {MAX_BYTES >> 20} MiB.")


class ParseFailed(PreviewError):
    code = "parse_failed"


class SelectionRequired(PreviewError):
    """Several parsers may fit and none did: the caller should choose one."""

    code = "parser_selection_required"


class Busy(PreviewError):
    """Other previews are being parsed, as many as may be at a time."""

    code = "unavailable"
    status = 503


MAX_BYTES = 10 << 20
"""Bytes that a file may have."""
