"""A forgotten WHERE shows no row of another site: what the database does when a query does not."""

import re

import pytest
import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy import event

from consent_server import rowscope
from consent_server.consents import standing
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.sites.errors import KeyInvalid
from consent_server.sites.keys import authenticate
from consent_server.sites.publishing import publish as publish_document
from consent_server.statements import Query
from tests.builders import ORIGIN, a_document, acceptance, bundle_hash
from tests.cli import conftest as commands
from tests.tworoles import connect

run = commands.run
OF_A_SITE = {
    table.name: "id" if table.name == "sites" else "site_id"
    for table in db.metadata.sorted_tables
    if "site_id" in table.columns or table.name == "sites"
}
SCOPES = {
    "own": rowscope.of_site("other"),
    "nobody": rowscope.NOBODY,
    "every site": rowscope.EVERYBODY,
}


@pytest.fixture
def two_sites(app, publish, decide, seal):
    """The sites ``demo`` and ``other``, each with a grant in its log, one in its queue, and a proof
    of one that was erased."""
    publish("other")
    for letter in "AB":
        seal("demo")
        seal("other")
        visitor = letter * 21 + "A"
        decide(acceptance(consent_id=visitor))
        decide(acceptance(consent_id=visitor, bundle=bundle_hash("other")), site_id="other")
    kept = "INSERT INTO restricted_proofs VALUES (:site, 'x', now(), '')"
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(kept), [{"site": "demo"}, {"site": "other"}])


@pytest.fixture
def without_security(two_roles):
    """The control: switch row security off, as only the owner can."""

    def without_security():
        with connect(two_roles.owner) as connection:
            for table in OF_A_SITE:
                connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    return without_security


@pytest.fixture
def forget_site(app):
    """Take the site out of every condition, in each statement that is sent from now on."""
    done = []

    def forget(connection, cursor, statement, parameters, context, executemany):
        found = re.sub(r"\w+\.site_id = %\((\w+)\)s::\w+", r"%(\1)s::text <> ''", statement)
        done.append(found != statement)
        return found, parameters

    with app.app_context():
        engine = db.engine

    def forget_site():
        event.listen(engine, "before_cursor_execute", forget, retval=True)
        return done

    yield forget_site
    if done:
        event.remove(engine, "before_cursor_execute", forget)


@pytest.fixture
def ask_to_erase(client):
    """Ask as the visitor whose consent id has only the letter B, at a site."""

    def ask_to_erase(site_id):
        headers = {"Consent-Id": "B" * 21 + "A", "Origin": ORIGIN}
        assert client.delete(f"/v1/sites/{site_id}/me", headers=headers).json["erased"] == 1

    return ask_to_erase


def in_scope(app, scope, statement):
    """Run a statement in a transaction of a scope; return its rows, or how many it touched."""
    before = rowscope.current()
    rowscope.enter(scope)
    try:
        with app.app_context(), db.engine.begin() as connection:
            done = connection.execute(sa.text(statement))
            return done.all() if done.returns_rows else done.rowcount
    finally:
        rowscope.enter(before)


def test_every_table_of_a_site_is_kept_apart_from_its_owner_too(two_roles):
    with connect(two_roles.owner) as connection:
        kept = connection.execute(
            "SELECT relname::text, count(polname) FROM pg_class "
            "LEFT JOIN pg_policy ON polrelid = pg_class.oid "
            "WHERE relrowsecurity AND relforcerowsecurity GROUP BY relname"
        ).fetchall()

    assert dict(kept) == dict.fromkeys(OF_A_SITE, 2)


@pytest.mark.parametrize("scope", ["own", "every site"])
def test_the_planner_expects_the_rows_that_a_scope_shows(app, publish, two_roles, scope):
    """Else it reads a whole table for a page of it."""
    publish("other")
    with connect(two_roles.administrator) as connection:
        connection.execute(
            "INSERT INTO erased_subjects "
            "SELECT 'other', number::text, 1, now() FROM generate_series(1, 3000) AS number"
        )
        connection.execute("ANALYZE erased_subjects")

    explain = "EXPLAIN (FORMAT JSON) SELECT * FROM erased_subjects WHERE site_id = 'other'"
    [(found,)] = in_scope(app, SCOPES[scope], explain)

    assert 2_000 < found[0]["Plan"]["Plan Rows"] < 4_000


