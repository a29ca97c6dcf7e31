"""Rows of a site that somebody changed so that they cannot be read: 503 there, and nowhere else."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.db import db
from consent_server.sites import parsing
from tests.builders import acceptance
from tests.log.tampering import unguarded

#: What is changed of what is published → what no version of the service writes there.
OF_PUBLICATIONS = [
    ("bundle", "'{'"),
    ("bundle", "'[1]'"),
    ("bundle", "'{\"v\": 1}'"),
    ("document", "'null'"),
    ("document", "'{\"origins\": [7]}'"),
    ("published_at", "{instant}"),
]
INSTANTS = {"sqlite": "'yesterday'", "postgresql": "'infinity'"}


@pytest.fixture
def change(app):
    """Change rows of a table past every guard."""

    def change(table, column, value, where):
        parsing.parsed_bundle.cache_clear()  # as in a process that read it for the first time
        with app.app_context(), unguarded(db.engine) as connection:
            name = db.engine.dialect.name
            written = value.replace("{instant}", INSTANTS[name]).replace(":", r"\:")
            statement = f"UPDATE {table} SET {column} = {written} WHERE {where}"  # noqa: S608
            done = connection.execute(sa.text(statement))
            assert done.rowcount >= 1

    return change


@pytest.fixture
def ask_all(client, decide, api_key):
    """Ask a site everything that pages and programs ask; gives the answers by what was asked."""

    def ask_all(site, bundle):
        asked = {"decision": decide(acceptance(bundle=bundle), site_id=site)}
        addresses = {
            "/s/{site}.js": {},
            "/v1/sites/{site}/bundle": {},
            "/v1/check?site={site}": api_key("check", site=site),
        }
        for address, headers in addresses.items():
            asked[address] = client.get(address.format(site=site), headers=headers)
        return asked

    return ask_all


@pytest.mark.parametrize(("column", "value"), OF_PUBLICATIONS)
def test_of_what_is_published_hurt_their_site_alone(
    site, publish, ask_all, change, client, column, value
):
    other = publish("other")
    change("publications", column, value, "site_id = 'demo'")

    with capture_logs() as told:
        refused = failed(ask_all("demo", site.bundle_hash))

    for name, answer in refused.items():
        assert (answer.status_code, answer.json["reason"]) == (503, "row_unreadable"), name
        assert answer.headers["Retry-After"]
    lines = [line for line in told if line["log_level"] == "error"]
    assert {line["event"] for line in lines} == {"row_unreadable"}
    assert len(lines) == len(refused)
    assert failed(ask_all("other", other.bundle_hash)) == {}
    assert client.get("/readyz").json == {"status": "ok"}


@pytest.mark.parametrize("table", ["sites", "widget_builds"])
def test_an_instant_that_nobody_reads_hurts_nobody(site, ask_all, change, table):
    column = {"sites": "created_at", "widget_builds": "added_at"}[table]
    change(table, column, "{instant}", "1 = 1")

    answers = ask_all("demo", site.bundle_hash)

    assert failed(answers) == {}


def test_a_site_that_was_archived_nobody_knows_when_is_archived(
    site, ask_all, change, client, api_key
):
    key = api_key("export")
    change("sites", "archived_at", "{instant}", "id = 'demo'")

    assert client.get("/s/demo.js").status_code == 404
    assert client.get("/v1/sites/demo/consents", headers=key).status_code == 200


def test_a_build_that_is_gone_is_told_as_such(app, site, client):
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM widget_builds"))

    answer = client.get("/s/demo.js")

    assert (answer.status_code, answer.json["reason"]) == (503, "row_unreadable")


def failed(answers):
    return {name: answer for name, answer in answers.items() if answer.status_code >= 400}
