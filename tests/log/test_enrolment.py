"""Records and bundles of a version without logs are in the log from its first checkpoint on."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sealing import service
from consent_server.sealing.audit import Audit
from consent_server.sealing.service import waiting_sites
from tests.builders import acceptance, refusal, withdrawal
from tests.log.tampering import unguarded

TABLES = ("queue", "opening_keys", "leases", "entries", "tiles", "checkpoints")


@pytest.fixture
def forget_the_log(app):
    """Leave what a version without logs would have left."""

    def forget_the_log():
        with app.app_context(), unguarded(db.engine) as connection:
            for table in map("log_{}".format, TABLES):
                connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608
        (app.extensions["consent_settings"].data_dir / "log" / "demo.checkpoint").unlink()

    return forget_the_log


def test_what_was_there_before_is_enrolled_at_the_first_seal(
    app, decide, publish, seal, forget_the_log, rows, notary, monkeypatch
):
    monkeypatch.setattr("consent_server.sealing.enrolment.PAGE", 2)
    decide(acceptance(1))
    decide(withdrawal(2))
    for _ in range(3):
        decide(refusal())
    publish("demo", name="Another name")
    forget_the_log()

    with app.app_context():
        assert waiting_sites() == ["demo"]
    assert seal().count == 3 + 5

    with app.app_context():
        assert list(Audit("demo", notary).findings()) == []
        assert waiting_sites() == []


def test_a_quiet_site_without_a_log_is_one_that_waits(app, decide, seal, forget_the_log):
    decide(acceptance())
    forget_the_log()

    with app.app_context():
        assert waiting_sites() == ["demo"]
    assert seal().count == 3


def test_a_record_that_lost_its_keys_later_is_not_committed_to_anew(
    app, decide, seal, rows, notary
):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM log_opening_keys"))
    decide(refusal())

    seal()

    assert record_id not in {row["record_id"] for row in rows("log_opening_keys")}
    with app.app_context():
        [found] = Audit("demo", notary).findings()
    assert (found.index, found.problem) == (2, f"record {record_id}: its opening keys are missing")


def test_a_site_that_is_older_than_its_log_stays_in_force_while_it_is_enrolled(
    app, client, decide, site, forget_the_log, seal, monkeypatch
):
    decide(acceptance(1))
    forget_the_log()
    served = []

    def look(*arguments):
        db.session.rollback()
        served.append(client.get("/v1/sites/demo/bundle").status_code)
        return settled(*arguments)

    settled = service.settled_batch
    monkeypatch.setattr(service, "settled_batch", look)

    assert seal().count == 3
    assert set(served) == {200}
