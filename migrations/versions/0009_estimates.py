"""Whoever sees every site is planned for as such: the planner knows that the policy lets all in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

#: Of what equals a text PostgreSQL expects one row in 200, of what differs from one nearly all. By
#: the first it read whole tables to find the few rows that a page of them would have.
KNOWN = "current_setting('consent.every_site', true) <> ''"
GUESSED = "current_setting('consent.every_site', true) = 'on'"
TABLES = (
    "SELECT tablename FROM pg_policies "
    "WHERE schemaname = current_schema() AND policyname = 'every_site' ORDER BY tablename"
)


def upgrade() -> None:
    """Say the same in a form whose share of rows is estimated right."""
    _set(KNOWN)


def downgrade() -> None:
    """Say it as before."""
    _set(GUESSED)


def _set(condition: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in op.get_bind().execute(sa.text(TABLES)).scalars().all():
        op.execute(f"ALTER POLICY every_site ON {table} USING ({condition})")
