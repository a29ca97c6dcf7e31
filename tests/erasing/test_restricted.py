"""What outlives an erasure where a site says so: sealed, for an end, and found by nobody (R097)."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing import restricted
from consent_server.erasing.replay import replay
from consent_server.erasing.traces import remove_traces
from consent_server.errors import RowUnreadable
from consent_server.retention import purging
from consent_server.retention.purging import purge
from consent_server.rights import service as rights
from tests.builders import (
    ORIGIN,
    OTHER_VISITOR,
    VISITOR,
    a_decision,
    a_service,
    acceptance,
    bundle_hash,
    refusal,
    withdrawal,
)
from tests.erasing.legal import REASON, keeping
from tests.log.backup import Backup
from tests.log.tampering import unguarded

UNTIL = "2029-11-22T00:00:00.000Z"


@pytest.fixture
def terms(request):
    """What the site's document says of it."""
    return getattr(request, "param", keeping())


@pytest.fixture
def site(publish, terms):
    """The site ``demo``, which keeps sealed proofs."""
    return publish("demo", **({"restricted_proof": terms} if terms else {}))


@pytest.fixture
def agree(decide, terms):
    """Agree to everything on the bundle of that site."""

    def agree(n=1, **changes):
        known = bundle_hash(restricted_proof=terms) if terms else bundle_hash()
        return decide(acceptance(n, **{"bundle": known, **changes})).json

    return agree


@pytest.fixture
def ask_to_erase(client):
    """Ask as the visitor's browser does; gives the answer's body."""

    def ask_to_erase(consent_id=VISITOR):
        headers = {"Origin": ORIGIN, "Consent-Id": consent_id}
        return client.delete("/v1/sites/demo/me", headers=headers).json

    return ask_to_erase


@pytest.fixture
def kept(rows):
    """What is kept."""
    return lambda: rows("restricted_proofs", "proof_id")


@pytest.fixture
def clean(app, clock, erased):
    """Purge."""

    def clean(**how):
        with app.app_context():
            return purge(clock.instant, erased, **how)

    return clean


@pytest.fixture
def in_the_files(app):
    """Which of some bytes are in any file of the SQLite database."""

    def in_the_files(looked_for):
        with app.app_context():
            assert remove_traces()
            db.session.remove()
            db.engine.dispose()
        path = app.extensions["consent_settings"].sqlite_path
        data = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
        return [secret for secret in looked_for if secret in data]

    return in_the_files


@pytest.mark.parametrize("terms", [None], indirect=True)
def test_without_a_word_of_it_nothing_is_kept(agree, ask_to_erase, kept):
    agree()

    assert ask_to_erase() == {"site": "demo", "erased": 1}
    assert kept() == []


def test_the_answer_says_until_when_and_why(agree, ask_to_erase, kept, audit, seal, check):
    token = agree()["token"]
    seal()
    agree(2)

    answer = ask_to_erase()

    assert answer == {"site": "demo", "erased": 2, "kept": {"until": UNTIL, "reason": REASON}}
    assert [str(row["ends_at"])[:10] for row in kept()] == ["2029-11-22"] * 2
    assert check(token)["granted"] is False
    seal()
    assert audit() == []


def test_a_row_says_nothing_of_whose_it_is(agree, ask_to_erase, kept):
    for n in range(1, 4):
        agree(n)
    ask_to_erase()

    found = kept()

    assert len({row["proof_id"] for row in found}) == 3
    assert all(row.keys() == {"site_id", "proof_id", "ends_at", "sealed"} for row in found)


