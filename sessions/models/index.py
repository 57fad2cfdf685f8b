"""The index of all sessions: one row per session, and how its events are stored.

A session consists of strands (its main thread, its subagents); a strand is read from one source and stored in frames.
The ids of sessions, sources and strands follow from what they name, so that a rebuilt index keeps every link.
Log text goes into text fields without a length, as agents set none.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from sessions.querysets import SessionQuerySet

_NAMESPACE = uuid.UUID("5b0b1f0e-6d0f-5c3a-9a53-4f70656e5365")


def session_uuid(tool: str, hail_id: str) -> uuid.UUID:
    """Return the row id of the indexed session that `tool` calls `hail_id`."""
    return uuid.uuid5(_NAMESPACE, f"{tool}\0{hail_id}")


def source_uuid(path: str, locator: str = "") -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"source\0{path}\0{locator}")


def strand_uuid(session: uuid.UUID, source: uuid.UUID, key: str, generation: int) -> uuid.UUID:
    return uuid.uuid5(session, f"{source}\0{key}\0{generation}")


class Session(models.Model):
    """The index row: all that a list, a filter, a sort or a card needs, without a join."""

    class Origin(models.TextChoices):
        INDEXED = "indexed"
        UPLOADED = "uploaded"

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        UNLISTED = "unlisted"
        PRIVATE = "private"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tool = models.TextField()
    hail_id = models.TextField("HAIL id")
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.INDEXED)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, db_constraint=False)
    is_auxiliary = models.BooleanField(default=False)

    title = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    tags = models.JSONField(default=list, blank=True)
    model = models.TextField(blank=True, default="")
    provider = models.TextField(blank=True, default="")
    tool_version = models.TextField(blank=True, default="")
    cwd = models.TextField("working directory", blank=True, default="")
    repo = models.TextField("repository", blank=True, default="")
    branch = models.TextField(blank=True, default="")

    created_at = models.DateTimeField("first event")
    updated_at = models.DateTimeField("last event")
    indexed_at = models.DateTimeField()

    event_count = models.BigIntegerField(default=0)
    message_count = models.BigIntegerField(default=0)
    user_message_count = models.BigIntegerField(default=0)
    tool_call_count = models.BigIntegerField(default=0)
    task_count = models.BigIntegerField(default=0)
    files_changed = models.BigIntegerField(default=0)
    lines_added = models.BigIntegerField(default=0)
    lines_removed = models.BigIntegerField(default=0)
    duration_seconds = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cache_read_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    max_active_agents = models.PositiveIntegerField(default=1)
    has_errors = models.BooleanField(default=False)

    source_missing = models.BooleanField(default=False)
    records = models.BigIntegerField("source records", default=0)
    skipped = models.JSONField("records not understood, by kind", default=dict, blank=True)

    is_hidden = models.BooleanField("hidden by a moderator", default=False)
    published = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, db_constraint=False, related_name="indexed_as"
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tool", "hail_id"], condition=models.Q(origin="indexed"), name="indexed_once"
            ),
            models.UniqueConstraint(
                fields=["owner", "tool", "hail_id"], condition=models.Q(origin="uploaded"), name="uploaded_once"
            ),
        ]
        indexes = [
            models.Index(fields=["is_auxiliary", "-updated_at", "-id"], name="session_recent"),
            models.Index(fields=["is_auxiliary", "-message_count", "-id"], name="session_popular"),
            models.Index(fields=["is_auxiliary", "-duration_seconds", "-id"], name="session_longest"),
            models.Index(fields=["is_auxiliary", "tool", "-updated_at", "-id"], name="session_tool_recent"),
            # What decides who sees a session stands in this one and the next, so that counting looks at no row.
            models.Index(
                fields=[
                    *("is_auxiliary", "tool", "visibility", "origin", "owner", "updated_at", "created_at"),
                    *("is_hidden", "event_count", "message_count"),
                ],
                name="session_counted",
            ),
            models.Index(
                fields=[
                    *("is_auxiliary", "-created_at", "-id", "visibility", "is_hidden", "owner", "origin", "tool"),
                    *("event_count", "message_count"),
                ],
                name="session_created",
            ),
            models.Index(
                fields=["is_auxiliary", "-message_count", "-created_at", "-id"], name="session_created_popular"
            ),
            models.Index(
                fields=["is_auxiliary", "-duration_seconds", "-created_at", "-id"], name="session_created_longest"
            ),
            models.Index(fields=["is_auxiliary", "tool", "-created_at", "-id"], name="session_created_tool"),
            models.Index(
                fields=[
                    *("is_auxiliary", "repo", "-created_at", "-id", "visibility", "is_hidden", "owner", "origin"),
                    *("event_count", "message_count"),
                ],
                name="session_created_repo",
            ),
            models.Index(fields=["is_auxiliary", "owner", "-created_at", "-id"], name="session_created_owner"),
            models.Index(fields=["hail_id"], name="session_hail_id"),
            models.Index(fields=["parent"], name="session_parent"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.tool} {self.hail_id}"

    def get_absolute_url(self) -> str:
        return reverse("session", args=[self.id])

    @property
    def records_skipped(self) -> int:
        return sum(self.skipped.values())


class Source(models.Model):
    """A place that sessions are read from. Size, mtime (ns) and inode tell by `stat` alone whether it changed.

    A document that holds several sessions has a source for itself, without a locator, and one for each thread in it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    tool = models.TextField()
    path = models.TextField()
    locator = models.TextField(blank=True, default="")
    size = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    inode = models.BigIntegerField()
    parser_version = models.PositiveIntegerField()
    is_missing = models.BooleanField(default=False)
    failure = models.TextField("why it could not be read", blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "locator"], name="source_once")]

    def __str__(self) -> str:
        return f"{self.path}#{self.locator}" if self.locator else self.path


