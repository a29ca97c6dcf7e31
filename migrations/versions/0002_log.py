"""The log: opening keys, queue, entries, tiles, checkpoints, leases and alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
STRICT = {"sqlite_strict": True}

#: Tables whose rows are evidence, and when a new row would take the place of one that is there.
APPEND_ONLY = {
    "log_entries": "site_id = NEW.site_id "
    "AND (leaf_index = NEW.leaf_index OR record_id = NEW.record_id)",
    "log_checkpoints": "site_id = NEW.site_id AND size = NEW.size",
}
#: The same for tiles, which grow until they are full.
TILE_REPLACED = "site_id = NEW.site_id AND level = NEW.level AND tile_index = NEW.tile_index"
#: A row stays where it is, and what is there stays at its beginning.
TILE_GREW = (
    "NEW.site_id = OLD.site_id AND NEW.level = OLD.level AND NEW.tile_index = OLD.tile_index "
    "AND length(NEW.hashes) > length(OLD.hashes) "
    "AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
)


def upgrade() -> None:
    """Create every table, then close what is evidence against changes."""
    _create_queue()
    _create_log()
    _create_work()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop the log."""
    if op.get_bind().dialect.name == "postgresql":
        for table in (*APPEND_ONLY, "log_tiles"):
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute("DROP TRIGGER log_tiles_grow ON log_tiles")
        op.execute("DROP FUNCTION refuse_other_than_growth()")
    for table in (
        "log_alarms",
        "log_leases",
        "log_checkpoints",
        "log_tiles",
        "log_entries",
        "log_queue",
        "log_opening_keys",
    ):
        op.drop_table(table)


def _create_queue() -> None:
    op.create_table(
        "log_opening_keys",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("decision_key", sa.LargeBinary(), nullable=False),
        sa.Column("subject_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "record_id", name="pk_log_opening_keys"),
        sa.ForeignKeyConstraint(
            ["site_id", "record_id"],
            ["consent_records.site_id", "consent_records.record_id"],
            name="fk_log_opening_keys_site_id_record_id",
        ),
        sa.CheckConstraint(
            "length(decision_key) = 32", name="ck_log_opening_keys_decision_key_length"
        ),
        sa.CheckConstraint(
            "length(subject_key) = 32", name="ck_log_opening_keys_subject_key_length"
        ),
        **STRICT,
    )
    op.create_table(
        "log_queue",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("leaf_index", COUNT),
        sa.PrimaryKeyConstraint("site_id", "queued_at", "queue_id", name="pk_log_queue"),
        **STRICT,
    )
    op.create_index(
        "ix_log_queue_place",
        "log_queue",
        ["site_id", "leaf_index"],
        unique=True,
        sqlite_where=sa.text("leaf_index IS NOT NULL"),
        postgresql_where=sa.text("leaf_index IS NOT NULL"),
    )


def _create_log() -> None:
    op.create_table(
        "log_entries",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("leaf_index", COUNT, nullable=False, autoincrement=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.PrimaryKeyConstraint("site_id", "leaf_index", name="pk_log_entries"),
        sa.UniqueConstraint("site_id", "record_id", name="uq_log_entries_site_id_record_id"),
        **STRICT,
    )
    op.create_table(
        "log_tiles",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("tile_index", COUNT, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "level", "tile_index", name="pk_log_tiles"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_log_tiles_site_id"),
        sa.CheckConstraint(
            "length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0",
            name="ck_log_tiles_hashes_length",
        ),
        **STRICT,
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("size", COUNT, nullable=False, autoincrement=False),
        sa.Column("previous_size", COUNT, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "size", name="pk_log_checkpoints"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_log_checkpoints_site_id"),
        sa.CheckConstraint("length(root) = 32", name="ck_log_checkpoints_root_length"),
        **STRICT,
    )


def _create_work() -> None:
    op.create_table(
        "log_leases",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", name="pk_log_leases"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_log_leases_site_id"),
        **STRICT,
    )
    op.create_table(
        "log_alarms",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", name="pk_log_alarms"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_log_alarms_site_id"),
        **STRICT,
    )


def _guard_sqlite() -> None:
    moments = [(table, "update", "BEFORE UPDATE", "") for table in APPEND_ONLY]
    moments.append(("log_tiles", "update", "BEFORE UPDATE", f"WHEN NOT ({TILE_GREW})"))
    for table, replaced in {**APPEND_ONLY, "log_tiles": TILE_REPLACED}.items():
        moments.append((table, "delete", "BEFORE DELETE", ""))
        # INSERT OR REPLACE fires no delete trigger on a connection without recursive_triggers.
        is_there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {replaced})"  # noqa: S608
        moments.append((table, "replace", "BEFORE INSERT", is_there))
    for table, name, moment, condition in moments:
        op.execute(
            f"CREATE TRIGGER {table}_no_{name} {moment} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{table} can only be appended to'); END"
        )


def _guard_postgresql() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE FUNCTION refuse_other_than_growth() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {TILE_GREW} THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER log_tiles_append_only BEFORE DELETE ON log_tiles "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER log_tiles_grow BEFORE UPDATE ON log_tiles "
        "FOR EACH ROW EXECUTE FUNCTION refuse_other_than_growth()"
    )
    for table in (*APPEND_ONLY, "log_tiles"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
