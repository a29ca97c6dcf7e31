"""Statements of the hot paths, compiled once an engine and run below the object mapper.

Values pass through the types of their columns as ever, both ways; what falls away is the mapper and
the search for a compiled statement, which cost more than the statements.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine

from consent_server.committing import shared_commits
from consent_server.driver import Driver, borrowed

#: A row to insert: where, and the values of every column.
Row = tuple["Insert", Mapping[str, Any]]


class Insert:
    """An INSERT of whole rows."""

    def __init__(self, table: sa.FromClause):
        self.table = cast(sa.Table, table)
        self.names = tuple(self.table.columns.keys())
        self.values_of = itemgetter(*self.names)
        self._compiled: dict[str, tuple[str, list[tuple[int, Any]]]] = {}

    def run(self, connection: Connection | Driver, values: Mapping[str, Any]) -> None:
        """Insert one row; the caller commits.

        :param values: of every column
        """
        dialect = connection.dialect
        statement, writers = self._compiled.get(dialect.name) or self._compile(dialect)
        row = list(self.values_of(values))
        for at, write in writers:
            row[at] = write(row[at])
        if dialect.positional:
            connection.exec_driver_sql(statement, tuple(row))
        else:
            connection.exec_driver_sql(statement, dict(zip(self.names, row, strict=True)))

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[int, Any]]]:
        writers = [
            (at, write)
            for at, column in enumerate(self.table.columns)
            if (write := _impl(column, dialect).bind_processor(dialect)) is not None
        ]
        statement = sa.insert(self.table).values({name: sa.bindparam(name) for name in self.names})
        made = self._compiled[dialect.name] = str(statement.compile(dialect=dialect)), writers
        return made


class Query:
    """A SELECT with named parameters."""

    def __init__(self, statement: sa.Select[Any]):
        self._statement = statement
        #: With ``$1``, ``$2``, …
        self._text = ""
        self._compiled: dict[str, tuple[str, list[tuple[str, Any, Any]], list[Any]]] = {}

    def first(
        self, connection: Connection | Driver, values: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        """Return the first row, if there is one.

        :param values: of every parameter without a value of its own
        """
        text, parameters, readers = self._for(connection.dialect)
        sent = _sent(parameters, values)
        if connection.dialect.positional:
            result = connection.exec_driver_sql(text, tuple([value for _, value in sent]))
            rows = result.fetchall()  # to the end: one that is not at its end holds its locks
        elif isinstance(connection, Driver):
            rows = connection.rows_after_locking([], self._numbered(text, sent))
        else:
            rows = connection.exec_driver_sql(text, dict(sent)).fetchall()
        if not rows:
            return None
        pairs = zip(readers, rows[0], strict=True)
        return tuple([read(value) if read else value for read, value in pairs])

    def as_sent(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the statement and its values as the driver of PostgreSQL takes them.

        :param values: of every parameter without a value of its own
        """
        text, parameters, _ = self._for(dialect)
        return text, dict(_sent(parameters, values))

    def value_after_locking(
        self, driver: Driver, locks: Sequence[tuple[str, ...]], values: Mapping[str, Any]
    ) -> Any:
        """Take locks and then run the statement, in one round trip to PostgreSQL.

        Both are one transaction, which ends with them; they are two statements, so that the second
        one sees what those did who had the locks before.

        :returns: the first column of the first row
        """
        text, parameters, _ = self._for(driver.dialect)
        statement = self._numbered(text, _sent(parameters, values))
        return driver.rows_after_locking(locks, statement)[0][0]

    def _numbered(self, text: str, sent: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
        """Return a statement as PostgreSQL itself reads it, and its values in their order."""
        if not self._text:
            self._text = text % {name: f"${at}" for at, (name, _) in enumerate(sent, 1)}
        return self._text, [value for _, value in sent]

    def _for(self, dialect: Dialect) -> tuple[str, list[tuple[str, Any, Any]], list[Any]]:
        return self._compiled.get(dialect.name) or self._compile(dialect)

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Any, Any]], list[Any]]:
        compiled = cast(Any, self._statement.compile(dialect=dialect))
        names = compiled.positiontup if dialect.positional else list(compiled.params)
        parameters = [
            (
                name,
                compiled.params[name],
                _impl(compiled.binds[name], dialect).bind_processor(dialect),
            )
            for name in names
        ]
        readers = [
            _impl(column, dialect).result_processor(dialect, None)
            for column in self._statement.selected_columns
        ]
        made = self._compiled[dialect.name] = str(compiled), parameters, readers
        return made


class GuardedInserts:
    """INSERTs into several tables that are made if a query says so; one transaction.

    The query is a SELECT of one row with one column, ``is_free``.
    """

    def __init__(self, query: sa.Select[Any], inserts: Sequence[Insert]):
        self._query = Query(query)
        self._names = [_prefixed(insert.table) for insert in inserts]
        guard = query.cte("guard")
        added = [_guarded(insert.table, guard) for insert in inserts]
        self._all = Query(sa.select(guard.c.is_free).add_cte(*added))

    def run(
        self,
        engine: Engine,
        locks: Sequence[tuple[str, ...]],
        asked: Mapping[str, Any],
        rows: Sequence[Row],
    ) -> bool:
        """Add the rows, or none of them; what is added is committed.

        :param locks: keys (``db.lock_all_for_writing``) on which others that write wait
        :param asked: parameters of the query
        :returns: whether they were added
        """
        if engine.dialect.name == "sqlite":
            return shared_commits(engine).run(lambda driver: self._add(driver, asked, rows))
        values = dict(asked)
        for (insert, row), names in zip(rows, self._names, strict=True):
            values.update(zip(names, insert.values_of(row), strict=True))
        with borrowed(engine) as driver:
            return bool(self._all.value_after_locking(driver, locks, values))

    def _add(self, driver: Driver, asked: Mapping[str, Any], rows: Sequence[Row]) -> bool:
        row = self._query.first(driver, asked)
        if row is None or not row[0]:
            return False
        for insert, values in rows:
            insert.run(driver, values)
        return True


def _prefixed(table: sa.Table) -> list[str]:
    return [f"{table.name}__{column.name}" for column in table.columns]


def _guarded(table: sa.Table, guard: sa.CTE) -> sa.CTE:
    pairs = zip(_prefixed(table), table.columns, strict=True)
    values = [sa.bindparam(name, type_=column.type) for name, column in pairs]
    rows = sa.select(*values).select_from(guard).where(guard.c.is_free)
    return sa.insert(table).from_select(list(table.columns), rows).cte(f"add_{table.name}")


def _sent(
    parameters: list[tuple[str, Any, Any]], values: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    return [
        (name, write(values.get(name, own)) if write else values.get(name, own))
        for name, own, write in parameters
    ]


def _impl(element: Any, dialect: Dialect) -> Any:
    return element.type.dialect_impl(dialect)
