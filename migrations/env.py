"""Runs the migrations on the application's own engine."""

from alembic import context
from flask import current_app

from consent_server.schema import LOCK_PATIENCE

database = current_app.extensions["migrate"].db


def run() -> None:
    """Migrate in one transaction, so that a failed step leaves the old schema."""
    with database.engine.connect().execution_options(consent_write=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,  # SQLite too: its driver begins no transaction here
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
                connection.exec_driver_sql("SET LOCAL consent.every_site = 'on'")
            context.run_migrations()
        connection.commit()


run()
