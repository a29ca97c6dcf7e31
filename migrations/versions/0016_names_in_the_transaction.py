"""A purge writes no name for each of its records, and each is looked for once."""

from alembic import op

revision = "0016"
down_revision = "0015"

#: What a transaction says of itself: a site and records of it that it erases, with commas between.
#: A process that was started before the migration names them in the table, as SQLite's do.
NOT_NAMED = (
    "CASE WHEN (gone.site_id, gone.record_id) IN (SELECT names[1], unnest(names[2:]) "
    "FROM string_to_array(current_setting('consent.erased', true), ',') AS names) THEN false "
    "ELSE {} END"
)
NOT_NAMED_BEFORE = (
    "(SELECT 1 FROM log_erasures AS said WHERE said.site_id = gone.site_id "
    "AND said.record_id = gone.record_id LIMIT 1) IS NULL"
)
#: Whether the running transaction says of every removed row that it erases its record, and whether
#: every changed entry is the one it was, and only forgets its record; as in 0008.
ALL_ERASED = "NOT EXISTS (SELECT FROM gone WHERE {})"
ALL_FORGET = (
    "NOT EXISTS (SELECT FROM made LEFT JOIN gone USING (site_id, leaf_index) "
    "WHERE gone.entry IS DISTINCT FROM made.entry OR gone.record_id IS NULL "
    "OR made.record_id IS NOT NULL OR {})"
)
#: Tables whose rows refer to records, and are deleted before them.
REFERRING = ("log_opening_keys", "idempotency_keys")


def upgrade() -> None:
    """Read names from the transaction, and refuse at once what leaves a row behind.

    PostgreSQL looks twice at each record that goes under a key without ``RESTRICT``: whether it has
    come back, and whether something refers to it. The rows that are there kept the key they had, so
    they are not looked through again: ``NOT VALID`` says no more than that. No row waits for it.
    """
    _replace(NOT_NAMED.format(NOT_NAMED_BEFORE))
    _refer("ON DELETE RESTRICT NOT VALID")


def downgrade() -> None:
    """Read names from the table alone."""
    _replace(NOT_NAMED_BEFORE)
    _refer("NOT VALID")


def _replace(not_named: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, condition in {
        "refuse_other_than_erasure": ALL_ERASED,
        "refuse_other_than_forgetting": ALL_FORGET,
    }.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
            f"SET enable_seqscan = off AS $$ "
            f"BEGIN IF {condition.format(not_named)} THEN RETURN NULL; END IF; "
            "RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )


def _refer(how: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    key = "(site_id, record_id)"
    for table in REFERRING:
        name = f"fk_{table}_site_id_record_id"
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} "
            f"FOREIGN KEY {key} REFERENCES consent_records {key} {how}"
        )