def test_nor_does_its_length_of_what_was_chosen(
    app, publish, decide, ask_to_erase, kept, monkeypatch
):
    services = [a_service(f"service-{number}", "analytics") for number in range(9)]
    shown = publish("demo", restricted_proof=keeping(), services=services).bundle_hash
    each = {service["id"]: True for service in services}
    for body in (
        acceptance(1, bundle=shown),
        a_decision(n=2, services=each, method="preferences", bundle=shown),
        withdrawal(3, bundle=shown),
    ):
        assert decide(body).status_code == 201
    seal, lengths = restricted.restricted.seal, []
    monkeypatch.setattr(
        restricted.restricted,
        "seal",
        lambda data, *more: lengths.append(len(data)) or seal(data, *more),
    )

    assert ask_to_erase()["erased"] == 3

    assert len({length // 1_024 for length in lengths}) > 1
    assert {len(row["sealed"]) for row in kept()} == {4 * 1_024 + 48}
    with app.app_context():
        assert max(lengths) < restricted.room_of("demo", shown)


@pytest.mark.parametrize("moment", ["2028-02-29T23:59:00+00:00", "2027-01-31T12:00:00+00:00"])
def test_it_never_ends_later_than_was_said(app, publish, clock, moment):
    clock.set(moment)
    publish(restricted_proof=keeping(months=1))

    with app.app_context():
        ends = restricted.terms_at("demo", clock.instant).ends_at

    assert ends.isoformat()[:10] == {"2": "2028-03-29", "1": "2027-02-28"}[moment[6]]
    assert ends.isoformat()[10:] == "T00:00:00+00:00"


def test_a_reason_of_the_operator_other_than_article_17_keeps_nothing(
    app, agree, subject, erased, clock, kept
):
    agree()
    with app.app_context():
        done = rights.erase("demo", subject(), clock.instant, erased, reason="contract-end")

    assert (done.count, done.kept, kept()) == (1, None, [])


def test_time_keeps_nothing(agree, decide, clock, clean, kept, records):
    agree()
    decide(refusal(bundle=bundle_hash(restricted_proof=keeping())))
    clock.advance(days=800)

    assert clean().records == 2
    assert (records(), kept()) == ([], [])


def test_what_has_ended_is_counted_and_then_deleted(agree, ask_to_erase, clock, clean, kept):
    agree()
    agree(1, consent_id=OTHER_VISITOR)
    ask_to_erase()
    clock.advance(days=1)
    ask_to_erase(OTHER_VISITOR)
    clock.set("2029-11-21T23:59:59+00:00")
    too_early = clean().restricted_proofs
    clock.set(UNTIL)

    foreseen = clean(is_dry_run=True).restricted_proofs
    left = len(kept())
    done = clean().restricted_proofs, clean().restricted_proofs

    assert (too_early, foreseen, left, done, len(kept())) == (0, 1, 2, (1, 0), 1)


def test_more_than_one_statement_holds_is_deleted(app, agree, ask_to_erase, clock, monkeypatch):
    monkeypatch.setattr(restricted, "PAGE", 2)
    for n in range(1, 6):
        agree(n)
    assert ask_to_erase()["erased"] == 5
    clock.set(UNTIL)

    with app.app_context():
        assert list(restricted.delete_ended(clock.instant)) == [2, 2, 1]


def test_what_is_wrong_with_a_site_keeps_nothing_beyond_its_end(
    app, agree, ask_to_erase, clock, clean, kept
):
    agree()
    ask_to_erase()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("UPDATE publications SET bundle = '{}', bundle_hash = 'x'"))
    clock.set(UNTIL)

    with pytest.raises(RowUnreadable):
        clean()

    assert kept() == []


def test_what_cannot_be_deleted_keeps_no_record_beyond_its_time(
    agree, clock, clean, records, monkeypatch
):
    agree()
    clock.advance(days=800)

    def denied(*_, **__):
        raise sa.exc.OperationalError("DELETE", {}, Exception("permission denied"))

    monkeypatch.setattr(purging, "delete_ended", denied)

    with pytest.raises(sa.exc.OperationalError, match="permission denied"):
        clean()

    assert records() == []


def test_what_cannot_be_read_is_erased_all_the_same(app, agree, ask_to_erase, kept, records):
    agree(1)
    agree(2)
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(
            sa.text(
                "DELETE FROM log_opening_keys WHERE record_id IN "
                "(SELECT record_id FROM consent_records WHERE n = 1)"
            )
        )

    assert ask_to_erase()["erased"] == 2
    assert (records(), len(kept())) == ([], 1)


def test_what_its_entry_does_not_commit_to_is_not_kept_and_nobody_is_told_so(
    app, agree, ask_to_erase, kept, records
):
    agree()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("UPDATE consent_records SET language = 'xx'"))

    assert ask_to_erase() == {"site": "demo", "erased": 1}
    assert (records(), kept()) == ([], [])


