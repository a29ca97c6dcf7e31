"""What keeps a PostgreSQL database from being changed: that its tables are as migrations made them.

It is a guard against mistakes. Whoever owns the tables can take it away and put it back, and what
was changed meanwhile is for ``log audit`` to find.
"""

from typing import Any

import sqlalchemy as sa

from consent_server import roles
from consent_server.columns import POSTGRESQL_WHERE
from consent_server.db import db
from consent_server.operations.selfcheck.line import Line, fail, ok, warn

NAME = "postgresql-tables"
#: Ours by their function: name and, as PostgreSQL numbers it, when each fires.
TRIGGERS = {
    "refuse_change": {
        "consent_records_append_only": 19,
        "consent_records_no_truncate": 34,
        "log_checkpoints_append_only": 27,
        "log_checkpoints_no_truncate": 34,
        "log_cosignatures_append_only": 27,
        "log_cosignatures_no_truncate": 34,
        "log_entries_append_only": 11,
        "log_entries_no_truncate": 34,
        "log_opening_keys_append_only": 19,
        "log_opening_keys_no_truncate": 34,
        "log_tiles_append_only": 11,
        "log_tiles_no_truncate": 34,
        "publications_append_only": 27,
        "publications_no_truncate": 34,
        "restricted_proofs_no_update": 19,
        "trail_lines_append_only": 27,
        "trail_lines_no_truncate": 34,
        "widget_builds_append_only": 27,
        "widget_builds_no_truncate": 34,
    },
    "refuse_other_than_erasure": {"consent_records_erase": 8, "log_opening_keys_erase": 8},
    "refuse_other_than_forgetting": {"log_entries_forget": 16},
    "refuse_other_than_growth": {"log_tiles_grow": 19},
}
#: MD5 of what each of them does, which tells a mistake and is no proof.
BODIES = {
    "refuse_change": "8bb969c1018e30dbc07dd6f7aa3003b9",
    "refuse_other_than_erasure": "f6d59d56f04868065d4cb5e940a18a69",
    "refuse_other_than_forgetting": "b7bd832224a34dcdcd6b13904fd7f731",
    "refuse_other_than_growth": "93d1649f9961ebf370344e798c634a31",
}
OURS = {
    (name, when, function): BODIES[function]
    for function, names in TRIGGERS.items()
    for name, when in names.items()
}
FOUND = (
    "SELECT tgname, tgtype, proname, md5(prosrc) AS body, tgqual IS NULL AND tgattr::text = '' "
    "AND starts_with(tgname, relname || '_') AND tgenabled IN ('O', 'A') "
    "AND current_setting('session_replication_role') <> 'replica' AS fires "
    "FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
    "WHERE NOT tgisinternal AND relnamespace = quote_ident(current_schema())::regnamespace "
    "AND relname = ANY(:tables) ORDER BY tgname"
)
#: What lets no row be there twice: name, table, columns in their order, and of which rows.
KEYS = (
    "SELECT concat_ws(' ', key.relname, whole.relname, (SELECT string_agg(attname, ' ' ORDER BY at)"
    " FROM unnest(indkey::int2[]) WITH ORDINALITY AS held (number, at) JOIN pg_attribute "
    "ON attrelid = indrelid AND attnum = number WHERE at <= indnkeyatts), "
    "pg_get_expr(indpred, indrelid)) FROM pg_index JOIN pg_class AS key ON key.oid = indexrelid "
    "JOIN pg_class AS whole ON whole.oid = indrelid WHERE indisunique AND indisvalid "
    "AND indexprs IS NULL AND key.relnamespace = quote_ident(current_schema())::regnamespace"
)
#: What a row must refer to; those that refer to it are looked for by the same key. Rows that were
#: there before a key may be left for nobody to look at (``NOT VALID``).
REFERENCES = (
    "SELECT concat_ws(' ', conname, relname, replace(pg_get_constraintdef(pg_constraint.oid), "
    "' NOT VALID', '')) FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
    "WHERE contype = 'f' AND relnamespace = quote_ident(current_schema())::regnamespace "
    "AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid "
    "AND tgenabled NOT IN ('O', 'A'))"
)
#: Columns by table, name, type and whether one may be null; of a collation of its own none is ours.
COLUMNS = (
    "SELECT concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), attnotnull) "
    "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "JOIN pg_type ON pg_type.oid = atttypid "
    "WHERE relnamespace = quote_ident(current_schema())::regnamespace "
    "AND relname = ANY(:tables) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' "
    "AND attcollation = typcollation"
)
#: Tables that are none, have rules, or show the rows of others as their own; and settings by which
#: a session begins with rows in its sight.
STRANGE = (
    "SELECT relname || ' is no table of its own' FROM pg_class "
    "WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname = ANY(:tables) "
    "AND (relkind <> 'r' OR relpersistence <> 'p' OR EXISTS (SELECT 1 FROM pg_inherits "
    "WHERE pg_class.oid IN (inhparent, inhrelid))) "
    "UNION ALL SELECT tablename || ' has the rule ' || rulename FROM pg_rules "
    "WHERE schemaname = current_schema() AND tablename = ANY(:tables) "
    "UNION ALL SELECT DISTINCT setting || ' is set beforehand' FROM pg_db_role_setting, "
    "unnest(setconfig) AS setting WHERE setting LIKE 'consent.%' AND setrole IN (0, "
    "(SELECT oid FROM pg_roles WHERE rolname = current_user)) AND setdatabase IN (0, "
    "(SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1"
)


