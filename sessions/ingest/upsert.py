"""Write many rows of one model at once: `executemany` is four times faster than `bulk_create`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import BinaryField, BooleanField, CharField, IntegerField, Model, TextField, UUIDField

_PLAIN = (BinaryField, BooleanField, CharField, IntegerField, TextField)
_Field = Any
_Convert = Callable[[Any], Any]


def upsert(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given by column; a row whose primary key exists is updated.

    All rows have the same columns; columns left out get the field's default when a row is inserted.
    """
    if not rows:
        return
    given = tuple(rows[0])
    statement, columns, defaults = _statement(model, given)
    values = [[convert(row[name]) if convert else row[name] for name, convert in columns] + defaults for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


@cache
def _statement(model: type[Model], given: tuple[str, ...]) -> tuple[str, list[tuple[str, _Convert | None]], list[Any]]:
    """Return the statement, the given columns with how to convert their values, and the defaults of the others."""
    meta = model._meta
    by_column = {field.attname: field for field in meta.concrete_fields}
    fields = [by_column[column] for column in given]
    rest = [field for field in meta.concrete_fields if field.attname not in given and not field.primary_key]
    quoted = connection.ops.quote_name
    names = [quoted(str(field.column)) for field in (*fields, *rest)]
    marks = ", ".join(["%s"] * len(names))
    changed = [quoted(str(field.column)) for field in fields if not field.primary_key]
    updates = ", ".join(f"{name} = excluded.{name}" for name in changed)
    table, key = quoted(meta.db_table), quoted(str(meta.pk.column))
    conflict = f" ON CONFLICT ({key}) DO UPDATE SET {updates}" if meta.pk.attname in given else ""
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){conflict}"  # noqa: S608
    return statement, [(field.attname, _converter(field)) for field in fields], [_default(field) for field in rest]


def _converter(field: _Field) -> _Convert | None:
    """Return how a value of the field is made ready for the database; None where it is taken as it is."""
    if isinstance(field, _PLAIN):
        return None
    told = field.target_field if field.is_relation else field
    if isinstance(told, UUIDField) and not (field.null or connection.features.has_native_uuid_field):
        return attrgetter("hex")
    return lambda value: field.get_db_prep_save(value, connection)


def _default(field: _Field) -> Any:
    return field.get_db_prep_save(field.get_default(), connection)
