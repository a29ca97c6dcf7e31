"""A statement that removes many rows is looked at as a whole: each of them has to be named."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.removal import FORGET_WAITING
from consent_server.erasing.restricted import PLACES
from tests.builders import OTHER_VISITOR, VISITOR, acceptance
from tests.databases import administrator_of

#: As an erasure on SQLite names a record, and on PostgreSQL one of an earlier version.
NAME = "INSERT INTO log_erasures VALUES ('demo', :id, '')"
#: As one does on PostgreSQL.
WORD = "SELECT set_config('consent.erased', :named, true)"
#: A thousand decisions more that wait, one a second, and what is read of those that wait.
WAIT = (
    "INSERT INTO log_queue SELECT site_id, queued_at + number * interval '1 second', "
    "number::text, entry, number::text FROM log_queue, generate_series(1, 1000) AS number "
    "WHERE record_id IS NOT NULL"
)
READ = (
    "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) "
    "FROM pg_stat_xact_user_tables WHERE relname = 'log_queue'"
)
#: Of a record, what refers to it may refuse first.
REFUSED = "can only be appended to|violates foreign key"


@pytest.fixture
def two(decide, seal):
    """The ids of two records, of which the log holds the entries."""
    bodies = acceptance(), acceptance(consent_id=OTHER_VISITOR)
    ids = [decide(body).json["record_id"] for body in bodies]
    seal()
    return ids


@pytest.fixture
def attempt(app):
    """Name some records, run statements past every right, and undo all of it."""

    def attempt(names, *statements, word=None):
        with app.app_context(), administrator_of(db.engine).connect() as connection:
            for id_ in names:
                connection.execute(sa.text(NAME), {"id": id_})
            if word is not None:
                connection.execute(sa.text(WORD), {"named": word})
            return [connection.execute(sa.text(statement)).rowcount for statement in statements]

    return attempt


FORGET = "UPDATE log_entries SET record_id = NULL WHERE record_id IS NOT NULL"
REMOVE = [
    "DELETE FROM idempotency_keys",
    "DELETE FROM log_opening_keys",
    "DELETE FROM consent_records",
]


def test_what_is_named_goes_in_one_statement(two, attempt):
    assert attempt(two, FORGET, *REMOVE) == [2, 2, 2, 2]


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize("statement", [FORGET, REMOVE[1], REMOVE[2]])
def test_one_that_is_not_named_keeps_all_of_them(two, attempt, rows, statement, named):
    tables = ("log_entries", "log_opening_keys", "consent_records")
    before = [rows(table) for table in tables]

    with pytest.raises(sa.exc.DBAPIError, match=REFUSED):
        attempt(two[:named], statement)

    assert [rows(table) for table in tables] == before


@pytest.mark.parametrize(
    "change",
    [
        "record_id = NULL, leaf_index = leaf_index + 100",
        "record_id = NULL, site_id = 'other'",
        "record_id = NULL, entry = substr(entry, 2)",
        "record_id = record_id",
        "record_id = 'AAAAAAAAAAAAAAAAAAAAAA'",
    ],
)
def test_an_entry_that_is_named_only_forgets(two, attempt, change):
    statement = f"UPDATE log_entries SET {change} WHERE record_id IS NOT NULL"  # noqa: S608

    with pytest.raises(sa.exc.DBAPIError):
        attempt(two[:1], f"{statement} AND record_id = '{two[0]}'")


def test_entries_do_not_change_places(two, attempt):
    swap = (
        "UPDATE log_entries SET record_id = NULL, entry = other.entry FROM log_entries AS other "
        "WHERE log_entries.record_id IS NOT NULL AND other.record_id IS NOT NULL "
        "AND other.record_id <> log_entries.record_id"
    )

    with pytest.raises(sa.exc.DBAPIError, match=REFUSED):
        attempt(two, swap)


class TestNamedByAWordOfTheTransaction:
    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    def test_what_is_named_goes_in_one_statement(self, two, attempt):
        assert attempt([], FORGET, *REMOVE, word=",".join(["demo", *two])) == [2, 2, 2, 2]

    def test_both_ways_count_together(self, two, attempt):
        """While processes of two versions erase."""
        assert attempt(two[:1], FORGET, *REMOVE, word=f"demo,{two[1]}") == [2, 2, 2, 2]

    @pytest.mark.parametrize("statement", [FORGET, REMOVE[1], REMOVE[2]])
    @pytest.mark.parametrize("word", ["", "demo", "demo,{0}", "other,{0},{1}", "{0},{1}"])
    def test_no_other_word_lets_them_go(self, two, attempt, rows, statement, word):
        tables = ("log_entries", "log_opening_keys", "consent_records")
        before = [rows(table) for table in tables]

        with pytest.raises(sa.exc.DBAPIError, match=REFUSED):
            attempt([], statement, word=word.format(*two))

        assert [rows(table) for table in tables] == before

    def test_a_word_ends_with_its_transaction(self, app, two):
        with app.app_context(), administrator_of(db.engine).connect() as connection:
            connection.execute(sa.text(WORD), {"named": ",".join(["demo", *two])})
            connection.commit()
            with pytest.raises(sa.exc.DBAPIError, match=REFUSED):
                connection.exec_driver_sql(FORGET)


def test_the_idempotency_keys_of_a_record_are_found_by_an_index(app):
    """A visitor's erasure does not read the requests of a whole day."""
    find = "SELECT * FROM idempotency_keys WHERE site_id = 'demo' AND record_id = 'x'"
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {find}").scalars().all()
        else:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {find}").all()
            plan = [row[-1] for row in rows]

    text = "\n".join(plan)
    assert "ix_idempotency_keys_record_id" in text
    assert "record_id" in text.partition("ix_idempotency_keys_record_id")[2]


