"""What is removed is removed by the thousand: one look at a statement's rows, and an index more."""

from alembic import op

revision = "0008"
down_revision = "0007"

#: Tables whose rows an erasure removes.
ERASABLE = ("consent_records", "log_opening_keys")
#: Whether the running transaction says of every removed row that it erases its record.
ALL_ERASED = (
    "NOT EXISTS (SELECT FROM gone WHERE NOT EXISTS (SELECT FROM log_erasures AS said "
    "WHERE said.site_id = gone.site_id AND said.record_id = gone.record_id))"
)
#: Whether every changed entry is the one it was, and only forgets its record. Rows are paired by
#: their key: an entry that moved has no pair.
ALL_FORGET = (
    "NOT EXISTS (SELECT FROM made LEFT JOIN gone USING (site_id, leaf_index) "
    "WHERE gone.entry IS DISTINCT FROM made.entry OR gone.record_id IS NULL "
    "OR made.record_id IS NOT NULL OR NOT EXISTS (SELECT FROM log_erasures AS said "
    "WHERE said.site_id = gone.site_id AND said.record_id = gone.record_id))"
)
IS_ERASED = (
    "EXISTS (SELECT 1 FROM log_erasures WHERE site_id = OLD.site_id AND record_id = OLD.record_id)"
)
FORGETS = (
    "NEW.record_id IS NULL AND OLD.record_id IS NOT NULL AND NEW.site_id = OLD.site_id "
    f"AND NEW.leaf_index = OLD.leaf_index AND NEW.entry = OLD.entry AND {IS_ERASED}"
)
INDEX = "ix_idempotency_keys_record_id"


def upgrade() -> None:
    """Find a record's idempotency keys by an index; on PostgreSQL look at whole statements.

    No decision is taken while the index is made, for some five seconds for a million keys; there
    are those of two days at the most. Who waits longer than two is told to come again.
    """
    op.create_index(INDEX, "idempotency_keys", ["site_id", "record_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    _drop("refuse_other_than_erasure", dict.fromkeys(ERASABLE, "erase"))
    _drop("refuse_other_than_forgetting", {"log_entries": "forget"})
    _make_function("refuse_other_than_erasure", ALL_ERASED, "NULL")
    _make_function("refuse_other_than_forgetting", ALL_FORGET, "NULL")
    seen = "REFERENCING OLD TABLE AS gone"
    for table in ERASABLE:
        _after(table, "erase", "DELETE", seen, "refuse_other_than_erasure")
    seen = "REFERENCING OLD TABLE AS gone NEW TABLE AS made"
    _after("log_entries", "forget", "UPDATE", seen, "refuse_other_than_forgetting")


def downgrade() -> None:
    """Look at each row by itself again."""
    op.drop_index(INDEX, "idempotency_keys")
    if op.get_bind().dialect.name != "postgresql":
        return
    _drop("refuse_other_than_erasure", dict.fromkeys(ERASABLE, "erase"))
    _drop("refuse_other_than_forgetting", {"log_entries": "forget"})
    _make_function("refuse_other_than_erasure", IS_ERASED, "OLD")
    _make_function("refuse_other_than_forgetting", FORGETS, "NEW")
    for table in ERASABLE:
        _before(table, "erase", "DELETE", "refuse_other_than_erasure")
    _before("log_entries", "forget", "UPDATE", "refuse_other_than_forgetting")


def _drop(function: str, triggers: dict[str, str]) -> None:
    for table, name in triggers.items():
        op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
    op.execute(f"DROP FUNCTION {function}()")


def _make_function(name: str, condition: str, row: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN RETURN {row}; END IF; "
        "RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )


def _after(table: str, name: str, moment: str, seen: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_{name} AFTER {moment} ON {table} {seen} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def _before(table: str, name: str, moment: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
