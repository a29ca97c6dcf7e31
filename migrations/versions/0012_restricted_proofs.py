"""What opens the entry of an erased record may be kept, sealed, where a site says so."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TABLE = "restricted_proofs"
INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
POLICIES = {
    "one_site": "site_id = current_setting('consent.site', true)",
    "every_site": "current_setting('consent.every_site', true) <> ''",
}


def upgrade() -> None:
    """Add the table; what is in it is never changed, and read by one site at a time."""
    op.create_table(
        TABLE,
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("proof_id", sa.Text(), nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "proof_id", name="pk_restricted_proofs"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_restricted_proofs_site_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_restricted_proofs_ends_at", TABLE, ["site_id", "ends_at"])
    if op.get_bind().dialect.name != "postgresql":
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} are not changed'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for name, condition in POLICIES.items():
        op.execute(f"CREATE POLICY {name} ON {TABLE} USING ({condition})")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Delete what was kept."""
    op.drop_table(TABLE)
