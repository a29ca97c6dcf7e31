"""Sites are kept apart by PostgreSQL too: a transaction sees the rows of the site that it names."""

from alembic import op

revision = "0007"
down_revision = "0006"

#: Tables by the column that names the site.
OF_A_SITE = {
    "sites": "id",
    **dict.fromkeys(
        (
            "api_keys",
            "consent_records",
            "erased_subjects",
            "idempotency_keys",
            "log_alarms",
            "log_checkpoints",
            "log_cosignatures",
            "log_entries",
            "log_erasures",
            "log_leases",
            "log_opening_keys",
            "log_queue",
            "log_tiles",
            "log_witness_refusals",
            "publications",
            "trail_lines",
        ),
        "site_id",
    ),
}
#: Both settings end with their transaction. Where neither is made, no row is there.
POLICIES = {
    "one_site": "{column} = current_setting('consent.site', true)",
    "every_site": "current_setting('consent.every_site', true) = 'on'",
}


def upgrade() -> None:
    """Keep sites apart, for the owner of the tables as well; SQLite has nothing of the kind."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in OF_A_SITE.items():
        for name, condition in POLICIES.items():
            op.execute(f"CREATE POLICY {name} ON {table} USING ({condition.format(column=column)})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Leave it to the queries."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in OF_A_SITE:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        for name in POLICIES:
            op.execute(f"DROP POLICY {name} ON {table}")
