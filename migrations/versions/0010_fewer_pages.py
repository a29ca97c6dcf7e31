"""A decision writes fewer pages of a SQLite file."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

#: Small rows, each found by its whole key. SQLite keeps the rows of a table by a number that nobody
#: uses, and the key in an index beside it: two pages to write, and twice the key in the file. The
#: queue and the idempotency keys are looked up in other ways too, for which SQLite would then read
#: all rows of a site.
TABLE = "log_opening_keys"
ITSELF = ", WITHOUT ROWID"
INDEX = "ix_consent_records_previous"
COLUMNS = ["site_id", "previous"]


def upgrade() -> None:
    """Make the table anew, and leave first decisions out of an index that none is looked up by.

    Copies the opening keys of all records, seven seconds for a million: an upgrade of a file
    happens before the service serves it. PostgreSQL stays as it is.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    _make_anew(TABLE, lambda definition: definition.rstrip() + ITSELF)
    op.drop_index(INDEX, "consent_records")
    follows = sa.text("previous IS NOT NULL")
    op.create_index(INDEX, "consent_records", COLUMNS, sqlite_where=follows)


def downgrade() -> None:
    """Number the rows again."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index(INDEX, "consent_records")
    op.create_index(INDEX, "consent_records", COLUMNS)
    _make_anew(TABLE, lambda definition: definition.removesuffix(ITSELF))


def _make_anew(table: str, change: Callable[[str], str]) -> None:
    """Give a table another definition, and all that belongs to it as it was."""
    found = list(_definitions(table))
    for kind, name, _ in found:
        if kind != "table":
            op.execute(f"DROP {kind} {name}")
    before = f"{table}_before"
    op.execute(f"ALTER TABLE {table} RENAME TO {before}")
    for kind, _, definition in sorted(found, key=lambda one: one[0] != "table"):
        op.get_bind().exec_driver_sql(change(definition) if kind == "table" else definition)
        if kind == "table":
            op.execute(f"INSERT INTO {table} SELECT * FROM {before} ORDER BY 1, 2")  # noqa: S608
            op.execute(f"DROP TABLE {before}")


def _definitions(table: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and definition of a table, its indexes and its triggers."""
    query = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = :table AND sql IS NOT NULL"
    for row in op.get_bind().execute(sa.text(query), {"table": table}).all():
        yield row[0], row[1], row[2]
