"""Types of columns: one meaning on both databases, whatever each of them stores."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from consent_server.errors import ConsentError, RowUnreadable

#: What a row that somebody changed can make Python raise while it is read: PostgreSQL keeps
#: instants that its driver does not read, and a row may name what is not there.
NOT_AS_WRITTEN = (
    *(ValueError, TypeError, LookupError, AttributeError, OverflowError),
    *(sa.exc.DataError, sa.exc.NoResultFound),
)
#: The same, and what this service says itself of such a row.
UNREADABLE = (ConsentError, *NOT_AS_WRITTEN)


#: Before and beyond every instant that is read, wherever a session of PostgreSQL says that it is.
#: What is decided after such a one ends within the years that there are.
FIRST, END_OF_TIME = datetime(1, 1, 2, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
#: The only form of an instant on SQLite, which knows no month of 31 days too many; hours of a day
#: that has more of them are brought into it by the shift of nothing.
WRITTEN = "%Y-%m-%dT%H:%M:%fZ", "+0 days"


#: What is in no id: any of it in bytes that are no UTF-8, too.
IN_NO_ID = "*[^A-Za-z0-9_-]*"
#: All that an id has, in the words of Python and of PostgreSQL.
IN_IDS = re.compile("[A-Za-z0-9_-]*")


#: Under which name an index keeps of which rows it is on PostgreSQL. The models say it there, for
#: SQLAlchemy's own keyword brings that dialect into every process: 2 MB.
POSTGRESQL_WHERE = "postgresql_where"


@contextmanager
def as_written() -> Iterator[None]:
    """Read what a row says; a fault of ours in reading it looks alike, and is found by its place.

    :raises RowUnreadable: it is not as the service writes it
    """
    try:
        yield
    except ConsentError:
        raise
    except NOT_AS_WRITTEN as error:
        raise RowUnreadable from error


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant in UTC to the millisecond: ``timestamptz`` on PostgreSQL, RFC 3339 text on SQLite.

    Naive values are refused on the way in and never come out. The text form sorts as time does.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, end: datetime | None = None):
        """:param end: from which on what is stored is not read: something follows it in time"""
        super().__init__()
        self.end = end

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the engine in use."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Cut to the millisecond and write as UTC."""
        if value is None:
            return None
        return _cut(value) if dialect.name == "postgresql" else _text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware instant in UTC.

        :raises RowUnreadable: what is stored is none
        """
        if value is None:
            return None
        if not isinstance(value, str):
            return self._before_end(value.astimezone(UTC))
        try:
            instant = datetime.fromisoformat(value)
        except ValueError as error:
            raise RowUnreadable from error
        if instant.tzinfo is None:
            raise RowUnreadable
        return self._before_end(instant)

    def _before_end(self, instant: datetime) -> datetime:
        if self.end is not None and instant >= self.end:
            raise RowUnreadable
        return instant


def is_instant(column: Any, engine: str) -> sa.ColumnElement[bool]:
    """Return the condition that what a row has for an instant is read as one.

    :param engine: ``sqlite`` or ``postgresql``
    """
    known = [column >= FIRST, column < END_OF_TIME]
    if engine == "sqlite":
        known.append(is_exact(column, engine))
    return sa.and_(*known)


def is_exact(column: Any, engine: str) -> sa.ColumnElement[bool]:
    """Return the condition that an instant is read as what is stored, and nothing near it.

    Whoever asks for what comes after an instant that was read would get another one again, for
    ever.

    :param engine: ``sqlite``, where a text may be written in several ways, or ``postgresql``, which
        keeps microseconds
    """
    if engine == "sqlite":
        text = sa.type_coerce(column, sa.Text)
        return text.is_not_distinct_from(sa.func.strftime(WRITTEN[0], text, WRITTEN[1]))
    exact: sa.ColumnElement[bool] = sa.func.date_trunc("milliseconds", column) == column
    return exact


def is_id(column: Any, engine: str) -> sa.ColumnElement[bool]:
    """Return the condition that what a row has for an id, or none, is written as one.

    :param engine: ``sqlite``, which keeps any bytes as text, or ``postgresql``
    """
    if engine != "sqlite":
        return sa.true()
    text = sa.func.coalesce(column, "")
    return sa.not_(text.op("GLOB", is_comparison=True)(IN_NO_ID))


def is_spelled_as_id(text: str) -> bool:
    """Whether a text that was read has nothing that is in no id."""
    return IN_IDS.fullmatch(text) is not None


def raw(column: Any, engine: str) -> Any:
    """Return what to select for :func:`shown`: SQLite's bytes, which its driver may not read."""
    return sa.cast(column, sa.LargeBinary) if engine == "sqlite" else column


def shown(value: bytes | str) -> str:
    """Return what stands for an id as text that can be printed, whatever it is."""
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _cut(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a naive datetime has no place in a record")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


@lru_cache(maxsize=256)
def _text(value: datetime) -> str:
    return rfc3339(_cut(value))


class JSONDocument(sa.types.TypeDecorator[Any]):
    """A JSON value: ``jsonb`` on PostgreSQL, text on SQLite (a STRICT table knows no JSON type).

    Values are replaced, never changed in place.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the engine in use."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB  # loaded where it is used: 2 MB

            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write as JSON text where the engine does not do it."""
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read JSON text back where the engine does not do it.

        :raises RowUnreadable: what is stored is none
        """
        if value is None or dialect.name == "postgresql":
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise RowUnreadable from error


class Flag(sa.types.TypeDecorator[bool]):
    """True or false: ``boolean`` on PostgreSQL, 0 or 1 on SQLite (STRICT)."""

    impl = sa.Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the engine in use."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.Boolean())
        return dialect.type_descriptor(sa.Integer())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Refuse anything that is not a boolean: consent is never guessed from a truthy value.

        :raises ValueError: it is neither a boolean nor None
        """
        if value is not None and not isinstance(value, bool):
            raise ValueError("a flag is true or false")
        return value if value is None or dialect.name == "postgresql" else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Return a boolean on both engines."""
        return None if value is None else bool(value)


@lru_cache(maxsize=256)
def rfc3339(instant: datetime) -> str:
    """Write an aware instant as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
