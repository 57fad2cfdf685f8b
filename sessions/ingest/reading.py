"""Read one source, a log from where reading stopped, and yield what is new. Knows no Django and no database."""

from __future__ import annotations

from collections.abc import Iterator

from zstandard import ZstdError

from parsers.base import DocumentParser, ParseError
from parsers.external import ExternalParser
from parsers.registry import parser_of
from sessions.ingest import storable
from sessions.ingest.documents import read_document
from sessions.ingest.growing import read_log
from sessions.ingest.work import Answer, Failure, Work


def read(work: Work) -> Iterator[Answer]:
    """Yield what there is to store of a source; the last answer, or a failure, ends it."""
    try:
        parser = ExternalParser(work.external) if work.external else parser_of(work.tool)
        answers = read_document(work, parser) if isinstance(parser, DocumentParser) else read_log(work, parser)
        yield from map(storable.answer, answers)
    except FileNotFoundError:
        yield Failure(work.number, "vanished before it was read", work.stat, vanished=True)
    except OSError as error:
        yield Failure(work.number, error.strerror or str(error), work.stat)
    except (ParseError, ZstdError) as error:
        yield Failure(work.number, _reason(error), work.stat, is_lasting=True)
    except Exception as error:  # noqa: BLE001 - A fault in a parser must cost one source, not all that come after it.
        fault = f"cannot be read ({type(error).__name__}); this is a fault of OpenSession, please report it"
        yield Failure(work.number, fault, work.stat, is_lasting=True)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, ParseError) else str(error)
