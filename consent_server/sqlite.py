"""The SQLite that is used: a current one from a wheel where there is one, else Python's own.

Many systems ship a version with the WAL-reset bug, with which the slower rollback journal has to be
used (``db.sqlite_pragmas``, docs/decisions/0016).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["sqlite3"]