def test_a_name_is_found_by_its_key_whatever_lies_beside_it(app, two):
    """Dead names of a long purge stay while somebody reads: no statement may read them all."""
    looks = (
        "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = %s::regclass"
    )
    with app.app_context(), administrator_of(db.engine).connect() as connection:
        if connection.dialect.name != "postgresql":
            return
        for id_ in [*two, *map(str, range(1000))]:
            connection.execute(sa.text(NAME), {"id": id_})
        before = connection.exec_driver_sql(looks, ("log_erasures",)).one()
        for statement in (FORGET, *REMOVE):
            connection.exec_driver_sql(statement)
        after = connection.exec_driver_sql(looks, ("log_erasures",)).one()

    # Two rows of each of the three tables that are guarded.
    assert [now - then for now, then in zip(after, before, strict=True)] == [0, 6]


def test_the_statements_of_an_erasure_are_the_same_for_whatever_number_of_records(
    app, decide, seal, erase, clock
):
    """PostgreSQL takes 65,535 parameters: whoever has more records could not be erased."""
    decide(acceptance(1))
    for n in range(1, 4):
        clock.advance(minutes=1)
        decide(acceptance(n, consent_id=OTHER_VISITOR))
    seal()
    with app.app_context():
        engine = db.engine
    said = [set(), set()]
    for statements, visitor in zip(said, (VISITOR, OTHER_VISITOR), strict=True):

        def hear(*words, statements=statements):
            statements.add(words[2])

        sa.event.listen(engine, "before_cursor_execute", hear)
        erase(visitor)
        sa.event.remove(engine, "before_cursor_execute", hear)

    assert said[0] == said[1]


def test_an_erasure_does_not_look_through_what_waits(app, decide, seal, erase, clock):
    """While a log has an alarm its queue grows, and erasures go on."""
    decide(acceptance())
    seal()
    clock.advance(minutes=1)
    decide(acceptance(consent_id=OTHER_VISITOR))
    said = []
    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *words: said.append(words[2]))

    def looks():
        return [found for found in said if found.startswith("UPDATE log_queue")]

    erase()
    of_the_log = len(looks())
    erase(OTHER_VISITOR)

    assert of_the_log == 0
    (look,) = looks()
    assert "queued_at IN" in look


@pytest.mark.parametrize("look", [FORGET_WAITING[0], PLACES], ids=["to forget", "to keep"])
def test_what_waits_is_found_by_the_instant_of_its_record(app, decide, look):
    """Of a thousand that wait, those that are erased."""
    id_ = decide(acceptance()).json["record_id"]
    with app.app_context(), administrator_of(db.engine).connect() as connection:
        if connection.dialect.name == "sqlite":
            text = str(look.compile(connection))  # a plan is made without the values
            asked = f"EXPLAIN QUERY PLAN {text}", ("",) * text.count("?")
            plan = [row[-1] for row in connection.exec_driver_sql(*asked) if "queue" in row[-1]]
            assert ["queued_at=?" in step for step in plan] == [True], plan
            return
        connection.execute(sa.text(WAIT))
        connection.exec_driver_sql("ANALYZE log_queue, consent_records")
        before = connection.exec_driver_sql(READ).scalar_one()
        connection.execute(look, {"of_site": "demo", "ids": [id_], "reason": "art17"})
        read = connection.exec_driver_sql(READ).scalar_one() - before

    assert read < 10
