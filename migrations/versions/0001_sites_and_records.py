"""Sites, publications, widget builds, API keys; consent records that can only be appended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
DOCUMENT = sa.Text().with_variant(JSONB(), "postgresql")
FLAG = sa.Integer().with_variant(sa.Boolean(), "postgresql")
COUNTER = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
STRICT = {"sqlite_strict": True}

#: Tables whose rows are evidence.
APPEND_ONLY = ("consent_records", "publications", "widget_builds")


def upgrade() -> None:
    """Create every table, then close the evidence against changes."""
    _create_site_tables()
    _create_consent_tables()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop everything."""
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
    for table in (
        "idempotency_keys",
        "consent_records",
        "api_keys",
        "widget_builds",
        "publications",
        "sites",
    ):
        op.drop_table(table)


def _create_site_tables() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("archived_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
        **STRICT,
    )
    op.create_table(
        "publications",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("bundle_hash", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("immaterial", FLAG, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("site_id", "revision", name="pk_publications"),
        sa.UniqueConstraint("site_id", "bundle_hash", name="uq_publications_site_id_bundle_hash"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_publications_site_id"),
        **STRICT,
    )
    op.create_table(
        "widget_builds",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_widget_builds"),
        **STRICT,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_api_keys_site_id"),
        **STRICT,
    )


def _create_consent_tables() -> None:
    op.create_table(
        "consent_records",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text()),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("action", sa.Text()),
        sa.Column("method", sa.Text()),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("categories", DOCUMENT, nullable=False),
        sa.Column("services", DOCUMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("build", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("gpc", FLAG, nullable=False),
        sa.Column("trusted", FLAG, nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("n", COUNTER),
        sa.Column("superseded", FLAG, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "record_id", name="pk_consent_records"),
        sa.ForeignKeyConstraint(
            ["site_id", "revision"],
            ["publications.site_id", "publications.revision"],
            name="fk_consent_records_site_id_revision",
        ),
        sa.CheckConstraint(
            "event IN ('given', 'partial', 'refused', 'changed', 'renewed', 'withdrawn', "
            "'expired')",
            name="ck_consent_records_event_known",
        ),
        sa.CheckConstraint(
            "action IN ('accept_all', 'reject_all', 'save', 'withdraw')",
            name="ck_consent_records_action_known",
        ),
        sa.CheckConstraint(
            "method IN ('banner', 'preferences', 'placeholder', 'api', 'gpc', 'import')",
            name="ck_consent_records_method_known",
        ),
        sa.CheckConstraint(
            "(subject IS NULL) = (n IS NULL)", name="ck_consent_records_subject_with_n"
        ),
        **STRICT,
    )
    op.create_index(
        "ix_consent_records_log", "consent_records", ["site_id", "recorded_at", "record_id"]
    )
    op.create_index(
        "ix_consent_records_subject",
        "consent_records",
        ["site_id", "subject", "recorded_at"],
    )
    op.create_index("ix_consent_records_previous", "consent_records", ["site_id", "previous"])
    op.create_index("ix_consent_records_expires_at", "consent_records", ["expires_at"])
    op.create_table(
        "idempotency_keys",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "key", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(
            ["site_id", "record_id"],
            ["consent_records.site_id", "consent_records.record_id"],
            name="fk_idempotency_keys_site_id_record_id",
        ),
        **STRICT,
    )


#: When a new row would take the place of one that is there.
REPLACED = {
    "consent_records": "site_id = NEW.site_id AND record_id = NEW.record_id",
    "publications": "site_id = NEW.site_id "
    "AND (revision = NEW.revision OR bundle_hash = NEW.bundle_hash)",
    "widget_builds": "hash = NEW.hash",
}


def _guard_sqlite() -> None:
    for table in APPEND_ONLY:
        # INSERT OR REPLACE fires no delete trigger on a connection without recursive_triggers.
        is_there = f"EXISTS (SELECT 1 FROM {table} WHERE {REPLACED[table]})"  # noqa: S608
        for name, moment in {
            "update": "BEFORE UPDATE",
            "delete": "BEFORE DELETE",
            "replace": "BEFORE INSERT",
        }.items():
            condition = f"WHEN {is_there}" if name == "replace" else ""
            op.execute(
                f"CREATE TRIGGER {table}_no_{name} {moment} ON {table} {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{table} can only be appended to'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% can only be appended to', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
