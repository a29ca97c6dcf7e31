"""A standby of PostgreSQL from which is read what only reads, and much; when it is fit for that.

A standby is behind its primary, by nothing or by hours, and still shows what was erased meanwhile.
So whoever reads there commits a row on the primary first, and believes the standby once it shows
that row: it replays commits in their order, so that it then shows all that came before, whatever
was answered. From there on it only goes forward, for as long as it is the same running server. One
that was started again or promoted, that has less than it had, or another one behind the same
address, is believed no longer.

Nothing that decides, checks, seals or erases is read here.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from consent_server import patience
from consent_server.db import postgresql_options
from consent_server.settings import Settings

#: Seconds within which a standby that is well shows what was committed just now.
WAIT = 2.0
#: Seconds to reach it, and for its first answer.
REACH = 3.0
#: Seconds between two looks.
PAUSE = 0.02
#: Which running server answers, and how far it has followed; none if it follows no other one.
SERVER = (
    "SELECT pg_postmaster_start_time()::text, "
    "pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint WHERE pg_is_in_recovery()"
)


class ReplicaUnfit(Exception):
    """The replica is not to be read, for one of the reasons that ``metrics.catalogue`` lists."""

    def __init__(self, reason: str, error: SQLAlchemyError | None = None):
        super().__init__(reason)
        self.reason = reason
        #: The kind of error that said so; its words may hold what was asked.
        self.error = kind_of(error) if error is not None else None


class Reading:
    """What one reader sees of a replica that knew enough when it began."""

    def __init__(self, engine: Engine, server: str, position: int):
        """
        :param server: which running server that was
        :param position: how far in the primary's log
        """
        self._engine = engine
        self._server = server
        self._position = position
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """Return a connection within a transaction of that server, until :meth:`rest`.

        :raises ReplicaUnfit: it answers as a replica no longer, or another one does
        :raises sqlalchemy.exc.SQLAlchemyError: it does not answer
        """
        if self._connection is None:
            self._connection = self._engine.connect()
            server, position = server_of(self._connection)
            if server != self._server or position < self._position:
                raise ReplicaUnfit("lost")
            self._position = position
        return self._connection

    def rest(self) -> None:
        """End the transaction."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):  # it may be broken, and is not used again
                connection.close()


class Replica:
    """The standby that ``CONSENT_REPLICA_URL`` names; connects to it when it is to be read."""

    def __init__(
        self,
        engine: Engine,
        wait: float = WAIT,
        sleep: Callable[[float], None] = time.sleep,
    ):
        """:param wait: seconds within which it has to show what was committed"""
        self.engine = engine
        self.wait = wait
        self._sleep = sleep

    def reading(self, committed: sa.Exists) -> Reading:
        """Wait until the replica shows what was committed on the primary, and let it be read.

        :param committed: whether a row is there; nobody else can have written it
        :raises ReplicaUnfit: it does not show it in time, or is none, or does not answer
        """
        before = patience.begin(self.wait + REACH)
        try:
            return self._followed(committed, time.monotonic() + self.wait)
        except (OperationalError, PoolTimeout) as error:
            raise ReplicaUnfit("away", error) from None
        except SQLAlchemyError as error:  # no such table, no such right: it is another database
            raise ReplicaUnfit("unfit", error) from None
        finally:
            patience.go_back_to(before)

    def _followed(self, committed: sa.Exists, deadline: float) -> Reading:
        while True:
            with self.engine.connect() as connection:
                is_shown = self._shows(connection, committed)
                server, position = server_of(connection)
                if not server:
                    raise ReplicaUnfit("unfit")
                if is_shown:
                    return Reading(self.engine, server, position)
            if time.monotonic() >= deadline:
                raise ReplicaUnfit("behind")
            self._sleep(PAUSE)

    def _shows(self, connection: Connection, committed: sa.Exists) -> bool:
        return bool(connection.scalar(sa.select(committed)))


def kind_of(error: SQLAlchemyError) -> str:
    """Return the name of an error, that of the driver if it is the driver's."""
    return type(getattr(error, "orig", None) or error).__name__


def server_of(connection: Connection) -> tuple[str, int]:
    """Return which running server answers, and how far it follows; ``""`` if it is no standby."""
    started, position = connection.exec_driver_sql(SERVER).one_or_none() or ("", 0)
    return str(started), int(position or 0)


def replica_of(settings: Settings) -> Replica | None:
    """Return the replica that the settings name, if they name one."""
    if settings.replica_url is None:
        return None
    from consent_server.postgresql.sessions import prepare_postgresql

    options = postgresql_options(settings, settings.replica_url, sessions="standby")
    engine = sa.create_engine(settings.replica_url, **options)
    prepare_postgresql(engine, reads_only=True)
    return Replica(engine)
