"""The check of the replica that exports are read from."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from consent_server.db import db
from consent_server.operations.selfcheck.line import Line, fail, ok, warn
from consent_server.operations.selfcheck.postgresql import is_readable_on_the_way
from consent_server.replica import Replica, kind_of

NAME = "postgresql-replica"
#: Seconds that a replica may be behind.
BEHIND = 60
#: Which database of which cluster a server has, and how much of its log.
STATE = (
    "SELECT pg_is_in_recovery() AS is_replica, "
    "(SELECT system_identifier FROM pg_control_system()) AS system, current_database() AS name, "
    "(SELECT timeline_id FROM pg_control_checkpoint()) AS timeline, "
    "pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
    "ELSE pg_current_wal_lsn() END, '0/0')::bigint AS position, "
    "coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)::bigint AS seconds"
)


def replica(named: Replica) -> Line:
    """Exports are read from a standby of this database that is not far behind."""
    here = _state(db.session.connection())
    db.session.rollback()
    try:
        with named.engine.connect() as connection:
            there, is_readable = _state(connection), is_readable_on_the_way(connection)
    except SQLAlchemyError as error:
        mend = "does it run, and does CONSENT_REPLICA_URL name it? (docs/deployment.md)"
        return warn(NAME, f"does not answer ({kind_of(error)}): exports read the database", mend)
    return _judged(here, there, is_readable)


def _judged(here: Any, there: Any, is_readable: bool) -> Line:
    reads = "exports read the database"
    if not there.is_replica:
        mend = "name a standby of this database in CONSENT_REPLICA_URL; was this one promoted?"
        # The database goes on without it, and may just have taken its place.
        return fail(NAME, f"takes writes, so it is no replica: {reads}", mend, may_pass=True)
    if (there.system, there.name) != (here.system, here.name):
        mend = "name a standby of this cluster, and the same database, in CONSENT_REPLICA_URL"
        return fail(NAME, f"is a replica of another database: {reads}", mend)
    if there.timeline != here.timeline:
        seen = f"follows timeline {there.timeline}, the database is on {here.timeline}"
        mend = "just after a failover, wait for the next checkpoint; else make the standby anew"
        return warn(NAME, seen, mend)
    behind = here.position - there.position
    if behind > 0 and there.seconds > BEHIND:
        seen = f"{behind} bytes and {there.seconds} s behind: {reads}"
        return warn(NAME, seen, "pg_stat_replication on the database says where they wait")
    if is_readable:
        mend = "add ?sslmode=verify-full&sslrootcert=FILE to CONSENT_REPLICA_URL"
        return warn(NAME, "not encrypted, and on another machine", mend)
    return ok(NAME, f"follows this database, {max(0, behind)} bytes behind")


def _state(connection: Connection) -> Any:
    return connection.execute(sa.text(STATE)).one()
