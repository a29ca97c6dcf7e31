"""Lines about PostgreSQL, against the real one of the tests, which is fast and not safe."""

import uuid

import psycopg
import pytest

from consent_server.operations.selfcheck import postgresql


@pytest.fixture
def database_url(postgresql_url):
    return postgresql_url


@pytest.fixture
def administer(postgresql_administrator_url):
    """Run statements as the cluster's superuser."""
    url = postgresql_administrator_url.replace("+psycopg", "")

    def administer(*statements):
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    return administer


@pytest.fixture
def role(administer):
    """A role that may connect, and nothing else."""
    name = f"service_{uuid.uuid4().hex}"
    administer(f"CREATE ROLE {name} LOGIN")
    yield name
    administer(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_server_that_loses_what_it_acknowledged_fails(look, monkeypatch):
    code, lines = look()
    monkeypatch.setattr(postgresql, "DURABLE", ("synchronous_commit",))
    _, without = look()

    assert (code, lines["postgresql-durability"]["status"]) == (1, "fail")
    assert "fsync" in lines["postgresql-durability"]["seen"]
    assert without["postgresql-durability"]["status"] == "ok"
    assert lines["postgresql-checksums"]["status"] == "warn"
    assert lines["postgresql-tls"]["status"] == "ok"


def test_a_role_that_may_do_too_much_is_told(look, role, administer, postgresql_administrator_url):
    _, superuser = look(DATABASE_URL=postgresql_administrator_url)
    database = postgresql_administrator_url.rpartition("/")[2].partition("?")[0]
    administer(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
    )
    as_role = postgresql_administrator_url.replace("consent@", f"{role}@")
    assert as_role != postgresql_administrator_url
    _, limited = look(DATABASE_URL=as_role)
    administer(f"ALTER TABLE consent_records OWNER TO {role}")
    _, owner = look(DATABASE_URL=as_role)
    administer("ALTER TABLE consent_records OWNER TO consent")

    assert superuser["postgresql-role"]["status"] == "fail"
    assert "SUPERUSER" in superuser["postgresql-role"]["seen"]
    assert limited["postgresql-role"]["status"] == "ok"
    assert owner["postgresql-role"]["status"] == "warn"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE POLICY more ON consent_records USING (true)",
        "CREATE POLICY more ON consent_records FOR SELECT TO PUBLIC USING (site_id <> '')",
        "DROP POLICY one_site ON consent_records",
        "ALTER POLICY every_site ON consent_records USING (true)",
        "ALTER POLICY one_site ON consent_records WITH CHECK (true)",
    ],
)
def test_a_policy_that_is_not_ours_is_told(look, administer, statement):
    _, before = look()
    administer(statement)
    code, after = look()

    assert "other policies" not in before["postgresql-row-security"]["seen"]
    assert (code, after["postgresql-row-security"]["status"]) == (1, "fail")
    assert after["postgresql-row-security"]["seen"].endswith("than ours for consent_records")


