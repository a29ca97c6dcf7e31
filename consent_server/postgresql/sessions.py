"""How connections to PostgreSQL are opened, begun, taken and given back."""

import select
import time
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine

from consent_server import patience, rowscope

#: How a server that is gone is noticed: within three seconds at the start of a connection, within
#: some twenty later. Milliseconds for the third, seconds for the others.
PATIENCE = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "tcp_user_timeout": 5000,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}
#: What each session is limited to, and how it reads and writes values, whatever the server or the
#: database was told: the driver reads no other instants, and by another reading of what is sent a
#: NULL in an array is a text, an entry is looked for by other bytes, policies read as others, and
#: no row can be asked for. ``roles`` gives the service's role the same.
LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "synchronous_commit": "on",
    "search_path": "public, pg_temp",
    "default_transaction_isolation": "read committed",
    "DateStyle": "ISO, MDY",
    "array_nulls": "on",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    "row_security": "on",
}


def connect_arguments(
    address: str, *, is_pooled: bool, sessions: str = "read-write"
) -> dict[str, Any]:
    """Return how connections to PostgreSQL are opened; what the address says itself wins.

    :param address: of SQLAlchemy
    :param is_pooled: a pooler gives each transaction to a session that others had: what belongs to
        a session is not sent, and the role has its limits from the server
    :param sessions: which of several hosts to take (``target_session_attrs``)
    """
    url = sa.make_url(address)
    own: dict[str, Any] = {"client_encoding": "UTF8", **PATIENCE}
    made = {name: value for name, value in own.items() if name not in url.query}
    hosts = ",".join([url.host or "", *url.normalized_query.get("host", ())])
    if "," in hosts.strip(",") and "target_session_attrs" not in url.query:
        made["target_session_attrs"] = sessions
    if is_pooled:
        return {**made, "prepare_threshold": None}
    limits = [f"-c {name}={_escaped(value)}" for name, value in LIMITS.items()]
    return {**made, "options": " ".join([*limits, *url.normalized_query.get("options", ())])}


def _escaped(value: str) -> str:
    return value.replace(" ", "\\ ")


#: Seconds for which a connection goes by the plans that it has made.
PLANS_LAST = 5.0


class Patient(psycopg.Connection[Any]):
    """A connection that is given up when the time of whoever waits is over.

    Nobody knows then what became of what was asked: it is closed, and not used again.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer of the server.

        :raises psycopg.OperationalError: it does not come in time
        """
        limit = patience.left() if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout:
            if timeout is None:
                self.close()
            raise


def prepare_postgresql(engine: Engine, *, reads_only: bool = False) -> None:
    """Attach the rules by which connections to PostgreSQL are opened, begun and taken.

    :param reads_only: whether no transaction may write, whichever server answers
    """
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _open)
    event.listen(engine, "begin", _begin_to_read if reads_only else _begin)
    event.listen(engine, "checkout", _refuse_a_closed_one)
    event.listen(engine, "checkout", _plan_anew)
    event.listen(engine, "reset", _roll_back)


def _connect(_dialect: Dialect, _record: Any, arguments: Any, parameters: Any) -> Patient:
    limit = patience.left()
    if limit is None:
        return Patient.connect(*arguments, **parameters)
    allowed = int(parameters.get("connect_timeout") or limit)
    seconds = max(1, min(allowed, int(limit)))  # none is none at all
    return Patient.connect(*arguments, **{**parameters, "connect_timeout": seconds})


def _open(connection: Any, record: Any) -> None:
    # As on SQLite (``db``): BEGIN comes from SQLAlchemy, and a lone statement needs none.
    connection.autocommit = True
    record.info["is_new"] = True  # the pool forgets this with the connection


def _begin_to_read(connection: Connection) -> None:
    _begin(connection, "BEGIN READ ONLY")


def _begin(connection: Connection, statement: str = "BEGIN") -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    driver: Any = connection.connection.driver_connection
    # After a use with a level of isolation of its own the driver begins by itself.
    begin = f"{statement}; " if driver.autocommit else ""
    # Two statements in one: what is sent like this cannot be prepared.
    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        connection.exec_driver_sql(f"{begin}{rowscope.entering(rowscope.current())}")
    finally:
        driver.prepare_threshold = threshold


def _refuse_a_closed_one(connection: Any, record: Any, _pooled: Any) -> None:
    """Let the pool open new connections when the server has closed the one that was taken.

    A server that ends says so on each of them, and nothing else is said on an idle one. That is
    seen without asking: a question of the pool's own would cost a round trip a request.

    One that was opened this moment is taken as it is. If the server has closed it too, the first
    statement fails as on any server that is away; the pool would call it a fault of ours.
    """
    if record.info.pop("is_new", False):
        return
    if connection.closed:
        raise sa.exc.InvalidatePoolError
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise sa.exc.InvalidatePoolError


def _plan_anew(connection: Any, record: Any, _pooled: Any) -> None:
    """Let a connection forget its plans now and then, those of foreign keys among them.

    Of a table that was nearly empty each index is as good as another. Once it has grown, a plan of
    that time reads all of a site for each decision, until the database has counted its rows and
    tells every connection: a minute later, or when a tenth of a large table is new.
    """
    now = time.monotonic()
    is_due = now - record.info.setdefault("planned", now) > PLANS_LAST
    if is_due and connection.autocommit:  # else it would begin a transaction
        record.info["planned"] = now
        connection.execute("DISCARD PLANS", prepare=False)


def _roll_back(connection: Any, _record: Any, _state: Any) -> None:
    # The driver knows it without asking. What a broken connection answers is not "none is open".
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        connection.rollback()