@pytest.mark.parametrize(
    "table", ["consent_records", "log_entries", "log_queue", "restricted_proofs", "sites"]
)
def test_a_transaction_sees_the_rows_of_its_site_alone(app, two_sites, table, without_security):
    column = OF_A_SITE[table]
    query = f"SELECT DISTINCT {column} FROM {table} ORDER BY 1"  # noqa: S608

    seen = {name: [row[0] for row in in_scope(app, scope, query)] for name, scope in SCOPES.items()}
    without_security()

    assert seen == {"own": ["other"], "nobody": [], "every site": ["demo", "other"]}
    assert len(in_scope(app, rowscope.NOBODY, query)) == 2, "the control"


def test_no_row_of_another_site_is_written(app, two_sites, two_roles):
    insert = "INSERT INTO trail_lines VALUES (:site, 99, 'x', now(), 'x', 'x', NULL, '{}')"
    own = insert.replace(":site", "'other'")
    foreign = insert.replace(":site", "'demo'")

    assert in_scope(app, SCOPES["own"], own) == 1
    for scope in (SCOPES["own"], rowscope.NOBODY):
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security") as refused:
            in_scope(app, scope, foreign)
        assert refused.value.orig.sqlstate == "42501"
        for statement in (
            "UPDATE log_queue SET leaf_index = 7 WHERE site_id = 'demo'",
            "DELETE FROM log_queue WHERE site_id = 'demo'",
        ):
            assert in_scope(app, scope, statement) == 0
    assert in_scope(app, rowscope.EVERYBODY, "DELETE FROM log_queue WHERE site_id = 'demo'") > 0


def test_a_route_that_forgets_its_site_shows_no_other(
    client, two_sites, api_key, records, forget_site, without_security
):
    key = api_key("export", site="other")
    own = {record["record_id"] for record in records("other")}
    foreign = {record["record_id"] for record in records("demo")}
    forgotten = forget_site()

    def shown():
        answer = client.get("/v1/sites/other/consents?limit=100", headers=key)
        return {record["record_id"] for record in answer.json["records"]}

    kept_apart = shown()
    without_security()

    assert any(forgotten)
    assert kept_apart == own
    assert shown() == own | foreign, "the control"


def test_a_hot_path_that_forgets_its_site_shows_no_other(
    app, two_sites, records, without_security, monkeypatch
):
    held = ConsentRecord.__table__
    forgetful = sa.select(
        held.c.expires_at, held.c.record_id, held.c.categories, held.c.services
    ).where(held.c.record_id == sa.bindparam("record"), sa.bindparam("site") != "")
    monkeypatch.setattr(standing, "NOW", Query(forgetful))
    [foreign] = {record["record_id"] for record in records("demo")[:1]}
    [own] = {record["record_id"] for record in records("other")[:1]}

    def ask(record_id):
        with app.app_context(), rowscope.one_site("other"):
            return standing.standing("other", record_id, None)

    seen = ask(own), ask(foreign)
    without_security()

    assert (seen[0] is not None, seen[1]) == (True, None)
    assert ask(foreign) is not None, "the control"


def test_no_scope_outlives_its_transaction(app, two_sites, client, check):
    check("no token")
    client.get("/v1/sites/demo/bundle")

    with app.app_context():
        connections = [db.engine.raw_connection() for _ in range(3)]
        settings = [
            connection.driver_connection.execute(
                "SELECT current_setting('consent.site', true), "
                "current_setting('consent.every_site', true)"
            ).fetchone()
            for connection in connections
        ]
        for connection in connections:
            connection.close()

    assert {value or "" for row in settings for value in row} == {""}


def test_a_level_of_isolation_of_its_own_leaves_no_connection_without_scope(app, two_sites):
    with app.app_context():
        db.engine.dispose()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("SELECT 1"))

    seen = in_scope(app, SCOPES["own"], "SELECT DISTINCT site_id FROM log_queue")

    assert seen == [("other",)]