NOTHING = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
PLACE = "CREATE UNIQUE INDEX ix_log_queue_place ON {}"
OF_A_RECORD = "fk_log_opening_keys_site_id_record_id"
GONE = "DROP TRIGGER consent_records_append_only ON consent_records"
GUARD = (
    "CREATE TRIGGER consent_records_append_only BEFORE {} FOR EACH ROW "
    "EXECUTE FUNCTION refuse_change()"
)
#: What is done to the tables, and what is said of it.
CHANGED = [
    (["DROP TRIGGER log_tiles_grow ON log_tiles"], "fail", "changed: log_tiles_grow"),
    (["ALTER TABLE trail_lines DISABLE TRIGGER ALL"], "fail", "trail_lines_append_only, trail_l"),
    (
        ["ALTER TABLE log_entries ENABLE REPLICA TRIGGER log_entries_append_only"],
        "fail",
        "changed: log_entries_append_only",
    ),
    (
        [NOTHING.replace("FUNCTION nothing", "OR REPLACE FUNCTION refuse_change")],
        "fail",
        "widget_builds_no_truncate",
    ),
    (
        ["ALTER TABLE log_entries DROP CONSTRAINT pk_log_entries"],
        "fail",
        "switched off or changed: pk_log_entries",
    ),
    (["ALTER TABLE sites ALTER archived_at TYPE timestamptz(0)"], "fail", "sites.archived_at"),
    (["ALTER TABLE sites ALTER created_at DROP NOT NULL"], "fail", "changed: sites.created_at"),
    (["DROP INDEX ix_log_queue_place"], "fail", "ix_log_queue_place"),
    ([f"ALTER TABLE log_opening_keys DROP CONSTRAINT {OF_A_RECORD}"], "fail", OF_A_RECORD),
    (
        [
            f"ALTER TABLE log_opening_keys DROP CONSTRAINT {OF_A_RECORD}, "
            f"ADD CONSTRAINT {OF_A_RECORD} FOREIGN KEY (site_id, record_id) "
            "REFERENCES consent_records (site_id, record_id) ON DELETE CASCADE"
        ],
        "fail",
        f"changed: {OF_A_RECORD}",
    ),
    (["ALTER TABLE idempotency_keys DISABLE TRIGGER ALL"], "fail", "fk_idempotency_keys_site"),
    *(
        (["DROP INDEX ix_log_queue_place", key], "fail", "changed: ix_log_queue_place")
        for key in [
            PLACE.format("log_queue (site_id, leaf_index, queue_id)"),
            PLACE.format("log_queue (site_id, leaf_index)"),
            PLACE.format("log_tiles (site_id, level, tile_index) WHERE level IS NOT NULL"),
            PLACE.format("log_queue (site_id, leaf_index) WHERE leaf_index IS NULL"),
            PLACE.format("log_queue (site_id, abs(leaf_index)) WHERE leaf_index IS NOT NULL"),
        ]
    ),
    *(
        ([GONE, guard], "fail", "changed: consent_records_append_only")
        for guard in [
            GUARD.format("UPDATE OF n ON consent_records"),
            GUARD.format("UPDATE ON restricted_proofs"),
        ]
    ),
    (["ALTER DATABASE {0} SET session_replication_role = 'replica'"], "fail", "consent_records_"),
    (
        [NOTHING, "CREATE TRIGGER n BEFORE INSERT ON log_queue EXECUTE FUNCTION nothing()"],
        "warn",
        "the trigger n",
    ),
    (["CREATE RULE r AS ON DELETE TO log_queue DO INSTEAD NOTHING"], "warn", "the rule r"),
    (["CREATE TABLE more () INHERITS (consent_records)"], "warn", "consent_records is no table"),
    (
        ["ALTER TABLE restricted_proofs SET UNLOGGED"],
        "warn",
        "restricted_proofs is no table",
    ),
    (
        ["ALTER DATABASE {0} SET consent.every_site = 'on'"],
        "warn",
        "consent.every_site=on is set beforehand",
    ),
]


@pytest.mark.parametrize(("statements", "status", "said"), CHANGED)
def test_a_table_that_is_not_as_the_migrations_made_it_is_told(
    look, administer, two_roles, statements, status, said
):
    _, before = look()
    administer(*(statement.format(two_roles.name) for statement in statements))
    _, after = look()

    assert before["postgresql-tables"]["status"] == "ok", before["postgresql-tables"]
    assert after["postgresql-tables"]["status"] == status
    assert said in after["postgresql-tables"]["seen"]


def test_a_role_that_can_become_another_one_is_told(
    look, role, administer, postgresql_administrator_url
):
    administer(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT consent, pg_read_server_files TO {role}",
    )

    as_role = postgresql_administrator_url.replace("consent@", f"{role}@")
    _, lines = look(DATABASE_URL=as_role)

    assert lines["postgresql-role"]["status"] == "fail"
    assert "SUPERUSER" in lines["postgresql-role"]["seen"]
    assert "FILES as pg_read_server_files" in lines["postgresql-role"]["seen"]


def test_an_old_server_fails(look, monkeypatch):
    monkeypatch.setattr(postgresql, "OLDEST", 99)

    code, lines = look()

    assert (code, lines["postgresql-version"]["status"]) == (1, "fail")


def test_tables_are_looked_at_in_a_schema_of_any_name(
    look, run, administer, monkeypatch, postgresql_administrator_url
):
    administer('CREATE SCHEMA "Our-Own"')
    mark = "&" if "?" in postgresql_administrator_url else "?"
    own = f"{postgresql_administrator_url}{mark}options=-csearch_path%3D%22Our-Own%22"
    monkeypatch.setenv("DATABASE_URL", own)
    assert run("site", "list").exit_code == 0  # which makes the tables

    _, lines = look()

    assert lines["postgresql-tables"]["status"] == "ok"
    assert "could not be looked at" not in lines["postgresql-row-security"]["seen"]