def tables() -> Line:
    """What is recorded is there once, can be appended to, and is not changed by mistake."""
    asked = {"tables": list(roles.RIGHTS)}
    found = db.session.execute(sa.text(FOUND), asked).all()
    firing = {_key(row): row.body for row in found if row.fires}
    lacking = sorted(key[0] for key, body in OURS.items() if firing.get(key) != body)
    for query, ours in ((KEYS, _keys()), (REFERENCES, _references()), (COLUMNS, _columns())):
        held = set(db.session.scalars(sa.text(query), asked))
        lacking += sorted(name for name, said in ours.items() if said not in held)
    if lacking:
        seen = f"missing, switched off or changed: {', '.join(lacking)}"
        mend = "make them anew (migrations/versions), then log audit SITE: was anything changed?"
        return fail(NAME, seen, mend)
    others = [f"the trigger {row.tgname}" for row in found if _key(row) not in OURS]
    others += db.session.scalars(sa.text(STRANGE), asked)
    if others:
        mend = "find out who made it; it can change what is recorded before the log has it"
        return warn(NAME, f"not of this service: {', '.join(others)}", mend)
    return ok(NAME, f"all keys and the {len(OURS)} triggers of the migrations, and no others")


def _keys() -> dict[str, str]:
    """Return of each key what is said of it where it is as the migrations made it."""
    found = {}
    for table in db.metadata.sorted_tables:
        unique = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
        indexes = [index for index in table.indexes if index.unique]
        keys: list[Any] = [table.primary_key, *unique, *indexes]
        for key in keys:
            where = key.info.get(POSTGRESQL_WHERE)
            some = [] if where is None else [f"({where})"]
            columns = [column.name for column in key.columns]
            found[str(key.name)] = " ".join([str(key.name), table.name, *columns, *some])
    return found


def _references() -> dict[str, str]:
    """Return of each foreign key what is said of it where it is as the migrations made it."""
    found = {}
    for table in db.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            theirs = ", ".join(part.column.name for part in key.elements)
            said = f"FOREIGN KEY ({', '.join(key.column_keys)}) REFERENCES "
            said += f"{key.referred_table.name}({theirs})"
            said += f" ON DELETE {key.ondelete}" if key.ondelete else ""
            said += " DEFERRABLE INITIALLY DEFERRED" if key.deferrable else ""
            found[str(key.name)] = f"{key.name} {table.name} {said}"
    return found


def _columns() -> dict[str, str]:
    """Return of each column what is said of it where it is as the migrations made it."""
    dialect = db.engine.dialect
    return {
        f"{table.name}.{column.name}": " ".join(
            (
                *(table.name, column.name, column.type.compile(dialect).lower()),
                "f" if column.nullable else "t",
            )
        )
        for table in db.metadata.sorted_tables
        for column in table.columns
    }


def _key(row: Any) -> tuple[str, int, str]:
    return row.tgname, row.tgtype, row.proname
