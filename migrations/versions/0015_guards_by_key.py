"""A purge that names a million records looks for each name by its key, whatever lies beside it."""

from alembic import op

revision = "0015"
down_revision = "0014"

#: Names are deleted in the transaction that gave them, and their dead rows stay until PostgreSQL
#: cleans up, which it cannot while somebody reads (a backup, for hours). The planner takes the
#: table for empty and would read it to its end for each statement of a purge: so it may not, and
#: of a subquery with a limit it makes no join.
NOT_NAMED = (
    "(SELECT 1 FROM log_erasures AS said WHERE said.site_id = gone.site_id "
    "AND said.record_id = gone.record_id LIMIT 1) IS NULL"
)
NOT_NAMED_BEFORE = (
    "NOT EXISTS (SELECT FROM log_erasures AS said "
    "WHERE said.site_id = gone.site_id AND said.record_id = gone.record_id)"
)
#: Whether the running transaction says of every removed row that it erases its record, and whether
#: every changed entry is the one it was, and only forgets its record; as in 0008.
ALL_ERASED = "NOT EXISTS (SELECT FROM gone WHERE {})"
ALL_FORGET = (
    "NOT EXISTS (SELECT FROM made LEFT JOIN gone USING (site_id, leaf_index) "
    "WHERE gone.entry IS DISTINCT FROM made.entry OR gone.record_id IS NULL "
    "OR made.record_id IS NOT NULL OR {})"
)


def upgrade() -> None:
    """Look for names one by one, by their key."""
    _replace(NOT_NAMED, "SET enable_seqscan = off")


def downgrade() -> None:
    """Leave it to the planner."""
    _replace(NOT_NAMED_BEFORE, "")


def _replace(not_named: str, setting: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, condition in {
        "refuse_other_than_erasure": ALL_ERASED,
        "refuse_other_than_forgetting": ALL_FORGET,
    }.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {setting} AS $$ "
            f"BEGIN IF {condition.format(not_named)} THEN RETURN NULL; END IF; "
            "RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )
