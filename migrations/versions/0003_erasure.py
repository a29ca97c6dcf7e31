"""Erasure: what alone opens the evidence, and what is remembered without saying of whom."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
STRICT = {"sqlite_strict": True}

#: Tables whose rows an erasure removes.
ERASABLE = ("consent_records", "log_opening_keys")
#: Whether the running transaction says that it erases the record of a row.
IS_ERASED = (
    "EXISTS (SELECT 1 FROM log_erasures WHERE site_id = OLD.site_id AND record_id = OLD.record_id)"
)
#: An entry stays what it is, and only forgets which record it stands for.
FORGETS = (
    "NEW.record_id IS NULL AND OLD.record_id IS NOT NULL AND NEW.site_id = OLD.site_id "
    f"AND NEW.leaf_index = OLD.leaf_index AND NEW.entry = OLD.entry AND {IS_ERASED}"
)
KEYS_REPLACED = "site_id = NEW.site_id AND record_id = NEW.record_id"


def upgrade() -> None:
    """Add corrections and erasures; open the triggers for exactly what an erasure names."""
    op.add_column("consent_records", sa.Column("corrects", sa.Text()))
    op.create_index(
        "ix_consent_records_corrects",
        "consent_records",
        ["site_id", "corrects"],
        sqlite_where=sa.text("corrects IS NOT NULL"),
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )
    # One statement for both engines: SQLite adds a constraint with its column, or never.
    op.execute(
        "ALTER TABLE log_queue ADD COLUMN erased TEXT CONSTRAINT ck_log_queue_erased_known "
        "CHECK (erased IN ('art17', 'retention', 'contract-end'))"
    )
    _create_tables()
    if op.get_bind().dialect.name == "postgresql":
        _open_postgresql()
    else:
        _open_sqlite()


def downgrade() -> None:
    """Close the evidence as before; what was erased stays erased."""
    if op.get_bind().dialect.name == "postgresql":
        _close_postgresql()
    else:
        _close_sqlite()
    for table in ("erasure_marks", "erased_subjects", "log_erasures"):
        op.drop_table(table)
    op.drop_column("log_queue", "erased")
    op.drop_index("ix_consent_records_corrects", "consent_records")
    op.drop_column("consent_records", "corrects")


def _create_tables() -> None:
    op.create_table(
        "log_erasures",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("never_kept", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "record_id", name="pk_log_erasures"),
        # No site has an empty id: a transaction that leaves a row behind cannot commit.
        sa.ForeignKeyConstraint(
            ["never_kept"],
            ["sites.id"],
            name="fk_log_erasures_never_kept",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.CheckConstraint("never_kept = ''", name="ck_log_erasures_never_kept"),
        **STRICT,
    )
    op.create_table(
        "erased_subjects",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("n", COUNT, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "digest", name="pk_erased_subjects"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_erased_subjects_site_id"),
        **STRICT,
    )
    op.create_table(
        "erasure_marks",
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("number", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("list_id", name="pk_erasure_marks"),
        **STRICT,
    )


def _refuse_sqlite(table: str, name: str, moment: str, condition: str) -> None:
    when = f"WHEN {condition}" if condition else ""
    op.execute(
        f"CREATE TRIGGER {table}_no_{name} {moment} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} can only be appended to'); END"
    )


def _open_sqlite() -> None:
    op.execute("DROP TRIGGER consent_records_no_delete")
    for table in ERASABLE:
        _refuse_sqlite(table, "delete", "BEFORE DELETE", f"NOT {IS_ERASED}")
    is_there = f"EXISTS (SELECT 1 FROM log_opening_keys WHERE {KEYS_REPLACED})"  # noqa: S608
    _refuse_sqlite("log_opening_keys", "update", "BEFORE UPDATE", "")
    _refuse_sqlite("log_opening_keys", "replace", "BEFORE INSERT", is_there)
    op.execute("DROP TRIGGER log_entries_no_update")
    _refuse_sqlite("log_entries", "update", "BEFORE UPDATE", f"NOT ({FORGETS})")


def _close_sqlite() -> None:
    for name in ("delete", "update", "replace"):
        op.execute(f"DROP TRIGGER log_opening_keys_no_{name}")
    op.execute("DROP TRIGGER consent_records_no_delete")
    op.execute("DROP TRIGGER log_entries_no_update")
    _refuse_sqlite("consent_records", "delete", "BEFORE DELETE", "")
    _refuse_sqlite("log_entries", "update", "BEFORE UPDATE", "")


def _open_postgresql() -> None:
    for function, condition, row in (
        ("refuse_other_than_erasure", IS_ERASED, "OLD"),
        ("refuse_other_than_forgetting", FORGETS, "NEW"),
    ):
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {condition} THEN RETURN {row}; END IF; "
            "RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )
    for table in ("consent_records", "log_entries"):
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for table in ERASABLE:
        _refuse_postgresql(table, "append_only", "UPDATE", "refuse_change")
        _refuse_postgresql(table, "erase", "DELETE", "refuse_other_than_erasure")
    _refuse_postgresql("log_entries", "append_only", "DELETE", "refuse_change")
    _refuse_postgresql("log_entries", "forget", "UPDATE", "refuse_other_than_forgetting")
    op.execute(
        "CREATE TRIGGER log_opening_keys_no_truncate BEFORE TRUNCATE ON log_opening_keys "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _close_postgresql() -> None:
    for table, names in {
        "consent_records": ("append_only", "erase"),
        "log_entries": ("append_only", "forget"),
        "log_opening_keys": ("append_only", "erase", "no_truncate"),
    }.items():
        for name in names:
            op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
    op.execute("DROP FUNCTION refuse_other_than_erasure()")
    op.execute("DROP FUNCTION refuse_other_than_forgetting()")
    for table in ("consent_records", "log_entries"):
        _refuse_postgresql(table, "append_only", "UPDATE OR DELETE", "refuse_change")


def _refuse_postgresql(table: str, name: str, moment: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
