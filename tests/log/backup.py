"""A copy of the whole database, and the database set back to it: the same on both engines."""

from typing import Any

import sqlalchemy as sa
from flask import Flask

from consent_server.db import db
from tests.log.tampering import unguarded


class Backup:
    """The rows of every table as they were."""

    def __init__(self, app: Flask):
        self._app = app
        self._rows: dict[sa.Table, list[dict[str, Any]]] = {}

    def taken(self) -> dict[sa.Table, list[dict[str, Any]]]:
        """Copy every row, and return the copy."""
        self.take()
        return self._rows

    def take(self) -> None:
        """Copy every row, on a connection of its own."""
        self._rows = {}
        with self._app.app_context(), db.engine.connect() as connection:
            for table in db.metadata.sorted_tables:
                found = connection.execute(sa.select(table)).mappings()
                self._rows[table] = [dict(row) for row in found]

    def restore(self, copy: dict[sa.Table, list[dict[str, Any]]] | None = None) -> None:
        """Put every row back, and nothing else.

        :param copy: an earlier one than the last
        """
        with self._app.app_context():
            db.session.remove()
            with unguarded(db.engine) as connection:
                for table, rows in (copy or self._rows).items():
                    connection.execute(sa.delete(table))
                    if rows:
                        connection.execute(sa.insert(table), rows)