def test_a_publication_that_cannot_be_read_keeps_no_erasure_waiting(
    app, agree, subject, erased, clock, kept, records
):
    agree()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("UPDATE publications SET bundle = '{}', bundle_hash = 'x'"))
    with app.app_context():
        done = rights.erase("demo", subject(), clock.instant, erased)

    assert (done.count, done.kept, records(), kept()) == (1, None, [], [])


def test_nobody_changes_the_end_of_one(app, agree, ask_to_erase):
    agree()
    ask_to_erase()
    later = sa.text("UPDATE restricted_proofs SET ends_at = '2049-11-22T00:00:00.000Z'")

    with app.app_context(), db.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(later)


def test_a_restored_copy_gets_no_second_one_and_none_that_ended(
    app, agree, ask_to_erase, erased, clock, kept, clean, records
):
    backup = Backup(app)
    agree()
    before = backup.taken()
    ask_to_erase()
    after = Backup(app).taken()

    with app.app_context():
        assert replay(erased, clock.instant, is_thorough=True) == 0
    assert len(kept()) == 1
    backup.restore(before)
    with app.app_context():
        assert replay(erased, clock.instant) == 1
    assert (records(), kept()) == ([], [])
    clock.set(UNTIL)
    backup.restore(after)
    assert clean().restricted_proofs == 1
    assert kept() == []


class TestInAFile:
    """SQLite alone: PostgreSQL refuses what is of another type, and text that is not UTF-8."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    @pytest.mark.parametrize("change", ["categories = '{'", "recorded_at = 'then'", "language = "])
    def test_what_is_of_another_form_is_erased_all_the_same(
        self, app, agree, ask_to_erase, kept, change
    ):
        agree(1)
        agree(2)
        change += "CAST(x'ff' AS TEXT)" * change.endswith("= ")
        with app.app_context(), unguarded(db.engine) as connection:
            connection.execute(sa.text(f"UPDATE consent_records SET {change} WHERE n = 1"))  # noqa: S608

        assert ask_to_erase()["erased"] == 2
        assert len(kept()) == 1


class TestInTheFilesOfTheDatabase:
    @pytest.fixture
    def database_url(self, sqlite_url):
        """SQLite alone: PostgreSQL keeps what was deleted until its tables are written anew."""
        return sqlite_url

    @pytest.fixture
    def secrets(self, rows, subject):
        """What must not be found any more in clear."""

        def secrets():
            ids = [row["record_id"] for row in rows("consent_records")]
            keys = [
                bytes(row[name])
                for row in rows("log_opening_keys")
                for name in ("decision_key", "subject_key")
            ]
            return [subject().encode(), *(id_.encode() for id_ in ids), *keys]

        return secrets

    def test_nothing_is_in_clear_and_at_the_end_nothing_at_all(
        self, agree, seal, ask_to_erase, secrets, in_the_files, kept, clock, clean
    ):
        agree(1)
        seal()
        agree(2)
        own = secrets()
        assert in_the_files(own) == own

        ask_to_erase()
        assert in_the_files(own) == []
        sealed = [bytes(row["sealed"]) for row in kept()]
        parts = [one[at : at + 64] for one in sealed for at in (0, 200, 900)]
        assert in_the_files(parts) == parts

        clock.set(UNTIL)
        clean()
        assert in_the_files(parts) == []

    def test_unsealed_it_would_be_found(
        self, agree, ask_to_erase, secrets, in_the_files, monkeypatch
    ):
        """The control: the key hides it, not the place where it is kept."""
        agree()
        own = secrets()
        monkeypatch.setattr(restricted.restricted, "seal", lambda data, *_: data)

        ask_to_erase()

        assert in_the_files(own) != []