class Strand(models.Model):
    """A part of a session that only grows: what was read of it so far, and all that is needed to read on.

    `consumed` is the byte offset behind the last line read, `tail` a digest of what stands before it; for a document's
    thread they are the number of its events, and a digest of it with its mark. A source that was replaced gives a new
    generation, which is ready when it was read to its end. Readers see the strands that are live: of several ready ones
    with the same key (a log that was copied, or a session kept in two stores) only the one that goes on longest.
    A strand is cut off when its source holds another thread by now: nothing will ever go on with it or replace it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    session = models.ForeignKey(Session, models.CASCADE, related_name="strands")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="strands")
    key = models.TextField()
    generation = models.PositiveIntegerField(default=0)
    is_ready = models.BooleanField(default=True)
    is_live = models.BooleanField(default=True)
    is_cut_off = models.BooleanField(default=False)
    consumed = models.BigIntegerField(default=0)
    tail = models.BinaryField(default=b"")
    events = models.BigIntegerField(default=0)
    header = models.BinaryField()
    state = models.BinaryField(default=b"")
    tally = models.BinaryField()
    kinds = models.JSONField("source records by kind", default=dict, blank=True)
    skipped = models.JSONField("records not understood, by kind", default=dict, blank=True)
    ignored = models.JSONField("records that give no event on purpose, by kind", default=dict, blank=True)
    shapes = models.JSONField("types of the fields of records, by kind", default=dict, blank=True)
    body = models.TextField("storage key of the body", blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["session", "is_live", "key"], name="strand_of_session")]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.key}"


class Frame(models.Model):
    """A run of events, compressed on its own. A closed frame lies in the strand's body at `offset`.

    The last frame stays open until it holds about 256 KiB: it lives in `data`, so that an append rewrites one row in
    one transaction and no byte of a body ever changes. Offsets and lengths are bytes, raw and packed.
    """

    strand = models.ForeignKey(Strand, models.CASCADE, related_name="frames")
    n = models.PositiveIntegerField()
    first = models.BigIntegerField("number of the first event")
    count = models.PositiveIntegerField()
    raw_offset = models.BigIntegerField()
    raw_length = models.BigIntegerField()
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    data = models.BinaryField(null=True)
    ids = models.BinaryField("CRC-32 of each event id, little-endian")
    kinds = models.JSONField("events by type")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["strand", "n"], name="frame_once")]

    def __str__(self) -> str:
        return f"{self.strand_id}[{self.n}]"


class Amendment(models.Model):
    """A later fact about an event whose frame was closed already; folded in on every read."""

    strand = models.ForeignKey(Strand, models.CASCADE, related_name="amendments")
    number = models.BigIntegerField()
    patch = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["strand", "number"], name="amendment_of_event")]

    def __str__(self) -> str:
        return f"{self.strand_id}#{self.number}"


class SearchBlock(models.Model):
    """Which events the full-text row ids from `first` on stand for. Row ids are never used twice.

    `first_event` is -1 for the block's row that holds the words of the session itself (its title and place).
    """

    # Given by us; as an automatic field it is what SQLite keeps rows by, so that finding a block is one step.
    first = models.BigAutoField(primary_key=True)
    count = models.BigIntegerField()
    strand = models.ForeignKey(Strand, models.CASCADE, related_name="search_blocks")
    first_event = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.first}+{self.count}"


class SearchCounter(models.Model):
    """The next free full-text row id, and how many rows no live block stands for any more."""

    next_row = models.BigIntegerField(default=1)
    dead_rows = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.next_row)


class RawCopy(models.Model):
    """A run of a source's own bytes, kept compressed under its SHA-256 when `OPENSESSION_KEEP_RAW` is on."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="raw_copies")
    generation = models.PositiveIntegerField()
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "generation", "offset"], name="raw_copy_once")]

    def __str__(self) -> str:
        return f"{self.source_id}+{self.offset}"


class Tombstone(models.Model):
    """A removed session, which is not indexed again until it is restored."""

    origin = models.CharField(max_length=8, choices=Session.Origin.choices, default=Session.Origin.INDEXED)
    tool = models.TextField()
    hail_id = models.TextField()
    buried_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "tool", "hail_id"], name="buried_once")]

    def __str__(self) -> str:
        return f"{self.tool} {self.hail_id}"
