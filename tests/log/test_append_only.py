"""The log cannot be changed, not even with all rights in the database."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from tests.builders import acceptance
from tests.databases import administrator_of

CHANGES = {
    "log_entries": ["UPDATE log_entries SET record_id = record_id", "DELETE FROM log_entries"],
    "log_checkpoints": ["UPDATE log_checkpoints SET note = ''", "DELETE FROM log_checkpoints"],
    "log_tiles": [
        "DELETE FROM log_tiles",
        "UPDATE log_tiles SET hashes = hashes",
        "UPDATE log_tiles SET hashes = substr(hashes, 1, 32)",
        "UPDATE log_tiles SET hashes = :other",
        "UPDATE log_tiles SET level = 1, hashes = :longer",
    ],
}
ONE_ENGINE = {
    "postgresql": ["TRUNCATE {0} CASCADE"],
    "sqlite": [
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "PRAGMA recursive_triggers=OFF; INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
    ],
}


def a_tile(rows):
    """The hashes of the only tile, with one more at its end, and with another beginning."""
    [tile] = rows("log_tiles")
    hashes = bytes(tile["hashes"])
    return {"longer": hashes + hashes[:32], "other": hashes[32:] + hashes[:32] * 2}


@pytest.mark.parametrize("table", CHANGES)
def test_the_log_can_only_be_appended_to(app, decide, seal, rows, table):
    decide(acceptance())
    seal()
    before = rows(table)
    assert before
    values = a_tile(rows)

    with app.app_context():
        for change in CHANGES[table] + ONE_ENGINE[db.engine.dialect.name]:
            *settings, statement = change.format(table).split("; ")
            with (
                pytest.raises(sa.exc.DBAPIError, match="can only be appended to"),
                administrator_of(db.engine).connect() as connection,
            ):
                for setting in settings:
                    connection.connection.driver_connection.execute(setting)
                names = [name for name in values if f":{name}" in statement]
                connection.execute(sa.text(statement), {name: values[name] for name in names})

    assert rows(table) == before


def test_a_partial_tile_grows_at_its_end(app, decide, seal, rows):
    decide(acceptance())
    seal()
    longer = a_tile(rows)["longer"]

    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE log_tiles SET hashes = :longer"), {"longer": longer})

    [after] = rows("log_tiles")
    assert bytes(after["hashes"]) == longer


def test_one_record_has_one_entry(app, decide, seal, rows):
    decide(acceptance())
    seal()
    copy = (
        "INSERT INTO log_entries SELECT site_id, 99, entry, record_id FROM log_entries "
        "WHERE record_id IS NOT NULL"
    )

    with (
        app.app_context(),
        pytest.raises(sa.exc.IntegrityError),
        db.engine.begin() as connection,
    ):
        connection.execute(sa.text(copy))

    assert len(rows("log_entries")) == 3
