"""R049: what is shown to visitors has its hash in the log before it is shown."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.sealing import service
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites import service as sites
from consent_server.sites.publishing import publish as publish_alone
from tests.builders import a_document, acceptance, refusal
from tests.log.tampering import unguarded

#: What a page asks for.
SERVED = ["/s/demo.js", "/v1/sites/demo/bundle"]


@pytest.fixture
def publish_only(app, clock):
    """Publish a changed document, and leave its log to the sequencer."""

    def publish_only(**changes):
        with app.app_context():
            return publish_alone(
                a_document("demo", **changes), artifacts(), clock.instant
            ).bundle_hash

    return publish_only


@pytest.fixture
def served(client):
    """Return the hash of the bundle that pages get."""
    return lambda: client.get("/v1/sites/demo/bundle").json["hash"]


@pytest.mark.parametrize("path", SERVED)
def test_a_first_publication_is_served_to_nobody_before_its_log_has_it(
    client, published_unsealed, seal, path
):
    before = client.get(path)
    seal()

    assert (before.status_code, before.json["reason"]) == (409, "publication_pending")
    assert before.headers["Cache-Control"] == "no-store"
    assert client.get(path).status_code == 200


def test_until_the_log_has_it_pages_get_what_was_published_before(
    site, publish_only, served, seal, rows
):
    newer = publish_only(name="Another name")
    assert served() == site.bundle_hash

    seal()

    assert served() == newer
    [*_, entry] = [json.loads(bytes(row["entry"])) for row in rows("log_entries", "leaf_index")]
    assert (entry["t"], entry["h"]) == ("ar", newer)


def test_a_yes_to_it_is_not_taken_before_and_is_taken_after(
    client, decide, site, publish_only, seal
):
    newer = publish_only(name="Another name")
    early = decide(acceptance(bundle=newer))
    on_the_old_one = decide(acceptance(bundle=site.bundle_hash))

    seal()

    assert (early.status_code, early.json["reason"]) == (409, "bundle_outdated")
    assert on_the_old_one.status_code == 201
    assert decide(acceptance(2, bundle=newer)).status_code == 201


def test_two_publications_that_wait_come_into_force_together(site, publish_only, served, seal):
    publish_only(name="Another name")
    newest = publish_only(name="A third name")
    assert served() == site.bundle_hash

    seal()

    assert served() == newest


def test_in_the_past_holds_what_the_log_had(app, site, publish_only, clock):
    clock.advance(hours=1)
    publish_only(name="Another name")

    with app.app_context():
        then = sites.publication_in_force("demo", clock.instant)
        assert then.bundle_hash == site.bundle_hash


def test_published_with_the_command_it_is_in_the_log_and_in_force(app, clock, site, notary, rows):
    with app.app_context():
        done = publish_in_log(a_document("demo", name="New"), artifacts(), notary, clock.instant)
        assert (done.pending, done.publication.revision) == (None, 2)
    assert (rows("log_queue"), len(rows("log_entries"))) == ([], 3)


def test_a_log_that_cannot_be_signed_keeps_the_old_bundle_in_force(
    app, clock, decide, site, notary, served
):
    decide(refusal())
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("UPDATE consent_records SET language = 'en'"))

    with app.app_context():
        done = publish_in_log(a_document("demo", name="New"), artifacts(), notary, clock.instant)
        assert done.pending.startswith("its log is not signed: record ")

    assert served() == site.bundle_hash


def test_while_another_process_is_at_work_on_the_log_it_waits(app, clock, site, notary, served):
    with app.app_context():
        assert service.take_lease("demo", "another", clock.instant)
        done = publish_in_log(a_document("demo", name="New"), artifacts(), notary, clock.instant)
        assert done.pending == "another process is at work on its log and will add it"
        newer = done.publication.bundle_hash
        assert served() == site.bundle_hash
        service.seal("demo", notary, clock.instant + timedelta(minutes=1))

    assert served() == newer
