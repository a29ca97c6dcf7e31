"""What the service's role may do in PostgreSQL, and the statements that make it so.

One role owns the tables and changes the schema; the service runs as another one, which can do what
the service does and nothing else. What it may do is in :data:`RIGHTS` alone: the grants are made
from it, the check of an installation compares with it, and the tests try what it leaves out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Composed, Identifier, Literal
from sqlalchemy.engine import Connection

from consent_server.errors import ConsentError
from consent_server.postgresql.sessions import LIMITS

#: By ``MIGRATION_TABLE``'s row the service knows which schema it runs on.
MIGRATION_TABLE = "alembic_version"
#: What a role of the service has in PostgreSQL: no more than to log in.
ATTRIBUTES = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
#: Who owns the tables, and whether the one who asks has that role.
OWNERS = (
    "SELECT tableowner, bool_and(pg_has_role(tableowner, 'USAGE')) FROM pg_tables "
    "WHERE schemaname = current_schema() AND tablename = ANY(%s) "
    "GROUP BY tableowner"
)

#: What a role, or one that it can become, has beyond the grants and in spite of the policies.
POWERS = (
    "SELECT held.rolname, concat_ws(' ', CASE WHEN held.rolsuper THEN 'SUPERUSER' END, "
    "CASE WHEN held.rolbypassrls THEN 'BYPASSRLS' END, "
    "CASE WHEN held.rolcreaterole THEN 'CREATEROLE' END, "
    "CASE WHEN held.rolcreatedb THEN 'CREATEDB' END, "
    "CASE WHEN held.rolreplication THEN 'REPLICATION' END, "
    "CASE WHEN held.rolname IN ('pg_execute_server_program', 'pg_read_server_files', "
    "'pg_write_server_files') THEN 'FILES' END) AS powers "
    "FROM pg_roles AS asked JOIN pg_roles AS held ON held.oid = asked.oid "
    "OR NOT asked.rolsuper AND pg_has_role(asked.oid, held.oid, 'MEMBER') "
    "WHERE asked.rolname = %s ORDER BY held.oid <> asked.oid, held.rolname"
)


@dataclass(frozen=True)
class Rights:
    """What the service does with the rows of one table, beside reading them."""

    inserts: bool = True
    #: Columns whose value changes in a row that is there.
    changes: tuple[str, ...] = ()
    deletes: bool = False


#: By table. Triggers narrow some of it further: a record is only deleted by an erasure that names
#: it, an entry only forgets its record, a tile only grows.
RIGHTS = {
    MIGRATION_TABLE: Rights(inserts=False),
    "api_keys": Rights(changes=("revoked_at",)),
    "consent_records": Rights(deletes=True),
    "erased_subjects": Rights(changes=("n", "erased_at"), deletes=True),
    "erasure_marks": Rights(changes=("number",)),
    "idempotency_keys": Rights(deletes=True),
    "log_alarms": Rights(changes=("reason", "detail", "raised_at"), deletes=True),
    "log_checkpoints": Rights(),
    "log_cosignatures": Rights(),
    "log_entries": Rights(changes=("record_id",)),
    "log_erasures": Rights(deletes=True),
    "log_leases": Rights(changes=("holder", "until")),
    "log_opening_keys": Rights(deletes=True),
    "log_queue": Rights(changes=("leaf_index", "record_id", "erased"), deletes=True),
    "log_tiles": Rights(changes=("hashes",)),
    "log_witness_refusals": Rights(changes=("reason", "detail", "since"), deletes=True),
    "publications": Rights(),
    "restricted_proofs": Rights(deletes=True),
    "sites": Rights(changes=("archived_at",)),
    "trail_lines": Rights(),
    "widget_builds": Rights(),
}


class RoleRefused(ConsentError):
    """A role cannot be made the service's."""

    status = 409
    reason = "role_refused"


def creation(role: str) -> list[Composed]:
    """Return what makes a role of the service, unless it is there; for an administrator."""
    made = SQL("CREATE ROLE {} {}").format(Identifier(role), SQL(ATTRIBUTES))
    once = SQL("DO $$ BEGIN {}; EXCEPTION WHEN duplicate_object THEN NULL; END $$").format(made)
    return [once, *limits(role)]


def limits(role: str) -> list[Composed]:
    """Return what gives a role its limits; for an administrator, or for the role itself.

    Each connection asks for the same, but for those through a pooler.
    """
    return [
        SQL("ALTER ROLE {} SET {} = {}").format(
            Identifier(role), Identifier(setting), _value(setting, value)
        )
        for setting, value in LIMITS.items()
    ]


def _value(setting: str, value: str) -> sql.Composable:
    if setting != "search_path":
        return Literal(value)
    return SQL(", ").join(map(Identifier, value.split(", ")))  # in one Literal it is one schema


def grants(role: str) -> list[Composed]:
    """Return what gives a role its rights and takes all others; for the owner of the tables.

    To be run again after each change of the schema; it is the same however often it is run.
    """
    name = Identifier(role)
    tables = SQL(", ").join(map(Identifier, RIGHTS))
    return [
        SQL("REVOKE ALL ON {} FROM {}").format(tables, name),
        SQL("REVOKE ALL ON {} FROM PUBLIC").format(tables),
        *[
            SQL("GRANT {} ON {} TO {}").format(_granted(rights), Identifier(table), name)
            for table, rights in RIGHTS.items()
        ],
    ]


