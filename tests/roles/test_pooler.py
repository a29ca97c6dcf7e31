"""Behind PgBouncer in transaction mode: each transaction in whatever session is free."""

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.builders import ORIGIN, VISITOR, a_decision, acceptance, refusal, withdrawal
from tests.cli import conftest as commands
from tests.machine import pgbouncer
from tests.operations.selfcheck import conftest as selfchecks
from tests.roles.pooler import SESSIONS, Pooler
from tests.tworoles import SERVICE, connect

run = commands.run
look = selfchecks.look
#: Sessions that the pooler keeps have the limits that they began with.
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = 'roles_service'"
)


@pytest.fixture
def pooler(two_roles):
    tool = pgbouncer.find()
    assert tool is not None, pgbouncer.REMEDY
    running = Pooler(tool, two_roles.service)
    yield running
    running.close()


@pytest.fixture
def database_url(pooler):
    return pooler.url


@pytest.fixture
def environment(environment):
    """What an operator sets behind a pooler; the owner has migrated."""
    return {**environment, "CONSENT_DATABASE_POOLED": "true", "CONSENT_AUTO_MIGRATE": "false"}


def test_a_site_lives_its_life(client, decide, check, api_key, seal, run, tmp_path):
    granted = decide(acceptance()).json["token"]
    before = check(granted)["granted"]
    for body in (refusal(), withdrawal(n=2)):
        assert decide(body).status_code == 201
    seal()
    exported = client.get("/v1/sites/demo/export?format=jsonl", headers=api_key("export"))
    done = [run("backup", tmp_path / "backup"), run("log", "audit", "demo"), run("purge")]
    seal()
    own = {"Consent-Id": VISITOR, "Origin": ORIGIN}
    erased = client.delete("/v1/sites/demo/me", headers=own)

    assert (before, check(granted)["granted"]) == (True, False)
    assert (exported.status_code, exported.text.count('"event"') >= 3) == (200, True)
    assert [each.exit_code for each in done] == [0, 0, 0], [each.output for each in done]
    assert erased.json["erased"] == 2


def test_many_at_once_share_few_sessions(server, records, two_roles):
    visitors = [f"{letter}" * 21 + "A" for letter in "BCDEFGHIJKLMNOPQ"]
    bodies = [acceptance(consent_id=visitor) for visitor in visitors]
    bodies += [a_decision(consent_id=visitor, n=2) for visitor in visitors]

    def send(body):
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        return server.request("POST", "/v1/sites/demo/consents", json.dumps(body), headers)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, bodies))
    with connect(two_roles.administrator) as connection:
        sessions = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = 'roles_service'"
        ).fetchone()

    assert answers == [201] * len(bodies)
    assert len(records()) == len(bodies)
    assert 0 < sessions[0] <= SESSIONS


def test_no_scope_goes_to_whoever_has_the_session_next(pooler, decide, seal, api_key, client):
    decide(acceptance())
    seal()
    client.get("/v1/sites/demo/export?format=csv", headers=api_key("export"))
    query = (
        "SELECT current_setting('consent.site', true), "
        "current_setting('consent.every_site', true), "
        "nullif(current_setting('plan_cache_mode'), 'auto')"
    )

    with connect(pooler.url) as one, connect(pooler.url) as other:
        seen = {one.execute(query, prepare=False).fetchone() for _ in range(20)}
        one.execute("SET consent.every_site = 'on'")
        control = {other.execute(query, prepare=False).fetchone() for _ in range(20)}

    assert {value or "" for row in seen for value in row} == {""}
    assert any("on" in row for row in control), "the control: what belongs to a session leaks"


def test_selfcheck_says_whether_the_role_has_limits(look, two_roles):
    _, with_limits = look()
    with connect(two_roles.administrator) as connection:
        connection.execute(
            f"ALTER ROLE {SERVICE} IN DATABASE {two_roles.name} SET lock_timeout = 0"
        )
        connection.execute(TERMINATE)
    _, without = look()

    assert with_limits["postgresql-limits"]["status"] == "ok"
    assert without["postgresql-limits"]["status"] == "warn"
    assert "no lock_timeout: " in without["postgresql-limits"]["seen"]


def test_without_the_setting_the_pooler_takes_no_connection(pooler, run):
    refused = run("site", "list", env={"CONSENT_DATABASE_POOLED": "false"})

    assert refused.exit_code == 1
    assert "unsupported startup parameter: options" in refused.stderr


def test_what_is_prepared_by_name_is_not_there_in_another_session(pooler):
    one, other = connect(pooler.url), connect(pooler.url)
    with one, other, pytest.raises(psycopg.errors.InvalidSqlStatementName):
        for _ in range(40):
            one.execute("SELECT 1", prepare=True)
            other.execute("BEGIN", prepare=False)  # holds the session that was free
            one.execute("SELECT 1", prepare=True)
            other.execute("ROLLBACK", prepare=False)


@pytest.mark.parametrize("words", [["db", "upgrade"], ["db", "compact"]], ids=" ".join)
def test_what_needs_a_session_is_refused(run, app, words):
    refused = run(*words)

    assert (refused.exit_code, refused.stderr[:16]) == (1, "pooler_between: ")
