"""What is done after an upload was answered, or at once where no worker is configured."""

from __future__ import annotations

from uuid import UUID

from django_tasks import task

from sessions.ingest.reword import write_words


@task()
def make_searchable(strand: str) -> None:
    write_words(UUID(strand))
