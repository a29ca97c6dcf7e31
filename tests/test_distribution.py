"""The tables could be spread by site as docs/scale.md says: each key of a spread one holds it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.roles import MIGRATION_TABLE, RIGHTS

SCALE = Path(__file__).parents[1] / "docs/scale.md"
CALL = re.compile(
    r"^SELECT create_(reference|distributed)_table\('(\w+)'"
    r"(, 'site_id', colocate_with => '(\w+)')?\);$",
    re.MULTILINE,
)
#: What each table becomes, in the order of the calls.
CALLS = {name: kind for kind, name, *_ in CALL.findall(SCALE.read_text())}
SPREAD = [name for name, kind in CALLS.items() if kind == "distributed"]


@pytest.fixture(params=["models", "catalogue"])
def schema(request) -> Iterator[sa.MetaData]:
    """The tables as the code has them, and as PostgreSQL has them once they are migrated."""
    if request.param == "models":
        yield db.metadata
        return
    engine = sa.create_engine(request.getfixturevalue("postgresql_url"), poolclass=sa.NullPool)
    found = sa.MetaData()
    found.reflect(engine)
    yield found


def unique_keys(table: sa.Table) -> Iterator[list[str]]:
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield [column.name for column in constraint.columns]
    yield from (
        [column.name for column in index.columns] for index in table.indexes if index.unique
    )


def test_every_table_has_its_call(schema):
    assert set(schema.tables) - {MIGRATION_TABLE} == set(CALLS) == set(RIGHTS) - {MIGRATION_TABLE}
    assert {"consent_records", "log_entries", "log_opening_keys", "log_queue"} < set(SPREAD)


def test_every_unique_key_of_a_spread_table_holds_the_site(schema):
    keys = {(name, tuple(key)) for name in SPREAD for key in unique_keys(schema.tables[name])}

    assert len(keys) > len(SPREAD)
    assert {(name, key) for name, key in keys if "site_id" not in key} == set()
    assert {str(schema.tables[name].c.site_id.type) for name in SPREAD} == {"TEXT"}


def test_what_a_spread_table_refers_to_is_of_the_same_site_or_everywhere(schema):
    for name in SPREAD:
        for foreign in schema.tables[name].foreign_key_constraints:
            pairs = {(one.parent.name, one.column.name) for one in foreign.elements}
            is_everywhere = CALLS[foreign.referred_table.name] == "reference"
            assert is_everywhere or ("site_id", "site_id") in pairs, foreign.name
            # Citus refuses those alone that would change the site of a row.
            assert foreign.ondelete in (None, "RESTRICT") and foreign.onupdate is None


def test_what_is_referred_to_comes_first_and_a_reference_table_refers_to_no_spread_one(schema):
    order = list(CALLS)
    for name in order:
        for foreign in schema.tables[name].foreign_key_constraints:
            referred = foreign.referred_table.name
            assert order.index(referred) < order.index(name)
            assert CALLS[name] == "distributed" or CALLS[referred] == "reference"
