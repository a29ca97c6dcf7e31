"""Single changes that somebody with all rights in the database could make, past its triggers."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.databases import administrator_of

Row = dict[str, Any]
DOCUMENTS = ("categories", "services", "document")


@contextmanager
def unguarded(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Take triggers and foreign keys away, and put them back: nothing shows what was done."""
    with administrator_of(engine).connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET session_replication_role = replica"))
            yield connection
            connection.execute(sa.text("SET session_replication_role = DEFAULT"))
            connection.commit()
            return
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        found = connection.execute(sa.text(triggers)).all()
        for name, _ in found:
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        yield connection
        for _, sql in found:
            connection.exec_driver_sql(sql)
        connection.commit()
        driver.execute("PRAGMA foreign_keys=ON")


@dataclass(frozen=True)
class Tampering:
    """One change of one row."""

    table: str
    #: Names the row.
    key: tuple[str, ...]
    #: None deletes the row.
    column: str | None = None
    change: Callable[[Any, random.Random], Any] = lambda value, chance: value

    @property
    def name(self) -> str:
        """What a failure is called."""
        return f"{self.table}.{self.column}" if self.column else f"DELETE {self.table}"

    def apply(self, engine: sa.Engine, row: Row, chance: random.Random) -> Row | None:
        """Make the change; return the row as it is now."""
        if self.column is None:
            with unguarded(engine) as connection:
                self._delete(connection, row)
            return None
        changed = {**row, self.column: self.change(row[self.column], chance)}
        self._replace(engine, row, changed)
        return changed

    def undo(self, engine: sa.Engine, row: Row, changed: Row | None) -> None:
        """Put the row back."""
        self._replace(engine, changed, row)

    def _replace(self, engine: sa.Engine, old: Row | None, new: Row) -> None:
        with unguarded(engine) as connection:
            if old is not None:
                self._delete(connection, old)
            values = {
                name: json.dumps(value) if isinstance(value, dict) else value
                for name, value in new.items()
            }
            is_json = engine.dialect.name == "postgresql"
            slots = ", ".join(
                f"CAST(:{name} AS jsonb)" if is_json and name in DOCUMENTS else f":{name}"
                for name in values
            )
            insert = f"INSERT INTO {self.table} ({', '.join(values)}) VALUES ({slots})"  # noqa: S608
            connection.execute(sa.text(insert), values)

    def _delete(self, connection: sa.Connection, row: Row) -> None:
        where = " AND ".join(f"{name} = :{name}" for name in self.key)
        delete = sa.text(f"DELETE FROM {self.table} WHERE {where}")  # noqa: S608
        done = connection.execute(delete, {name: row[name] for name in self.key})
        assert done.rowcount == 1, self.name


def _bytes(value: bytes, chance: random.Random) -> bytes:
    data = bytearray(value)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _text(value: str | None, chance: random.Random) -> str:
    return f"{value or ''}{chance.choice('xyz')}"


def _flipped(value: Any, chance: random.Random) -> Any:
    return type(value)(not value)


def _choices(value: Any, chance: random.Random) -> str:
    choices = json.loads(value) if isinstance(value, str) else dict(value)
    id_ = chance.choice(sorted(choices))
    change = chance.choice(["granted", "decided_at", "revision", "gone"])
    if change == "gone":
        choices.pop(id_)
    elif change == "granted":
        choices[id_] = {**choices[id_], "granted": not choices[id_]["granted"]}
    elif change == "decided_at":
        choices[id_] = {**choices[id_], "decided_at": "2026-01-01T00:00:00.000Z"}
    else:
        choices[id_] = {**choices[id_], "revision": choices[id_]["revision"] + 1}
    return json.dumps(choices)


def _other_of(*values: str) -> Callable[[Any, random.Random], str]:
    return lambda value, chance: chance.choice([other for other in values if other != value])


def _later(value: Any, chance: random.Random) -> Any:
    if isinstance(value, str):
        return f"2031{value[4:]}"
    return value.replace(year=2031)


def _moved(value: int, chance: random.Random) -> int:
    return value + 100_000 + chance.randrange(1000)


RECORD = ("site_id", "record_id")
ENTRY = ("site_id", "leaf_index")
TILE = ("site_id", "level", "tile_index")
HEAD = ("site_id", "size")
#: Every kind of change that an audit must find.
TAMPERINGS = [
    *(
        Tampering("consent_records", RECORD, column, change)
        for column, change in {
            "previous": _text,
            "event": _other_of("given", "renewed", "changed"),
            "action": _other_of("accept_all", "save"),
            "method": _other_of("banner", "api", "preferences"),
            "recorded_at": _later,
            "expires_at": _later,
            "categories": _choices,
            "bundle": _text,
            "build": _text,
            "language": _text,
            "policy_version": _text,
            "profile": _text,
            "gpc": _flipped,
            "trusted": _flipped,
            "superseded": _flipped,
            "record_id": _text,
        }.items()
    ),
    Tampering("consent_records", RECORD),
    Tampering("log_opening_keys", RECORD, "decision_key", _bytes),
    Tampering("log_opening_keys", RECORD, "subject_key", _bytes),
    Tampering("log_opening_keys", RECORD),
    Tampering("log_entries", ENTRY, "entry", _bytes),
    Tampering("log_entries", ENTRY, "leaf_index", _moved),
    Tampering("log_entries", ENTRY),
    Tampering("log_tiles", TILE, "hashes", _bytes),
    Tampering("log_tiles", TILE, "tile_index", _moved),
    Tampering("log_tiles", TILE),
    Tampering("log_entries", ENTRY, "record_id", lambda value, chance: None if value else "X" * 22),
    Tampering("log_checkpoints", HEAD, "root", _bytes),
    Tampering("log_checkpoints", HEAD, "note", _text),
    Tampering("log_checkpoints", HEAD, "previous_size", _moved),
    Tampering("log_checkpoints", HEAD),
    Tampering("publications", ("site_id", "revision"), "bundle", _text),
    Tampering("publications", ("site_id", "revision"), "bundle_hash", _text),
]