def test_a_level_of_isolation_of_its_own_has_its_scope(app, two_sites):
    query = sa.text("SELECT DISTINCT site_id FROM log_queue")
    with app.app_context(), rowscope.one_site("other"):
        repeatable = {"isolation_level": "REPEATABLE READ"}
        with db.engine.connect().execution_options(**repeatable) as connection:
            assert connection.execute(query).all() == [("other",)]


def test_whoever_is_refused_a_key_leaves_no_transaction_of_every_site(app, two_sites, api_key):
    known = api_key("check", site="other")["Authorization"].split()[1]
    for key in (known[:-1] + "x", f"cp_live_{'x' * 8}_{'x' * 43}"):
        with app.app_context(), rowscope.one_site("demo"):
            with pytest.raises(KeyInvalid):
                authenticate(key)
            seen = db.session.scalars(sa.text("SELECT DISTINCT site_id FROM log_queue")).all()

        assert seen == ["demo"]


@pytest.mark.parametrize(
    "site_id", ["*", "on", "", "a'b", "demo\0", "x" * 41, "DEMO", "every_site"]
)
def test_what_is_no_id_of_a_site_has_no_rows(client, app, site, site_id):
    assert rowscope.of_site(site_id) == rowscope.NOBODY
    assert client.get(f"/v1/sites/{site_id.replace(chr(0), '%00')}/bundle").status_code == 404
    with pytest.raises(ValueError, match="not the id of a site"):
        rowscope.entering((rowscope.SITE, f"{site_id}'"))


def test_a_request_leaves_the_scope_of_its_thread_as_it_was(client, site):
    with rowscope.one_site("another"):
        client.get("/v1/sites/demo/bundle")

        assert rowscope.current() == rowscope.of_site("another")


def test_a_stream_that_ends_later_leaves_the_scope_as_it_is_then(client, site, api_key):
    before = rowscope.current()
    url, key = "/v1/sites/demo/export?format=csv", api_key("export")
    answer = client.get(url, headers=key, buffered=False)

    with rowscope.one_site("another"):
        whole = answer.data

        assert rowscope.current() == rowscope.of_site("another")
    assert b"#manifest" in whole
    assert rowscope.current() == before


def test_a_backup_comes_back_by_the_owner_whose_rows_are_kept_apart_too(
    run, two_sites, two_roles, tmp_path, records
):
    before = records("demo"), records("other")
    run("backup", tmp_path / "backup")
    with connect(two_roles.administrator) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION roles_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")

    restored = run("restore", tmp_path / "backup", env={"DATABASE_URL": two_roles.owner})
    given = run("db", "roles", "roles_service", "--apply", env={"DATABASE_URL": two_roles.owner})

    assert (restored.exit_code, given.exit_code) == (0, 0), restored.output + given.output
    assert (records("demo"), records("other")) == before


def test_a_request_of_one_site_does_the_erasures_of_all(
    client, two_sites, two_roles, records, ask_to_erase
):
    with connect(two_roles.administrator) as connection:
        kept = connection.execute(
            "SELECT to_jsonb(consent_records) FROM consent_records WHERE site_id = 'demo'"
        ).fetchall()
    ask_to_erase("demo")
    left = records("demo")
    with connect(two_roles.administrator) as connection:  # an older copy is put back
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM consent_records WHERE site_id = 'demo'")
        connection.execute("UPDATE erasure_marks SET number = 0")
        for (row,) in kept:
            connection.execute(
                "INSERT INTO consent_records "
                "SELECT * FROM jsonb_populate_record(NULL::consent_records, %s)",
                (Jsonb(row),),
            )
    came_back = records("demo")
    ask_to_erase("other")

    assert (len(left), len(came_back)) == (1, 2)
    assert records("demo") == left


def test_a_lost_log_key_is_not_made_anew_for_a_site_that_signed_nothing_yet(
    client, app, clock, two_sites, tmp_path
):
    with app.app_context():
        publish_document(a_document("third"), artifacts(), clock.instant)
    key = tmp_path / "var/keys/log.json"
    key.unlink()

    answer = client.get("/v1/sites/third/log/key")

    assert answer.json["reason"] == "log_key_unusable"
    assert not key.exists()
