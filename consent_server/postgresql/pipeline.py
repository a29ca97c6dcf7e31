"""Several statements of PostgreSQL as one transaction, in one round trip, prepared once.

What the driver offers for this takes two round trips and more time than the statements; this sends
all of them, then waits for the answers (libpq's pipeline mode).
"""

import select
from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from consent_server import patience
from consent_server.errors import RowUnreadable

#: A statement with ``$1``, ``$2``, … and its values.
Statement = tuple[str, Sequence[Any]]
#: Name and uses of statements, by text and types; of one connection.
Prepared = dict[tuple[str, tuple[int, ...]], tuple[bytes, int]]
#: After so many a statement is prepared anew: its plan may be one for an empty table.
MOST_USES = 500
_numbers = count()
Connection = psycopg.Connection[Any]
GOOD = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}


def run(
    connection: Connection, prepared: Prepared, statements: Sequence[Statement]
) -> list[tuple[Any, ...]]:
    """Run statements as one transaction, which ends with them; return the rows of the last one.

    Each one sees what others had committed when it began. The connection is in autocommit, with no
    transaction open.

    :param prepared: what is prepared on this connection; grows
    :raises psycopg.Error: one of them failed, and nothing of any is done, or the connection broke;
        then the connection is not to be used again
    :raises RowUnreadable: all of them are done, and a row of the last one cannot be read
    """
    try:
        return _run(connection, prepared, statements)
    except (InvalidSqlStatementName, FeatureNotSupported):
        # The driver has all names forgotten after a rollback, ours too; or the schema was changed,
        # and what is prepared would give a column of another type. Nothing was done.
        prepared.clear()
        return _run(connection, prepared, statements)


def _run(
    connection: Connection, prepared: Prepared, statements: Sequence[Statement]
) -> list[tuple[Any, ...]]:
    pg = connection.pgconn
    pg.enter_pipeline_mode()
    for statement in statements:
        _send(connection, prepared, statement)
    pg.pipeline_sync()
    waiting = select.poll()
    waiting.register(pg.socket, select.POLLIN | select.POLLOUT)
    while pg.flush():  # more than the socket's buffer takes
        _wait(waiting)
    waiting.modify(pg.socket, select.POLLIN)
    results = []
    # The last one before that may be no statement's, but what their commit failed with.
    while (result := _next(pg, waiting)).status != ExecStatus.PIPELINE_SYNC:
        results.append(result)
    pg.exit_pipeline_mode()
    for result in results:
        if result.status not in GOOD:
            raise psycopg.errors.error_from_result(result, encoding=connection.info.encoding)
    reading = Transformer(connection)
    reading.set_pgresult(results[-1])
    try:
        return reading.load_rows(0, results[-1].ntuples, tuple)
    except psycopg.DataError as error:
        raise RowUnreadable from error


def _send(connection: Connection, prepared: Prepared, statement: Statement) -> None:
    """Send a statement, and before its first time what prepares it."""
    pg, (text, values) = connection.pgconn, statement
    writing = Transformer(connection)
    sent = writing.dump_sequence(values, [PyFormat.AUTO] * len(values))
    types, formats = writing.types or (), writing.formats
    if connection.prepare_threshold is None:  # a pooler gives each transaction to another session
        pg.send_query_params(text.encode(), sent, types, formats)
        return
    name, uses = prepared.get((text, types), (b"", MOST_USES))
    if uses >= MOST_USES:
        if name:
            pg.send_query_params(b"DEALLOCATE " + name, ())
        name, uses = b"consent_%d" % next(_numbers), 0
        pg.send_prepare(name, text.encode(), types)
    prepared[text, types] = name, uses + 1
    pg.send_query_prepared(name, sent, formats)


def _next(pg: PGconn, waiting: select.poll) -> PGresult:
    """Return the next result; other threads run until it is there.

    :raises psycopg.OperationalError: the connection broke
    """
    while pg.is_busy():
        _wait(waiting)
        pg.consume_input()
    result = pg.get_result()
    if result is None or pg.status == ConnStatus.BAD:
        raise psycopg.OperationalError(pg.get_error_message() or "the connection is lost")
    if result.status != ExecStatus.PIPELINE_SYNC:
        pg.get_result()  # nothing: the end of this one
    return result


def _wait(waiting: select.poll) -> None:
    """Wait for the socket.

    :raises psycopg.OperationalError: the time of whoever waits is over
    """
    limit = patience.left()
    if not waiting.poll(None if limit is None else limit * 1000):
        raise psycopg.OperationalError("the database did not answer in time")