def _granted(rights: Rights) -> Composed:
    granted: list[sql.Composable] = [SQL("SELECT")]
    if rights.inserts:
        granted.append(SQL("INSERT"))
    if rights.changes:
        columns = SQL(", ").join(map(Identifier, rights.changes))
        granted.append(SQL("UPDATE ({})").format(columns))
    if rights.deletes:
        granted.append(SQL("DELETE"))
    return SQL(", ").join(granted)


def apply(connection: Connection, role: str) -> bool:
    """Make a role if there is none, and give it its rights; the caller commits.

    :param connection: of the owner of the tables, who may make roles if there is one to make
    :returns: whether the role was made
    :raises RoleRefused: it owns the tables or may do what no grant takes away, or the connection's
        role may not do that
    """
    driver: Any = connection.connection.driver_connection
    rows = connection.exec_driver_sql(OWNERS, (list(RIGHTS),)).all()
    owners = dict(map(tuple, rows))
    if role in owners:
        raise RoleRefused(f"{role} owns the tables: choose another role for the service")
    too_much = [*powers(connection, role), *_as_owner(connection, role, list(owners))]
    if too_much:
        raise RoleRefused(f"{role} may do too much: {', '.join(too_much)}; take that away first")
    advice = "DATABASE_URL has to name the tables' owner, and an administrator make the role"
    if not all(owners.values()):  # a grant of somebody else's is no error, and grants nothing
        raise RoleRefused(f"the tables are those of {', '.join(sorted(owners))}; {advice}")
    is_there = bool(_role(connection, role))
    try:
        for statement in [*([] if is_there else creation(role)), *grants(role)]:
            driver.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RoleRefused(f"{error.diag.message_primary}; {advice}") from error
    return not is_there


def _role(connection: Connection, role: str) -> int:
    found = "SELECT count(*) FROM pg_roles WHERE rolname = %s"
    return int(connection.exec_driver_sql(found, (role,)).scalar_one())


def powers(connection: Connection, role: str) -> list[str]:
    """Return what no grant of ours takes from a role: of its own, or as another that it can become.

    :returns: such as ``BYPASSRLS`` or ``SUPERUSER as postgres``
    """
    rows = connection.exec_driver_sql(POWERS, (role,))
    return [found if name == role else f"{found} as {name}" for name, found in rows if found]


def _as_owner(connection: Connection, role: str, owners: list[str]) -> list[str]:
    found = (
        "SELECT owner FROM unnest(%s::text[]) AS owner, pg_roles "
        "WHERE rolname = %s AND pg_has_role(oid, owner, 'MEMBER')"
    )
    rows = connection.exec_driver_sql(found, (owners, role)).scalars()
    return [f"everything as {owner}" for owner in rows]


def differences(connection: Connection) -> tuple[list[str], list[str]]:
    """Return what the connection's own role may not do and should, and what it may and should not.

    :returns: such as ``UPDATE log_tiles.hashes``
    """
    asked = list(_asked(connection))
    may = set(_held(connection, asked))
    missing = [str(right) for right in asked if right.is_needed and right not in may]
    return missing, [str(right) for right in asked if not right.is_needed and right in may]


@dataclass(frozen=True)
class Right:
    """One right on a table, or on a column of it."""

    table: str
    column: str | None
    right: str
    is_needed: bool

    def __str__(self) -> str:
        return f"{self.right} {self.table}{f'.{self.column}' if self.column else ''}"


def every_right(columns: dict[str, list[str]]) -> Iterator[Right]:
    """Yield every right that PostgreSQL knows on the service's tables, needed or not.

    :param columns: of each table
    """
    for table, rights in RIGHTS.items():
        needed = {"SELECT": True, "INSERT": rights.inserts, "DELETE": rights.deletes}
        for right in ("SELECT", "INSERT", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            yield Right(table, None, right, needed.get(right, False))
        for column in columns[table]:
            yield Right(table, column, "UPDATE", column in rights.changes)


def _asked(connection: Connection) -> Iterator[Right]:
    found: dict[str, list[str]] = {table: [] for table in RIGHTS}
    rows = connection.exec_driver_sql(
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind = 'r' "
        "AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum"
    )
    for table, column in rows:
        if table in found:
            found[table].append(column)
    yield from every_right(found)


def _held(connection: Connection, asked: list[Right]) -> Iterator[Right]:
    """Yield the rights that the connection's role has."""
    names = [(right.table, right.column, right.right) for right in asked]
    tables, columns, rights = map(list, zip(*names, strict=True))
    answers = connection.exec_driver_sql(
        "SELECT CASE WHEN attname IS NULL THEN has_table_privilege(relname, privilege) "
        "ELSE has_column_privilege(relname, attname, privilege) END "
        "FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY "
        "AS asked(relname, attname, privilege, place) ORDER BY place",
        (tables, columns, rights),
    ).scalars()
    yield from (right for right, may in zip(asked, answers, strict=True) if may)
